"""The last step: the exit code, and the pages on disk before anything else."""

import io
import json
from pathlib import Path

import pytest

from flaky_detector.adapters.voice import Voice
from flaky_detector.model import Finding, Result, Signature
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.deliver import deliver, exit_code
from flaky_detector.settings import Settings


def result(*sure: str, status: str = "complete") -> Result:
    found = [
        Finding(test=Id(f"t.py::test_{n}"), kind="unknown", confidence=each, signature=Signature(rule="fallback"))  # type: ignore[arg-type]
        for n, each in enumerate(sure)
    ]
    return Result(status=status, findings=tuple(found))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sure", "codes"),
    [
        ((), {"proven": 0, "suspected": 0, "never": 0}),
        (("suspected",), {"proven": 0, "suspected": 1, "never": 0}),
        (("likely",), {"proven": 0, "suspected": 1, "never": 0}),
        (("suspected", "proven"), {"proven": 1, "suspected": 1, "never": 0}),
    ],
)
def test_the_policy_says_which_findings_fail(sure: tuple[str, ...], codes: dict[str, int]) -> None:
    assert {policy: exit_code(result(*sure), policy) for policy in codes} == codes


@pytest.mark.parametrize("policy", ["proven", "suspected", "never"])
def test_an_interrupted_run_is_130_whatever_was_found(policy: str) -> None:
    assert exit_code(result("proven", status="interrupted"), policy) == 130


def test_a_spent_budget_is_no_failure_of_its_own() -> None:
    assert exit_code(result(status="budget-exhausted"), "proven") == 0


def test_the_pages_are_written_and_the_terminal_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = io.StringIO()
    code = deliver(result("proven"), Settings(output=tmp_path), {}, Voice(stream=said))
    assert code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["comment.md", "findings.json", "report.html", "summary.md"]
    assert json.loads((tmp_path / "findings.json").read_text())["findings"][0]["test"] == "t.py::test_0"
    assert "test_0" in capsys.readouterr().out
    assert said.getvalue() == f"report: {tmp_path}/report.html, comment.md, findings.json\n"


def test_inside_actions_the_runner_is_told_instead_of_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    code = deliver(result(), Settings(output=tmp_path, comment="off", fail_on="never"), environ, Voice(quiet=True))
    assert code == 0
    assert "findings-count" in output.read_text()
    assert summary.read_text() != ""
    assert "report:" not in capsys.readouterr().err


def test_what_no_file_can_hold_is_escaped_rather_than_lost(tmp_path: Path) -> None:
    odd = Finding(
        test=Id("t.py::test_\ud800"), kind="unknown", confidence="suspected", signature=Signature(rule="fallback"), message="\udcff"
    )
    assert deliver(Result(findings=(odd,)), Settings(output=tmp_path), {}, Voice(quiet=True)) == 0
