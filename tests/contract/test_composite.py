"""The composite twin takes and gives what the container action does."""

import sys
from pathlib import Path
from typing import Any

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
