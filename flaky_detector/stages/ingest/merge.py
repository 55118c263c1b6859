"""Several witnesses of one run → one RunRecord; holes and disagreements → Gaps.

Owns whom to believe: a journal before JUnit properties, those before a console log (which knows worker and order) with plain JUnit
(which knows failures). Must not read papers.
"""

from collections.abc import Sequence

import msgspec

from flaky_detector.model import Arrangement, Execution, Executions, Failure, Gap, Outcome, RunRecord, RunSpec, Slice, TestId
from flaky_detector.model.footprint import majors
from flaky_detector.rules import HANG
from flaky_detector.rules.outage import counted
from flaky_detector.stages.ingest.testimony import Testimony, named

NO_ORDER = (
    "no witness tells which worker ran which test in which order, so suspects cannot be ranked by order: keep the console log of"
    " `pytest -v` beside the JUnit file, or load the recorder"
)


CUT_SHORT = "this run was cut short, its runner with it (run it again to have the rest); what it ran until then counts"


class RunPaper(msgspec.Struct, frozen=True):
    """`run.json` of a bundle of our own; it is written when the run begins, and again when it has ended.

    `outage` says what gave way while it ran, the disk or the database server, which is `outage_of`; empty where all went well.
    """

    spec: RunSpec
    exit_code: int = 0
    seconds: float = 0.0
    timed_out: bool = False
    python: str = ""
    ended: bool = True
    slice: Slice | None = None
    outage: str = ""
    outage_of: str = ""
    v: int = 1


def merge(run: RunPaper | None, testimonies: Sequence[Testimony], bundle: str, gaps: Sequence[Gap] = ()) -> RunRecord:
    """One record; `run` is None for a foreign bundle. `testimonies` come best witness first: who is first to know the order is believed."""
    python = next((told.python for told in testimonies if told.python), "")
    telling = sorted((told for told in testimonies if told.executions or told.agreed), key=lambda told: not _knows_order(told.executions))
    executions = telling[0].executions if telling else ()
    holes: list[Gap] = []
    for told in telling[1:]:
        executions = executions if not told.executions else _joined(executions, told, bundle, holes)
    if run and run.timed_out:
        executions = tuple(map(_hung, executions))
    if run and not run.ended:
        executions = tuple(row for row in executions if row.outcome is not Outcome.CRASHED)  # the runner ended them, not they the run
        holes.append(Gap(bundle, CUT_SHORT))
    if run and run.outage:
        executions = _counted(executions, run, bundle, holes)
    has_order = _knows_order(executions)
    if executions and not has_order:
        holes.append(Gap(bundle, NO_ORDER))
    return RunRecord(
        spec=run.spec if run else _foreign_spec(testimonies, bundle, python),
        python=(run.python if run else "") or python,
        executions=Executions(sorted(executions, key=lambda row: (row.worker, row.position, row.attempt))),
        exit_code=run.exit_code if run else int(any(row.outcome.is_failure for row in executions)),
        seconds=run.seconds if run else next((told.seconds for told in testimonies if told.seconds), 0.0),
        timed_out=bool(run and run.timed_out),
        has_order=has_order,
        witnesses=tuple(told.witness for told in telling),
        gaps=(*gaps, *(gap for told in testimonies for gap in told.gaps), *holes),
        collected=next((told.collected for told in testimonies if told.collected), ()),
        app_labels=next((told.app_labels for told in testimonies if told.app_labels), ()),
        imported_originals=next((told.originals for told in testimonies if told.originals), ()),
        shared=next((told.shared for told in testimonies if told.shared), ()),
        imports=next((told.imports for told in testimonies if told.imports), ()),
        slice=run.slice if run else None,
        outage=run.outage if run else "",
        bundle=bundle,
    )


def _counted(executions: Sequence[Execution], run: RunPaper, bundle: str, holes: list[Gap]) -> tuple[Execution, ...]:
    """Without what an outage made fail, which is said."""
    left = counted(executions, run.outage_of)
    dropped = len(executions) - len(left)
    told = f"{dropped} failure{'' if dropped == 1 else 's'} from then on do not count" if dropped else "no failure comes from it"
    told = told if left else "nothing that it ran was kept"
    holes.append(Gap(bundle, f"{run.outage} while it ran: {told}"))
    return left


def _hung(row: Execution) -> Execution:
    """In a run that was ended from outside: what was running then did not crash, it hung."""
    return msgspec.structs.replace(row, failures=(HANG,)) if row.outcome is Outcome.CRASHED else row


def _knows_order(executions: Sequence[Execution]) -> bool:
    return any(row.position >= 0 and row.worker for row in executions)


def _joined(executions: Sequence[Execution], other: Testimony, bundle: str, holes: list[Gap]) -> tuple[Execution, ...]:
    """The executions of the better witness, with what only the other one knows: failures' texts, durations, tests that are missing.

    Where a test ran several times (reruns) and one witness tells fewer of them, the last ones are the same.
    """
    rest: dict[TestId, list[Execution]] = {}
    for row in other.executions:
        rest.setdefault(row.test, []).append(row)
    joined: list[Execution] = []
    quarrels: list[TestId] = []
    for row in reversed(executions):
        same = rest[row.test].pop() if rest.get(row.test) else None
        if same and same.outcome.is_failure != row.outcome.is_failure:
            quarrels.append(row.test)
        joined.append(_enriched(row, same, is_over=other.has_ends) if same else row)
    known = {row.test for row in executions}
    missing = [row for test, rows in rest.items() if test not in known for row in rows]
    if quarrels:
        holes.append(Gap(bundle, f"{other.witness} tells another outcome than the better witness of {named(quarrels)}"))
    if missing:
        names = named([row.test for row in missing])
        holes.append(Gap(bundle, f"only {other.witness} knows of {names}: their place in the order is unknown"))
    return (*reversed(joined), *missing)


def _enriched(row: Execution, other: Execution, *, is_over: bool) -> Execution:
    """What both say. A failure that only one of them tells did happen: a console line `PASSED` does not know of failed subtests.

    But what one tells of the same place in the order after its end (`is_over`) shows that it did not crash there: the other is damaged.
    """
    if other.outcome is row.outcome and not other.failures and (row.state or not other.state) and row.duration_seconds:
        return row
    known = {failure.phase: failure for failure in reversed(other.failures)}
    failures = tuple(_fuller(failure, known.pop(failure.phase, None)) for failure in row.failures)
    return msgspec.structs.replace(
        row,
        outcome=other.outcome if is_over and _is_at(row, other) else _worse(row.outcome, other.outcome),
        failures=(*failures, *known.values()),
        duration_seconds=row.duration_seconds or other.duration_seconds,
        state=row.state or other.state,
    )


def _is_at(row: Execution, other: Execution) -> bool:
    return row.outcome is Outcome.CRASHED and other.position >= 0 and (other.worker, other.position) == (row.worker, row.position)


def _worse(one: Outcome, other: Outcome) -> Outcome:
    """A crash of a worker is told by one witness only, as a failure by the other."""
    if Outcome.CRASHED in (one, other):
        return Outcome.CRASHED
    return other if other.is_failure and not one.is_failure else one


def _fuller(failure: Failure, other: Failure | None) -> Failure:
    """One failure from two accounts: the one that knows the exception, with the longer output."""
    if other is None:
        return failure
    base = failure if failure.exception else other
    return msgspec.structs.replace(base, output=max(failure.output, other.output, key=len))


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
