"""Which runs to make: settings and the evidence so far in, RunSpecs within `--runs` out.

Owns the choice of orders. It is asked again after every run; the first wave needs no evidence. Must not run anything.

    own order, one process        always first: it tells what every test leaves behind
    front-loaded                  the tests that left something behind first, then the own order: one run meets every victim of every
                                  known leaver, and shows what the leavers change in one another
    across workers                where a test changed the source tree: the leavers on one worker, everything else afterwards on another
    own order on other Pythons    under the distributions asked for, and front-loaded
    shuffled                      seeds × distributions × workers × Pythons, each next run as unlike the earlier ones as can be
    reversed                      together with the own order it shows every pair that the project's plugins do not sort apart
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, product

import msgspec

from flaky_detector.model import Arrangement, Order, RunRecord, RunSpec, StateChange, Step, TestId
from flaky_detector.model.footprint import footprints, noise, own_order, warm_ups
from flaky_detector.settings import Settings

TREE_KIND = "file"

Variety = tuple[str, int, str, int]


def plan(settings: Settings, pythons: Sequence[str], records: Sequence[RunRecord] = ()) -> tuple[RunSpec, ...]:
    """The runs still to make, best first; empty when `settings.runs` have been made or nothing new is left.

    Args:
        settings: counts, seeds, distributions, workers.
        pythons: keys of the interpreters at hand, at least one.
        records: the runs made so far.
    """
    made = [record.spec for record in records]
    room = settings.runs - len(made)
    chosen: list[RunSpec] = []
    for spec in _wishes(settings, pythons, records):
        if len(chosen) >= room:
            break
        if not any(_alike(spec, other) for other in (*made, *chosen)):
            number = len(made) + len(chosen) + 1
            chosen.append(msgspec.structs.replace(spec, id=f"{number:02d}-{_slug(spec)}", keep_sort=settings.keep_sort))
    return tuple(chosen)


def _alike(a: RunSpec, b: RunSpec) -> bool:
    if a.arrangement in (Arrangement.FRONT_LOADED, Arrangement.ACROSS_WORKERS):
        return a.arrangement == b.arrangement and a.python == b.python
    return (a.python, a.arrangement, a.seed, a.distribution, a.workers) == (b.python, b.arrangement, b.seed, b.distribution, b.workers)


def _slug(spec: RunSpec) -> str:
    version = "python" if "/" in spec.python else spec.python
    parts = [*([version] if version else []), spec.arrangement.value]
    parts += [f"seed{spec.seed}"] if spec.seed is not None else []
    parts += [f"{spec.distribution}-{spec.workers}"] if spec.workers else []
    return "-".join(parts)


def _wishes(settings: Settings, pythons: Sequence[str], records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    yield RunSpec(id="", python=pythons[0], why="the project's own order in one process")
    yield from _evidence_runs(pythons[0], records)
    varieties = list(_varieties(settings, pythons))
    for python in pythons[1:]:
        distribution, workers = _first_distributed(settings)
        yield RunSpec(id="", python=python, distribution=distribution, workers=workers, why=f"the project's own order on Python {python}")
    for python in pythons[1:]:
        yield from islice(_evidence_runs(python, records), 1)
    reversed_run = RunSpec(id="", python=pythons[-1], arrangement=Arrangement.REVERSED, why="the own order backwards, in one process")
    for index, (python, seed, distribution, workers) in enumerate(varieties):
        if index == len(pythons):
            yield reversed_run
        yield RunSpec(
            id="",
            python=python,
            arrangement=Arrangement.SHUFFLED,
            seed=seed,
            distribution=distribution,
            workers=workers,
            why=f"shuffled with seed {seed}" + (f", {workers} workers, --dist {distribution}" if workers else ", one process"),
        )
    yield reversed_run


def _first_distributed(settings: Settings) -> tuple[str, int]:
    for distribution in settings.dist:
        if distribution != "no":
            return distribution, settings.worker_counts[0]
    return "no", 0


def _varieties(settings: Settings, pythons: Sequence[str]) -> Iterator[Variety]:
    """Every combination once; each next one uses, factor by factor, the values used least so far."""
    rest = [
        (python, seed, distribution, workers if distribution != "no" else 0)
        for seed, distribution, workers, python in product(settings.seeds[: settings.runs], settings.dist, settings.worker_counts, pythons)
    ]
    rest = list(dict.fromkeys(rest))
    used: Counter[tuple[int, object]] = Counter()
    while rest:
        best = min(rest, key=lambda variety: sum(used[factor] for factor in enumerate(variety)))
        rest.remove(best)
        used.update(enumerate(best))
        yield best


def _evidence_runs(python: str, records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    tests = own_order(records)
    left = footprints(records)
    leavers = tuple(test for test in tests if test in left)
    if leavers:
        yield RunSpec(
            id="",
            python=python,
            arrangement=Arrangement.FRONT_LOADED,
            order=_front_loaded(records, tests, leavers),
            why=f"{_tests(len(leavers))} that left state behind first, then the own order",
        )
    across = _across_workers(records, tests)
    if across:
        yield RunSpec(
            id="",
            python=python,
            arrangement=Arrangement.ACROSS_WORKERS,
            distribution="load",
            workers=2,
            order=across,
            why="a test changed the source tree: it runs on one worker, everything else afterwards on another",
        )


def _front_loaded(records: Sequence[RunRecord], tests: Sequence[TestId], leavers: Sequence[TestId]) -> Order:
    first = (*warm_ups(records, 1, avoid=leavers), *leavers)
    return tuple(Step(0, test) for test in dict.fromkeys((*first, *tests)))


def _tests(count: int) -> str:
    return "the test" if count == 1 else f"the {count} tests"


def _across_workers(records: Sequence[RunRecord], tests: Sequence[TestId]) -> Order:
    """The leavers up to the last test that changed the tree, as they ran in that run, on worker 0; all the others on worker 1.

    A warm-up on each worker first, so that both databases stand before the tree changes, as they do in a real run.
    """
    noisy = noise(records)
    for record in reversed(records):
        for rows in record.by_worker().values():
            changers = [
                index
                for index, row in enumerate(rows)
                if any(change.kind == TREE_KIND and change.after and (change.kind, change.key) not in noisy for change in row.state)
            ]
            if not changers:
                continue
            cause = [row.test for index, row in enumerate(rows[: changers[-1] + 1]) if index in changers or _leaves(row.state, noisy)]
            chosen = set(cause)
            warm = warm_ups(records, 2, avoid=chosen)
            rest = [test for test in tests if test not in chosen]
            return (
                *(Step(index, test) for index, test in enumerate(warm)),
                *(Step(0, test) for test in dict.fromkeys(cause)),
                *(Step(1, test) for test in rest if test not in warm),
            )
    return ()


def _leaves(state: Sequence[StateChange], noisy: frozenset[tuple[str, str]]) -> bool:
    return any((change.kind, change.key) not in noisy for change in state)
