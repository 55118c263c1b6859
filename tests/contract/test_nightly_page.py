"""docs/nightly.md: its workflow gives inputs that exist, its shell carries the file, its signs and bounds are those of the code."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flaky_detector.adapters.history.tables import STEPS
from flaky_detector.pipeline.replaying import SHARE
from flaky_detector.pipeline.tending import MOST_NEW, MOST_WISHES
from flaky_detector.settings import Settings
from flaky_detector.stages.remember.merge import MOST_NIGHTS, MOST_ORDERS
from flaky_detector.stages.remember.told import SHOWN_NIGHTS
from flaky_detector.stages.report.telling.nights import SIGNS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
BLOCKS = {language: re.findall(rf"^```{language}\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL) for language in ("yaml", "bash")}


def test_the_workflow_gives_inputs_that_exist_and_pins_what_is_foreign() -> None:
    (block,) = BLOCKS["yaml"]
    steps = yaml.safe_load(block)["jobs"]["hunt"]["steps"]
    ours = [step for step in steps if step.get("uses", "").startswith("OWNER/")]
    assert [set(step["with"]) - set(ACTION["inputs"]) for step in ours] == [set()]
    foreign = [step["uses"] for step in steps if "uses" in step and step not in ours]
    assert [name for name in foreign if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []


def test_what_the_hunt_writes_is_what_the_workflow_carries() -> None:
    (block,) = BLOCKS["yaml"]
    steps = yaml.safe_load(block)["jobs"]["hunt"]["steps"]
    (path,) = [step["with"]["history"] for step in steps if "history" in step.get("with", {})]
    (carried,) = [step["with"]["path"] for step in steps if step.get("with", {}).get("name") == "flaky-history"]
    assert str(Path(path).parent) == carried


def git(*argv: str, cwd: Path) -> str:
    return subprocess.run(["git", *argv], cwd=cwd, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git("init", "--quiet", "--bare", "origin", cwd=tmp_path)
    git("clone", "--quiet", "origin", "shop", cwd=tmp_path)
    return tmp_path / "shop"


def test_a_branch_of_one_commit_carries_the_file_from_night_to_night(checkout: Path) -> None:
    before, after = (["bash", "-euo", "pipefail", "-c", script] for script in BLOCKS["bash"])
    history = checkout / "flaky-history" / "nights.sqlite"
    for night in (b"one\0", b"two\xff"):
        subprocess.run(before, cwd=checkout, check=True, capture_output=True)
        assert history.exists() == (night != b"one\0")
        history.write_bytes(night)
        subprocess.run(after, cwd=checkout, check=True, capture_output=True)
        history.unlink()
    subprocess.run(before, cwd=checkout, check=True, capture_output=True)
    assert history.read_bytes() == b"two\xff"
    git("fetch", "--quiet", "origin", cwd=checkout)
    assert git("rev-list", "--count", "origin/flaky-history", cwd=checkout).strip() == "1"


def test_every_verdict_is_explained_with_its_sign() -> None:
    told = re.findall(r"^\| `(.)` \| (\w+) \|", PAGE, re.MULTILINE)
    assert {verdict: sign for sign, verdict in told} == SIGNS


def test_every_table_of_the_file_is_told() -> None:
    made = set(re.findall(r"CREATE TABLE (\w+)", " ".join(STEPS)))
    rows = PAGE.partition("## What is stored")[2].partition("\n\n    sqlite3")[0]
    assert set(re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in rows.splitlines() if row.startswith("|")))) == made


def test_the_bounds_that_it_names_are_those_of_the_code() -> None:
    assert (MOST_NEW, MOST_WISHES, MOST_NIGHTS, MOST_ORDERS, SHOWN_NIGHTS) == (10, 30, 400, 5, 14)
    assert (SHARE, Settings().cured_after) == (0.25, 3)
    for words in ("opens ten issues at most and touches thirty", "last 400 nights", "last fourteen nights", "a quarter of the budget"):
        assert words in PAGE
    assert 5 + 4 * MOST_WISHES == 125
