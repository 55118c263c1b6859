"""What it takes to lay the slices of a spread hunt together: bytes carried, seconds and memory of the job that merges them.

    python bench/merge_cost.py [--sizes 5x2000,20x2000,20x8000] [--runs-a-slice 1] [--rounds 1] [--zips]

A size is SLICESxTESTS. The bundles are made up, but written by the recorder's own journal and in pytest's JUnit format: a test's `begin`
and `end`, its node id of 60 characters, its properties; one test in fifty left a variable behind, one polluter has one victim. They lie
as actions/download-artifact leaves them, a folder for each artefact (or, with `--zips`, as GitHub's API gives them). `analyze` reads them
in a process of its own, which is measured. Larger sizes: `--sizes 100x30000`, `500x100000` (some tens of GB on disk).
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from flaky_detector.model import Arrangement, RunSpec, Slice  # noqa: E402 -- the checkout's, whatever is installed
from flaky_detector.recorder.journal import Journal  # noqa: E402

VICTIM = 40  # of test 0, on its worker, in another file
LEAVES = 50  # one test in so many leaves a variable behind


class Measured(NamedTuple):
    """One merge."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    findings: int


def node_id(number: int) -> str:
    """Sixty characters, twenty tests a file."""
    return f"tests/unit/package/test_of_module_{number // 20:05}.py::test_thing_{number:06}"


def write_run(folder: Path, run: int, tests: int, part: Slice) -> None:
    """One bundle: two workers, shuffled by file; the victim fails where it comes after its polluter on the same worker."""
    chance = random.Random(run)
    files = list(range((tests + 19) // 20))
    chance.shuffle(files)
    order = [number for file in files for number in range(file * 20, min(tests, file * 20 + 20))]
    cases: list[str] = []
    for worker, mine in (("gw0", order[::2]), ("gw1", order[1::2])):
        cases += _write_worker(folder, worker, mine, tests)
    spec = RunSpec(id=part.runs[run], python="3.12", arrangement=Arrangement.SHUFFLED, seed=run, distribution="load", workers=2)
    paper = {"v": 1, "spec": spec, "exit_code": 1, "seconds": 600.0, "timed_out": False, "python": "3.12.1", "ended": True, "slice": part}
    (folder / "run.json").write_bytes(msgspec.json.encode(paper))
    head = f'<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="{tests}" timestamp="2026-01-01T00:00:{run % 60:02}">'
    (folder / "junit.xml").write_text(head + "".join(cases) + "</testsuite></testsuites>")


def _write_worker(folder: Path, worker: str, mine: Sequence[int], tests: int) -> list[str]:
    journal = Journal(str(folder), worker)
    journal.write({"ev": "start", "v": 1, "worker": worker, "pid": 1, "time": 1.7e9 + hash(str(folder)) % 1000, "python": "3.12.1"})
    journal.write({"ev": "collected", "tests": [node_id(n) for n in range(tests)] if worker == "gw0" else [], "app_labels": []})
    polluted, cases = False, []
    for position, number in enumerate(mine):
        name, fails = node_id(number), number == VICTIM and polluted
        journal.write({"ev": "begin", "id": name, "pos": position, "time": 1.7e9 + position * 0.1})
        end = {"ev": "end", "id": name, "pos": position, "attempt": 0, "outcome": "failed" if fails else "passed", "dur": 0.01}
        if number % LEAVES == 0:
            end["state"] = [{"kind": "environ", "key": f"VARIABLE_{number}", "before": None, "after": "d41d8cd98f00"}]
        if fails:
            end["failures"] = [{"phase": "call", "type": "AssertionError", "message": "VARIABLE_0 is set", "text": "assert not 1"}]
        journal.write(end)
        polluted = polluted or number == 0
        cases.append(_case(number, worker, position, fails=fails))
    journal.write({"ev": "finish", "time": 1.7e9 + 600, "exit": 1})
    journal.close()
    return cases


def _case(number: int, worker: str, position: int, *, fails: bool) -> str:
    told = {"nodeid": node_id(number), "worker": worker, "position": position}
    properties = "".join(f'<property name="flaky-detector.{name}" value="{value}" />' for name, value in told.items())
    failure = '<failure message="VARIABLE_0 is set">assert not 1</failure>' if fails else ""
    place = f'classname="tests.unit.package.test_of_module_{number // 20:05}" name="test_thing_{number:06}" time="0.010"'
    return f"<testcase {place}><properties>{properties}</properties>{failure}</testcase>"


def lay_out(folder: Path, slices: int, tests: int, each: int) -> None:
    """The artefacts."""
    ids = tuple(f"{number:03}-shuffled-seed{number}-load-2" for number in range(slices * each))
    for number in range(slices):
        part = Slice(number=number + 1, count=slices, runs=ids, hunt="1")
        for run in range(number, len(ids), slices):
            bundle = folder / f"flaky-detector-default-run-{ids[number]}" / ids[run]
            bundle.mkdir(parents=True)
            write_run(bundle, run, tests, part)


def merge(folder: Path) -> Measured:
    """`analyze`, in a process of its own."""
    with tempfile.TemporaryDirectory() as room:
        command = [
            sys.executable,
            "-m",
            "flaky_detector",
            "analyze",
            str(folder),
            "--output",
            f"{room}/out",
            "--quiet",
            "--fail-on",
            "never",
        ]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=room, env=environ, stdout=subprocess.DEVNULL)
        _, code, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if code:
            raise SystemExit(f"analyze ended with {code}")
        found = msgspec.json.decode((Path(room) / "out" / "findings.json").read_bytes())
        lost = [gap for gap in found["gaps"] if gap["source"].startswith("slice")]
        assert not lost, lost
        return Measured(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, len(found["findings"]))


def size_of(folder: Path) -> float:
    """In MiB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What it takes to lay the slices of a spread hunt together.")
    parser.add_argument("--sizes", default="5x2000,20x2000,20x8000")
    parser.add_argument("--runs-a-slice", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--zips", action="store_true", help="leave the artefacts packed")
    options = parser.parse_args()
    heads = {"slices": 7, "tests": 8, "runs": 6, "executions": 12, "MiB": 8, "zipped": 8, "wall": 9, "CPU": 9, "peak MiB": 10}
    print("".join(f"{head:>{width}}" for head, width in {**heads, "found": 7, "µs each": 9}.items()))
    for size in options.sizes.split(","):
        slices, tests = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as room:
            plain, packed = Path(room) / "plain", Path(room) / "packed"
            lay_out(plain, slices, tests, options.runs_a_slice)
            for artifact in plain.iterdir():
                shutil.make_archive(str(packed / artifact.name), "zip", artifact)
            best = min((merge(packed if options.zips else plain) for _ in range(options.rounds)), key=lambda one: one.cpu_seconds)
            runs = slices * options.runs_a_slice
            print(
                f"{slices:>7}{tests:>8}{runs:>6}{runs * tests:>12}{size_of(plain):>8.1f}{size_of(packed):>8.1f}{best.seconds:>8.1f}s"
                f"{best.cpu_seconds:>8.1f}s{best.peak_mib:>10.0f}{best.findings:>7}{best.cpu_seconds / (runs * tests) * 1e6:>9.0f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
