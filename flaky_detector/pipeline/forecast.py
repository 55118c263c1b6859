"""How far a plan will go, in words and for scripts.

Owns the telling, and where the tests are known from before anything is run: from the runs that the last hunt left in the output folder.
Must not plan.
"""

import math
from pathlib import Path

from flaky_detector.errors import FlakyDetectorError
from flaky_detector.model import RunRecord
from flaky_detector.pipeline.launch import read_bundle
from flaky_detector.stages.plan import Expected

MOST_BUNDLES = 3
"""The first is the project's own order; from one or two shuffled ones it is seen how shuffles come about."""


def last_hunt(output: Path) -> tuple[RunRecord, ...]:
    """The first runs of the hunt whose report lies in the output folder; none where there is no such report, or it cannot be read."""
    bundles = sorted(folder for folder in (output / "runs").glob("*") if (folder / "run.json").is_file())
    shuffled = [folder for folder in bundles[1:] if "-shuffled-seed" in folder.name]
    records = []
    for bundle in (*bundles[:1], *shuffled)[:MOST_BUNDLES]:
        try:
            records.append(read_bundle(bundle))
        except FlakyDetectorError:
            continue
    return tuple(record for record in records if record.executions)


def lines(expected: Expected, output: Path) -> list[str]:
    """For the terminal: the shares after the first run, wherever they change, and at the end."""
    if not expected.runs:
        return []
    told, before = [], (-1.0, -1.0)
    for run in expected.runs:
        if (run.at_least, run.at_most) != before:
            told.append(f"  by the end of {run.run}: {_between(run.at_least, run.at_most)}")
        before = run.at_least, run.at_most
    known = (
        f"told for the {expected.tests} tests that the last hunt, in {output}, found"
        if expected.tests
        else "which tests there are is not known before a first run, so no order can be computed: these are the bounds for any suite"
    )
    return [f"Ordered pairs of tests that will have met in one process ({known}):", *told]


def _between(least: float, most: float) -> str:
    low, high = math.floor(100 * least), math.ceil(100 * most)
    return f"{low} %" if low == high else f"{low} to {high} %"
