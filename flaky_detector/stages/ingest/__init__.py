"""The papers of one run → one RunRecord.

Owns which reader gets which paper. Bad papers never raise: each becomes a Gap that names the file and says what to do.
"""

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from flaky_detector.model import Execution, Gap, Outcome, RunRecord, TestId
from flaky_detector.stages.ingest.addresses import LaterDirectory
from flaky_detector.stages.ingest.copies import without_copies
from flaky_detector.stages.ingest.journal import is_journal, read_journals
from flaky_detector.stages.ingest.junit import read_junit
from flaky_detector.stages.ingest.merge import RunPaper, merge
from flaky_detector.stages.ingest.reunite import reunite
from flaky_detector.stages.ingest.testimony import Bundle, Paper, Testimony
from flaky_detector.stages.ingest.xdist_log import read_log

__all__ = ["Bundle", "Paper", "distinct", "ingest", "reunite", "without_copies"]

RUN_PAPER = "run.json"
NOT_READ = (".json", ".jsonl")
PYTHON_OF_JOB = re.compile(r"(?<![\d.])3\.(?:[6-9]|[1-9]\d)(?![\d.])")


def ingest(bundle: Bundle) -> RunRecord:
    """Everything that the bundle's papers say of its run.

    The console log of a run of our own is read only where its journals say nothing: it was not asked to be verbose.
    """
    gaps: list[Gap] = []
    run = _run_paper(bundle, gaps)
    journals = [paper for paper in bundle.papers if is_journal(paper.name)]
    witnesses: tuple[Testimony, ...] = (read_journals(journals, bundle.name),) if journals else ()
    if not any(witness.executions for witness in witnesses) and run is None:
        witnesses += tuple(read_log(paper, bundle.name) for paper in bundle.papers if _is_log(paper.name))
    return merge(run, (*witnesses, *_reports(bundle, witnesses), *_job(bundle)), bundle.name, gaps)


def distinct(records: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
    """The records under ids of their own: bundles of two nights carry the same ids, and sightings are told apart by them."""
    seen: dict[str, int] = {}
    told: list[RunRecord] = []
    for record in records:
        seen[record.spec.id] = number = seen.get(record.spec.id, 0) + 1
        spec = record.spec if number == 1 else msgspec.structs.replace(record.spec, id=f"{record.spec.id} ({number})")
        told.append(msgspec.structs.replace(record, spec=spec))
    return tuple(told)


def _reports(bundle: Bundle, witnesses: Sequence[Testimony]) -> tuple[Testimony, ...]:
    rows = [row for witness in witnesses for row in witness.executions]
    known = LaterDirectory([row.test for row in rows])
    passed = _passed_once(rows) if any(is_journal(paper.name) for paper in bundle.papers) else frozenset()
    return tuple(read_junit(paper, bundle.name, known, passed) for paper in bundle.papers if _is_report(paper.name))


def _job(bundle: Bundle) -> tuple[Testimony, ...]:
    """What the name of a job of a matrix says: `test (3.11, ubuntu-latest)`. No Django is called 3.6 or later."""
    pythons = set(PYTHON_OF_JOB.findall(bundle.job))
    return (Testimony(witness="job", python=pythons.pop()),) if len(pythons) == 1 else ()


def _passed_once(rows: Sequence[Execution]) -> frozenset[TestId]:
    """Tests of which JUnit can tell nothing new, unless it tells of a failure."""
    again = Counter(row.test for row in rows)
    return frozenset(row.test for row in rows if row.outcome is Outcome.PASSED and row.duration_seconds and again[row.test] == 1)


def _is_report(name: str) -> bool:
    return name.lower().endswith(".xml")


def _is_log(name: str) -> bool:
    return not _is_report(name) and not name.endswith(NOT_READ)


def _run_paper(bundle: Bundle, gaps: list[Gap]) -> RunPaper | None:
    for paper in bundle.papers:
        if paper.name.rsplit("/", 1)[-1] == RUN_PAPER:
            try:
                return msgspec.json.decode(paper.data, type=RunPaper)
            except msgspec.MsgspecError as error:
                gaps.append(Gap(f"{bundle.name}/{paper.name}", f"is not a run.json of ours ({error}); the run is read as a foreign one"))
    return None
