"""A hunt spread over runners: how a plan is cut into slices, and who is missing when they come back.

Owns both. Nothing is asked of whoever carries the slices about: every run says in its own papers which part of which plan it was. Pure;
must not run or read anything.

    plan  01 02 03 04 05  ──►  slice 1/2: 01 03 05   slice 2/2: 02 04  ──►  bundles of 01 03 05, and of 02  ──►  Gap: 04 did not arrive
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from flaky_detector.model import Gap, RunRecord, RunSpec, Slice
from flaky_detector.stages.ingest.testimony import named

MOST_SLICES = 256
"""Jobs that GitHub makes of one matrix at most."""


def matrix(specs: Sequence[RunSpec], slices: int = 0) -> dict[str, list[dict[str, str]]]:
    """For `strategy.matrix`: one entry a slice, one slice a run unless `slices` says fewer."""
    count = min(slices or len(specs), len(specs), MOST_SLICES)
    return {"include": [_entry(share(specs, number, count), f"{number}/{count}") for number in range(1, count + 1)]}


def _entry(specs: Sequence[RunSpec], text: str) -> dict[str, str]:
    others = f" and {len(specs) - 1} more" if len(specs) > 1 else ""
    pythons = dict.fromkeys(spec.python for spec in specs)
    return {"slice": text, "id": specs[0].id + others, "python": ",".join(filter(None, pythons))}


def share(specs: Sequence[RunSpec], number: int, count: int) -> tuple[RunSpec, ...]:
    """The runs of one slice: every `count`-th, so that each gets of the most promising ones, which come first."""
    return tuple(specs[number - 1 :: count])


def roll_call(records: Sequence[RunRecord]) -> tuple[Gap, ...]:
    """A Gap for each slice of which runs did not arrive, and for each of which runs came twice.

    Args:
        records: of any number of hunts, under the ids that their plans gave them.
    """
    spread = sorted(((record.slice, record.spec.id) for record in records if record.slice), key=lambda pair: _plan(pair[0]))
    gaps: list[Gap] = []
    for _, pairs in groupby(spread, key=lambda pair: _plan(pair[0])):
        told = list(pairs)
        gaps += _gaps(told[0][0], Counter(run for _, run in told))
    return tuple(gaps)


def _plan(part: Slice) -> tuple[str, int, tuple[str, ...]]:
    return part.hunt, part.count, part.runs


def _gaps(part: Slice, came: Counter[str]) -> Iterator[Gap]:
    for number in range(1, min(part.count, len(part.runs)) + 1):
        runs = part.runs[number - 1 :: part.count]
        missing = [run for run in runs if not came[run]]
        again = [run for run in runs if came[run] > 1]
        name = f"slice {number}/{part.count}" + (f" of {part.hunt}" if part.hunt else "")
        if missing:
            yield Gap(
                name, f"did not arrive: {named(missing)}; its runner was lost, or its artefact is late or unreadable; the rest counts"
            )
        if again:
            yield Gap(name, f"was run more than once: {named(again)}; each time counts as a run of its own")
