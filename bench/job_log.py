"""What one large job log costs to analyse, from the request to the report: time and the most memory held at once.

    python bench/job_log.py [--megabytes 30,300]

A GitHub on loopback makes the log while it sends it: 20,000 tests over four workers, of which 20 fail; half of the log is what tests print
between pytest's own lines, half is the captured output of the failing ones. `analyze --run-id` reads it in a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.github import TOKEN, FakeGitHub  # noqa: E402 -- the tests' own

TESTS, EVERY, WORKERS = 20_000, 1_000, 4
STAMP = b"2026-01-01T00:00:00.1234567Z "
CHATTER = STAMP + b"DEBUG app.orders: order accepted, total=12.30 currency=EUR customer=4711 and some more words\r\n"
FAILING = [number for number in range(TESTS) if number % EVERY == 7]


def line(text: str) -> bytes:
    """As GitHub keeps it."""
    return STAMP + text.encode() + b"\r\n"


def name_of(number: int) -> str:
    """The node id of a test."""
    return f"tests/test_{number // 100}.py::test_{number}"


def log(megabytes: int) -> Iterator[bytes]:
    """The job's log, in pieces."""
    share = megabytes * 500_000
    yield line("============================= test session starts ==============================")
    yield line("platform linux -- Python 3.11.7, pytest-8.3.0, pluggy-1.5.0") + line(f"created: {WORKERS}/{WORKERS} workers")
    between = CHATTER * (share // TESTS // len(CHATTER))
    for number in range(TESTS):
        word = "FAILED" if number in FAILING else "PASSED"
        yield line(f"[gw{number % WORKERS}] [{number * 100 // TESTS:3d}%] {word} {name_of(number)} ") + between
    yield line("=================================== FAILURES ===================================")
    for number in FAILING:
        yield (
            line(f"{'_' * 34} test_{number} {'_' * 34}")
            + line("E       assert 6 == 5")
            + line(f"tests/test_{number // 100}.py:7: AssertionError")
        )
        yield line("----------------------------- Captured stdout call -----------------------------")
        for _ in range(share // len(FAILING) // (len(CHATTER) * 500)):
            yield CHATTER * 500
    yield line("=========================== short test summary info ============================")
    yield b"".join(line(f"FAILED {name_of(number)} - assert 6 == 5") for number in FAILING)
    yield line(f"========== {len(FAILING)} failed, {TESTS - len(FAILING)} passed in 300.00s ==========")


def measure(megabytes: int) -> str:
    """One row."""
    with FakeGitHub() as github, tempfile.TemporaryDirectory() as folder:
        github.add_job(42, "test (3.11)", lambda: log(megabytes), conclusion="failure")
        told = {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_TOKEN": TOKEN}
        command = [sys.executable, "-m", "flaky_detector", "analyze", "--run-id", "42", "--output", folder, "--quiet"]
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **told}, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        result = json.loads((Path(folder) / "findings.json").read_text())
        (run,) = result["runs"]
        right = os.waitstatus_to_exitcode(status) == 0 and (run["tests"], run["failed"]) == (TESTS, len(FAILING)) and not github.violations
        cpu, most = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        return f"| {megabytes:4d} MB | {seconds:5.1f} s | {cpu:5.1f} s | {most:4.0f} MB | {'yes' if right else 'NO'} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What one large job log costs to analyse.")
    parser.add_argument("--megabytes", default="3,30,300")
    print("| log | wall | CPU | most memory | every outcome right |\n|--:|--:|--:|--:|---|")
    for size in parser.parse_args().megabytes.split(","):
        print(measure(int(size)), flush=True)


if __name__ == "__main__":
    main()
