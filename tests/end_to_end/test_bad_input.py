"""Bad input: one line that says what happened, one that says what to do, the right exit code, and nothing lost."""

import sys
from pathlib import Path

import pytest

from flaky_detector.cli import main

GOOD = '<testsuite name="pytest"><testcase classname="tests.test_a" name="test_one" time="0.1"/></testsuite>'
BOMB = """<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<testsuite name="pytest"><testcase classname="tests.test_a" name="&c;"/></testsuite>"""


def run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    """Exit code, the lines of stderr as one text, and stdout."""
    words = [str(word) for word in argv]
    if words[0] == "hunt" and "--python" not in words:
        words[1:1] = ["--python", sys.executable]
    code = main(words)
    printed = capsys.readouterr()
    return code, printed.err, printed.out


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """An empty project."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


def test_a_missing_path_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, err, _ = run(capsys, "analyze", tmp_path / "nowhere.xml", "--output", tmp_path / "out")
    assert code == 2
    assert "nowhere.xml" in err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("junit-unreadable.xml", b"\x00\x01\x02 no xml"),
        ("junit-truncated.xml", GOOD[:60].encode()),
        ("junit-empty.xml", b""),
        ("junit-other.xml", b"<html/>"),
    ],
)
def test_a_file_that_is_no_junit_is_a_gap_beside_what_can_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: bytes
) -> None:
    artefacts = tmp_path / "artefacts"
    artefacts.mkdir()
    (artefacts / "good").mkdir()
    (artefacts / "good" / "junit.xml").write_text(GOOD)
    (artefacts / "bad").mkdir()
    (artefacts / "bad" / name).write_bytes(content)
    code, _, out = run(capsys, "analyze", artefacts, "--output", tmp_path / "out")
    assert code == 0
    assert name in out
    assert "gap" in out
    assert (tmp_path / "out" / "findings.json").is_file()


def test_a_file_alone_that_is_no_junit_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_bytes(b"\x00\x01 no xml")
    code, err, _ = run(capsys, "analyze", tmp_path / "junit.xml", "--output", tmp_path / "out")
    assert code == 2
    assert err.startswith("flaky-detector: nothing to analyse: ")
    assert "junit.xml" in err


def test_a_bomb_does_not_go_off(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(BOMB)
    code, err, out = run(capsys, "analyze", tmp_path / "junit.xml", "--output", tmp_path / "out")
    assert code in (0, 2)
    assert "aaaaaaaaaaaaaaaaaaaa" not in err + out


def test_an_unknown_option_is_named_and_the_help_is_pointed_to(capsys: pytest.CaptureFixture[str]) -> None:
    code, err, _ = run(capsys, "plan", "--bogus")
    assert (code, err) == (
        2,
        "flaky-detector: unrecognized arguments: --bogus\n  see flaky-detector --help; arguments for pytest go after --\n",
    )


def test_a_bad_value_names_the_option_the_value_and_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    code, err, _ = run(capsys, "plan", "--budget", "soon")
    assert (code, err) == (
        2,
        "flaky-detector: bad value 'soon' for 'budget' in the option --budget\n  allowed: a time such as 90s, 20m or 1h\n",
    )


def test_an_unknown_key_in_the_file_names_the_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text("rums: 3\n")
    code, err, _ = run(capsys, "plan", "--config", tmp_path / "settings.yml")
    assert code == 2
    assert err.startswith(f"flaky-detector: unknown setting 'rums' in {tmp_path}/settings.yml\n  allowed are runs, ")


def test_an_unknown_python_lists_those_that_are_there(capsys: pytest.CaptureFixture[str], suite: Path) -> None:
    code, err, _ = run(capsys, "hunt", "--rootdir", suite, "--output", suite / "out", "--python", "3.99", "--install", "true")
    assert code in (2, 3)
    assert "3.99" in err
    assert "3.11" in err or "3.12" in err or "3.13" in err


def test_a_suite_that_does_not_collect_is_told_with_its_error(capsys: pytest.CaptureFixture[str], suite: Path) -> None:
    (suite / "test_a.py").write_text("import no_such_module\n")
    code, err, _ = run(capsys, "hunt", "--rootdir", suite, "--output", suite / "out")
    assert code == 3
    assert "the suite does not collect: ModuleNotFoundError: No module named 'no_such_module'" in err
    assert (suite / "out" / "runs" / "01-python-own" / "console.log").is_file()


def test_a_suite_without_tests_is_told(capsys: pytest.CaptureFixture[str], suite: Path) -> None:
    code, err, _ = run(capsys, "hunt", "--rootdir", suite, "--output", suite / "out")
    assert code == 3
    assert "pytest collected no tests" in err


def test_arguments_that_pytest_does_not_know_are_told(capsys: pytest.CaptureFixture[str], suite: Path) -> None:
    code, err, _ = run(capsys, "hunt", "--rootdir", suite, "--output", suite / "out", "--", "--no-such-option")
    assert code == 3
    assert "pytest did not accept its arguments" in err
    assert "--no-such-option" in err


def test_an_install_that_fails_is_told_with_its_last_line(capsys: pytest.CaptureFixture[str], suite: Path) -> None:
    command = "echo cannot reach the index; exit 7"
    code, err, _ = run(capsys, "hunt", "--rootdir", suite, "--output", suite / "out", "--python", "3.11", "--install", command)
    assert code == 3
    assert "cannot reach the index" in err
    assert "7" in err


def test_an_output_that_is_a_file_is_told(capsys: pytest.CaptureFixture[str], suite: Path) -> None:
    (suite / "out").write_text("mine")
    code, err, _ = run(capsys, "hunt", "--rootdir", suite, "--output", suite / "out")
    assert code == 2
    assert "cannot write to the output folder" in err
    assert (suite / "out").read_text() == "mine"


@pytest.mark.parametrize("text", ['{"schema_version": 99}', '{"schema_version": 1, "findings": [{"te', "no JSON", ""])
def test_a_findings_file_that_is_none_is_told_with_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str) -> None:
    path = tmp_path / "findings.json"
    path.write_text(text)
    code, err, _ = run(capsys, "report", path, "--output", tmp_path / "out")
    assert code == 2
    assert len(err.splitlines()) == 2
    assert err.startswith(f"flaky-detector: {path}: ")
