"""The tests of what changed, before all others and after them.

Owns which tests those are, and the two orders. What a pull request brings is most often what breaks others (then it runs
first) or what others break (then it runs last). Must not ask what changed.

    own order       a b C d E f        the files of C and E changed
    changed first   C E a b d f
    changed last    a b d f C E
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from flaky_detector.model import Arrangement, RunRecord, RunSpec, Step, TestId, path_of
from flaky_detector.model.footprint import own_order, warm_ups
from flaky_detector.stages.plan.known import Known


def changed_runs(python: str, records: Sequence[RunRecord], known: Known) -> Iterator[RunSpec]:
    """Both, but for one that is the project's own order anyway; none where no test, or every test, is of a file that changed."""
    if not known.changed:
        return
    tests = own_order(records)
    changed = changed_tests(tests, known.changed)
    others = tuple(test for test in tests if test not in set(changed))
    if not changed or not others:
        return
    who = f"{_tests(len(changed))} of files that changed since {known.since}"
    for arrangement, order, why in (
        (Arrangement.CHANGED_FIRST, (*changed, *others), f"{who} first, then the others, in the own order"),
        (Arrangement.CHANGED_LAST, (*others, *changed), f"{who} last, after the others, in the own order"),
    ):
        if order != tests:
            warm = warm_ups(records, 1, avoid=changed)
            steps = tuple(Step(0, test) for test in dict.fromkeys((*warm, *order)))
            yield RunSpec(id="", python=python, arrangement=arrangement, order=steps, why=why)


def changed_tests(tests: Sequence[TestId], changed: Iterable[str]) -> tuple[TestId, ...]:
    """Tests of files that changed, and of those that are named after a module that did: `money.py` → `test_money.py`, `money_test.py`."""
    paths, names = set(changed), set[str]()
    for path in map(PurePosixPath, paths):
        names |= {f"test_{path.stem}.py", f"{path.stem}_test.py"}
    files = {path for path in map(path_of, tests) if path in paths or path.rpartition("/")[2] in names}
    return tuple(test for test in tests if path_of(test) in files)


def _tests(count: int) -> str:
    return "the test" if count == 1 else f"the {count} tests"
