"""findings.json: a result written to the published shape, and read back to draw every page again.

Owns the way there and back. `read_findings(write_findings(result, v)) == result` for every result. Must not decide what is published: that
is `published`.
"""

import json
from typing import Any

import msgspec

from flaky_detector.errors import SettingsError
from flaky_detector.model import Diagnosis, Finding, Order, Result, Signature, Step, TestId, Trial, on_one_worker
from flaky_detector.stages.report.published import (
    SCHEMA_VERSION,
    Details,
    Published,
    PublishedDiagnosis,
    PublishedFinding,
    PublishedSignature,
    PublishedTool,
    PublishedTrial,
)

SEARCHING = ("search", "replay")
"""Roles of trials that were ways to an answer, not answers: left out of the published counts."""

HINT = "give the findings.json that a hunt or an analysis wrote"


def write_findings(result: Result, version: str) -> str:
    """The text of findings.json, ending in a newline."""
    index: dict[TestId, int] = {}
    findings = tuple(_published(finding, index) for finding in result.findings)
    published = Published(
        schema_version=SCHEMA_VERSION,
        tool=PublishedTool("flaky-detector", version),
        status=result.status,
        runs=result.runs,
        findings=findings,
        latent_polluters=result.latent_polluters,
        gaps=result.gaps,
        cost=result.cost,
        pairs=result.pairs,
        settings=result.settings,
        tests=tuple(index),
        nights=result.nights,
    )
    return _text(msgspec.to_builtins(published, str_keys=True, enc_hook=str)) + "\n"


def _text(tree: Any) -> str:
    try:
        return msgspec.json.format(msgspec.json.encode(tree), indent=2).decode()
    except UnicodeEncodeError:  # half a surrogate pair, from a name that was not UTF-8
        whole = json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.json.format(whole, indent=2).decode()


def _published(finding: Finding, index: dict[TestId, int]) -> PublishedFinding:
    diagnosis = finding.diagnosis
    several = any(step.worker for step in finding.minimal_order)
    return PublishedFinding(
        test=finding.test,
        kind=finding.kind,
        confidence=finding.confidence,
        polluters=finding.polluters,
        state_setters=finding.state_setters,
        cleaners=finding.cleaners,
        suspects=finding.suspects,
        signature=_published_signature(finding.signature),
        state=finding.state,
        minimal_order=tuple(step.test for step in finding.minimal_order),
        minimal_steps=tuple((step.worker, step.test) for step in finding.minimal_order) if several else (),
        reproduce=finding.reproduce,
        location=diagnosis.location if diagnosis else None,
        remedy=diagnosis.remedies[0] if diagnosis and diagnosis.remedies else None,
        trials=shares(finding.trials),
        pythons=finding.pythons,
        fingerprint=finding.fingerprint,
        counterparts=finding.counterparts,
        victims=finding.victims,
        victim_counts=finding.victim_counts,
        orders=finding.orders,
        notes=(*finding.notes, *([finding.orders_note] if finding.orders_note else [])),
        details=_details(finding, index),
    )


def _published_signature(signature: Signature) -> PublishedSignature:
    return PublishedSignature(
        rule=signature.rule,
        resource=signature.resource,
        exception=signature.exception,
        resources=signature.resources,
        where=signature.where,
    )


def shares(trials: tuple[Trial, ...]) -> dict[str, str]:
    """Failures with the same signature of all attempts, summed by role: `{"alone": "0/3", "after_polluter": "3/3"}`."""
    counts: dict[str, tuple[int, int]] = {}
    for trial in trials:
        if trial.role not in SEARCHING:
            same, attempts = counts.get(trial.role, (0, 0))
            counts[trial.role] = (same + trial.same, attempts + trial.attempts)
    return {role.replace("-", "_"): f"{same}/{attempts}" for role, (same, attempts) in counts.items()}


def _details(finding: Finding, index: dict[TestId, int]) -> Details:
    diagnosis = finding.diagnosis
    return Details(
        trials=tuple(
            PublishedTrial(
                role=trial.role,
                same=trial.same,
                passed=trial.passed,
                other=trial.other,
                order=" ".join(f"{step.worker}:{index.setdefault(step.test, len(index))}" for step in trial.order),
                collect=trial.collect,
                together=trial.together,
            )
            for trial in finding.trials
        ),
        warm_up=finding.warm_up,
        phases=finding.phases,
        message=finding.message,
        failed_in=finding.failed_in,
        seen_in=finding.seen_in,
        failing_runs=finding.failing_runs,
        complete=finding.complete,
        imported=finding.imported,
        left_by=finding.left_by,
        notes=finding.notes,
        orders_note=finding.orders_note,
        diagnosis=PublishedDiagnosis(
            rule=diagnosis.rule, cause=diagnosis.cause, steps=diagnosis.steps, other_remedies=diagnosis.remedies[1:]
        )
        if diagnosis
        else None,
    )


def read_findings(text: str) -> Result:
    """The result that a findings.json holds.

    Raises:
        SettingsError: the text is no findings.json, or one of a version that this program does not know.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"the findings do not parse as JSON: {error}", HINT) from None
    if not isinstance(tree, dict) or "schema_version" not in tree:
        raise SettingsError("the findings hold no schema_version, so they are no findings.json", HINT)
    if tree["schema_version"] != SCHEMA_VERSION:
        version = str(tree["schema_version"])[:40]
        raise SettingsError(
            f"the findings have schema version {version}, this program reads {SCHEMA_VERSION}", "use the version that wrote them"
        )
    try:
        published = msgspec.convert(tree, Published)
        return _result(published)
    except (msgspec.ValidationError, RecursionError, ValueError) as error:
        raise SettingsError(f"the findings are not as the schema says: {error}", HINT) from None
    except IndexError:
        raise SettingsError("the findings refer to a test that their list of tests does not hold", HINT) from None


def _result(published: Published) -> Result:
    return Result(
        status=published.status,
        runs=published.runs,
        findings=tuple(_finding(finding, published.tests) for finding in published.findings),
        latent_polluters=published.latent_polluters,
        gaps=published.gaps,
        cost=published.cost,
        pairs=published.pairs,
        settings=published.settings,
        nights=published.nights,
    )


def _finding(finding: PublishedFinding, tests: tuple[TestId, ...]) -> Finding:
    details = finding.details or Details()
    return Finding(
        test=finding.test,
        kind=finding.kind,
        confidence=finding.confidence,
        signature=_signature(finding.signature),
        polluters=finding.polluters,
        state_setters=finding.state_setters,
        cleaners=finding.cleaners,
        suspects=finding.suspects,
        state=finding.state,
        minimal_order=_minimal_order(finding),
        warm_up=details.warm_up,
        reproduce=finding.reproduce,
        diagnosis=_diagnosis(finding, details.diagnosis),
        trials=tuple(_trial(trial, tests) for trial in details.trials) if finding.details else _trials_told(finding.trials),
        pythons=finding.pythons,
        phases=details.phases,
        message=details.message,
        failed_in=details.failed_in,
        seen_in=details.seen_in,
        failing_runs=details.failing_runs,
        complete=details.complete,
        notes=details.notes,
        fingerprint=finding.fingerprint,
        counterparts=finding.counterparts,
        victims=finding.victims,
        victim_counts=finding.victim_counts,
        orders=finding.orders,
        orders_note=details.orders_note,
        imported=details.imported,
        left_by={test: places for test, places in details.left_by.items() if all(place < len(finding.state) for place in places)},
    )


def _signature(signature: PublishedSignature) -> Signature:
    resources = signature.resources or tuple(signature.resource.split(", ") if signature.resource else ())
    return Signature(rule=signature.rule, resources=resources, exception=signature.exception, where=signature.where)


def _minimal_order(finding: PublishedFinding) -> Order:
    if finding.minimal_steps:
        return tuple(Step(worker, test) for worker, test in finding.minimal_steps)
    return on_one_worker(finding.minimal_order)


def _diagnosis(finding: PublishedFinding, told: PublishedDiagnosis | None) -> Diagnosis | None:
    first = (finding.remedy,) if finding.remedy else ()
    if told:
        return Diagnosis(
            rule=told.rule, cause=told.cause, steps=told.steps, location=finding.location, remedies=first + told.other_remedies
        )
    if first or finding.location:
        return Diagnosis(rule=finding.signature.rule, location=finding.location, remedies=first)
    return None


def _trial(trial: PublishedTrial, tests: tuple[TestId, ...]) -> Trial:
    steps = (step.split(":") for step in trial.order.split())
    order = tuple(Step(int(worker), tests[int(index)]) for worker, index in steps)
    return Trial(
        order=order,
        role=trial.role,
        collect=trial.collect,
        together=trial.together,
        same=trial.same,
        passed=trial.passed,
        other=trial.other,
    )


def _trials_told(told: dict[str, str]) -> tuple[Trial, ...]:
    """Trials from the published counts alone: their orders are not known."""
    trials = []
    for role, share in told.items():
        same, attempts = (int(part) for part in share.split("/"))
        trials.append(Trial(order=(), role=role.replace("_", "-"), same=same, passed=attempts - same))
    return tuple(trials)
