"""JUnit XML → what it says of a run.

Owns the reading of JUnit through junitparser. A file that is cut off gives the tests before the cut. Our recorder's properties give
worker, position and state; without them JUnit knows neither worker nor order.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import cast

import msgspec
from junitparser import Attr, JUnitXmlError, xunit2
from junitparser.junitparser import Error, Skipped, SystemErr, SystemOut
from junitparser.junitparser import Failure as JUnitFailure
from lxml import etree

from flaky_detector.model import Execution, Failure, Gap, Outcome, StateChange, TestId, bare_test_id
from flaky_detector.recorder import wire
from flaky_detector.stages.ingest.addresses import Address, guessed_id, known_id
from flaky_detector.stages.ingest.failure_text import read_failure
from flaky_detector.stages.ingest.safe_xml import parse
from flaky_detector.stages.ingest.testimony import Paper, Testimony

TOO_LONG_SECONDS = 1e6
"""A test that took weeks was timed by a clock that a test had changed: how long it took is not known."""

CRASHED = re.compile(r"^worker '[^']+' crashed while running |: running the test CRASHED with signal \d+$")
"""What xdist says, and what pytest-forked says."""


class Case(xunit2.TestCase):
    """junitparser's testcase with the attributes of pytest's xunit1 family."""

    file = Attr()


class Suite(xunit2.TestSuite):
    """A testsuite of such testcases."""

    testcase = Case


class Report(xunit2.JUnitXml):
    """A report of such testsuites."""

    testsuite = Suite


class Row(msgspec.Struct):
    """One testcase as it stands in the file."""

    test: TestId
    outcome: Outcome
    seconds: float
    failures: tuple[Failure, ...]
    properties: dict[str, str]
    earlier: tuple[Failure, ...] = ()


class Reading(msgspec.Struct):
    """One file while it is read."""

    source: str
    known: Mapping[Address, TestId]
    passed: Container[TestId] = ()
    agreed: int = 0
    gaps: list[Gap] = msgspec.field(default_factory=list)
    guessed: int = 0
    reruns: int = 0

    def gap(self, text: str) -> None:
        self.gaps.append(Gap(self.source, text))


def read_junit(paper: Paper, bundle: str, known: Mapping[Address, TestId], passed: Container[TestId] = ()) -> Testimony:
    """What one file says.

    `known` are node ids that other witnesses told; `passed` are tests of which nothing but a failure is new: of a file with the recorder's
    properties, testcases that tell of no failure of theirs are counted as agreed and left out.
    """
    reading = Reading(f"{bundle}/{paper.name}", known, passed)
    executions: tuple[Execution, ...] = ()
    seconds = 0.0
    root, is_cut = parse(paper.data, reading.gap)
    if root is not None:
        try:
            report = Report.fromroot(root)  # type: ignore[arg-type]  # junitparser's hint means its own Element, its code an lxml one
            suites = list(report)
            seconds = max((_number(suite._elem.get("time")) for suite in suites), default=0.0)
            cases = [case for suite in suites for case in _cases(suite._elem)]
            executions = _executions(cases[:-1] if is_cut else cases, reading)
        except JUnitXmlError:
            reading.gap(f"is XML, but not JUnit (its root is <{root.tag}>): left out; give the file that `pytest --junitxml` wrote")
        except RecursionError:
            reading.gap("its testsuites are nested too deeply: left out")
        else:
            _say_what_is_missing(executions, reading)
    return Testimony(
        witness="junit", agreed=reading.agreed, has_ends=True, executions=executions, gaps=tuple(reading.gaps), seconds=seconds
    )


def _cases(suite: etree._Element) -> Iterator[etree._Element]:
    """As junitparser goes through them: a suite's own testcases, then those of the suites in it."""
    yield from suite.iterchildren("testcase")
    for inner in suite.iterchildren("testsuite"):
        yield from _cases(inner)


def _executions(cases: Sequence[etree._Element], reading: Reading) -> tuple[Execution, ...]:
    rows: dict[tuple[TestId, str], list[Row]] = {}
    for case, is_plain in _new(cases, reading):
        row = _plain_row(case, reading) if is_plain else _row(case, reading)
        if row is None:
            continue
        same = rows.setdefault((row.test, row.properties.get(wire.PROPERTY_POSITION, "")), [])
        if same and row.failures and row.failures[0].phase == "teardown":
            before = same[-1]
            same[-1] = msgspec.structs.replace(before, outcome=_worse(before.outcome), failures=(*before.failures, *row.failures))
        else:
            same.append(row)
    return tuple(execution for same in rows.values() for execution in _attempts(_told_apart(same, reading)))


def _new(cases: Sequence[etree._Element], reading: Reading) -> Iterator[tuple[etree._Element, bool]]:
    """The testcases that may tell something new, and whether each holds nothing but properties."""
    plain = [all(child.tag == "properties" for child in case) for case in cases]
    outspoken = {_recorded_id(case) for case, is_plain in zip(cases, plain, strict=True) if not is_plain}
    for case, is_plain in zip(cases, plain, strict=True):
        test = _recorded_id(case) if is_plain else None
        if test and test in reading.passed and test not in outspoken and not case.get("status"):
            reading.agreed += 1
        else:
            yield case, is_plain


def _recorded_id(case: etree._Element) -> TestId | None:
    """The node id, where the recorder's properties tell it."""
    for one in (one for told in case if told.tag == "properties" for one in told):
        if one.get("name") == wire.PROPERTY_NODEID:
            return bare_test_id(one.get("value") or "")
    return None


def _told_apart(rows: list[Row], reading: Reading) -> list[Row]:
    """pytest-rerunfailures writes an attempt that failed and was run again as one that passed: of those only the last is believed."""
    believed = [row for row in rows[:-1] if row.failures] + rows[-1:]
    reading.reruns += len(rows) - len(believed)
    return believed


def _worse(outcome: Outcome) -> Outcome:
    return outcome if outcome.is_failure else Outcome.ERROR


def _attempts(rows: Sequence[Row]) -> Iterator[Execution]:
    attempt = 0
    for row in rows:
        for failure in row.earlier:
            yield _execution(row, Outcome.FAILED, (failure,), attempt)
            attempt += 1
        yield _execution(row, row.outcome, row.failures, attempt)
        attempt += 1


def _execution(row: Row, outcome: Outcome, failures: tuple[Failure, ...], attempt: int) -> Execution:
    position = row.properties.get(wire.PROPERTY_POSITION, "")
    return Execution(
        test=row.test,
        worker=row.properties.get(wire.PROPERTY_WORKER, ""),
        position=int(position) if position.isdigit() else -1,
        outcome=outcome,
        duration_seconds=row.seconds,
        failures=failures,
        state=_state(row.properties.get(wire.PROPERTY_STATE, "")),
        attempt=attempt,
    )


def _state(text: str) -> tuple[StateChange, ...]:
    try:
        return msgspec.convert(json.loads(text), tuple[StateChange, ...]) if text else ()
    except (ValueError, msgspec.ValidationError):
        return ()


def _plain_row(element: etree._Element, reading: Reading) -> Row | None:
    """A testcase that holds nothing but properties, as nearly all do; read without junitparser, which takes ten times as long."""
    name = element.get("name")
    if not name:
        reading.gap("a module could not be collected: none of its tests ran")
        return None
    properties = _properties(element)
    test = _test_id(element, properties, reading)
    return Row(test, _told_by_attribute(element), _number(element.get("time")), (), properties)


def _properties(element: etree._Element) -> dict[str, str]:
    told = element.find("properties")
    return {} if told is None else {str(one.get("name")): str(one.get("value")) for one in told.iterchildren("property")}


def _row(element: etree._Element, reading: Reading) -> Row | None:
    case = cast("Case", Case.fromelem(element))  # type: ignore[no-untyped-call]
    properties = _properties(element)
    entries = list(case)
    if _is_pytests_own(case, entries):
        reading.gap(_internal_error(entries[0].text or ""))
        return None
    if not case.name or _is_module(case, entries):
        if not any(isinstance(entry, Skipped) for entry in entries):
            reading.gap(f"{case.name or 'a module'} could not be collected: none of its tests ran")
        return None
    output = "".join(entry.text or "" for entry in entries if isinstance(entry, (SystemOut, SystemErr)))[: wire.MAX_OUTPUT]
    failures = tuple(_failure(entry, output) for entry in entries if isinstance(entry, (JUnitFailure, Error)))
    earlier = tuple(_failure(entry, "") for entry in entries if isinstance(entry, xunit2.InterimResult))
    return Row(
        test=_test_id(element, properties, reading),
        outcome=_told_by_attribute(element) if not entries else _outcome(entries, failures),
        seconds=_number(element.get("time")),
        failures=failures,
        properties=properties,
        earlier=earlier,
    )


def _is_module(case: Case, entries: Sequence[object]) -> bool:
    """pytest writes a module that it could not collect, or that is skipped as a whole, as a testcase without a class name."""
    if case.classname or "::" in (case.name or "") or case.file:
        return False
    return any(isinstance(entry, (Skipped, Error)) for entry in entries)


def _is_pytests_own(case: Case, entries: Sequence[object]) -> bool:
    """pytest writes an exception outside of all tests, of its own or of a plugin, as the testcase `internal` of the class `pytest`."""
    if (case.classname, case.name, case.file) != ("pytest", "internal", None):
        return False
    return len(entries) == 1 and isinstance(entries[0], Error) and entries[0].message == "internal error"


def _internal_error(trace: str) -> str:
    """With the trace's last line; xdist's controller fails like that where it writes to a worker before it is told that this has died."""
    last = next((line.strip() for line in reversed(trace.splitlines()) if line.strip()), "no more is told")
    reason = ": pytest-xdist wrote to a worker that had just died" if last.startswith("OSError: cannot send") else ""
    return f"pytest ended with an internal error ({last[:200]}){reason}; what it had not run by then is missing"


def _failure(entry: JUnitFailure | Error | xunit2.InterimResult, output: str) -> Failure:
    """pytest's own text; other tools tell the exception in an attribute, and reruns their trace in an element."""
    text = entry.text or "".join(child.text or "" for child in entry._elem if child.tag == "stackTrace")
    failure = read_failure(entry.message or "", text, output=output)
    if entry.type and failure.exception in ("", "Failed"):
        return msgspec.structs.replace(failure, exception=entry.type, message=entry.message or failure.message)
    return failure


def _test_id(case: etree._Element, properties: Mapping[str, str], reading: Reading) -> TestId:
    told = properties.get(wire.PROPERTY_NODEID)
    if told:
        return bare_test_id(told)
    classname, name, file = case.get("classname") or "", case.get("name") or "", case.get("file")
    known = known_id(classname, name, reading.known)
    if known:
        return known
    reading.guessed += not file
    return guessed_id(classname, name, file)


def _outcome(entries: Sequence[object], failures: Sequence[Failure]) -> Outcome:
    if any(CRASHED.search(failure.message) for failure in failures):
        return Outcome.CRASHED
    if any(isinstance(entry, JUnitFailure) for entry in entries):
        return Outcome.FAILED
    if failures:
        return Outcome.ERROR
    skipped = next((entry for entry in entries if isinstance(entry, Skipped)), None)
    if skipped is not None:
        return Outcome.XFAILED if skipped.type == "pytest.xfail" else Outcome.SKIPPED
    return Outcome.PASSED


ATTRIBUTE_WORDS = {
    "failed": Outcome.FAILED,
    "failure": Outcome.FAILED,
    "error": Outcome.ERROR,
    "skipped": Outcome.SKIPPED,
    "disabled": Outcome.SKIPPED,
    "notrun": Outcome.SKIPPED,
    "ignored": Outcome.SKIPPED,
}


def _told_by_attribute(case: etree._Element) -> Outcome:
    """Some tools tell what became of a test in an attribute only."""
    words = [word.lower() for word in (case.get("status"), case.get("result")) if word]
    return next((ATTRIBUTE_WORDS[word] for word in words if word in ATTRIBUTE_WORDS), Outcome.PASSED)


DECIMAL_COMMA = re.compile(r"\d+,(?:\d{1,2}|\d{4,})")


def _number(text: str | None) -> float:
    """Seconds as any tool writes them: `0.5`, `1,234.5`, `0,5`; 0.0 for what is no time."""
    told = (text or "0").strip()
    if "," in told:
        told = told.replace(",", ".") if DECIMAL_COMMA.fullmatch(told) else told.replace(",", "")
    try:
        number = float(told)
    except ValueError:
        return 0.0
    return number if 0 <= number < TOO_LONG_SECONDS else 0.0


def _say_what_is_missing(executions: Sequence[Execution], reading: Reading) -> None:
    if not executions and not reading.agreed:
        reading.gap("holds no tests: none were collected, or the run was ended before the first")
    if reading.reruns:
        reading.gap(
            f"{reading.reruns} testcases stand before another of the same name: most likely reruns, whose failures JUnit does not tell"
        )
    if reading.guessed:
        reading.gap(
            f"{reading.guessed} testcases are named by class only: their node ids were put together from that and may be wrong."
            " Give the `-v` console log of the same run, or record with the plugin"
        )
