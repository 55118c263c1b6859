"""Processes that inherited a mark are found, also while they are becoming another program."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flaky_detector.adapters.process.descendants import MARK, marked

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes through /proc")
OURS = uuid.uuid4().hex
BUSY, ASLEEP = "print(flush=True)\nwhile True: pass", "import time; print(flush=True); time.sleep(60)"


@pytest.fixture
def start() -> Iterator[Callable[..., int]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str, **environ: str) -> int:
        process = subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout
        process.stdout.readline()
        return process.pid

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int, OSError | None], list[int]]:
    """An environment that cannot be read, or is empty, so many times, as in the midst of `execve`; how often it was read."""

    def unreadable(pid: int, times: int, error: OSError | None) -> list[int]:
        reads: list[int] = []
        read_bytes = Path.read_bytes

        def read(path: Path) -> bytes:
            if path == Path(f"/proc/{pid}/environ"):
                reads.append(pid)
                if len(reads) <= times and error:
                    raise error
                if len(reads) <= times:
                    return b""
            return read_bytes(path)

        monkeypatch.setattr(Path, "read_bytes", read)
        return reads

    return unreadable


def test_who_inherited_the_mark_is_found(start: Callable[..., int]) -> None:
    pid = start(ASLEEP, **{MARK: f"before:{OURS}"})
    start(ASLEEP, **{MARK: "another"})
    assert marked(OURS) == (pid,)


@pytest.mark.parametrize("error", [None, ProcessLookupError(3, "No such process")])
def test_who_is_becoming_another_program_is_looked_at_again(
    start: Callable[..., int], unreadable: Callable[[int, int, OSError | None], list[int]], error: OSError | None
) -> None:
    pid = start(BUSY, **{MARK: OURS})
    reads = unreadable(pid, 3, error)
    assert (marked(OURS), len(reads)) == ((pid,), 4)


def test_who_has_no_environment_and_sleeps_is_looked_at_once(
    start: Callable[..., int], unreadable: Callable[[int, int, OSError | None], list[int]]
) -> None:
    pid = start(ASLEEP)
    reads = unreadable(pid, 1000, None)
    assert marked(OURS) == ()
    assert len(reads) <= 10  # it may take a moment to fall asleep


def test_who_stays_without_an_environment_costs_a_bounded_time(
    start: Callable[..., int], unreadable: Callable[[int, int, OSError | None], list[int]]
) -> None:
    reads = unreadable(start(BUSY), 1000, None)
    assert (marked(OURS), len(reads)) == ((), 50)


def test_whose_environment_may_not_be_read_is_nobody_of_ours(
    start: Callable[..., int], unreadable: Callable[[int, int, OSError | None], list[int]]
) -> None:
    reads = unreadable(start(BUSY), 1000, PermissionError(13, "no"))
    assert (marked(OURS), len(reads)) == ((), 1)
