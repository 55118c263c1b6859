"""Console logs that are too large to be held: what of them is read."""

import io
from pathlib import Path

import pytest

from flaky_detector.adapters import artefacts
from flaky_detector.adapters.artefacts import gather
from flaky_detector.adapters.artefacts.sieve import KEPT_OF_A_SECTION, LEFT_OUT, sifted
from flaky_detector.model import RunRecord
from flaky_detector.pipeline.analysis import read
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.stages.ingest import Paper
from flaky_detector.stages.ingest.xdist_log import read_log
from tests.support.run_logs import SUITE, job_log

FOREIGN = Path(__file__).parents[1] / "samples" / "foreign" / "console.log"
VICTIM = SUITE[5]
CHATTER = b"2026-01-01T00:00:03.1234567Z DEBUG app.orders accepted order 4711, total 12.30 EUR\r\n"


def sieve(data: bytes) -> bytes:
    return b"".join(sifted(io.BytesIO(data)))


def chatty(data: bytes, times: int = 50) -> bytes:
    """The same log of tests that print much, and are not stopped from it."""
    return b"".join(line + (CHATTER * times if b"%]" in line else b"") for line in data.splitlines(keepends=True))


def records(path: Path) -> tuple[list[RunRecord], list[str]]:
    bundles, said = gather([path])
    dossier = read(bundles, said, Dossier())
    return dossier.records, [gap.text for gap in dossier.gaps]


@pytest.mark.parametrize("data", [job_log(VICTIM, SUITE[1]), job_log(VICTIM, verbose=False), FOREIGN.read_bytes()])
def test_of_a_log_without_chatter_the_same_is_read(data: bytes) -> None:
    assert read_log(Paper("log.txt", sieve(data)), "x") == read_log(Paper("log.txt", data), "x")


@pytest.mark.parametrize("data", [job_log(VICTIM, SUITE[1]), FOREIGN.read_bytes()])
def test_what_tests_print_between_pytests_lines_is_left_out(data: bytes) -> None:
    kept = sieve(chatty(data))
    assert kept.count(CHATTER) <= 40  # the lines below the header are kept, whatever they are
    assert len(kept) < len(data) + 41 * len(CHATTER)
    assert read_log(Paper("log.txt", kept), "x").executions == read_log(Paper("log.txt", data), "x").executions


def test_of_a_failure_the_first_of_its_text_is_kept_and_every_line_of_the_error() -> None:
    end = b"7: AssertionError\r\n"
    head, tail = job_log(VICTIM).split(end, 1)
    captured = b"----------------------------- Captured stdout call -----------------------------\r\nfirst words\r\n"
    kept = sieve(head + end + captured + CHATTER * 5000 + b"E       said late\r\n" + tail)
    assert kept.count(LEFT_OUT) == 1
    assert KEPT_OF_A_SECTION * 0.9 < kept.count(CHATTER) * len(CHATTER) <= KEPT_OF_A_SECTION
    assert b"E       said late" in kept
    (failure,) = next(row for row in read_log(Paper("log.txt", kept), "x").executions if row.test == VICTIM).failures
    assert failure.exception == "AssertionError"
    assert failure.raised_at == "tests/test_b.py:test"


def test_the_next_failure_has_room_of_its_own() -> None:
    data = job_log(SUITE[1], VICTIM).replace(b">       assert limit() == 5", b"seen " * 100 + b"\r\n" + CHATTER * 5000)
    assert sieve(data).count(b"seen " * 100) == 2
    assert sieve(data).count(LEFT_OUT) == 2


def test_a_line_without_an_end_takes_no_memory() -> None:
    pieces = list(sifted(io.BytesIO(b"x" * 5_000_000 + b"\ntests/test_a.py::test_1 PASSED [ 50%]\n")))
    assert pieces == [b"tests/test_a.py::test_1 PASSED [ 50%]\n"]


def test_a_large_log_is_sifted_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "LARGE_LOG", 10_000)
    data = chatty(job_log(VICTIM, SUITE[1]), 1000)
    (tmp_path / "job.log").write_bytes(data)
    (record,), said = records(tmp_path / "job.log")
    assert [(row.test, row.outcome.is_failure) for row in record.executions] == [(test, test in {VICTIM, SUITE[1]}) for test in SUITE]
    assert said == ["is 0 MiB large: of what was printed for each failure the first 64 KiB are read"]


def test_two_sessions_of_a_large_log_are_two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "LARGE_LOG", 10_000)
    (tmp_path / "job.log").write_bytes(chatty(job_log(VICTIM), 500) + chatty(job_log(minute=3), 500))
    found, _ = records(tmp_path / "job.log")
    assert [record.failed for record in found] == [1, 0]


def test_a_log_that_is_large_by_pytests_own_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "LARGE_LOG", 10_000)
    monkeypatch.setattr(artefacts, "LARGEST_FILE", 20_000)
    (tmp_path / "job.log").write_bytes(job_log(tests=SUITE * 100))
    _, said = gather([tmp_path / "job.log"])
    assert [gap.text for gap in said] == ["refused: more than 0 MiB of it are pytest's own lines"]
