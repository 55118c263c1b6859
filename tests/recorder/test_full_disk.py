"""A journal that cannot be written for a while loses nothing, and is never damaged."""

import json
import subprocess
import sys
from pathlib import Path

WRITES = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from flaky_detector.recorder.journal import Journal

def at_most(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

journal = Journal(sys.argv[2], "main")
journal.write({"ev": "start"})
at_most(30)  # bytes of any file: what is beyond is refused, as on a full disk
for number in range(int(sys.argv[3])):
    journal.write({"ev": "begin", "pos": number, "padding": "x" * int(sys.argv[4])})
at_most(resource.RLIM_INFINITY)
journal.write({"ev": "finish"})
"""


def written(folder: Path, events: int, padding: int) -> list[bytes]:
    argv = [sys.executable, "-c", WRITES, str(Path(__file__).parents[2]), str(folder), str(events), str(padding)]
    subprocess.run(argv, check=True)
    return (folder / "journal-main.jsonl").read_bytes().splitlines()


def test_what_could_not_be_written_goes_out_with_the_next_line_that_can(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in written(tmp_path, 3, 5)]
    assert [(line["ev"], line.get("pos")) for line in lines] == [
        ("start", None),
        ("begin", 0),
        ("begin", 1),
        ("begin", 2),
        ("finish", None),
    ]


def test_more_than_can_be_kept_is_lost_and_only_the_line_that_was_cut_is_damaged(tmp_path: Path) -> None:
    first, cut, *rest = written(tmp_path, 5, 400_000)
    assert json.loads(first) == {"ev": "start"}
    assert cut.startswith(b'{"ev":"begin"')
    told = [json.loads(line) for line in rest if line]
    assert [line.get("pos", line["ev"]) for line in told][-2:] == [4, "finish"]
