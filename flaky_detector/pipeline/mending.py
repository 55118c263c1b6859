"""Does the patch help? Each patch that a diagnosis offers is tried in a private copy, in the order in which the victim failed.

Owns what counts as helped: every test of the order passes, the victim among them, as often as a proof repeats. Orders over two workers are
dear and are left out: what starts such a chain is mended where it breaks a test of its own process. Must not make patches.
"""

from collections.abc import Iterable
from contextlib import closing

from msgspec.structs import replace

from flaky_detector.errors import Interrupted
from flaky_detector.model import Finding, Order, Outcome, workers_of
from flaky_detector.pipeline.oracle import SubprocessOracle
from flaky_detector.stages.confirm import Question
from flaky_detector.stages.diagnose import UNSPOKEN

MOST_PATCHES = 5
FINE = (Outcome.PASSED, Outcome.SKIPPED, Outcome.XFAILED)


def try_patches(findings: Iterable[Finding], oracle: SubprocessOracle) -> tuple[Finding, ...]:
    """The findings, with `patch_verified` where the first remedy's patch was seen to help."""
    tried: dict[tuple[str, Order], bool] = {}
    told = []
    for finding in findings:
        diagnosis = finding.diagnosis
        patch = diagnosis.remedies[0].patch if diagnosis and diagnosis.remedies and _may_be_tried(finding) else None
        key = (patch or "", finding.minimal_order)
        if diagnosis and patch and key not in tried and len(tried) < MOST_PATCHES:
            tried[key] = _helps(patch, finding.minimal_order, oracle)
        if diagnosis and tried.get(key):
            first = replace(diagnosis.remedies[0], patch_verified=True)
            cause = diagnosis.cause.removesuffix(f" {UNSPOKEN}")  # that it is this is shown now
            finding = replace(finding, diagnosis=replace(diagnosis, cause=cause, remedies=(first, *diagnosis.remedies[1:])))  # noqa: PLW2901
        told.append(finding)
    return tuple(told)


def _may_be_tried(finding: Finding) -> bool:
    return finding.confidence == "proven" and workers_of(finding.minimal_order) == 1


def _helps(patch: str, order: Order, oracle: SubprocessOracle) -> bool:
    if oracle.dossier.seconds_left <= 0:
        return False
    questions = [Question(order)] * oracle.launcher.settings.repeats
    with closing(oracle.ask(questions, patch)) as answers:
        try:
            return all(answer.executed and all(row.outcome in FINE for row in answer.executions) for answer in answers)
        except (Interrupted, KeyboardInterrupt) as end:
            oracle.dossier.interrupt(end)
            return False
