"""A repository in the file system: where its top is, which files it has, and files written into it.

Owns the walk and its bounds, and that a file is whole or not there at all. Must not know what the files are for.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from flaky_detector.errors import SettingsError

DEEPEST = 4
MOST_FILES = 50_000
SKIPPED = frozenset(("node_modules", "__pycache__", "venv", "env", "site-packages", "build", "dist", "htmlcov"))
SHOWN_HIDDEN = frozenset((".github",))
PROJECT_FILES = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "pytest.ini",
    "requirements.txt",
    "Pipfile",
    "manage.py",
    "noxfile.py",
)


def top_of(rootdir: Path) -> tuple[Path, str]:
    """The repository's top, and the rootdir's path in it ("" where it is the top itself).

    Raises:
        SettingsError: there is neither a git repository nor a project of Python.
    """
    here = rootdir.resolve()
    if (here / ".github").is_dir() or (here / ".git").exists():
        return here, ""
    for folder in here.parents:
        if (folder / ".git").exists():
            return folder, here.relative_to(folder).as_posix()
    if any((here / name).is_file() for name in PROJECT_FILES):
        return here, ""
    raise SettingsError(
        f"{str(rootdir)!r} is no repository: no .git and no .github in it or above it, and no pyproject.toml or the like",
        "give the folder of a checkout to --rootdir",
    )


def files_of(top: Path) -> tuple[str, ...]:
    """Paths of its files relative to the top, in sequence; hidden folders, environments and what lies deep are left out."""
    found: list[str] = []
    for path in _walk(top):
        found.append(path)
        if len(found) == MOST_FILES:
            break
    return tuple(sorted(found))


def _walk(top: Path) -> Iterator[str]:
    for root, folders, files in os.walk(top):
        inside = Path(root).relative_to(top)
        deep = len(inside.parts) >= DEEPEST
        folders[:] = [] if deep else sorted(name for name in folders if _is_looked_into(Path(root), name))
        yield from ((inside / name).as_posix() for name in files)


def _is_looked_into(root: Path, name: str) -> bool:
    hidden = name.startswith(".") and name not in SHOWN_HIDDEN
    return not hidden and name not in SKIPPED and not (root / name / "pyvenv.cfg").exists()


def check_writable(top: Path, paths: Mapping[str, bool]) -> None:
    """Stop before anything is proposed that could not be written.

    Args:
        top: the repository's top.
        paths: for each path whether its text is known: a file that is there and could not be read must not be overwritten.

    Raises:
        SettingsError: a file is there that is no text, or the path leads out of the repository.
    """
    for path, is_known in paths.items():
        file = top / path
        if not file.resolve().is_relative_to(top) or file.is_dir():
            raise SettingsError(f"{path} leads out of the repository or is a folder", "remove it, then run init again")
        if file.exists() and not is_known:
            raise SettingsError(
                f"{path} is there and is no text that can be read, so it is not overwritten", "remove it, then run init again"
            )


def write(top: Path, texts: Mapping[str, str]) -> None:
    """Each text into its file, through a temporary file beside it; folders are made.

    Raises:
        SettingsError: it cannot be written.
    """
    for path, text in texts.items():
        file = top / path
        part = file.with_name(f".{file.name}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
            os.replace(part, file)  # noqa: PTH105 -- the atomic one
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SettingsError(f"cannot write {path}: {error.strerror}", "make the folder writable, then run init again") from None
