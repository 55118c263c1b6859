"""Why does it happen, where, and how is it mended? A proven finding and the sources in, a Diagnosis out.

Owns the telling of causes and chains. Must not judge: it is called for what was proven, and says nothing that the proof, the state
left behind or the source does not hold.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from flaky_detector.model import Diagnosis, Finding, Location, StateChange, Step, TestId, path_of, short_name
from flaky_detector.model.words import leaves, tick
from flaky_detector.stages.diagnose.cause import UNSPOKEN, cause_of, cause_of_import
from flaky_detector.stages.diagnose.cure import NOT_AT_IMPORT, remedies_of
from flaky_detector.stages.diagnose.place import Sources, is_unittest_method, place_of, place_of_import

LONGEST_ERROR = 110

Left = Mapping[TestId, tuple[StateChange, ...]]
__all__ = ("UNSPOKEN", "diagnose")

NOBODY: Mapping[TestId, bool] = MappingProxyType({})


def diagnose(
    finding: Finding,
    left: Left,
    sources: Callable[[str], str | None],
    methods: Mapping[TestId, bool] = NOBODY,
    *,
    is_spoken_of: bool = True,
) -> Diagnosis | None:
    """The diagnosis of a proven finding, None where nobody is named.

    Args:
        finding: with polluters or state-setters.
        left: what every test left behind in any run.
        sources: text of a file by its path relative to the rootdir, None where it cannot be had.
        methods: whether a test is a method of a `unittest.TestCase`, where that is known; else the source tells.
        is_spoken_of: whether the failure speaks of what was left behind; where it does not, the cause says so.
    """
    sets = [tests for tests in (finding.polluters or finding.state_setters) if tests]
    if not sets:
        return None
    if len(sets[0]) == 1 and path_of(sets[0][0]) in finding.imported:
        return Diagnosis(
            rule=finding.signature.rule,
            cause=cause_of_import(finding),
            location=place_of_import(path_of(sets[0][0]), finding.state, sources),
            remedies=(NOT_AT_IMPORT,),
        )
    changes = {test: relevant(finding, test, left.get(test, ())) for tests in sets for test in tests}
    if len(sets[0]) == 1 and not changes[sets[0][0]] and sets[0][0] not in finding.left_by:
        changes[sets[0][0]] = finding.state
    return Diagnosis(
        rule=finding.signature.rule,
        cause=cause_of(finding, sets[0], changes, sources) + ("" if is_spoken_of or not finding.state else f" {UNSPOKEN}"),
        steps=_steps(finding, changes),
        location=_location(sets[0], changes, sources),
        remedies=remedies_of(finding, sets, changes, sources, for_a_method=_is_method(_leaver(sets[0], changes), methods, sources)),
    )


def relevant(finding: Finding, test: TestId, changes: tuple[StateChange, ...]) -> tuple[StateChange, ...]:
    """Of what a test left behind that which the proof holds against it; everything where the proof names nothing.

    The changes are those of the runs, in which noise was left out; the proof may know more.
    """
    own = {(change.kind, change.key): change for change in changes}
    proven = tuple(own.get((change.kind, change.key), change) for change in map(finding.state.__getitem__, finding.left_by.get(test, ())))
    if proven:
        return proven
    held = {(change.kind, change.key) for change in finding.state}
    telling = tuple(change for change in changes if (change.kind, change.key) in held)
    return telling or changes


def _location(tests: tuple[TestId, ...], changes: Left, sources: Sources) -> Location | None:
    """Where the last of the tests that leave something behind does so: what reaches the victim is its doing."""
    test = _leaver(tests, changes)
    return place_of(test, changes.get(test, ()), sources)


def _leaver(tests: tuple[TestId, ...], changes: Left) -> TestId:
    leavers = [test for test in tests if changes.get(test)]
    return leavers[-1] if leavers else tests[-1]


def _is_method(test: TestId, methods: Mapping[TestId, bool], sources: Sources) -> bool:
    told = methods.get(test)
    return is_unittest_method(test, sources) if told is None else told


def _steps(finding: Finding, changes: Left) -> tuple[str, ...]:
    """A line for each step of the minimal order; nothing for one polluter followed by its victim."""
    order = [step for step in finding.minimal_order if step.test not in finding.warm_up]
    if len(order) < 3:
        return ()
    across = len({step.worker for step in order}) > 1
    return tuple(_step(finding, step, changes.get(step.test, ()), across=across) for step in order)


def _step(finding: Finding, step: Step, changes: tuple[StateChange, ...], *, across: bool) -> str:
    who = (f"`gw{step.worker}` · " if across else "") + tick(short_name(step.test))
    if step.test == finding.test:
        verb = "passes" if finding.kind == "brittle" else f"fails: {tick(_error(finding))}"
        return f"{who} {verb}"
    if changes:
        return f"{who} {leaves(changes)}"
    resources = finding.signature.resources
    if finding.signature.rule == "duplicate-table" and resources:
        table = next((resource for resource in resources if "." not in resource), resources[0])
        return f"{who} runs next, and after it the table {tick(table)} is there"
    return f"{who} is needed as well; what it leaves behind was not seen by any probe"


def _error(finding: Finding) -> str:
    """The exception's type and the first line of its message."""
    exception = finding.signature.exception
    message = next(iter(finding.message.strip().splitlines()), "").strip()
    if not message or message in exception:
        return exception[:LONGEST_ERROR]
    return f"{exception.split(':', 1)[0]}: {message}"[:LONGEST_ERROR]
