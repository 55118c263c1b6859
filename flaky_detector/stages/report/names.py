"""What a test is called where people read: short, and never the same for two tests of one report."""

from collections.abc import Callable, Iterable

from flaky_detector.model import Finding, Result, TestId, function_of, path_of, short_name
from flaky_detector.stages.report.neutral import plain, shortened


class Names:
    """Short names of every test that a result speaks of.

    A function with its parameters, `test_c[x]`, where no other test is called so; else with its file, else the full id.
    """

    def __init__(self, result: Result) -> None:
        tests = sorted(_tests_of(result))
        self._forms = [_taken(tests, form) for form in (short_name, _with_file)]

    def __call__(self, test: TestId, most: int = 100) -> str:
        for form, taken in zip((short_name, _with_file), self._forms, strict=True):
            if taken.get(form(test), 1) == 1:
                return _fitted(form(test), most)
        return _fitted(test, 2 * most)


def _with_file(test: TestId) -> str:
    return test.rsplit("/", 1)[-1] if "[" not in test else path_of(test).rsplit("/", 1)[-1] + "::" + test.split("::", 1)[-1]


def _taken(tests: Iterable[TestId], form: Callable[[TestId], str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for test in tests:
        name = form(test)
        counts[name] = counts.get(name, 0) + 1
    return counts


def _fitted(name: str, most: int) -> str:
    """Cut to `most` characters, first in the function's name: params tell more, and get half of the room if they need it."""
    whole = plain(name)
    bracket = whole.find("[")
    if len(whole) <= most or bracket < 0:
        return shortened(whole, most)
    params = shortened(whole[bracket:], most // 2)
    return shortened(whole[:bracket], most - len(params)) + params


def params_of(test: TestId) -> str:
    """`a.py::test_c[x-y]` → `[x-y]`; empty without parameters."""
    return short_name(test)[len(function_of(test)) :]


def _tests_of(result: Result) -> set[TestId]:
    tests = {test for finding in result.findings for test in _tests_of_finding(finding)}
    if result.nights:
        tests |= {test for cause in result.nights.causes for test in (*cause.heads, *cause.tests)}
    return tests | {latent.test for latent in result.latent_polluters}


def _tests_of_finding(finding: Finding) -> Iterable[TestId]:
    yield from finding.tests
    for sets in (finding.polluters, finding.state_setters, finding.cleaners):
        for tests in sets:
            yield from tests
    yield from finding.counterparts
    yield from (suspect.test for suspect in finding.suspects)
    yield from (step.test for step in finding.minimal_order)
