"""Patches in private copies: git applies them, whether or not there is a repository around."""

import subprocess
from pathlib import Path

import pytest

from flaky_detector.adapters.patching import apply, changes_tests_only

PATCH = "--- a/tests/test_a.py\n+++ b/tests/test_a.py\n@@ -1,2 +1,2 @@\n def test_a():\n-    assert 1\n+    assert 2\n"


def project(folder: Path) -> Path:
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test_a.py").write_text("def test_a():\n    assert 1\n")
    return folder


def test_a_patch_is_applied_where_there_is_no_repository(tmp_path: Path) -> None:
    folder = project(tmp_path / "plain")
    assert apply(PATCH, folder)
    assert (folder / "tests" / "test_a.py").read_text() == "def test_a():\n    assert 2\n"


def test_a_patch_is_applied_at_the_top_of_a_repository_and_in_a_folder_of_one(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    inside = project(tmp_path / "repo" / "services" / "shop")
    assert apply(PATCH, inside)
    assert (inside / "tests" / "test_a.py").read_text() == "def test_a():\n    assert 2\n"
    top = project(tmp_path / "repo" / "x").parent
    assert apply(PATCH.replace("tests/", "x/tests/"), top)
    assert (top / "x" / "tests" / "test_a.py").read_text() == "def test_a():\n    assert 2\n"


def test_a_patch_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    folder = project(tmp_path / "plain")
    assert not apply(PATCH.replace("assert 1", "assert 7"), folder)
    assert (folder / "tests" / "test_a.py").read_text() == "def test_a():\n    assert 1\n"


@pytest.mark.parametrize(
    ("changed", "is_only_tests"),
    [
        (("tests/test_a.py",), True),
        (("tests/test_a.py", "shop/orders_test.py", "tests.py"), True),
        (("tests/conftest.py",), False),
        (("tests/test_a.py", "shop/models.py"), False),
        ((), False),
    ],
)
def test_a_patch_of_test_modules_is_told_from_others(changed: tuple[str, ...], is_only_tests: bool) -> None:
    assert changes_tests_only("".join(PATCH.replace("tests/test_a.py", name) for name in changed)) is is_only_tests
