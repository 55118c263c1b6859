"""The memory of a hunt: earlier nights read, tonight's added, the file written.

Owns what of a result is remembered. Must not run a test nor talk to GitHub: `replaying` and `tending` do.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from flaky_detector.adapters import actions, history
from flaky_detector.errors import HistoryError
from flaky_detector.model import Finding, KnownCause, KnownOrder, Result, RunRecord, TestId
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.settings import Settings
from flaky_detector.stages.remember import Tonight, due, remember, told
from flaky_detector.stages.report.digest import Cause, digest, is_proven

ENDED_BY_ITSELF = (0, 1)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time by which nights are told apart."""
    return datetime.now(UTC)


class Memory:
    """What is remembered, while a hunt goes on. The date is that of its start: a hunt over midnight is one night.

    `has_tonight` tells that tonight is in it, so that it may be told and acted upon.

    Args:
        path: the history file.
        opened: what was found there.
        date: tonight, in UTC.
        cured_after: nights in a row that make a cure.
    """

    def __init__(self, path: Path, opened: history.Opened, date: str, cured_after: int) -> None:
        self.path = path
        self.date = date
        self.cured_after = cured_after
        self.history = opened.history
        self.gaps = opened.gaps
        self.may_write = opened.may_write
        self.has_tonight = False
        self.done: dict[int, str] = {}
        self.notes: list[str] = []
        if opened.is_new:
            self.notes.append(f"There was no history at `{path}`: this is the first night that is remembered.")


def recall(settings: Settings, environ: Mapping[str, str], clock: Clock) -> Memory | None:
    """What is remembered; None where nothing is to be. A pull request may read and not write: it may never land."""
    if settings.history is None:
        return None
    date = clock().astimezone(UTC).date().isoformat()
    memory = Memory(settings.history, history.read(settings.history, date), date, settings.cured_after)
    place = actions.whereabouts(environ)
    if memory.may_write and (place.pull_request or place.head):
        memory.may_write = False
        memory.notes = ["This is a pull request, which may never land: tonight is not remembered."]
    return memory


def recall_told(result: Result, settings: Settings, environ: Mapping[str, str]) -> Memory | None:
    """The memory that a result was written with, where another job tells of it; None where it was written with none.

    A file that does not hold the result's night is not the one that the hunt wrote: it is left as it is, and nothing is done by it.
    """
    if settings.history is None or result.nights is None:
        return None
    nights = result.nights
    memory = recall(settings, environ, lambda: datetime.fromisoformat(nights.date).replace(tzinfo=UTC))
    if memory is not None:
        memory.cured_after = nights.cured_after
        memory.has_tonight = nights.date in memory.history.nights
        memory.notes = [*nights.notes, *(f"{gap.text}." for gap in memory.gaps)]
        if not memory.has_tonight:
            memory.may_write = False
            memory.notes.append(f"The history `{memory.path}` does not hold the night of {nights.date}: no issue was tended.")
    return memory


def dossier_of(memory: Memory | None, budget_seconds: float, start_seconds: float = 0.0) -> Dossier:
    """A dossier that knows what is to be re-run, and what could not be remembered."""
    dossier = Dossier(budget_seconds, due(memory.history) if memory else (), start_seconds)
    for gap in memory.gaps if memory else ():
        dossier.add_gap(gap.source, gap.text)
    return dossier


def with_tonight(result: Result, dossier: Dossier, memory: Memory | None) -> Result:
    """The result with its nights; the memory has tonight in it from now on, and its file is not written yet."""
    if memory is None:
        return result
    memory.history = remember(memory.history, tonight_of(result, dossier, memory))
    memory.has_tonight = True
    return retold(result, memory)


def retold(result: Result, memory: Memory) -> Result:
    """The result with what is remembered now, and what was done with each issue."""
    nights = told(memory.history, memory.date, memory.cured_after, memory.done) if memory.has_tonight else result.nights
    return replace(result, nights=nights and replace(nights, notes=tuple(memory.notes)))


def save(memory: Memory) -> None:
    """Write the file; trouble is a note for the reader."""
    if not memory.may_write:
        return
    try:
        history.write(memory.path, memory.history)
    except HistoryError as trouble:
        note = f"{trouble.message}: tonight is not remembered."
        memory.notes += [note] if note not in memory.notes else []


def tonight_of(result: Result, dossier: Dossier, memory: Memory) -> Tonight:
    """What this hunt brings."""
    proven = [finding for finding in result.findings if is_proven(finding)]
    return Tonight(
        date=memory.date,
        cured_after=memory.cured_after,
        proven=causes_of(result, dossier.records),
        proven_too=frozenset(finding.fingerprint for finding in proven),
        failing={finding.fingerprint: finding.kind for finding in result.findings if not is_proven(finding)},
        rechecks=dossier.rechecks,
        tests=collected_in(dossier.records),
    )


def collected_in(records: Sequence[RunRecord]) -> frozenset[TestId]:
    """All tests of the suite; none where no run tells which there are."""
    if not any(record.collected or (record.exit_code in ENDED_BY_ITSELF and not record.timed_out) for record in records):
        return frozenset()
    ran = {test for record in records for test in record.executions.tests}
    return frozenset(ran.union(*(record.collected for record in records)))


def causes_of(result: Result, records: Sequence[RunRecord]) -> tuple[KnownCause, ...]:
    """The proven causes, in the order in which the report tells them."""
    labels = next((record.app_labels for record in records if record.app_labels), ())
    return tuple(_known(cause, labels) for cause in digest(result).causes)


def _known(cause: Cause, labels: tuple[str, ...]) -> KnownCause:
    orders = [_order(finding, labels) for finding in cause.findings if finding.minimal_order and finding.fingerprint]
    first: dict[TestId, KnownOrder] = {}
    for order in orders:  # one for each test, for several failures of one test show the same
        first.setdefault(order.test, order)
    return KnownCause(
        kind=cause.kind,
        fingerprints=tuple(dict.fromkeys(finding.fingerprint for finding in cause.findings if finding.fingerprint)),
        sets=(cause.head, *cause.others),
        tests=cause.broken,
        orders=tuple(first.values()),
    )


def _order(finding: Finding, labels: tuple[str, ...]) -> KnownOrder:
    return KnownOrder(
        fingerprint=finding.fingerprint,
        test=finding.test,
        signature=finding.signature,
        order=finding.minimal_order,
        warm_up=finding.warm_up,
        python=finding.pythons[0] if finding.pythons else "",
        rate=_rate(finding),
        app_labels=labels,
    )


def _rate(finding: Finding) -> float:
    """How often it failed where it was proven to fail: after its polluter, or alone."""
    wanted = finding.minimal_order if finding.polluters else finding.minimal_order[-1:]
    trials = [trial for trial in finding.trials if tuple(trial.order) == tuple(wanted) and not trial.together and not trial.collect]
    same, attempts = sum(trial.same for trial in trials), sum(trial.attempts for trial in trials)
    return same / attempts if same else 1.0
