"""Which runs to make: settings and the evidence so far in, RunSpecs within `--runs` out; of a quick suite more, where nobody says how many.

Owns the choice of orders. It is asked again after every run; the first wave needs no evidence. Must not run anything.

    own order, one process        always first: it tells what every test leaves behind; where it died or hung, once more without that test
    front-loaded                  the tests that left something behind first, then the own order: one run meets every victim of every
                                  known leaver, and shows what the leavers change in one another
    changed first, changed last   the tests of the files that changed before all others, and after them: what breaks is mostly in the change
    across workers                where a test changed the source tree: the leavers on one worker, everything else afterwards on another
    side by side                  tests that want the same port or file, two at a time on two workers
    own order on other Pythons    under the distributions asked for, and front-loaded
    shuffled                      seeds × distributions × workers × Pythons, each next run as unlike the earlier ones as can be;
                                  unless the user gave seeds, those that show most (`aim`)
    reversed                      together with the own order it shows every pair that the project's plugins do not sort apart
    front-loaded backwards        what one leaver clears away of another's is met before it is cleared; what comes after them is turned
                                  round too, so that every cleaner comes once before a victim and once after it
    blocks                        contiguous parts of the own order in another sequence: pairs that the plugins' sorts keep apart
    front-loaded, shuffled        the leavers by seed: sets of which the order matters, and victims that fail only sometimes
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

from flaky_detector.model import Arrangement, RunRecord, RunSpec
from flaky_detector.settings import MOST_RUNS, RUNS, Settings
from flaky_detector.stages.plan.aim import Aim, shuffled
from flaky_detector.stages.plan.changed import changed_runs
from flaky_detector.stages.plan.evidence import (
    across_workers,
    after_a_death,
    backwards,
    blocks,
    died,
    front_loaded,
    hung,
    shuffled_leavers,
    side_by_side,
)
from flaky_detector.stages.plan.known import NOTHING, Known, by_package, by_rootdir
from flaky_detector.stages.plan.outlook import Expected, outlook

__all__ = ["Expected", "Known", "by_package", "by_rootdir", "outlook", "plan"]

ONCE_A_PYTHON = (
    Arrangement.FRONT_LOADED,
    Arrangement.FRONT_LOADED_BACKWARDS,
    Arrangement.CHANGED_FIRST,
    Arrangement.CHANGED_LAST,
    Arrangement.ACROSS_WORKERS,
    Arrangement.SIDE_BY_SIDE,
    Arrangement.BLOCKS,
)

FIRST_SEEDS = (1, 2, 3)
"""Where the user gave none, and an order cannot be computed ahead."""

QUICK_SHARE = 0.05
"""Of the budget: as long as the runs took no more, a few more are made."""

Variety = tuple[str, int, str, int]


def plan(settings: Settings, pythons: Sequence[str], records: Sequence[RunRecord] = (), known: Known = NOTHING) -> tuple[RunSpec, ...]:
    """The runs still to make, best first; empty when as many as wanted have been made or nothing new is left.

    Args:
        settings: counts, seeds, distributions, workers.
        pythons: keys of the interpreters at hand, at least one.
        records: the runs made so far.
        known: what else is known; nothing by default.
    """
    aim = Aim(settings, records, known)
    made = [record.spec for record in records]
    room = _wanted(settings, records) - len(made)
    chosen: list[RunSpec] = []
    for wish in _wishes(settings, pythons, records, known):
        if len(chosen) >= room:
            break
        spec = aim.best(_spared(wish, records), chosen)
        if not any(_alike(spec, other) for other in (*made, *chosen)):
            number = len(made) + len(chosen) + 1
            chosen.append(msgspec.structs.replace(spec, id=f"{number:02d}-{_slug(spec)}", keep_sort=settings.keep_sort))
    return tuple(chosen)


def _wanted(settings: Settings, records: Sequence[RunRecord]) -> int:
    if settings.runs:
        return settings.runs
    is_quick = len(records) >= RUNS and sum(record.seconds for record in records) < QUICK_SHARE * settings.budget_seconds
    return MOST_RUNS if is_quick else RUNS


def _spared(spec: RunSpec, records: Sequence[RunRecord]) -> RunSpec:
    """Without tests that would end the run before its time; the first of all runs and those that go on after it stay as they are."""
    if not records or spec.without or (spec.arrangement is Arrangement.OWN and not spec.workers):
        return spec
    without = hung(records) if spec.workers else died(records)
    order = tuple(step for step in spec.order if step.test not in without)
    return msgspec.structs.replace(spec, order=order, without=() if order else without)


def _alike(a: RunSpec, b: RunSpec) -> bool:
    if a.arrangement != b.arrangement or a.python != b.python:
        return False
    if a.arrangement in ONCE_A_PYTHON:
        return True
    if a.arrangement is Arrangement.OWN and a.without != b.without:
        return False
    return (a.seed, a.distribution, a.workers) == (b.seed, b.distribution, b.workers)


def _slug(spec: RunSpec) -> str:
    version = "python" if "/" in spec.python else spec.python
    parts = [*([version] if version else []), spec.arrangement.value]
    parts += [f"seed{spec.seed}"] if spec.seed is not None else []
    parts += [f"{spec.distribution}-{spec.workers}"] if spec.workers else []
    return "-".join(parts)


def _wishes(settings: Settings, pythons: Sequence[str], records: Sequence[RunRecord], known: Known) -> Iterator[RunSpec]:
    yield RunSpec(id="", python=pythons[0], why="the project's own order in one process")
    yield from after_a_death(pythons[0], records)
    yield from front_loaded(pythons[0], records)
    yield from across_workers(pythons[0], records)
    yield from changed_runs(pythons[0], records, known)
    if any(distribution != "no" for distribution in settings.dist):
        yield from side_by_side(pythons[0], records)
    varieties = list(_varieties(settings, pythons))
    for python in pythons[1:]:
        distribution, workers = _first_distributed(settings)
        yield RunSpec(id="", python=python, distribution=distribution, workers=workers, why=f"the project's own order on Python {python}")
    for python in pythons[1:]:
        yield from front_loaded(python, records)
    reversed_run = RunSpec(id="", python=pythons[-1], arrangement=Arrangement.REVERSED, why="the own order backwards, in one process")
    made = _shuffles_made(settings, records)
    for index, (python, seed, distribution, workers) in enumerate(varieties):
        if index == len(pythons):
            yield reversed_run
            yield from backwards(pythons[0], records)
            yield from blocks(pythons[0], records)
        if index > len(pythons):
            yield from shuffled_leavers(pythons[index % len(pythons)], records, index)
        if made[python, distribution, workers]:
            made[python, distribution, workers] -= 1
            continue
        spec = RunSpec(id="", python=python, arrangement=Arrangement.SHUFFLED, seed=seed, distribution=distribution, workers=workers)
        yield msgspec.structs.replace(spec, why=shuffled(spec))
    yield reversed_run
    yield from backwards(pythons[0], records)
    yield from blocks(pythons[0], records)
    for seed in range(len(varieties), len(varieties) + MOST_RUNS):
        yield from shuffled_leavers(pythons[seed % len(pythons)], records, seed)


def _shuffles_made(settings: Settings, records: Sequence[RunRecord]) -> Counter[tuple[str, str, int]]:
    """How many of each kind were made, where the seed does not tell which of the planned ones they were, since it was chosen later."""
    if settings.seeds:
        return Counter()
    specs = (record.spec for record in records if record.spec.arrangement is Arrangement.SHUFFLED)
    return Counter((spec.python, spec.distribution, spec.workers) for spec in specs)


def _first_distributed(settings: Settings) -> tuple[str, int]:
    for distribution in settings.dist:
        if distribution != "no":
            return distribution, settings.worker_counts[0]
    return "no", 0


def _varieties(settings: Settings, pythons: Sequence[str]) -> Iterator[Variety]:
    """Every combination once; each next one uses, factor by factor, the values used least so far."""
    rest = [
        (python, seed, distribution, workers if distribution != "no" else 0)
        for seed, distribution, workers, python in product(
            (settings.seeds or FIRST_SEEDS)[: settings.runs or MOST_RUNS], settings.dist, settings.worker_counts, pythons
        )
    ]
    rest = list(dict.fromkeys(rest))
    used: Counter[tuple[int, object]] = Counter()
    while rest:
        best = min(rest, key=lambda variety: sum(used[factor] for factor in enumerate(variety)))
        rest.remove(best)
        used.update(enumerate(best))
        yield best
