"""The composite twin takes and gives what the container action does."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
TWIN: dict[str, Any] = yaml.safe_load((ROOT / "composite" / "action.yml").read_text())

sys.path.append(str(ROOT / "scripts"))

from write_twin import twin  # noqa: E402 -- it is no package

OTHER_WORDS = {"install", "python-versions"}
"""Inputs whose descriptions speak of the container in one file and of the job in the other."""


def test_the_twin_is_what_make_twin_writes() -> None:
    assert (ROOT / "composite" / "action.yml").read_text() == twin((ROOT / "action.yml").read_text())


def test_both_take_the_same_inputs_with_the_same_defaults_and_the_same_words() -> None:
    assert list(TWIN["inputs"]) == list(ACTION["inputs"])
    for name, about in ACTION["inputs"].items():
        assert TWIN["inputs"][name].get("default") == about.get("default"), name
        assert (TWIN["inputs"][name]["description"] == about["description"]) == (name not in OTHER_WORDS), name


def test_both_give_the_same_outputs() -> None:
    told = {name: about["description"] for name, about in TWIN["outputs"].items()}
    assert told == {name: about["description"] for name, about in ACTION["outputs"].items()}
    (step,) = TWIN["runs"]["steps"]
    assert {about["value"] for about in TWIN["outputs"].values()} == {f"${{{{ steps.{step['id']}.outputs.{name} }}}}" for name in told}


def test_the_twin_needs_nothing_of_a_runner_but_python() -> None:
    (step,) = TWIN["runs"]["steps"]
    assert (TWIN["runs"]["using"], step["shell"]) == ("composite", "python")
    assert step["env"] == {"FLAKY_DETECTOR_INPUTS": "${{ toJSON(inputs) }}"}
    assert "${{" not in step["run"]


def test_both_are_made_of_the_same_locks() -> None:
    start = (ROOT / "composite" / "start.py").read_text()
    docker = (ROOT / "Dockerfile").read_text()
    for name in ("runtime.txt", "build.txt", "uv.txt"):
        assert f'"{name}"' in start
        assert f"requirements/{name}" in docker


FILES = [*sorted((ROOT / "examples" / "workflows").glob("*.yml")), *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HUNT = yaml.safe_load((ROOT / ".github" / "workflows" / "flake-hunt.yml").read_text())[True]["workflow_call"]


def written() -> dict[str, Any]:
    """Every workflow that a person may copy, by where it stands."""
    found = {file.name: yaml.safe_load(file.read_text()) for file in FILES}
    for page in PAGES:
        for number, block in enumerate(re.findall(r"^```ya?ml\n(.+?)^```", page.read_text(), re.MULTILINE | re.DOTALL)):
            found[f"{page.name}#{number}"] = yaml.safe_load(block)
    return found


@pytest.mark.parametrize(("place", "workflow"), written().items())
def test_whoever_calls_the_twin_or_the_reusable_workflow_gives_inputs_that_exist(place: str, workflow: Any) -> None:
    for job in (workflow if isinstance(workflow, dict) else {}).get("jobs", {}).values():
        if "/flake-hunt.yml" in job.get("uses", ""):
            assert set(job.get("with", {})) - set(HUNT["inputs"]) == set(), place
            assert set(job.get("permissions", {})) <= {"contents", "pull-requests", "issues", "actions"}, place
        for step in job.get("steps", []):
            if "flaky-detector/composite" in step.get("uses", ""):
                assert set(step.get("with", {})) - set(TWIN["inputs"]) == set(), place


def test_every_input_of_the_reusable_workflow_is_described_used_and_told_of() -> None:
    text = (ROOT / ".github" / "workflows" / "flake-hunt.yml").read_text()
    page = (ROOT / "docs" / "spread.md").read_text()
    for name, about in HUNT["inputs"].items():
        assert about["description"].endswith("."), name
        assert f"inputs.{name}" in text, name
        assert f"`{name}`" in page, name


def test_jobs_of_the_reusable_workflow_that_run_the_projects_code_may_only_read() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "flake-hunt.yml").read_text())["jobs"]
    assert {name: job.get("permissions") for name, job in jobs.items()} == {
        "plan": {"contents": "read"},
        "run": {"contents": "read"},
        "recall": None,
        "analyze": {"contents": "read"},
        "tell": None,
    }
    modes = {name: [step["with"]["mode"] for step in job["steps"] if step.get("uses", "").startswith("./")] for name, job in jobs.items()}
    assert modes == {"plan": ["run", "plan"], "run": ["run"], "recall": [], "analyze": ["analyze"], "tell": ["report"]}
