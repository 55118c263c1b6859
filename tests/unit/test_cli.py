"""The command line: verbs and options in, exit code out."""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from flaky_detector import __version__
from flaky_detector.cli import VERBS, _options, _split, main, parser
from flaky_detector.settings import BY_NAME, KEYS
from flaky_detector.stages.report import write_findings
from tests.support import shop_result

ONLY_IN_THE_ACTION = {"pytest-args": "they stand after --", "comment": "", "issue": "", "color": "it is --no-color"}


class Told(Mapping[str, str]):
    """An environment that cannot be read."""

    def __init__(self, trouble: BaseException) -> None:
        self.trouble = trouble

    def __getitem__(self, name: str) -> str:
        raise self.trouble

    def __iter__(self) -> Iterator[str]:
        raise self.trouble

    def __len__(self) -> int:
        return 1


def options(*argv: str) -> dict[str, object]:
    return _options(parser().parse_args(argv))


@pytest.mark.parametrize(
    ("argv", "ours", "pytests"),
    [
        (["hunt"], ["hunt"], []),
        (["hunt", "--"], ["hunt"], []),
        (["hunt", "--runs", "3", "--", "-x", "tests"], ["hunt", "--runs", "3"], ["-x", "tests"]),
        (["hunt", "--", "-k", "a", "--", "b"], ["hunt"], ["-k", "a", "--", "b"]),
        ([], [], []),
    ],
)
def test_what_stands_after_the_first_dashes_is_for_pytest(argv: list[str], ours: list[str], pytests: list[str]) -> None:
    assert _split(argv) == (ours, pytests)


def test_only_options_that_were_given_are_settings() -> None:
    assert options("hunt") == {}
    assert options("hunt", "--runs", "3", "--seeds", "7,", "--budget", "20m", "--no-color", "--quiet", "--no-keep-sort") == {
        "runs": 3,
        "seeds": (7,),
        "budget_seconds": 1200.0,
        "color": False,
        "quiet": True,
        "keep_sort": False,
    }


def test_of_two_options_that_contradict_each_other_the_later_wins() -> None:
    assert options("hunt", "--confirm", "--no-confirm") == {"confirm": False}
    assert options("hunt", "--no-confirm", "--confirm") == {"confirm": True}


def test_every_setting_is_an_option_of_some_verb_or_is_said_otherwise() -> None:
    offered = {name for verb in VERBS.values() for name in verb.keys}
    assert set(BY_NAME) - offered == set(ONLY_IN_THE_ACTION)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_that_names_its_options(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"], {}) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith(f"usage: flaky-detector {verb} ")
    for name in (*VERBS[verb].keys, "config", "no-color"):
        assert f"--{name}" in printed.out
    assert ("[-- PYTEST_ARGS…]" in printed.out) is VERBS[verb].takes_pytest_args


def test_the_help_names_every_verb_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], {}) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert [verb for verb in VERBS if f" {verb} {VERBS[verb].help.split()[0]}" not in out] == []
    assert [code for code in ("0 nothing", "1 findings", "2 usage", "3 the suite", "4 our bug", "130 interrupted") if code not in out] == []


def test_every_key_of_the_settings_has_a_help() -> None:
    assert [key.name for key in KEYS if not key.help] == []


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"], {}) == 0
    assert capsys.readouterr().out == f"flaky-detector {__version__}\n"


def test_a_stream_that_cannot_hold_a_character_gets_an_escape() -> None:
    poor = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with contextlib.redirect_stdout(poor):
        assert main(["hunt", "--help"], {}) == 0
    poor.flush()
    assert b"[-- PYTEST_ARGS\\u2026]" in poor.buffer.getvalue()  # type: ignore[attr-defined]


def test_without_a_verb_the_help_is_shown_as_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {}) == 2
    assert capsys.readouterr().out.startswith("usage: flaky-detector ")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["hnut"], "argument VERB: invalid choice: 'hnut'"),
        (["hunt", "--bogus"], "unrecognized arguments: --bogus"),
        (["hunt", "--runs"], "argument --runs: expected one argument"),
        (["hunt", "--runs", "0"], "bad value '0' for 'runs' in the option --runs"),
        (["hunt", "--rootdir", "/no/such/folder"], "the rootdir '/no/such/folder' is not a folder"),
        (["hunt", "--config", "/no/such/file"], "cannot read the configuration /no/such/file"),
        (["plan", "--format", "xml"], "argument --format: invalid choice: 'xml'"),
        (["run"], "the following arguments are required: --plan"),
        (["run", "--plan", "/no/such/plan"], "cannot read the plan '/no/such/plan'"),
        (["analyze"], "the following arguments are required: PATH"),
        (["confirm"], "the following arguments are required: VICTIM"),
        (["replay", "bundle"], "the following arguments are required: --worker"),
        (["replay", "/no/such/bundle", "--worker", "gw0"], "there is no '/no/such/bundle'"),
        (["report", "/no/such/findings.json"], "cannot read '/no/such/findings.json'"),
        (["report", "findings.json", "--", "-x"], "report takes no arguments for pytest"),
    ],
)
def test_a_mistake_in_usage_is_one_line_a_hint_and_2(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv, {}) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"flaky-detector: {message}")
    assert len(said.err.splitlines()) == 2


def test_a_slice_that_is_none_is_told_before_anything_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.json").write_text('{"v": 1, "runs": []}')
    assert main(["run", "--plan", str(tmp_path / "plan.json"), "--slice", "3/2", "--output", str(tmp_path / "out")], {}) == 2
    assert "bad value '3/2' for the option --slice" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_plan_is_printed_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--rootdir", str(tmp_path), "--runs", "1", "--format", "matrix"], {}) == 0
    said = capsys.readouterr()
    assert (json.loads(said.out), said.err) == ({"include": [{"slice": "1/1", "id": "01-own", "python": ""}]}, "")


def test_inputs_of_the_action_count_only_where_the_runner_sets_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"INPUT_RUNS": "2"}
    for environ, count in [({**given, "GITHUB_ACTIONS": "true"}, 2), (given, 8)]:
        assert main(["plan", "--rootdir", str(tmp_path), "--format", "json"], environ) == 0
        assert len(json.loads(capsys.readouterr().out)["runs"]) == count


@pytest.mark.parametrize(
    ("name", "policy", "code"),
    [
        ("shop", "proven", 1),
        ("shop", "never", 0),
        ("suspects_only", "proven", 0),
        ("suspects_only", "suspected", 1),
        ("clean", "suspected", 0),
    ],
)
def test_findings_fail_as_the_policy_says(name: str, policy: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text(write_findings(getattr(shop_result, name)(), "1"), encoding="utf-8")
    argv = ["report", str(tmp_path / "findings.json"), "--output", str(tmp_path / "out"), "--fail-on", policy, "--quiet"]
    assert main(argv, {}) == code
    assert (tmp_path / "out/report.html").is_file()


def test_a_bug_of_ours_is_4_with_a_traceback_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan"], Told(RuntimeError("not foreseen"))) == 4
    err = capsys.readouterr().err
    assert "RuntimeError: not foreseen" in err
    assert err.endswith(f"flaky-detector {__version__}: this is a bug of ours; please report it with the lines above\n")


def test_an_interrupt_is_130_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan"], Told(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "flaky-detector: interrupted\n"
