"""The same run told twice is one run.

Owns how copies are known: GitHub's archive of logs holds each job's whole log and each of its steps; people give a zip and the folder
it was unpacked to. Only what carries a time of its own is compared, for two runs may well print the same. Must not read reports.

    logs.zip/0_unit.txt                   2026-01-01T00:00:07.1234567Z === test session starts ===
    logs.zip/unit/3_Run tests.txt         2026-01-01T00:00:07.1234567Z === test session starts ===      the same session
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from flaky_detector.model import Gap
from flaky_detector.recorder import wire
from flaky_detector.stages.ingest.testimony import Bundle, Paper, named

SESSION = re.compile(rb"^[^\n=]{0,300}=+ test session starts =+", re.MULTILINE)
STAMPED = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
TIMED_REPORT = re.compile(rb"<testsuite\b[^>]{0,2000}\btimestamp=\"\d")
HEAD_LINES = 25


def without_copies(bundles: Sequence[Bundle]) -> tuple[tuple[Bundle, ...], tuple[Gap, ...]]:
    """Each run once, and one Gap that says how many copies were left out. Who has most papers is kept.

    A bundle of which all that carries a time is known is a copy as a whole.
    """
    sizes = Counter(paper.size for bundle in bundles for paper in bundle.papers)
    kept: set[bytes] = set()
    fresh: dict[str, Bundle] = {}
    copies: list[str] = []
    for bundle in sorted(bundles, key=lambda bundle: (-len(bundle.papers), bundle.name)):
        marks = {
            paper.name: mark
            for paper in bundle.papers
            if (mark := _mark(paper, f"{bundle.name}/{paper.name}" if paper.size and sizes[paper.size] == 1 else ""))
        }
        known = [name for name, mark in marks.items() if mark in kept]
        if not known or len(known) < len(marks):
            fresh[bundle.name] = _without(bundle, known)
        kept.update(marks.values())
        copies += [f"{bundle.name}/{name}" for name in known]
    gap = Gap("artefacts", f"of what was given, these are copies of others, counted once: {named(copies)}")
    return tuple(fresh[bundle.name] for bundle in bundles if bundle.name in fresh), (gap,) if copies else ()


def _without(bundle: Bundle, names: Sequence[str]) -> Bundle:
    rest = tuple(paper for paper in bundle.papers if paper.name not in names)
    return msgspec.structs.replace(bundle, papers=rest)


def _mark(paper: Paper, unique: str) -> bytes | None:
    """What two copies have in common and two runs never; None where the paper carries no time.

    `unique` is what stands for a paper of a size that no other has: it need not be compared by its content.
    """
    is_journal = paper.name.endswith(wire.JOURNAL_SUFFIX)
    if is_journal and unique:
        return unique.encode(errors="replace")
    data = paper.data
    if is_journal or paper.name.lower().endswith(".xml"):
        carries_time = bool(data.strip()) if is_journal else TIMED_REPORT.search(data) is not None
        return (unique.encode(errors="replace") or hashlib.sha256(data).digest()) if carries_time else None
    start = SESSION.search(data)
    if start is None or not STAMPED.search(start[0]):
        return None
    lines = data[start.start() : start.start() + 100_000].splitlines()
    return hashlib.sha256(b"\n".join(line.strip() for line in lines[:HEAD_LINES])).digest()
