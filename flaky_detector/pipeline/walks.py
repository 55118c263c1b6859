"""What a walk along an order left (`recorder.walk`): its result, the tail's own journal, and how many tests ran for it.

Owns the reading. Must not run anything.
"""

from pathlib import Path

import msgspec

from flaky_detector.model import Execution, TestId
from flaky_detector.pipeline.launch import read_bundle
from flaky_detector.recorder import wire

BEGIN = b'{"ev":"begin"'


class WalkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The test `at` which the tail begins to fail, empty where it passes to the end; how the tail's tests ended there.

    Where it is one of so many that could not be told apart, `among` counts them and `at` is the last.

    `declined` says why there is no answer; `executions` counts all tests that were run.
    """

    at: TestId = TestId("")
    among: int = 1
    tail: tuple[Execution, ...] = ()
    declined: str = ""
    executions: int = 0


class _Result(msgspec.Struct):
    """walk.json."""

    at: str = ""
    among: int = 1
    folder: str = ""
    declined: str = ""


def read_walk(bundle: Path) -> WalkRecord:
    """Never raises: what is missing or damaged is a walk without an answer."""
    executions = sum(journal.read_bytes().count(BEGIN) for journal in bundle.rglob(f"{wire.JOURNAL_PREFIX}*{wire.JOURNAL_SUFFIX}"))
    try:
        result = msgspec.json.decode((bundle / wire.WALK_RESULT).read_bytes(), type=_Result)
    except (OSError, msgspec.DecodeError):
        return WalkRecord(declined="it did not come to its end", executions=executions)
    outage = read_bundle(bundle).outage if (bundle / "run.json").is_file() else ""
    if outage:
        return WalkRecord(declined=outage, executions=executions)
    if result.declined or not Path(result.folder).is_dir():
        return WalkRecord(declined=result.declined or "the tests at its end did not run", executions=executions)
    record = read_bundle(Path(result.folder))
    return WalkRecord(at=TestId(result.at), among=result.among, tail=tuple(record.executions), executions=executions)
