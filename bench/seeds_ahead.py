"""What seeds that are chosen ahead gain over the seeds 1, 2, 3, …; no test is run, for a shuffle is a function of seed and names.

    python -m bench.seeds_ahead [--truths 20] [--runs 6]

A hunt runs the project's own order in one process, and then shuffled orders only, in one process or split over two workers by chance.
Printed after each number of shuffled runs: the share of ordered pairs of modules that have met in one process where nothing fails; and,
where one test makes another fail, how many suspects the order alone has not cleared (mean over the truths, the same ones for either way).
No seed parts the tests of one module from one another before a victim of another, so no way gets far below the size of a module.
"""

import argparse
import random
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flaky_detector.adapters.changes import Changes
from flaky_detector.adapters.sources import nothing
from flaky_detector.model import Arrangement, Distribution, Execution, Failure, Outcome, RunRecord, RunSpec, Suite, TestId, path_of
from flaky_detector.pipeline.ahead import known
from flaky_detector.settings import Settings
from flaky_detector.stages.plan import by_package
from flaky_detector.stages.plan.aim import Aim
from flaky_detector.stages.plan.shuffles import Shuffles

SIZES = ((30, 10), (150, 7))
LETTERS = "abcdefghijklmnoprstuvw"
SUITE = Suite(
    python="3.12",
    executable="",
    version="3.12",
    pytest_version="9",
    rootdir="",
    plugins=(Distribution("pytest-randomly", "5.1.0"),),
)
FAILURE = Failure(phase="call", exception="AssertionError", message="assert 1 == 2", test_frame="test_v.py:test_v")


class Truth(NamedTuple):
    """The one test that makes another fail; none where they are empty."""

    polluter: TestId = TestId("")
    victim: TestId = TestId("")


class Hunt:
    """One hunt on paper: orders in, records out."""

    def __init__(self, tests: Sequence[TestId], truth: Truth, workers: int) -> None:
        self.tests, self.truth, self.workers = tests, truth, workers
        self.shuffles = Shuffles(tests, by_package(lambda path: False), {})  # noqa: ARG005 -- there are no packages
        self.records = [self._record(RunSpec(id="own", python="3.12"), [tests])]

    def go_on(self, number: int, *, ahead: bool) -> None:
        """One more shuffled run: the seed of that number, or the best one."""
        distribution = "load" if self.workers else "no"
        wish = RunSpec(
            id=f"s{number}", python="3.12", arrangement=Arrangement.SHUFFLED, seed=number, workers=self.workers, distribution=distribution
        )
        settings = Settings()
        spec = Aim(settings, self.records, known(settings, (SUITE,), nothing, Changes())).best(wish, ()) if ahead else wish
        order = self.shuffles.order(spec.seed or 0, self.tests)
        chance = random.Random(f"{number} {self.truth}")
        where = [chance.randrange(max(self.workers, 1)) for _ in order]
        split = [[test for test, at in zip(order, where, strict=True) if at == worker] for worker in range(max(self.workers, 1))]
        self.records.append(self._record(spec, split))

    def _record(self, spec: RunSpec, orders: Sequence[Sequence[TestId]]) -> RunRecord:
        rows = tuple(row for worker, order in enumerate(orders) for row in self._rows(f"gw{worker}" if spec.workers else "main", order))
        collected = self.tests if spec.seed is None else self.shuffles.order(spec.seed, self.tests)
        return RunRecord(spec=spec, executions=rows, collected=tuple(collected))

    def _rows(self, worker: str, order: Sequence[TestId]) -> Iterator[Execution]:
        before = set(order[: order.index(self.truth.victim)]) if self.truth.victim in order else set()
        for position, test in enumerate(order):
            is_broken = test == self.truth.victim and self.truth.polluter in before
            outcome, failures = (Outcome.FAILED, (FAILURE,)) if is_broken else (Outcome.PASSED, ())
            yield Execution(test=test, worker=worker, position=position, outcome=outcome, failures=failures)

    def suspects(self) -> int:
        """Tests that ran before the victim wherever it failed, and nowhere that it passed."""
        left = set(self.tests) - {self.truth.victim}
        for record in self.records:
            for rows in record.by_worker().values():
                names = [row.test for row in rows]
                if self.truth.victim in names:
                    place = names.index(self.truth.victim)
                    left = left & set(names[:place]) if rows[place].outcome.is_failure else left - set(names[:place])
        return len(left)

    def modules_met(self) -> float:
        """The share of ordered pairs of modules of which a test of one ran before a test of the other in one process."""
        met = set[tuple[str, str]]()
        for rows in (rows for record in self.records for rows in record.by_worker().values()):
            paths = list(dict.fromkeys(path_of(row.test) for row in rows))
            met.update((path, later) for place, path in enumerate(paths) for later in paths[place + 1 :])
        count = len(set(map(path_of, self.tests)))
        return len(met) / (count * (count - 1))


def suite(modules: int, tests: int) -> tuple[TestId, ...]:
    """Test ids of a suite with files named after words of no language, in the order of their names."""
    chance = random.Random(modules)
    names = sorted({"".join(chance.choices(LETTERS, k=chance.randint(4, 12))) for _ in range(modules)})
    return tuple(TestId(f"tests/test_{name}.py::test_{number}") for name in names for number in range(tests))


def truths(tests: Sequence[TestId], count: int) -> list[Truth]:
    """Pairs drawn from two modules."""
    chance, found = random.Random(count), list[Truth]()
    while len(found) < count:
        polluter, victim = chance.sample(tests, 2)
        found += [Truth(polluter, victim)] if path_of(polluter) != path_of(victim) else []
    return found


def hunted(tests: Sequence[TestId], truth: Truth, workers: int, runs: int, *, ahead: bool) -> list[tuple[float, int]]:
    """After each shuffled run: the share of modules' pairs, and the suspects left."""
    hunt, told = Hunt(tests, truth, workers), []
    for number in range(1, runs + 1):
        hunt.go_on(number, ahead=ahead)
        told.append((hunt.modules_met(), hunt.suspects() if truth.victim else 0))
    return told


def rows(options: argparse.Namespace) -> Iterator[str]:
    """The table, a line for each suite and way."""
    for modules, size in SIZES:
        tests = suite(modules, size)
        drawn = truths(tests, options.truths)
        for workers in (0, 2):
            for ahead in (False, True):
                met = [share for share, _ in hunted(tests, Truth(), workers, options.runs, ahead=ahead)]
                left = [[count for _, count in hunted(tests, truth, workers, options.runs, ahead=ahead)] for truth in drawn]
                means = [statistics.mean(each) for each in zip(*left, strict=True)]
                cells = [f"{100 * share:.0f} % · {mean:.0f}" for share, mean in zip(met, means, strict=True)]
                where = f"{workers} workers" if workers else "one process"
                yield f"| {len(tests)} in {modules}, {where} | {'chosen' if ahead else '1, 2, 3, …'} | {' | '.join(cells)} |"


def main() -> int:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description="Seeds chosen ahead beside the seeds 1, 2, 3, …")
    parser.add_argument("--truths", type=int, default=20, help="pairs of polluter and victim")
    parser.add_argument("--runs", type=int, default=6, help="shuffled runs of each hunt")
    options = parser.parse_args()
    print(f"| tests in modules | seeds | {' | '.join(f'{number}' for number in range(1, options.runs + 1))} |")
    print("|---|---|" + "--:|" * options.runs)
    for row in rows(options):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
