"""Which files are collected where an order asks for some."""

import pytest

NAMES = ("test_a.py", "test_b.py", "sub/test_c.py", "pack/test_d.py", "pack/sub/test_e.py")
FILES = dict.fromkeys(NAMES, "def test(): pass\n") | {
    "pack/__init__.py": "",
    "pack/sub/__init__.py": "",
    "pytest.ini": "[pytest]\npython_files = test_*.py __init__.py\n",
    "conftest.py": "SEEN = []\n"
    "def pytest_collect_file(file_path): SEEN.extend([file_path.name] * file_path.name.startswith('test_'))\n"
    "def pytest_terminal_summary(terminalreporter): terminalreporter.write_line('met ' + ' '.join(sorted(set(SEEN))))\n",
}


@pytest.mark.parametrize(
    ("asked", "ran", "met"),
    [
        (["test_b.py"], ["test_b.py"], "test_b.py"),
        (["sub/test_c.py", "./test_a.py"], ["test_a.py", "sub/test_c.py"], "test_a.py test_c.py"),
        (["pack/sub/test_e.py"], ["pack/sub/test_e.py"], "test_e.py"),
        (["test_a.py::test", "pack/test_d.py"], ["test_a.py", "pack/test_d.py"], "test_a.py test_d.py"),
        (["sub", "test_a.py"], ["test_a.py", "sub/test_c.py"], "test_a.py test_b.py test_c.py"),
        (["."], list(NAMES), "test_a.py test_b.py test_c.py test_d.py test_e.py"),
    ],
)
def test_only_files_that_are_asked_for_are_met_unless_a_folder_is(run, asked, ran, met):
    done = run(FILES, *asked, order=[[0, f"{name}::test"] for name in NAMES])
    assert [event["id"].partition("::")[0] for event in done.events("begin")] == ran
    assert done.exit_code == 0
    (line,) = [line for line in done.output.splitlines() if line.startswith("met ")]
    assert line.removeprefix("met ") == met


def test_without_an_order_nothing_is_passed_over(run):
    done = run(FILES, "test_b.py")
    assert "met test_a.py test_b.py" in done.output
