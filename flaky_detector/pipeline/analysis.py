"""The way without a hunt: from artefacts, or from an order that somebody has, to findings.

Owns `analyze` and `confirm`. Must not read files: bundles come in.
"""

from collections.abc import Sequence
from contextlib import ExitStack

import msgspec

from flaky_detector.errors import Interrupted, SettingsError
from flaky_detector.model import (
    Arrangement,
    Evidence,
    Gap,
    Order,
    Result,
    RunSpec,
    Step,
    Suspect,
    TestId,
    on_one_worker,
    workers_of,
)
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.hunt import conclude, examine
from flaky_detector.pipeline.launch import Launcher
from flaky_detector.pipeline.oracle import opened
from flaky_detector.pipeline.presumed import see_an_order
from flaky_detector.pipeline.proving import prove_all
from flaky_detector.pipeline.replaying import replay_known
from flaky_detector.pipeline.spread import roll_call
from flaky_detector.settings import Settings
from flaky_detector.stages.correlate import Sources
from flaky_detector.stages.ingest import Bundle, distinct, ingest, reunite, without_copies
from flaky_detector.stages.run import files_of

KEPT_FROM_READING = 0.5
"""Of the budget: reading stops there, so that time is left to compare what was read, and to prove."""


def read(bundles: Sequence[Bundle], gaps: Sequence[Gap], dossier: Dossier) -> Dossier:
    """All bundles as records, one after the other; after an interrupt, or where the budget leaves no time for all, those read so far."""
    once, copies = without_copies(bundles)
    whole, undecided = reunite(once)
    try:
        _read_each(whole, dossier)
    except KeyboardInterrupt:
        dossier.status = "interrupted"
        dossier.add_gap("artefacts", f"interrupted: {len(dossier.records)} of {len(whole)} runs were read")
    absent = roll_call(dossier.records) if dossier.status == "complete" else ()
    dossier.records[:] = distinct(dossier.records)
    for gap in (*gaps, *copies, *undecided, *absent):
        dossier.add_gap(gap.source, gap.text)
    return dossier


def _read_each(bundles: Sequence[Bundle], dossier: Dossier) -> None:
    for number, bundle in enumerate(bundles):
        if dossier.records and not dossier.has_left(KEPT_FROM_READING):
            dossier.status = "budget-exhausted"
            text = f"the budget of {dossier.budget_seconds:.0f} s left no time to read {len(bundles) - number} of {len(bundles)} runs"
            dossier.add_gap("artefacts", text)
            return
        record = ingest(bundle)
        if record.executions:
            dossier.records.append(record)
        else:
            dossier.gaps += record.gaps or [Gap(bundle.name, "no test was found in it")]


def analyze(dossier: Dossier, settings: Settings, sources: Sources, launcher: Launcher | None = None) -> Result:
    """Findings from what was read; with a launcher, the suspects are proven by re-running."""
    if not dossier.records:
        reasons = "; ".join(f"{gap.source}: {gap.text}" for gap in dossier.gaps[:3])
        raise SettingsError(
            f"nothing to analyse: {reasons or 'no JUnit XML, bundle or xdist -v log there'}", "give the artefacts of a test run"
        )
    oracle = None
    with ExitStack() as stack:
        try:
            if launcher is not None and dossier.status != "interrupted":
                see_an_order(launcher, dossier)
            examine(dossier, sources)
            if launcher is not None and dossier.status != "interrupted":
                replay_known(launcher, dossier)
                oracle = stack.enter_context(opened(launcher, dossier))
                prove_all(oracle, sources)
        except (Interrupted, KeyboardInterrupt) as end:
            dossier.interrupt(end)
        return conclude(dossier, settings, sources, launcher, oracle)


class Given(msgspec.Struct, frozen=True):
    """What a person says of a failing test: a failing order, suspects on its own worker and on another, tests that conflict with it."""

    victim: TestId
    order: tuple[TestId, ...] = ()
    suspects: tuple[TestId, ...] = ()
    elsewhere: tuple[TestId, ...] = ()
    beside: tuple[TestId, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to start from."""
        return not (self.order or self.suspects or self.elsewhere or self.beside)

    def orders(self) -> list[Order]:
        """Orders in which it may fail: as given, all suspects together, and each of them singly."""
        own = [test for test in self.order if test != self.victim] or list(self.suspects)
        together = (*(Step(0, test) for test in self.elsewhere), *(Step(int(bool(self.elsewhere)), test) for test in (*own, self.victim)))
        singly = [on_one_worker((test, self.victim)) for test in self.suspects if len(self.suspects) > 1]
        return [together, *singly] if len(together) > 1 else []

    def pairs(self) -> list[Order]:
        """Orders of two in which the victim is to begin while the other is running."""
        return [(Step(0, test), Step(1, self.victim)) for test in self.beside]


def confirm(given: Given, launcher: Launcher, dossier: Dossier, sources: Sources) -> Result:
    """Run the orders once to see the failure, then prove it as a hunt would."""
    settings = launcher.settings
    oracle = None
    with ExitStack() as stack:
        try:
            _see_it_fail(given, launcher, dossier)
            examine(dossier, sources, given.victim)
            dossier.symptoms = [(symptom, _accused(given, suspects)) for symptom, suspects in dossier.symptoms]
            oracle = stack.enter_context(opened(launcher, dossier))
            prove_all(oracle, sources)
        except (Interrupted, KeyboardInterrupt) as end:
            dossier.interrupt(end)
        return conclude(dossier, settings, sources, launcher, oracle)


def _see_it_fail(given: Given, launcher: Launcher, dossier: Dossier) -> None:
    """Records of the orders given, and of the victim alone, until it was seen to fail; says so where it never does."""
    pairs = given.pairs()
    for number, order in enumerate([on_one_worker((given.victim,)), *given.orders(), *pairs]):
        workers = workers_of(order)
        spec = RunSpec(
            id=f"{number:02d}-given",
            python=launcher.suites[0].python,
            arrangement=Arrangement.FORCED,
            order=order,
            together=(1,) if order in pairs else (),
            select=files_of(order),
            workers=workers if workers > 1 else 0,
            distribution="load" if workers > 1 else "no",
            why=_why(order) if number else "the victim alone",
        )
        record = launcher.run_suite(spec, _deadline(launcher, dossier))
        if given.victim not in record.executions.tests:
            raise SettingsError(
                f"{given.victim} was not run: {launcher.why_nothing_ran(record)[0]}", "give its full node id, as pytest prints it"
            )
        dossier.add_record(record)


def _why(order: Order) -> str:
    count, workers = len(order) - 1, workers_of(order)
    return f"{count} test{'' if count == 1 else 's'} before it, {f'on {workers} workers' if workers > 1 else 'in one process'}"


def _deadline(launcher: Launcher, dossier: Dossier) -> float:
    """For one run: the run's own limit, or what is left of the budget."""
    return min(launcher.settings.run_timeout_seconds, max(dossier.seconds_left, 1.0))


def _accused(given: Given, suspects: Sequence[Suspect]) -> tuple[Suspect, ...]:
    """Those whom the person named, in that order, with the reasons that the evidence gives; then the others."""
    ranked = {suspect.test: suspect for suspect in suspects}
    named = [_named(test, "same", ranked) for test in given.suspects] + [_named(test, "other", ranked) for test in given.elsewhere]
    tests = {suspect.test for suspect in named}
    return (*named, *(suspect for suspect in suspects if suspect.test not in tests))


def _named(test: TestId, worker: str, ranked: dict[TestId, Suspect]) -> Suspect:
    known = ranked.get(test, Suspect(test=test, score=0.0))
    reason = Evidence("tree" if worker == "other" else "named", "named on the command line")
    return msgspec.structs.replace(known, worker=worker, evidence=(*known.evidence, reason))
