"""What no linter holds: sizes, names, and that nothing of a developer's machine is in the repository.

Who may import whom is in pyproject.toml and held by import-linter; that no rule and no probe is missing from its tuple, in
`rules/test_registry.py` and `recorder/test_inert.py`.
"""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flaky_detector"
MODULES = sorted(PACKAGE.rglob("*.py"))

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 40
SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "handler", "handlers", "misc", "base"}

# Somebody's home, or the folder of a container that somebody works in. Those of GitHub's runner and of examples are nobody's.
PRIVATE = re.compile(r"(?<![\w.}])/(?:work|root|Users|mnt)/|/home/(?!runner/|me/)\w+/|[A-Z]:\\+Users\\")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_module_is_longer_than_400_lines() -> None:
    assert [named(path) for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES] == []


def test_no_function_is_longer_than_40_lines() -> None:
    long = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in MODULES}
    assert [named(path) for path, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


def test_no_module_and_no_folder_has_a_name_that_says_nothing() -> None:
    names = {part: path for path in MODULES for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert [named(path) for part, path in names.items() if SAY_NOTHING & set(part.split("_"))] == []


def test_every_folder_of_the_package_is_a_package() -> None:
    assert [named(folder) for folder in {path.parent for path in MODULES} if not (folder / "__init__.py").is_file()] == []


def test_no_tracked_file_names_a_folder_of_somebodys_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files are tracked is not known")
    found = [
        f"{name}:{number}: {match[0]}"
        for name in filter(None, listed.stdout.split("\0"))
        if (ROOT / name).is_file() and ROOT / name != Path(__file__)
        for number, line in enumerate((ROOT / name).read_bytes().decode(errors="replace").splitlines(), 1)
        for match in PRIVATE.finditer(line)
    ]
    assert found == []


@pytest.mark.parametrize("text", ["cd /root/x", "'/Users/ann/x'", "/home/ann/x", r"C:\Users\ann", "=/mnt/c/x"])
def test_a_folder_of_somebodys_machine_is_seen(text: str) -> None:
    assert PRIVATE.search(text)


@pytest.mark.parametrize(
    "text", ["/home/runner/work/shop/shop", "/home/me/shop", "$folder/root/x", "api/work/x", "/github/workspace", "{x}/root/"]
)
def test_folders_of_nobody_are_left_alone(text: str) -> None:
    assert not PRIVATE.search(text)
