"""What a run's journals say of the database server, and when a server is asked."""

import json
import sys
import time
from pathlib import Path

import pytest

from flaky_detector.adapters.age import seconds_since_start
from flaky_detector.adapters.space import Watch
from flaky_detector.errors import Interrupted, NoServerError
from flaky_detector.pipeline.outages import Outage, Outages
from flaky_detector.stages.run import Invocation


def end(message: str) -> dict[str, object]:
    failures = [{"phase": "call", "type": "OperationalError", "message": message}] if message else []
    return {"ev": "end", "id": "a.py::a", "pos": 0, "outcome": "passed", **({"failures": failures} if failures else {})}


def found(folder: Path, *events: dict[str, object], outages: Outages | None = None) -> Outage | None:
    """What is found in a bundle of one journal; whoever asks a server is told that it is away."""
    lines = [json.dumps(event, separators=(",", ":")) for event in events]
    (folder / "journal-main.jsonl").write_text("\n".join(lines) + "\n")
    program = folder / "python"
    program.write_text(f"#!{sys.executable}\nprint('default away')\n")
    program.chmod(0o700)
    call = Invocation(argv=(str(program),), env={}, cwd=str(folder), bundle=str(folder))
    sweep = Invocation(argv=(str(program),), env={}, cwd=str(folder), bundle=str(folder / "sweep"))
    return (outages or Outages()).find(Watch(folder), call, sweep, time.monotonic())


MADE = {"ev": "databases", "databases": [{"alias": "default", "engine": "django.db.backends.postgresql", "name": "test_shop"}]}
RESTARTED = Outage("server", "the database server was restarted, or did not answer")


def test_a_run_whose_failures_speak_of_no_connection_had_no_outage(tmp_path: Path) -> None:
    assert found(tmp_path, MADE, end('relation "x" does not exist'), end("")) is None


def test_what_the_server_says_of_itself_is_enough(tmp_path: Path) -> None:
    assert found(tmp_path, end("FATAL: the database system is shutting down")) == RESTARTED


def test_a_broken_connection_is_no_outage_where_no_test_database_was_made(tmp_path: Path) -> None:
    assert found(tmp_path, end("server closed the connection unexpectedly")) is None


def test_words_in_another_event_than_a_failure_say_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, {"ev": "note", "text": "the database system is shutting down"}) is None


def test_a_server_that_has_stayed_away_is_required_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flaky_detector.pipeline.outages.WAIT_SECONDS", 0.0)
    outages = Outages()
    outages.require()
    assert found(tmp_path, MADE, end("server closed the connection unexpectedly"), outages=outages) == RESTARTED
    with pytest.raises(NoServerError, match="the database server has not answered"):
        outages.require()
    assert issubclass(NoServerError, Interrupted)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the age of a process is read from /proc")
def test_this_process_has_been_there_for_longer_than_a_moment_and_grows_older() -> None:
    age = seconds_since_start()
    assert 0.05 < age < 36_000
    time.sleep(0.1)
    assert seconds_since_start() >= age + 0.09
