"""The options that a project gives pytest by itself, found as pytest finds them."""

from pathlib import Path

import pytest

from flaky_detector.adapters.interpreters.addopts import addopts


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_an_ini_file_is_split_as_in_a_shell(tmp_path: Path) -> None:
    write(tmp_path, pytest__ini="[pytest]\naddopts = -ra -m 'not slow'\n    --ds=app.settings\n")
    assert addopts(tmp_path, (), {}) == ("-ra", "-m", "not slow", "--ds=app.settings")


def test_a_list_in_pyproject_is_taken_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, pyproject__toml='[tool.pytest.ini_options]\naddopts = ["-ra", "-m", "not slow"]\n')
    assert addopts(tmp_path, (), {}) == ("-ra", "-m", "not slow")


def test_the_newer_table_of_pyproject_counts_too(tmp_path: Path) -> None:
    write(tmp_path, pyproject__toml='[tool.pytest]\naddopts = ["-q"]\n')
    assert addopts(tmp_path, (), {}) == ("-q",)


def test_options_in_the_environment_come_after_the_file(tmp_path: Path) -> None:
    write(tmp_path, tox__ini="[pytest]\naddopts = -ra\n")
    assert addopts(tmp_path, (), {"PYTEST_ADDOPTS": "-p no:randomly"}) == ("-ra", "-p", "no:randomly")


def test_a_switch_in_the_environment_is_told_as_the_option_that_means_the_same(tmp_path: Path) -> None:
    assert addopts(tmp_path, (), {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}) == ("--disable-plugin-autoload",)
    assert addopts(tmp_path, (), {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}) == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [("pytest__toml", "pytest__ini"), ("pytest__ini", "pyproject__toml"), ("pyproject__toml", "tox__ini"), ("tox__ini", "setup__cfg")],
)
def test_the_file_that_pytest_prefers_is_the_one_read(tmp_path: Path, first: str, second: str) -> None:
    text = {
        "pytest__toml": '[pytest]\naddopts = ["OPTION"]\n',
        "pytest__ini": "[pytest]\naddopts = OPTION\n",
        "pyproject__toml": '[tool.pytest.ini_options]\naddopts = "OPTION"\n',
        "tox__ini": "[pytest]\naddopts = OPTION\n",
        "setup__cfg": "[tool:pytest]\naddopts = OPTION\n",
    }
    write(tmp_path, **{second: text[second].replace("OPTION", "--second")})
    assert addopts(tmp_path, (), {}) == ("--second",)
    write(tmp_path, **{first: text[first].replace("OPTION", "--first")})
    assert addopts(tmp_path, (), {}) == ("--first",)


def test_an_empty_pytest_ini_hides_the_others(tmp_path: Path) -> None:
    write(tmp_path, pytest__ini="", tox__ini="[pytest]\naddopts = -ra\n")
    assert addopts(tmp_path, (), {}) == ()


def test_a_pyproject_that_says_nothing_of_pytest_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, pyproject__toml="[tool.ruff]\nline-length = 1\n", setup__cfg="[tool:pytest]\naddopts = -ra\n")
    assert addopts(tmp_path, (), {}) == ("-ra",)


def test_a_folder_above_is_searched_when_the_rootdir_has_no_file(tmp_path: Path) -> None:
    write(tmp_path, pytest__ini="[pytest]\naddopts = -ra\n")
    write(tmp_path / "inner")
    assert addopts(tmp_path / "inner", (), {}) == ("-ra",)


def test_the_search_begins_where_the_paths_among_the_arguments_meet(tmp_path: Path) -> None:
    write(tmp_path, pytest__ini="[pytest]\naddopts = --outer\n")
    write(tmp_path / "tests", pytest__ini="[pytest]\naddopts = --inner\n", test_a__py="", test_b__py="")
    assert addopts(tmp_path, ("-x", "tests/test_a.py::test_one", "tests/test_b.py"), {}) == ("--inner",)


@pytest.mark.parametrize("arguments", [("-c", "other.ini"), ("-cother.ini",), ("--config-file=other.ini",), ("--config-file", "other.ini")])
def test_a_configuration_file_among_the_arguments_is_the_one_read(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write(tmp_path, pytest__ini="[pytest]\naddopts = -ra\n", other__ini="[pytest]\naddopts = --other\n")
    assert addopts(tmp_path, arguments, {}) == ("--other",)


def test_files_that_do_not_parse_count_as_empty(tmp_path: Path) -> None:
    write(tmp_path, pytest__ini="addopts = without a section\n", pyproject__toml="[tool.pytest", setup__cfg="\x00")
    assert addopts(tmp_path, (), {"PYTEST_ADDOPTS": "'unbalanced"}) == ("'unbalanced",)
