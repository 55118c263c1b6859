"""The papers of one run → one RunRecord.

Owns which reader gets which paper. Bad papers never raise: each becomes a Gap that names the file and says what to do.
"""

import msgspec

from flaky_detector.model import Gap, RunRecord
from flaky_detector.stages.ingest.journal import is_journal, read_journals
from flaky_detector.stages.ingest.merge import RunPaper, merge
from flaky_detector.stages.ingest.testimony import Bundle, Paper, Testimony

__all__ = ["Bundle", "Paper", "ingest"]

RUN_PAPER = "run.json"


def ingest(bundle: Bundle) -> RunRecord:
    """Everything that the bundle's papers say of its run."""
    gaps: list[Gap] = []
    run = _run_paper(bundle, gaps)
    journals = [paper for paper in bundle.papers if is_journal(paper.name)]
    testimonies: list[Testimony] = [read_journals(journals, bundle.name)] if journals else []
    return merge(run, testimonies, bundle.name, gaps)


def _run_paper(bundle: Bundle, gaps: list[Gap]) -> RunPaper | None:
    for paper in bundle.papers:
        if paper.name.rsplit("/", 1)[-1] == RUN_PAPER:
            try:
                return msgspec.json.decode(paper.data, type=RunPaper)
            except msgspec.MsgspecError as error:
                gaps.append(Gap(f"{bundle.name}/{paper.name}", f"is not a run.json of ours ({error}); the run is read as a foreign one"))
    return None
