"""What `init` drafts, the action and this repository's own workflows agree."""

import re
from pathlib import Path
from typing import Any

import yaml

from flaky_detector.stages.init import Action, Checkout, init
from flaky_detector.stages.init.answers import TUNED
from flaky_detector.stages.init.pages import PATHS, PINS
from tests.support.repositories import SHAPES

ROOT = Path(__file__).parents[2]
INPUTS: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
OURS = Action(uses="acme/flaky-detector@" + "1" * 40, unknown="")


def test_every_draft_gives_the_action_inputs_that_it_has() -> None:
    given: set[str] = set()
    for files in SHAPES.values():
        for page in init(Checkout(paths=tuple(files), read=files.get), OURS).pages:
            steps = [step for job in yaml.safe_load(page.after)["jobs"].values() for step in job["steps"]]
            given |= {name for step in steps if step.get("uses") == OURS.uses for name in step["with"]}
    assert {"install", "python-versions", "budget", "mode", "artifacts"} <= given
    assert given - set(INPUTS) == set()


def test_what_is_kept_when_somebody_tuned_it_are_inputs() -> None:
    assert set(TUNED) - set(INPUTS) == set()


def test_drafts_pin_foreign_actions_as_our_own_workflows_do() -> None:
    own = "\n".join(path.read_text() for path in (ROOT / ".github/workflows").glob("*.yml"))
    assert [pin for pin in PINS.values() if pin not in own] == []


def test_the_docs_name_every_file_that_is_written() -> None:
    text = (ROOT / "docs/init.md").read_text()
    assert [path for path in PATHS if f"`{path.rpartition('/')[2]}`" not in text] == []
    assert re.search(r"--write\b", text)
    assert "--action" in text
