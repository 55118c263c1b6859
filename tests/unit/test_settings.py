"""Settings: where they come from, which source wins, and what is said of a bad one."""

from pathlib import Path

import pytest

from flaky_detector.errors import SettingsError
from flaky_detector.settings import BY_NAME, KEYS, Settings, from_file, from_inputs, load, read_value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("runs", " 4 ", 4),
        ("seeds", "3", (1, 2, 3)),
        ("seeds", "7, 9", (7, 9)),
        ("seeds", "7,", (7,)),
        ("dist", "load, no", ("load", "no")),
        ("workers", "2,auto", (2, 0)),
        ("python", "3.11,\n3.12", ("3.11", "3.12")),
        ("python", "", ()),
        ("budget", "90", 90.0),
        ("budget", "20m", 1200.0),
        ("budget", "1.5 h", 5400.0),
        ("run-timeout", "90s", 90.0),
        ("run_timeout", "90s", 90.0),
        ("confirm", "Yes", True),
        ("confirm", "off", False),
        ("fail-on", " never ", "never"),
        ("install", " pip install . ", "pip install ."),
        ("pytest-args", "-m 'not slow' tests", ("-m", "not slow", "tests")),
        ("output", "out", Path("out")),
        ("comment-key", "night.ly_1-2", "night.ly_1-2"),
        ("history", "kept/nights.sqlite", Path("kept/nights.sqlite")),
        ("cured-after", "5", 5),
    ],
)
def test_text_is_read(name: str, text: str, value: object) -> None:
    assert read_value(name, text, "here") == (BY_NAME[name.replace("_", "-")].field, value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("runs", "0"),
        ("runs", "many"),
        ("seeds", ""),
        ("seeds", ","),
        ("seeds", "0"),
        ("seeds", "1001"),
        ("seeds", "1,-2"),
        ("seeds", "1,4294967296"),
        ("dist", ""),
        ("dist", "load,each"),
        ("workers", ""),
        ("workers", "0"),
        ("workers", "logical"),
        ("python", "3.1"),
        ("budget", "0"),
        ("budget", "-5m"),
        ("budget", "5 days"),
        ("confirm", "maybe"),
        ("fail-on", "always"),
        ("pytest-args", "-m 'not"),
        ("output", " "),
        ("rootdir", ""),
        ("comment-key", "a b"),
        ("history", " "),
        ("cured-after", "0"),
        ("comment-key", "x" * 65),
    ],
)
def test_a_bad_value_is_named_with_its_place_and_what_is_allowed(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_value(name, text, "the option")
    assert raised.value.message == f"bad value {text!r} for {name!r} in the option"
    assert raised.value.hint == f"allowed: {BY_NAME[name].allowed}"


def test_an_unknown_key_is_named_and_all_known_ones_are_told() -> None:
    with pytest.raises(SettingsError) as raised:
        read_value("rums", "3", "settings.yml")
    assert raised.value.message == "unknown setting 'rums' in settings.yml"
    assert raised.value.hint.startswith("allowed are runs, seeds, dist, workers, python, budget, ")


def test_every_key_is_a_field_and_every_field_has_a_key() -> None:
    assert {key.field for key in KEYS} == set(Settings.__struct_fields__)
    assert len(BY_NAME) == len(KEYS)


def yaml_file(folder: Path, text: str) -> dict[str, object]:
    (folder / "settings.yml").write_text(text)
    return from_file(folder / "settings.yml", folder)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("runs: 3", {"runs": 3}),
        ("seeds: 3", {"seeds": (1, 2, 3)}),
        ("seeds: [3]", {"seeds": (3,)}),
        ("seeds: [3, 5]", {"seeds": (3, 5)}),
        ("workers: [2, auto]", {"workers": (2, 0)}),
        ("python: [3.11, '3.10']", {"python": ("3.11", "3.10")}),
        ("confirm: false", {"confirm": False}),
        ("keep_sort: no", {"keep_sort": False}),
        ("dist: no", {"dist": ("no",)}),
        ("dist: [load, no]", {"dist": ("load", "no")}),
        ("comment: off", {"comment": "off"}),
        ("issue: off", {"issue": "off"}),
        ("budget: 90", {"budget_seconds": 90.0}),
        ("pytest-args: -m 'not slow' tests", {"pytest_args": ("-m", "not slow", "tests")}),
        ("pytest-args: [-m, not slow, tests]", {"pytest_args": ("-m", "not slow", "tests")}),
        ("install:", {"install": ""}),
        ("python:", {"python": ()}),
        ("", {}),
        ("# nothing", {}),
    ],
)
def test_a_yaml_file_gives_what_its_words_mean(tmp_path: Path, line: str, fields: dict[str, object]) -> None:
    assert yaml_file(tmp_path, line) == fields


@pytest.mark.parametrize(
    "line", ["runs: true", "runs: 1.5", "runs: [3]", "runs:", "install: [a, b]", "dist: {load: 2}", "python: 3.10", "comment: on"]
)
def test_a_yaml_value_of_another_form_is_a_bad_one(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=r"bad value .* in .*settings\.yml"):
        yaml_file(tmp_path, line)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.yml", b"runs: [1", "does not parse"),
        ("a.toml", b"runs = ", "does not parse"),
        ("a.yml", b"- runs", "holds no table of settings"),
        ("a.yml", b"runs: \xff", "cannot read the configuration"),
    ],
)
def test_a_file_that_holds_no_settings_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError, match=told):
        from_file(tmp_path / name, tmp_path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the configuration"):
        from_file(tmp_path / "none.yml", tmp_path)


def test_a_toml_file_holds_keys_at_its_top_and_pyproject_in_our_table(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("runs = 3\npython = ['3.11']\n")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n[tool.flaky-detector]\nruns = 4\n")
    assert from_file(tmp_path / "a.toml", tmp_path) == {"runs": 3, "python": ("3.11",)}
    assert from_file(None, tmp_path) == {"runs": 4}


def test_a_project_without_our_table_has_no_settings(tmp_path: Path) -> None:
    assert from_file(None, tmp_path) == {}
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nruns = 4\n")
    assert from_file(None, tmp_path) == {}


ACTIONS = {"GITHUB_ACTIONS": "true"}


def test_inputs_are_read_as_the_runner_sets_them_and_empty_ones_are_not_given() -> None:
    environ = {**ACTIONS, "INPUT_RUNS": "4", "INPUT_RUN-TIMEOUT": "5m", "INPUT_PYTHON-VERSIONS": "3.11,3.12", "INPUT_SEEDS": ""}
    assert from_inputs(environ) == {"runs": 4, "run_timeout_seconds": 300.0, "python": ("3.11", "3.12")}


def test_inputs_of_others_and_of_the_action_itself_are_left_alone() -> None:
    assert from_inputs({**ACTIONS, "INPUT_MODE": "hunt", "INPUT_NAME": "x", "RUNS": "4"}) == {}


def test_outside_of_actions_inputs_mean_nothing() -> None:
    assert from_inputs({"INPUT_RUNS": "4"}) == {}


def test_a_bad_input_is_named_as_the_action_names_it() -> None:
    with pytest.raises(SettingsError, match="bad value 'soon' for 'budget' in the action's input 'budget'"):
        from_inputs({**ACTIONS, "INPUT_BUDGET": "soon"})


def test_options_win_over_inputs_over_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.flaky-detector]\nruns = 1\nrepeats = 1\nworkers = 1\n")
    inputs = {**ACTIONS, "INPUT_RUNS": "2", "INPUT_REPEATS": "2"}
    found = load({"runs": 3, "rootdir": tmp_path}, inputs)
    assert (found.runs, found.repeats, found.workers, found.budget_seconds) == (3, 2, (1,), 1800.0)


def test_a_rootdir_that_is_no_folder_is_told_wherever_it_was_given(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    (tmp_path / "a.yml").write_text(f"rootdir: {missing}\n")
    for options, environ, config in [
        ({"rootdir": missing}, {}, None),
        ({}, {**ACTIONS, "INPUT_ROOTDIR": str(missing)}, None),
        ({}, {}, tmp_path / "a.yml"),
    ]:
        with pytest.raises(SettingsError, match="is not a folder"):
            load(options, environ, config)


def test_auto_is_as_many_workers_as_there_are_cores() -> None:
    few, cores = Settings(workers=(2, 0)).worker_counts
    assert few == 2
    assert cores >= 1


@pytest.mark.parametrize("value", ["origin/main", "v1.2", "0a1b2c3", "off"])
def test_any_name_of_a_commit_may_be_given_to_changed_since(value):
    assert read_value("changed-since", value, "here") == ("changed_since", value)


def test_off_without_quotes_is_off_and_an_option_is_no_commit():
    assert read_value("changed-since", False, "here") == ("changed_since", "off")
    for value in ("", "--output=x"):
        with pytest.raises(SettingsError, match="changed-since"):
            read_value("changed-since", value, "here")
