"""The whole way: known orders again, plan, run, ingest, classify, correlate, confirm, diagnose.

Owns the sequence of the stages and how the budget is shared. What was found so far survives every end: an interrupt, a spent budget, a
run that did not work.
"""

from collections.abc import Sequence
from contextlib import ExitStack

from msgspec.structs import replace

from flaky_detector.errors import Interrupted, OutageError, SuiteError
from flaky_detector.model import LatentPolluter, RunRecord, RunSpec, Suspect, Symptom, TestId
from flaky_detector.model.findings import Result
from flaky_detector.model.footprint import footprints
from flaky_detector.model.pairs import pairs_met
from flaky_detector.model.sorts import methods_among
from flaky_detector.pipeline.ahead import changes_of, known
from flaky_detector.pipeline.conclude import (
    FEW_SUSPECTS,
    MOST_IN_FULL,
    finding_of,
    folded,
    is_spoken_of,
    latent_polluters,
    told_together,
    with_diagnosis,
    with_few_suspects,
    with_pooled_suspects,
)
from flaky_detector.pipeline.dossier import Dossier, summaries
from flaky_detector.pipeline.launch import Launcher
from flaky_detector.pipeline.links import with_links
from flaky_detector.pipeline.mending import try_patches
from flaky_detector.pipeline.oracle import SubprocessOracle, opened
from flaky_detector.pipeline.orders import outlook, with_orders
from flaky_detector.pipeline.proving import prove_all
from flaky_detector.pipeline.replaying import replay_known
from flaky_detector.settings import RUNS, Settings
from flaky_detector.stages.classify import classify
from flaky_detector.stages.correlate import Papers, Sources, correlate, lay_out, undecided, unexplained
from flaky_detector.stages.diagnose import diagnose
from flaky_detector.stages.plan import plan

KILLED = -9
RUNS_SHARE = 0.6
"""Of the budget: runs stop there once one has shown a failure, so that time is left to prove it."""

KEPT_FROM_RANKING = 0.1
"""Of the budget: the search for suspects in the evidence stops there, so that the answer is written in time."""


def hunt(launcher: Launcher, dossier: Dossier, settings: Settings, sources: Sources, only: TestId | None = None) -> Result:
    """Runs the suite as planned and proves what fails; with `only`, proves that test's symptoms alone."""
    oracle = None
    with ExitStack() as stack:
        try:
            replay_known(launcher, dossier)
            _gather_runs(launcher, dossier, settings, sources)
            examine(dossier, sources, only)
            if settings.confirm:
                oracle = stack.enter_context(opened(launcher, dossier))
                prove_all(oracle, sources)
        except (Interrupted, KeyboardInterrupt) as end:
            if isinstance(end, OutageError) and not dossier.records:
                raise
            dossier.interrupt(end)
            why = end.message if isinstance(end, OutageError) else "interrupted"
            launcher.voice.say(f"{why}: writing what was found so far")
            if not dossier.symptoms:
                examine(dossier, sources, only)
        return conclude(dossier, settings, sources, launcher, oracle)


def _gather_runs(launcher: Launcher, dossier: Dossier, settings: Settings, sources: Sources) -> None:
    pythons = [suite.python for suite in launcher.suites]
    changes = changes_of(settings, launcher.environ, launcher.rootdir)
    if changes.trouble:
        dossier.add_gap("changed-since", f"which files changed is not known, so their tests get no runs of their own: {changes.trouble}")
    seen = known(settings, launcher.suites, sources, changes)
    while specs := plan(settings, pythons, dossier.records, seen):
        spec = specs[0]
        if dossier.records and not _fits(dossier, settings):
            dossier.status = "budget-exhausted"
            dossier.add_gap("plan", f"the budget of {settings.budget_seconds:.0f} s left no room for {len(specs)} planned runs")
            return
        dossier.add_record(_run(launcher, dossier, settings, spec))
        dossier.keep(launcher.pace.start)


def _fits(dossier: Dossier, settings: Settings) -> bool:
    longest = max(record.seconds for record in dossier.records)
    is_to_be_proven = settings.confirm and any(record.failed for record in dossier.records)
    reserve = settings.budget_seconds * (1 - RUNS_SHARE) if is_to_be_proven else 0.0
    return dossier.seconds_left - reserve > longest


def _run(launcher: Launcher, dossier: Dossier, settings: Settings, spec: RunSpec) -> RunRecord:
    first = not dossier.records
    deadline = min(settings.run_timeout_seconds, max(dossier.seconds_left, 1.0))
    record = launcher.run_suite(spec, deadline)
    if record.outage and (first or _fits(dossier, settings)):
        record = _run_again(launcher, dossier, record, deadline)
    if not record.executions:
        if first and not record.timed_out:
            raise SuiteError(*launcher.why_nothing_ran(record))
        why = record.outage or launcher.why_nothing_ran(record)[0]
        dossier.add_gap(spec.id, f"this run executed no test: {why}")
    elif record.timed_out:
        dossier.add_gap(spec.id, f"this run was ended after {record.seconds:.0f} s; what it ran until then counts")
    elif record.exit_code == KILLED:
        dossier.add_gap(spec.id, "its process was killed (kill -9, or by the system for want of memory); what it ran until then counts")
    return record


def _run_again(launcher: Launcher, dossier: Dossier, spoilt: RunRecord, deadline: float) -> RunRecord:
    """The same run, now that there is room and the database server answers again; what the first one tells is kept where there is not."""
    try:
        record = launcher.run_suite(spoilt.spec, deadline)
    except OutageError:
        dossier.add_record(spoilt)
        raise
    dossier.add_gap(spoilt.spec.id, f"{spoilt.outage} while it ran, so it was run again")
    return record


def examine(dossier: Dossier, sources: Sources, only: TestId | None = None) -> None:
    """Symptoms and their suspects, the most promising first."""
    papers = lay_out(dossier.records, sources)
    symptoms = [symptom for symptom in classify(dossier.records) if only is None or symptom.test == only]
    ranked = with_pooled_suspects(_ranked(symptoms, papers, dossier), papers)
    dossier.symptoms = sorted(ranked, key=_promise, reverse=True)


def _ranked(symptoms: Sequence[Symptom], papers: Papers, dossier: Dossier) -> list[tuple[Symptom, tuple[Suspect, ...]]]:
    """Each with its suspects, as long as there is time; those that passed in some orders, which tell most, before the others."""
    found: dict[int, tuple[Suspect, ...]] = {}
    for number in sorted(range(len(symptoms)), key=lambda number: symptoms[number].always_fails):
        if found and not dossier.has_left(KEPT_FROM_RANKING):
            dossier.status = "budget-exhausted"
            dossier.add_gap("correlate", f"the budget left no time to look for suspects of {len(symptoms) - len(found)} failing tests")
            break
        found[number] = correlate(symptoms[number], papers)
    return [(symptom, found.get(number, ())) for number, symptom in enumerate(symptoms)]


def _promise(item: tuple[Symptom, tuple[Suspect, ...]]) -> tuple[bool, bool, float, int]:
    """Known families first, then by the best suspect; of victims that stand alike the one that came first: others may follow from it."""
    symptom, suspects = item
    best = suspects[0].score if suspects else 0.0
    earliest = min((sighting.position for sighting in symptom.failing), default=0)
    return symptom.signature.rule != "fallback", not symptom.always_fails, round(best, 1), -earliest


def conclude(
    dossier: Dossier, settings: Settings, sources: Sources, launcher: Launcher | None = None, oracle: SubprocessOracle | None = None
) -> Result:
    """The result as it stands; with an oracle the patches that it offers are tried."""
    left, papers = footprints(dossier.records), lay_out(dossier.records, sources)
    accused = {test for proof in dossier.proofs.values() for tests in (*proof.polluters, *proof.state_setters) for test in tests}
    methods = methods_among(accused, dossier.records)
    findings = []
    for number, (symptom, suspects) in enumerate(dossier.symptoms):
        proof = dossier.proofs.get(number)
        finding = with_few_suspects(finding_of(symptom, suspects, proof, dossier.records), number)
        if proof is None and finding.suspects:
            told_of = (unexplained(symptom, suspects, papers), undecided(symptom, suspects, papers))
            finding = replace(finding, notes=tuple(filter(None, told_of)))
        if finding.polluters or finding.state_setters:
            diagnosis = diagnose(finding, left, sources, methods, is_spoken_of=is_spoken_of(symptom, finding))
            finding = with_diagnosis(finding, diagnosis)
        findings.append(finding)
    is_shuffled = launcher is not None and any(suite.has_plugin("pytest-randomly") for suite in launcher.suites)
    findings = with_links(told_together(findings, dossier.symptoms, papers))
    findings = with_orders(findings, outlook(dossier.records, is_shuffled=is_shuffled))
    latent = latent_polluters(dossier.records, findings)
    _say_what_is_folded(dossier, latent)
    if oracle is not None and dossier.status != "interrupted":
        findings = list(try_patches(findings, oracle))
    return Result(
        status=dossier.status,
        runs=summaries(dossier.records),
        findings=tuple(findings),
        latent_polluters=folded(latent),
        gaps=dossier.all_gaps(),
        cost=dossier.cost(),
        pairs=pairs_met(dossier.records),
        settings=told(settings),
    )


def _say_what_is_folded(dossier: Dossier, latent: Sequence[LatentPolluter]) -> None:
    if len(dossier.symptoms) > MOST_IN_FULL:
        text = f"of {len(dossier.symptoms)} failures the first {MOST_IN_FULL} are told with all suspects, the others with {FEW_SUSPECTS}"
        dossier.add_gap("report", text)
    if len(folded(latent)) < len(latent):
        text = (
            f"{len(latent)} tests leave state behind that broke nothing so far; {len(folded(latent))} are listed: of each thing the first"
        )
        dossier.add_gap("report", text)


def told(settings: Settings) -> dict[str, object]:
    """The settings that a reader of the result may want to know."""
    return {
        "runs": settings.runs or RUNS,
        "repeats": settings.repeats,
        "confirm": settings.confirm,
        "budget_seconds": settings.budget_seconds,
    }
