"""Real processes: begun, watched, ended, with everything that they started."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from flaky_detector.adapters.process import end_all, execute, interruptible
from flaky_detector.errors import Interrupted, SuiteError
from flaky_detector.stages.run import Invocation

NO_SIGINT = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN);"


def of(folder: Path, code: str, *arguments: str, deadline_seconds: float = 30, env: dict[str, str | None] | None = None) -> Invocation:
    return Invocation(
        argv=(sys.executable, "-c", code, *arguments),
        env=env or {},
        cwd=str(folder),
        bundle=str(folder / "bundle"),
        deadline_seconds=deadline_seconds,
    )


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_alive(pid: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


def test_output_exit_code_and_time_of_a_run_are_kept(tmp_path: Path) -> None:
    ended = execute(of(tmp_path, "import sys; print('out'); sys.stdout.flush(); print('err', file=sys.stderr); sys.exit(3)"))
    assert (ended.exit_code, ended.timed_out) == (3, False)
    assert 0 < ended.seconds < 10
    assert (tmp_path / "bundle/console.log").read_text() == "out\nerr\n"


def test_the_environment_is_added_to_and_taken_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOES", "1")
    monkeypatch.setenv("STAYS", "1")
    code = "import os; print(os.environ.get('GOES'), os.environ.get('STAYS'), os.environ.get('COMES'))"
    execute(of(tmp_path, code, env={"GOES": None, "COMES": "2"}))
    assert (tmp_path / "bundle/console.log").read_text() == "None 1 2\n"


def test_standard_input_is_at_its_end(tmp_path: Path) -> None:
    execute(of(tmp_path, "import sys; print(repr(sys.stdin.read()))"))
    assert (tmp_path / "bundle/console.log").read_text() == "''\n"


def test_a_forced_order_stands_in_the_bundle_before_the_process_starts(tmp_path: Path) -> None:
    code = "import sys; print(open(sys.argv[1]).read())"
    invocation = of(tmp_path, code, str(tmp_path / "bundle/order.json"))
    execute(
        Invocation(
            argv=invocation.argv, env={}, cwd=invocation.cwd, bundle=invocation.bundle, order_json='{"v": 1, "steps": [[0, "ä::t"]]}'
        )
    )
    assert (tmp_path / "bundle/console.log").read_text() == '{"v": 1, "steps": [[0, "ä::t"]]}\n'


def test_the_ticks_tell_the_seconds_since_the_start(tmp_path: Path) -> None:
    ticks: list[float] = []
    execute(of(tmp_path, "import time; time.sleep(1.3)"), tick=ticks.append)
    assert [round(seconds) for seconds in ticks] == [1]


def test_a_process_that_ends_by_a_signal_has_a_negative_exit_code(tmp_path: Path) -> None:
    assert execute(of(tmp_path, "import os; os.kill(os.getpid(), 9)")).exit_code == -9


def test_after_the_deadline_the_process_may_finish_in_an_orderly_way(tmp_path: Path) -> None:
    code = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('tidy')\n"
    ended = execute(of(tmp_path, code, deadline_seconds=0.5))
    assert (ended.exit_code, ended.timed_out) == (0, True)
    assert (tmp_path / "bundle/console.log").read_text() == "tidy\n"


def test_pytest_writes_its_junit_file_when_the_deadline_has_passed(tmp_path: Path) -> None:
    (tmp_path / "test_hangs.py").write_text("import time\ndef test_quick(): pass\ndef test_hangs(): time.sleep(60)\n")
    argv = (sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", f"--junitxml={tmp_path}/bundle/junit.xml")
    ended = execute(Invocation(argv=argv, env={}, cwd=str(tmp_path), bundle=str(tmp_path / "bundle"), deadline_seconds=2))
    assert ended.timed_out
    assert 'name="test_quick"' in (tmp_path / "bundle/junit.xml").read_text()


@pytest.mark.slow
def test_what_ignores_every_polite_signal_is_killed(tmp_path: Path) -> None:
    ended = execute(of(tmp_path, NO_SIGINT + "import time; time.sleep(60)", deadline_seconds=0.5))
    assert (ended.exit_code, ended.timed_out) == (-9, True)
    assert 7 < ended.seconds < 12


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes that left the group through /proc")
def test_a_descendant_that_left_the_group_does_not_outlive_the_deadline(tmp_path: Path) -> None:
    child = "import time; time.sleep(60)"
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    execute(of(tmp_path, code, deadline_seconds=1))
    pid = int((tmp_path / "bundle/console.log").read_text().split()[0])
    assert not is_alive(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the process in /proc")
@pytest.mark.parametrize("leaves", ["", ", start_new_session=True"], ids=["in the group", "that left the group"])
def test_an_orphan_does_not_outlive_a_normal_end(tmp_path: Path, leaves: str) -> None:
    code = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']{leaves}).pid)"
    assert execute(of(tmp_path, code)).exit_code == 0
    assert not is_alive(int((tmp_path / "bundle/console.log").read_text()))


def test_all_runs_in_threads_end_when_they_are_told(tmp_path: Path) -> None:
    def run(name: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        try:
            execute(of(folder, "import time; time.sleep(60)"))
        except Interrupted:
            return "interrupted"
        return "ended"

    with interruptible(), ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, name) for name in ("a", "b", "later")]
        assert eventually((tmp_path / "b/bundle/console.log").exists)
        end_all()
        assert [run.result(timeout=20) for run in runs] == ["interrupted"] * 3
    assert execute(of(tmp_path, "")).exit_code == 0


def test_a_process_that_tidies_up_runs_although_all_were_told_to_end(tmp_path: Path) -> None:
    with interruptible():
        end_all()
        with pytest.raises(Interrupted):
            execute(of(tmp_path, ""))
        assert execute(of(tmp_path, ""), tidies=True).exit_code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_says_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    def send() -> None:
        eventually(lambda: (tmp_path / "bundle/console.log").exists() and bool((tmp_path / "bundle/console.log").read_text()))
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    sender = threading.Thread(target=send)
    sender.start()
    with interruptible(), pytest.raises(Interrupted):
        execute(of(tmp_path, "import os, time; print(os.getpid(), flush=True); time.sleep(60)"))
    sender.join()
    assert signal.getsignal(number) is before
    assert not is_alive(int((tmp_path / "bundle/console.log").read_text().split()[0]))


def test_a_signal_reaches_runs_in_threads_while_the_main_thread_waits_for_them(tmp_path: Path) -> None:
    code = f"""
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from flaky_detector.adapters.process import execute, interruptible
from flaky_detector.errors import Interrupted
from flaky_detector.stages.run import Invocation

def run(name):
    argv = (sys.executable, "-c", "import time; time.sleep(60)")
    try:
        execute(Invocation(argv=argv, env={{}}, cwd=".", bundle=name))
    except Interrupted:
        sys.stdout.write(f"interrupted {{name}}\\n")

try:
    with interruptible(), ThreadPoolExecutor(2) as pool:
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        list(pool.map(run, "ab"))
except KeyboardInterrupt:
    print("stopped")
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert sorted(ended.stdout.split("\n")) == ["", "interrupted a", "interrupted b", "stopped"]


def test_an_interpreter_that_is_not_there_is_told_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"cannot start /nowhere/python: No such file or directory \(give a Python .* to --python\)"):
        execute(Invocation(argv=("/nowhere/python",), env={}, cwd=str(tmp_path), bundle=str(tmp_path / "bundle")))


def test_a_folder_that_is_not_there_is_told_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"there is no such folder \(give the project's folder to --rootdir\)"):
        execute(Invocation(argv=(sys.executable,), env={}, cwd=str(tmp_path / "gone"), bundle=str(tmp_path / "bundle")))


def test_a_bundle_that_cannot_be_written_is_told_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SuiteError, match=r"cannot write to the bundle .*: Not a directory \(give a writable folder to --output\)"):
        execute(Invocation(argv=(sys.executable,), env={}, cwd=str(tmp_path), bundle=str(tmp_path / "file/bundle")))


def test_a_process_whose_journals_fall_silent_is_ended_before_its_deadline(tmp_path: Path) -> None:
    code = "import sys, time; open(sys.argv[1] + '/journal-main.jsonl', 'w').write('x'); time.sleep(60)"
    invocation = msgspec.structs.replace(of(tmp_path, code, str(tmp_path / "bundle")), quiet_seconds=1.0)
    ended = execute(invocation)
    assert ended.timed_out
    assert ended.seconds < 15


def test_a_process_that_goes_on_writing_is_not_silent(tmp_path: Path) -> None:
    code = (
        "import sys, time\nwith open(sys.argv[1] + '/journal-main.jsonl', 'w') as journal:\n"
        "    for _ in range(14):\n        journal.write('x'); journal.flush(); time.sleep(0.3)"
    )
    invocation = msgspec.structs.replace(of(tmp_path, code, str(tmp_path / "bundle")), quiet_seconds=3.0)
    ended = execute(invocation)
    assert (ended.timed_out, ended.exit_code) == (False, 0)
    assert ended.seconds > 3.0
