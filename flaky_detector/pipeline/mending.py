"""Does the patch help? Each patch that a diagnosis offers is tried in a private copy, in the order in which the victim failed.

Owns what counts as helped: every test of the order passes, the victim among them, as often as a proof repeats. Orders over two workers are
dear and are left out: what starts such a chain is mended where it breaks a test of its own process. Must not make patches.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from flaky_detector.errors import Interrupted
from flaky_detector.model import Finding, Order, Outcome, RunRecord, workers_of
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.launch import Launcher, Wish
from flaky_detector.pipeline.oracle import executed_as_asked, trial_of
from flaky_detector.stages.confirm import Question

MOST_PATCHES = 5
FINE = (Outcome.PASSED, Outcome.SKIPPED, Outcome.XFAILED)


def try_patches(findings: Iterable[Finding], launcher: Launcher, dossier: Dossier) -> tuple[Finding, ...]:
    """The findings, with `patch_verified` where the first remedy's patch was seen to help."""
    tried: dict[tuple[str, Order], bool] = {}
    told = []
    for finding in findings:
        diagnosis = finding.diagnosis
        patch = diagnosis.remedies[0].patch if diagnosis and diagnosis.remedies and _may_be_tried(finding) else None
        key = (patch or "", finding.minimal_order)
        if diagnosis and patch and key not in tried and len(tried) < MOST_PATCHES:
            tried[key] = _helps(patch, finding, launcher, dossier)
        if diagnosis and tried.get(key):
            first = replace(diagnosis.remedies[0], patch_verified=True)
            finding = replace(finding, diagnosis=replace(diagnosis, remedies=(first, *diagnosis.remedies[1:])))  # noqa: PLW2901
        told.append(finding)
    return tuple(told)


def _may_be_tried(finding: Finding) -> bool:
    return finding.confidence == "proven" and workers_of(finding.minimal_order) == 1


def _helps(patch: str, finding: Finding, launcher: Launcher, dossier: Dossier) -> bool:
    for _ in range(launcher.settings.repeats):
        if dossier.seconds_left <= 0:
            return False
        spec = trial_of(Question(finding.minimal_order), launcher.suites[0].python, dossier.next_trial())
        bundle = launcher.scratch / "trials" / spec.id
        try:
            record = launcher.run(Wish(spec, bundle, max(dossier.seconds_left, 1.0), trial=True, patch=patch))
        except Interrupted as end:
            dossier.interrupt(end)
            return False
        if not _all_pass(finding.minimal_order, record):
            return False
    return True


def _all_pass(order: Order, record: RunRecord) -> bool:
    return executed_as_asked(order, record) and all(row.outcome in FINE for row in record.executions)
