"""Known orders again: what earlier nights proved is re-run before anything else.

Owns how much of the budget that may take, and in which interpreter an order runs. Must not judge what the answers mean for a cause.
"""

import time

from msgspec.structs import replace

from flaky_detector.model import KnownCause, KnownOrder, Recheck
from flaky_detector.model.footprint import majors
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.launch import Launcher
from flaky_detector.pipeline.oracle import SubprocessOracle, opened
from flaky_detector.stages.confirm import Policy, recheck

SHARE = 0.25
"""Of what is left of the budget: the rest is for tonight's runs and proofs."""

STILL_THERE = ("proven", "seen")


def replay_known(launcher: Launcher, dossier: Dossier) -> None:
    """Fill `dossier.rechecks` for its `known` causes, one after the other, as long as their share of the budget lasts.

    Raises:
        Interrupted: Ctrl-C.
    """
    if not dossier.known:
        return
    deadline = time.monotonic() + max(dossier.seconds_left, 0.0) * SHARE
    gaps = list(dossier.gaps)
    with opened(launcher, dossier) as oracle:
        policy = Policy(repeats=launcher.settings.repeats, deadline=deadline, jobs=oracle.jobs)
        with launcher.voice.task(f"re-running what earlier nights proved: {len(dossier.known)}") as tick:
            oracle.tick = tick
            for cause in dossier.known:
                dossier.rechecks[cause.number] = _recheck_all(cause, oracle, policy)
                launcher.voice.say(_told(cause, dossier.rechecks[cause.number]))
    dossier.gaps[:] = [gap for gap in dossier.gaps if gap in gaps or gap.source != "trial"]  # told with the cause
    _tell_the_rest(dossier)


def _recheck_all(cause: KnownCause, oracle: SubprocessOracle, policy: Policy) -> tuple[Recheck, ...]:
    """Each order of the cause until one shows that it is still there."""
    told: list[Recheck] = []
    for known in cause.orders:
        if policy.seconds_left <= 0:
            told.append(Recheck(order=known, outcome="no-time"))
            break
        told.append(_recheck(known, cause, oracle, policy))
        if told[-1].outcome in STILL_THERE:
            break
    return tuple(told)


def _recheck(known: KnownOrder, cause: KnownCause, oracle: SubprocessOracle, policy: Policy) -> Recheck:
    """In the Python in which it was proven; where that is not at hand, in another, and then passing says nothing."""
    suites = oracle.launcher.suites
    suite = next((suite for suite in suites if majors(suite.version) == known.python), None)
    there = recheck(replace(known, python=(suite or suites[0]).python), cause.kind, oracle, policy)
    if suite is None and known.python and there.outcome == "passed":
        there = replace(there, outcome="other", note=f"it passes, but the Python {known.python} in which it fails is not at hand")
    return replace(there, order=known)


def _tell_the_rest(dossier: Dossier) -> None:
    left = sum(any(each.outcome == "no-time" for each in rechecks) for rechecks in dossier.rechecks.values())
    if left:
        causes = "1 known cause" if left == 1 else f"{left} known causes"
        dossier.add_gap("history", f"{causes} could not be re-run within {SHARE:.0%} of the budget; the next night begins with them")


def _told(cause: KnownCause, rechecks: tuple[Recheck, ...]) -> str:
    heads = " and ".join(cause.sets[0]) if cause.sets else cause.orders[0].test
    return f"known: {heads}: {', '.join(dict.fromkeys(each.outcome for each in rechecks))}"
