"""How runs are told: in which order, what they took, what a clean result rests on."""

import math

from flaky_detector.model import Pairs, RunSummary
from flaky_detector.stages.report.digest import Digest
from flaky_detector.stages.report.neutral import plain
from flaky_detector.stages.report.telling.grammar import clock, count

LEAST_TOLD = 0.01
"""A smaller gain is not worth the words."""

ARRANGED = {
    "own": "your own order",
    "front-loaded": "the tests that leave something behind first, then your own order",
    "changed-first": "the tests of files that changed first, then the others",
    "changed-last": "the tests of files that changed last, after the others",
    "side-by-side": "tests that want the same port or file, two at a time",
    "front-loaded-backwards": "the tests that leave something behind first, backwards, then your own order backwards",
    "front-loaded-shuffled": "the tests that leave something behind first, shuffled, then your own order",
    "blocks": "your own order in blocks, the last one first",
    "across-workers": "the tests that leave something behind on one worker, then the others on another",
    "shuffled": "shuffled",
    "reversed": "your own order backwards",
    "forced": "a forced order",
}


def arranged(run: RunSummary) -> str:
    """`shuffled with seed 3, --dist worksteal on 2 workers`."""
    order = ARRANGED.get(run.arrangement, plain(run.arrangement, 40))
    order += f" with seed {run.seed}" if run.seed is not None and run.arrangement == "shuffled" else ""
    if not run.workers or run.arrangement == "across-workers":
        return order if run.workers else f"{order}, in one process"
    return f"{order}, `--dist {run.distribution}` on {count(run.workers, 'worker')}"


def tried(digest: Digest) -> str:
    """For a clean result: what was run."""
    runs = digest.result.runs
    failed = sum(run.failed for run in runs)
    ended = "and every test passed or was skipped in each of them" if not failed else f"with {count(failed, 'failure')} in all"
    arrangements = count(len({arranged(run) for run in runs}), "arrangement")
    return f"{count(len(runs), 'run')} of {count(digest.tests, 'test')} in {arrangements}, {ended}.{_pairs(digest.result.pairs)}"


def _pairs(pairs: Pairs) -> str:
    """How far that goes: a polluter is met only where it ran before its victim in one process."""
    if not pairs.runs:
        return ""
    share = "all" if pairs.share == 1 else f"{'about ' if pairs.sampled else ''}{min(math.floor(100 * pairs.share), 99)} %"
    return f" In one process, {share} of the ordered pairs of tests have met{_by_which_runs(pairs)}."


def _by_which_runs(pairs: Pairs) -> str:
    """The runs that brought a hundredth of all pairs or more, each with the share by its end; empty where one run brought them all."""
    told, before = [], 0.0
    for run in pairs.runs:
        if run.share - before >= LEAST_TOLD:
            told.append(f"{_percent(run.share)} by the end of {plain(run.run, 60)}")
            before = run.share
    return f" ({', '.join(told)})" if len(told) > 1 else ""


def _percent(share: float) -> str:
    """Never more than is true."""
    return f"{math.floor(100 * share)} %"


def arrangements(digest: Digest) -> list[str]:
    """Every way in which the suite was run, with its Pythons, in the order of the runs."""
    pythons: dict[str, list[str]] = {}
    for run in digest.result.runs:
        pythons.setdefault(arranged(run), []).append(run.python)
    told = {way: [python for python in dict.fromkeys(used) if python] for way, used in pythons.items()}
    return [way + (f" · Python {', '.join(map(plain, used))}" if used else "") for way, used in told.items()]


def footer(digest: Digest) -> list[str]:
    """What it took: runs, Pythons, tests, distributions, trials, time."""
    result = digest.result
    distributions = {run.distribution for run in result.runs if run.workers}
    parts = [count(len(result.runs), "run"), count(len(digest.pythons), "Python"), count(digest.tests, "test")]
    parts += [count(len(distributions), "distribution")] if distributions else []
    parts += [count(result.cost.trials, "trial")] if result.cost.trials else []
    parts += [clock(result.cost.wall_seconds)] if result.cost.wall_seconds else []
    return parts
