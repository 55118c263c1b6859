"""The recorder's own journals: one JSON object a line (see `recorder.wire`) → what each process did.

Owns the reading of journals. A line that is cut or damaged costs that line and makes a Gap. A test that began and never ended was running
when the process died. Nearly all lines tell that a test began or passed: those are decoded straight into a record (`Line`), all others, and
whatever is not as it should be, into a dictionary and looked at closely.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from flaky_detector.model import Execution, Failure, Gap, Imported, Outcome, Raised, StateChange, TestId, bare_test_id
from flaky_detector.recorder import wire
from flaky_detector.stages.ingest.testimony import Paper, Testimony, named


class Told(msgspec.Struct):
    """One journal's events, sorted by kind while it is read."""

    worker: str
    source: str
    begun: dict[int, tuple[str, float]] = msgspec.field(default_factory=dict)
    ended: list[Execution] = msgspec.field(default_factory=list)
    crashed: list[tuple[TestId, str]] = msgspec.field(default_factory=list)
    gaps: list[Gap] = msgspec.field(default_factory=list)
    python: str = ""
    collected: tuple[TestId, ...] = ()
    app_labels: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    imports: list[Imported] = msgspec.field(default_factory=list)
    finished: bool = False
    exit_code: int = -1

    def gap(self, text: str) -> None:
        self.gaps.append(Gap(self.source, text))


class Line(msgspec.Struct, gc=False):
    """A line that tells of an execution, as the recorder writes it; any other event leaves `id` or `pos` as they are here."""

    ev: str
    id: str = ""
    pos: int = -1
    time: float = 0.0
    outcome: Outcome = Outcome.PASSED
    dur: float = 0.0
    failures: msgspec.Raw = msgspec.Raw()
    state: tuple[StateChange, ...] = ()
    claims: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    attempt: int = 0


LINE = msgspec.json.Decoder(Line)
EVENT = msgspec.json.Decoder(dict[str, Any])


def is_journal(name: str) -> bool:
    """Whether a file name is a journal's."""
    base = name.rsplit("/", 1)[-1]
    return base.startswith(wire.JOURNAL_PREFIX) and base.endswith(wire.JOURNAL_SUFFIX)


def read_journals(papers: Sequence[Paper], bundle: str) -> Testimony:
    """All journals of one run as one testimony."""
    told = [_read(paper, bundle) for paper in papers]
    gaps = [gap for one in told for gap in one.gaps]
    executions = [execution for one in told for execution in one.ended]
    known = {(execution.test, execution.worker) for execution in executions}
    for test, worker in (crash for one in told for crash in one.crashed):
        gaps.append(Gap(bundle, f"worker {worker} crashed while it ran {named([test])}"))
        if (test, worker) not in known:
            after = max((row.position for row in executions if row.worker == worker), default=-1) + 1
            executions.append(Execution(test=test, worker=worker, position=after, outcome=Outcome.CRASHED))
    return Testimony(
        witness=", ".join(paper.name.rsplit("/", 1)[-1].removesuffix(wire.JOURNAL_SUFFIX) for paper in papers),
        executions=tuple(executions),
        gaps=tuple(gaps),
        python=next((one.python for one in told if one.python), ""),
        collected=next((one.collected for one in told if one.collected), ()),
        app_labels=_union(one.app_labels for one in told),
        originals=_union(one.originals for one in told),
        shared=_union(one.shared for one in told),
        imports=tuple(imported for one in told for imported in one.imports),
    )


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _read(paper: Paper, bundle: str) -> Told:
    base = paper.name.rsplit("/", 1)[-1]
    told = Told(base.removeprefix(wire.JOURNAL_PREFIX).removesuffix(wire.JOURNAL_SUFFIX), f"{bundle}/{base}")
    lines = paper.data.split(b"\n")
    for number, line in _unusual(lines, told):
        try:
            _take(_decoded(line), told)
        except (msgspec.DecodeError, UnicodeDecodeError):
            is_cut = number == len(lines)
            told.gap(
                "its last line is cut: the process was killed while it wrote" if is_cut else f"line {number} is damaged and was left out"
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            told.gap(f"line {number} is damaged and was left out ({type(error).__name__}: {error})")
    _close(told)
    return told


def _decoded(line: bytes) -> dict[str, Any]:
    """An event; half of a surrogate pair, from a name or a message that was not UTF-8, becomes its escape."""
    try:
        return EVENT.decode(line)
    except msgspec.DecodeError:
        try:
            tree = json.loads(line)
        except (ValueError, RecursionError):
            tree = None
        if not isinstance(tree, dict):
            raise
        return {str(name): _printable(value) for name, value in tree.items()}


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {_printable(name): _printable(item) for name, item in value.items()}
    return value


def _unusual(lines: Sequence[bytes], told: Told) -> Iterator[tuple[int, bytes]]:
    """Takes what is quickly taken; yields every other line with its number, in its turn."""
    for number, line in enumerate(lines, start=1):
        try:
            row = LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            if line.strip():
                yield number, line
            continue
        if row.id and row.pos >= 0 and row.ev == "begin":
            told.begun[row.pos] = (row.id, row.time)
        elif row.id and row.pos >= 0 and row.ev == "end" and not row.failures:
            told.ended.append(_passed(row, told))
        else:
            yield number, line


def _passed(row: Line, told: Told) -> Execution:
    began = told.begun.pop(row.pos, None)
    return Execution(
        test=bare_test_id(row.id),
        worker=told.worker,
        position=row.pos,
        outcome=row.outcome,
        duration_seconds=row.dur,
        started_seconds=began[1] if began and began[0] == row.id else 0.0,
        state=row.state,
        claims=row.claims,
        traits=row.traits,
        attempt=row.attempt,
    )


def _take(event: dict[str, Any], told: Told) -> None:
    match event.get("ev"):
        case "start":
            if int(event.get("v", wire.VERSION)) > wire.VERSION:
                told.gap(f"written by a later version of the recorder ({event['v']}); what is new in it is not understood")
            told.worker = str(event.get("worker") or told.worker)
            told.python = str(event.get("python", ""))
        case "collected":
            told.collected = tuple(TestId(sys.intern(bare_test_id(test))) for test in event.get("tests", ()))
            told.app_labels = tuple(map(str, event.get("app_labels", ())))
            _say_missing(event.get("missing", ()), told)
        case "import":
            told.imports.append(Imported(str(event["id"]), tuple(map(_state, event["state"]))))
        case "begin":
            told.begun[int(event["pos"])] = (str(event["id"]), float(event.get("time", 0.0)))
        case "end":
            told.ended.append(_execution(event, told))
        case "crash":
            told.crashed.append((bare_test_id(event["id"]), str(event["worker"])))
        case "note":
            told.gap(str(event["text"]))
        case "finish":
            told.finished = True
            told.exit_code = int(event.get("exit", -1))
            told.originals = tuple(map(str, event.get("originals", ())))
            told.shared = tuple(map(str, event.get("shared", ())))
        case _:
            pass


def _say_missing(missing: Sequence[str], told: Told) -> None:
    if missing:
        told.gap(f"the forced order names tests that were not collected: {named(missing)}")


def _execution(event: dict[str, Any], told: Told) -> Execution:
    position = int(event["pos"])
    began = told.begun.pop(position, None)
    return Execution(
        test=bare_test_id(event["id"]),
        worker=told.worker,
        position=position,
        outcome=Outcome(event["outcome"]),
        duration_seconds=float(event.get("dur", 0.0)),
        started_seconds=began[1] if began and began[0] == event["id"] else 0.0,
        failures=tuple(map(_failure, event.get("failures", ()))),
        state=tuple(map(_state, event.get("state", ()))),
        claims=tuple(map(str, event.get("claims", ()))),
        traits=tuple(map(str, event.get("traits", ()))),
        attempt=int(event.get("attempt", 0)),
    )


def _failure(row: dict[str, Any]) -> Failure:
    return Failure(
        phase=row["phase"],
        exception=str(row.get("type", "")),
        message=str(row.get("message", "")),
        chain=tuple(Raised(str(kind), str(message)) for kind, message in row.get("chain", ())),
        raised_at=str(row.get("raised_at", "")),
        test_frame=str(row.get("test_frame", "")),
        line=int(row.get("line", 0)),
        text=str(row.get("text", "")),
        output=str(row.get("output", "")),
    )


def _state(row: dict[str, Any]) -> StateChange:
    return StateChange(
        kind=str(row["kind"]),
        key=str(row["key"]),
        before=row.get("before"),
        after=row.get("after"),
        scope=str(row.get("scope", "function")),
        origin=str(row.get("origin", "")),
    )


def _close(told: Told) -> None:
    """What was running when the process died, and that it died. Where the process went on, it is not known how a test ended."""
    last = max((*told.begun, *(execution.position for execution in told.ended)), default=0)
    for position, (nodeid, began) in told.begun.items():
        test = bare_test_id(nodeid)
        if position < last or told.exit_code in (0, 1):
            told.gap(f"the end of {named([test])} is missing: how it ended is not known from here")
            continue
        told.gap(f"{named([test])} began and did not end: the process died, or was ended, while it ran")
        attempt = sum(execution.position == position for execution in told.ended)
        crash = Execution(test=test, worker=told.worker, position=position, outcome=Outcome.CRASHED, started_seconds=began, attempt=attempt)
        told.ended.append(crash)
    if not told.finished and told.ended:
        told.gap("ends without a last word: the process was ended before it could finish")
