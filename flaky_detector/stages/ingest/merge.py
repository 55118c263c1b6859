"""Several witnesses of one run → one RunRecord; holes and disagreements → Gaps.

Owns whom to believe: a journal before JUnit properties, those before a console log (which knows worker and order) with plain JUnit
(which knows failures). Must not read papers.
"""

from collections.abc import Sequence

import msgspec

from flaky_detector.model import Arrangement, Execution, Gap, RunRecord, RunSpec
from flaky_detector.model.footprint import majors
from flaky_detector.stages.ingest.testimony import Testimony


class RunPaper(msgspec.Struct, frozen=True):
    """`run.json` of a bundle of our own."""

    spec: RunSpec
    exit_code: int = 0
    seconds: float = 0.0
    timed_out: bool = False
    python: str = ""
    v: int = 1


def merge(run: RunPaper | None, testimonies: Sequence[Testimony], bundle: str, gaps: Sequence[Gap] = ()) -> RunRecord:
    """One record; `run` is None for a foreign bundle. `testimonies` come best witness first."""
    executions: tuple[Execution, ...] = ()
    python = next((told.python for told in testimonies if told.python), "")
    for told in testimonies:
        executions = executions or told.executions
    return RunRecord(
        spec=run.spec if run else _foreign_spec(testimonies, bundle, python),
        python=(run.python if run else "") or python,
        executions=tuple(sorted(executions, key=lambda row: (row.worker, row.position, row.attempt))),
        exit_code=run.exit_code if run else 0,
        seconds=run.seconds if run else next((told.seconds for told in testimonies if told.seconds), 0.0),
        timed_out=bool(run and run.timed_out),
        has_order=all(row.position >= 0 and row.worker for row in executions),
        witnesses=tuple(told.witness for told in testimonies if told.executions),
        gaps=(*gaps, *(gap for told in testimonies for gap in told.gaps)),
        collected=next((told.collected for told in testimonies if told.collected), ()),
        app_labels=next((told.app_labels for told in testimonies if told.app_labels), ()),
        imported_originals=next((told.originals for told in testimonies if told.originals), ()),
        bundle=bundle,
    )


def _foreign_spec(testimonies: Sequence[Testimony], bundle: str, python: str) -> RunSpec:
    seed = next((told.seed for told in testimonies if told.seed is not None), None)
    workers = max((told.workers for told in testimonies), default=0)
    return RunSpec(
        id=bundle,
        python=majors(python) if python else "",
        arrangement=Arrangement.OWN if seed is None else Arrangement.SHUFFLED,
        seed=seed,
        distribution=next((told.distribution for told in testimonies if told.distribution), "no" if not workers else ""),
        workers=workers,
        why="read from artefacts",
    )
