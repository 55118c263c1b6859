"""A hunt spread over runners: real slices, carried as download-artifact and GitHub's API leave them, some lost, late, double or broken."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.hunting import flaky_detector, write_suite

SUITE = {
    "state.py": "LIMIT = 10\n",
    "tests/test_a.py": "import state\n\n\ndef test_raises_the_limit():\n    state.LIMIT = 99\n",
    "tests/test_b.py": "def test_nothing():\n    pass\n",
    "tests/test_c.py": "import state\n\n\ndef test_the_limit():\n    assert state.LIMIT == 10\n",
}
POLLUTER, VICTIM = "tests/test_a.py::test_raises_the_limit", "tests/test_c.py::test_the_limit"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout, and beside it a folder `artifacts` with a folder an artefact: the first run's and those of three runners."""
    home = tmp_path_factory.mktemp("spread")
    suite = write_suite(home / "suite", SUITE)
    run = {"GITHUB_RUN_ID": "77"}
    assert flaky_detector("plan", "--runs", "1", "--save", home / "first.json", cwd=suite).exit_code == 0
    assert flaky_detector("run", "--plan", home / "first.json", cwd=suite, environ=run, output="first").exit_code == 0
    after = ("--after", home / "first" / "runs", "--slices", "3")
    planned = flaky_detector("plan", "--runs", "6", "--save", home / "plan.json", "--format", "matrix", *after, cwd=suite)
    slices = [entry["slice"] for entry in json.loads(planned.out)["include"]]
    assert slices == ["1/3", "2/3", "3/3"]
    shutil.copytree(home / "first" / "runs", home / "artifacts" / "run-first")
    for number, text in enumerate(slices, start=1):
        arguments = ("run", "--plan", home / "plan.json", "--slice", text)
        assert flaky_detector(*arguments, cwd=suite, environ=run, output=f"runner-{number}").exit_code == 0
        shutil.copytree(home / f"runner-{number}" / "runs", home / "artifacts" / f"run-{number}")
    return home


@pytest.fixture
def artifacts(spread: Path, tmp_path: Path) -> Path:
    """A copy of them, to be spoilt."""
    return Path(shutil.copytree(spread / "artifacts", tmp_path / "artifacts"))


def analysed(spread: Path, *paths: Path) -> dict[str, Any]:
    ended = flaky_detector("analyze", *paths, cwd=spread / "suite", output="analysis")
    assert ended.exit_code in (0, 1), ended.err
    return ended.findings


def told(findings: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Victim, confidence and the first suspect of each."""
    return [(each["test"], each["confidence"], each["suspects"][0]["test"]) for each in findings["findings"]]


def gaps(findings: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(gap["source"], gap["text"]) for gap in findings["gaps"]]


def zipped(folder: Path) -> Path:
    """As GitHub's API gives an artefact."""
    return Path(shutil.make_archive(str(folder), "zip", folder))


def test_the_second_wave_puts_who_left_something_behind_first(spread: Path) -> None:
    runs = json.loads((spread / "plan.json").read_text())["runs"]
    (front,) = [run for run in runs if run["arrangement"] == "front-loaded"]
    assert front["order"][0] == [0, POLLUTER]
    assert [run["id"][:2] for run in runs] == ["02", "03", "04", "05", "06"]


def test_all_slices_together_tell_the_whole_as_folders_and_as_zips(spread: Path, artifacts: Path) -> None:
    whole = analysed(spread, artifacts)
    assert (told(whole), gaps(whole), len(whole["runs"])) == ([(VICTIM, "suspected", POLLUTER)], [], 6)
    for folder in list(artifacts.iterdir()):
        zipped(folder)
        shutil.rmtree(folder)
    packed = analysed(spread, artifacts)
    assert (packed["findings"], packed["runs"], packed["gaps"]) == (whole["findings"], whole["runs"], [])


def test_a_lost_slice_is_a_gap_and_a_late_one_fills_it(spread: Path, artifacts: Path, tmp_path: Path) -> None:
    whole = analysed(spread, artifacts)
    late = tmp_path / "late"
    (artifacts / "run-2").rename(late)
    without = analysed(spread, artifacts)
    ids = [run["id"] for run in json.loads((spread / "plan.json").read_text())["runs"]][1::3]
    text = f"did not arrive: {', '.join(ids)}; its runner was lost, or its artefact is late or unreadable; the rest counts"
    assert (told(without), gaps(without), len(without["runs"])) == ([(VICTIM, "suspected", POLLUTER)], [("slice 2/3 of 77", text)], 4)
    late.rename(artifacts / "run-2")
    assert analysed(spread, artifacts)["findings"] == whole["findings"]


def test_a_slice_that_arrives_twice_counts_once(spread: Path, artifacts: Path) -> None:
    whole = analysed(spread, artifacts)
    shutil.copytree(artifacts / "run-1", artifacts / "run-1-again")
    twice = analysed(spread, artifacts)
    assert (len(twice["runs"]), twice["findings"]) == (6, whole["findings"])
    ((source, text),) = gaps(twice)
    assert (source, text.startswith("of what was given, these are copies of others, counted once: ")) == ("artefacts", True)


def test_a_slice_that_was_run_twice_counts_twice_and_is_told(spread: Path, artifacts: Path) -> None:
    again = ("run", "--plan", spread / "plan.json", "--slice", "3/3")
    assert flaky_detector(*again, cwd=spread / "suite", environ={"GITHUB_RUN_ID": "77"}, output="again").exit_code == 0
    shutil.copytree(spread / "again" / "runs", artifacts / "run-3-again")
    twice = analysed(spread, artifacts)
    assert len(twice["runs"]) == 7
    ((source, text),) = gaps(twice)
    assert (source, text.startswith("was run more than once: 04-")) == ("slice 3/3 of 77", True)


def test_a_broken_zip_is_a_gap_and_the_rest_counts(spread: Path, artifacts: Path) -> None:
    archive = zipped(artifacts / "run-1")
    archive.write_bytes(archive.read_bytes()[:-200])
    shutil.rmtree(artifacts / "run-1")
    broken = analysed(spread, artifacts)
    assert (told(broken), len(broken["runs"])) == ([(VICTIM, "suspected", POLLUTER)], 4)
    assert [source for source, _ in gaps(broken)] == ["artifacts/run-1.zip", "slice 1/3 of 77"]


def test_a_broken_paper_within_a_slice_costs_that_paper_only(spread: Path, artifacts: Path) -> None:
    runs = sorted(path for path in (artifacts / "run-2").iterdir() if path.is_dir())
    (runs[0] / "run.json").write_bytes(b"\x00\x01")
    broken = analysed(spread, artifacts)
    assert (told(broken), len(broken["runs"])) == ([(VICTIM, "suspected", POLLUTER)], 6)
    assert next(text.split(" (")[0] for _, text in gaps(broken)) == "is not a run.json of ours"


def test_what_a_runner_wrote_before_it_was_lost_counts_and_its_last_test_is_not_blamed(spread: Path, artifacts: Path) -> None:
    runs = sorted(path for path in (artifacts / "run-1").iterdir() if path.is_dir())
    paper = json.loads((runs[0] / "run.json").read_text())
    (runs[0] / "run.json").write_text(json.dumps(paper | {"ended": False, "exit_code": 0}))
    (runs[0] / "junit.xml").unlink()
    (journal,) = runs[0].glob("journal-main.jsonl")
    lines = journal.read_text().splitlines(keepends=True)
    second = [number for number, line in enumerate(lines) if '"ev":"begin"' in line.replace(" ", "")][1]
    journal.write_text("".join(lines[: second + 1]))
    cut = analysed(spread, artifacts)
    assert len(cut["runs"]) == 6
    assert told(cut) == [(VICTIM, "suspected", POLLUTER)]
    assert [text for _, text in gaps(cut) if text.startswith("this run was cut short, its runner with it")] != []


def test_spread_runs_tell_what_the_same_runs_tell_on_one_machine(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", SUITE)
    hunted = flaky_detector("hunt", "--no-confirm", "--runs", "4", "--seeds", "1", cwd=suite, output="hunt").findings
    for number, bundle in enumerate(sorted(path for path in (tmp_path / "hunt" / "runs").iterdir() if path.is_dir())):
        shutil.copytree(bundle, tmp_path / "artifacts" / f"run-{number}" / bundle.name)
    merged = flaky_detector("analyze", tmp_path / "artifacts", cwd=suite, output="merged").findings
    assert hunted["findings"] != []
    assert merged["findings"] == hunted["findings"]
    assert (merged["runs"], merged["latent_polluters"], merged["pairs"]) == (hunted["runs"], hunted["latent_polluters"], hunted["pairs"])
