"""What we bring along into the user's process: the recorder, and pytest plugins that the environment lacks.

Owns the folders that go on PYTHONPATH. Must not put anything else of ours within the user's reach, nor touch the environment.

A plugin is copied from our own environment where its requirements are met by the user's; for older Pythons and pytests uv finds a release
that fits. Beside a plugin lies only what it needs and the environment has not: never pytest itself.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import flaky_detector
from flaky_detector.adapters.interpreters.environments import run_uv
from flaky_detector.adapters.interpreters.question import Facts, normal
from flaky_detector.model import Provided

Log = Callable[[str], None]


def pack_guest(folder: Path) -> Path:
    """A folder that holds the recorder as `flaky_detector.recorder` and nothing else of ours.

    Bytecode that there is for it comes along, for every process of every trial would compile it anew; without what pytest rewrote.
    """
    ours = Path(flaky_detector.__file__).parent
    target = folder / "flaky_detector"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ours / "recorder", target / "recorder", ignore=shutil.ignore_patterns("*-pytest-*"))
    shutil.copy2(ours / "__init__.py", target / "__init__.py")
    return folder


def provide(facts: Facts, names: Sequence[str], folder: Path, log: Log) -> tuple[Provided, ...]:
    """A folder for each plugin that could be had; a line in the log for each that could not."""
    if not names:
        return ()
    from flaky_detector.adapters.interpreters.borrowing import copied  # noqa: PLC0415 -- its parsers take a tenth of our start

    provided = []
    for name in names:
        target = folder / facts.version / name
        shutil.rmtree(target, ignore_errors=True)
        trouble = "" if copied(facts, name, target) else _installed(facts, name, target)
        if trouble:
            log(f"Python {facts.version} has no {name}, and it could not be brought along: {trouble}")
        else:
            provided.append(Provided(name, str(target)))
    return tuple(provided)


def _installed(facts: Facts, name: str, target: Path) -> str:
    """Let uv find and install a release that fits; the trouble, empty if there was none."""
    target.mkdir(parents=True, exist_ok=True)
    constraints = target.with_name(f"{name}.constraints.txt")
    constraints.write_text("".join(f"{row.name}=={row.version}\n" for row in facts.distributions), encoding="utf-8")
    options = ("--quiet", "--only-binary", ":all:", "--python", facts.executable)
    resolved = run_uv("pip", "compile", "-", *options, "--no-header", "--no-annotate", "-c", str(constraints), cwd=target, given=name)
    if resolved.returncode:
        return _last_line(resolved.stderr)
    missing = [line for line in resolved.stdout.split() if not facts.has(normal(line.split("==")[0]))]
    ended = run_uv("pip", "install", *options, "--no-deps", "--target", str(target), *missing, cwd=target)
    return _last_line(ended.stderr) if ended.returncode else ""


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "uv gave no reason"
