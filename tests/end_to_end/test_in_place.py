"""A suite that imports the checkout itself although it runs in a copy: noticed, run in place, and nothing of it stays."""

from pathlib import Path

import pytest

from tests.support.hunting import flaky_detector, write_suite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TESTS = """
import shopkit

def test_there_is_no_cache():
    assert not (shopkit.HERE / "cache.txt").exists()

def test_rates_are_those_of_the_file():
    assert (shopkit.HERE / "rates.txt").read_text() == "1.5"

def test_writes_a_cache():
    (shopkit.HERE / "cache.txt").write_text("x")

def test_rewrites_the_rates():
    (shopkit.HERE / "rates.txt").write_text("2.5")
"""


def test_such_a_suite_is_hunted_in_place_and_the_tree_is_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    files = {
        "lib/shopkit/__init__.py": "import pathlib\nHERE = pathlib.Path(__file__).parent\n",
        "lib/shopkit/rates.txt": "1.5",
        "tests/conftest.py": f"import sys\nsys.path.insert(0, {str(folder / 'lib')!r})\n",
        "tests/test_shopkit.py": TESTS,
    }
    project = write_suite(folder, files)
    outcome = flaky_detector("hunt", "--runs", "3", cwd=project, environ={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert outcome.exit_code == 1
    first = outcome.finding("tests/test_shopkit.py::test_there_is_no_cache")
    assert first["polluters"] == [["tests/test_shopkit.py::test_writes_a_cache"]]
    assert [(state["kind"], state["key"]) for state in first["state"]] == [("file", "lib/shopkit/cache.txt")]
    second = outcome.finding("tests/test_shopkit.py::test_rates_are_those_of_the_file")
    assert second["polluters"] == [["tests/test_shopkit.py::test_rewrites_the_rates"]]
    (gap,) = [gap["text"] for gap in outcome.findings["gaps"] if gap["source"] == "isolation"]
    assert f"still imported {folder}/lib/shopkit/__init__.py from the checkout itself" in gap
    assert "what it had changed there (2 files) was put back" in gap
    kept = {path.relative_to(project).as_posix(): path.read_text() for path in project.rglob("*.*") if path.suffix in (".py", ".txt")}
    assert kept == files
