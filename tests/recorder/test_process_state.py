"""What tests leave behind in the process: the light probes, which are always on."""

import pytest

SUITE = """
import asyncio, builtins, decimal, gc, importlib, locale, logging, os, pathlib, signal, socket, subprocess
import sys, tempfile, threading, time, types
from unittest import mock
import pytest

LOG = logging.getLogger("shop.orders")
THREADS, CHILDREN, KEPT = [], [], {}

def test_nothing(): pass

def test_imports(): import wave
def test_takes_a_module_out(): KEPT["json"] = sys.modules.pop("json")
def test_imports_it_again(): import json
def test_puts_another_in_its_place(): sys.modules["json"] = KEPT["json"]
def test_takes_it_out_and_imports_it(): del sys.modules["wave"]; import wave
def test_puts_a_fake(): sys.modules["payments"] = mock.Mock()
def test_puts_a_plain_module(): sys.modules["payments.api"] = types.ModuleType("payments.api")
def test_takes_the_fakes_out(): del sys.modules["payments"], sys.modules["payments.api"]
def test_blocks_an_import(): sys.modules["yaml_"] = None
def test_unblocks_it(): del sys.modules["yaml_"]
def test_fakes_and_cleans_up(monkeypatch): monkeypatch.setitem(sys.modules, "payments", mock.Mock())
def test_imports_one_that_replaces_itself(): import odd

def test_extends_the_path(): sys.path.insert(0, "x")
def test_shortens_the_path(): sys.path.remove("x")
def test_extends_it_for_itself(monkeypatch): monkeypatch.syspath_prepend("y")
class Finder:
    def find_spec(self, *args): return None
def test_hooks_the_import(): sys.meta_path.insert(0, Finder())

def test_replaces_a_builtin(): builtins.open = lambda *args: None
def test_puts_the_builtin_back():
    import io; builtins.open = io.open
def test_adds_a_builtin(): builtins.shout = print
def test_replaces_for_itself(monkeypatch): monkeypatch.setattr(builtins, "print", lambda *args: None)

def test_sets_a_level(): LOG.setLevel(logging.ERROR)
def test_sets_it_back(): LOG.setLevel(logging.NOTSET)
def test_sets_the_roots_level(): logging.getLogger().setLevel(logging.CRITICAL)
def test_adds_a_handler(): LOG.addHandler(logging.StreamHandler())
def test_takes_handlers_away(): LOG.handlers.clear()
def test_adds_a_null_handler(): logging.getLogger("lib").addHandler(logging.NullHandler())
def test_makes_a_logger(): logging.getLogger("fresh")
def test_makes_a_deaf_logger(): logging.getLogger("deaf").propagate = False
def test_disables_a_logger(): LOG.disabled = True
def test_enables_it(): LOG.disabled = False
def test_disables_everything(): logging.disable(logging.CRITICAL)
def test_enables_everything(): logging.disable(logging.NOTSET)
def test_uses_caplog(caplog): caplog.set_level(logging.DEBUG); caplog.set_level(logging.DEBUG, logger="shop.orders"); LOG.info("x")
def test_configures():
    import logging.config
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": True, "root": {"level": "INFO"}})

def test_sets_a_locale(): locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")
def test_sets_the_locale_back(): locale.setlocale(locale.LC_NUMERIC, "C")

def test_sets_a_time_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo"); time.tzset()
def test_sets_the_time_zone_back(): time.tzset()

def test_sets_a_precision(): decimal.getcontext().prec = 5
def test_sets_the_precision_back(): decimal.getcontext().prec = 28
def test_is_inexact(): decimal.Decimal(1) / 3
def test_sets_it_for_itself():
    with decimal.localcontext() as context: context.prec = 3
def test_sets_a_trap(): decimal.getcontext().traps[decimal.Inexact] = True

def test_sets_a_umask(): KEPT["umask"] = os.umask(0o027)
def test_writes_under_it(tmp_path):
    (tmp_path / "x").touch(); assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640
def test_sets_the_umask_back(): os.umask(KEPT["umask"])

def stop(*args): pass
def test_sets_a_handler(): signal.signal(signal.SIGTERM, stop)
def test_sets_the_handler_back(): signal.signal(signal.SIGTERM, signal.SIG_DFL)
def test_ignores_a_signal(): signal.signal(signal.SIGUSR1, signal.SIG_IGN)

def wait(): KEPT["stop"].wait()
def test_leaves_a_thread():
    KEPT["stop"] = threading.Event(); threading.Thread(target=wait, daemon=True).start()
def test_leaves_a_named_thread(): threading.Thread(target=wait, name="poller-1", daemon=True).start()
def test_ends_the_threads(): KEPT["stop"].set(); time.sleep(0.1)
def test_joins_its_thread():
    thread = threading.Thread(target=time.sleep, args=(0.01,)); thread.start(); thread.join()
def test_leaves_a_pool():
    from concurrent.futures import ThreadPoolExecutor
    KEPT["pool"] = ThreadPoolExecutor(1); KEPT["pool"].submit(int)

def test_leaves_a_child(): KEPT["child"] = subprocess.Popen(["sleep", "50"])
def test_ends_the_child(): KEPT["child"].kill(); KEPT["child"].wait()
def test_waits_for_its_child(): subprocess.run(["sleep", "0"])
def test_leaves_a_child_that_has_ended():
    KEPT["child"] = subprocess.Popen(["true"]); time.sleep(0.1)

def test_replaces_stdin(): KEPT["stdin"] = sys.stdin; sys.stdin = open(os.devnull)
def test_puts_stdin_back(): sys.stdin = KEPT["stdin"]
def test_captures(capsys): print("x")

def test_sets_a_hook(): sys.excepthook = stop
def test_sets_the_hook_back(): sys.excepthook = sys.__excepthook__
def test_limits_recursion(): sys.setrecursionlimit(sys.getrecursionlimit() + 1)
def test_stops_collecting(): gc.disable()
def test_collects_again(): gc.enable()

def test_sets_a_timeout(): socket.setdefaulttimeout(3)
def test_sets_no_timeout(): socket.setdefaulttimeout(None)

async def nothing(): pass
def test_runs_a_loop(): asyncio.run(nothing())
def test_runs_a_loop_again(): asyncio.run(nothing())
def test_sets_a_loop(): KEPT["loop"] = asyncio.new_event_loop(); asyncio.set_event_loop(KEPT["loop"])
def test_closes_the_loop(): KEPT["loop"].close()

def test_leaves_a_temporary_file(): pathlib.Path(tempfile.gettempdir(), "shop.cache").write_text("1")
def test_rewrites_the_temporary_file(): pathlib.Path(tempfile.gettempdir(), "shop.cache").write_text("2")
def test_removes_the_temporary_file(): pathlib.Path(tempfile.gettempdir(), "shop.cache").unlink()
def test_makes_random_files(tmp_path): tempfile.mkdtemp(); tempfile.mkstemp(); (tmp_path / "x").touch()
def test_leaves_it_in_a_folder():
    folder = pathlib.Path(tempfile.gettempdir(), "shop"); folder.mkdir(); (folder / "a.txt").write_text("1")

def test_filters_warnings():
    import warnings; warnings.simplefilter("ignore")

class TestWide:
    @classmethod
    def setup_class(cls): KEPT["level"] = logging.getLogger("wide").level; logging.getLogger("wide").setLevel(10)
    def test_in(self): os.umask(os.umask(0))
"""

# name of the test → kind, key, what happened
LEFT = {
    "test_takes_a_module_out": [("module", "json", "went")],
    "test_puts_another_in_its_place": [("module", "json", "changed")],
    "test_takes_it_out_and_imports_it": [("module", "wave", "changed")],
    "test_puts_a_fake": [("module", "payments", "came")],
    "test_puts_a_plain_module": [("module", "payments.api", "came")],
    "test_takes_the_fakes_out": [("module", "payments", "went"), ("module", "payments.api", "went")],
    "test_blocks_an_import": [("module", "yaml_", "came")],
    "test_unblocks_it": [("module", "yaml_", "went")],
    "test_extends_the_path": [("sys-path", "sys.path", "changed")],
    "test_shortens_the_path": [("sys-path", "sys.path", "changed")],
    "test_hooks_the_import": [("sys-path", "sys.meta_path", "changed")],
    "test_replaces_a_builtin": [("builtins", "builtins.open", "changed")],
    "test_puts_the_builtin_back": [("builtins", "builtins.open", "changed")],
    "test_adds_a_builtin": [("builtins", "builtins.shout", "came")],
    "test_sets_a_level": [("logging", "shop.orders.level", "came")],
    "test_sets_it_back": [("logging", "shop.orders.level", "went")],
    "test_sets_the_roots_level": [("logging", "root.level", "changed")],
    "test_adds_a_handler": [("logging", "shop.orders.handlers", "came")],
    "test_takes_handlers_away": [("logging", "shop.orders.handlers", "went")],
    "test_adds_a_null_handler": [("logging", "lib.handlers", "came")],
    "test_makes_a_deaf_logger": [("logging", "deaf.propagate", "came")],
    "test_disables_a_logger": [("logging", "shop.orders.disabled", "came")],
    "test_enables_it": [("logging", "shop.orders.disabled", "went")],
    "test_disables_everything": [("logging", "logging.disable", "changed")],
    "test_enables_everything": [("logging", "logging.disable", "changed")],
    "test_sets_a_locale": [("locale", "LC_NUMERIC", "changed")],
    "test_sets_the_locale_back": [("locale", "LC_NUMERIC", "changed")],
    "test_sets_a_time_zone": [("timezone", "timezone", "changed")],
    "test_sets_the_time_zone_back": [("timezone", "timezone", "changed")],
    "test_sets_a_precision": [("decimal", "decimal.prec", "changed")],
    "test_sets_the_precision_back": [("decimal", "decimal.prec", "changed")],
    "test_sets_a_trap": [("decimal", "decimal.traps", "changed")],
    "test_sets_a_umask": [("umask", "umask", "changed")],
    "test_sets_the_umask_back": [("umask", "umask", "changed")],
    "test_sets_a_handler": [("signal-handler", "SIGTERM", "changed")],
    "test_sets_the_handler_back": [("signal-handler", "SIGTERM", "changed")],
    "test_ignores_a_signal": [("signal-handler", "SIGUSR1", "changed")],
    "test_leaves_a_thread": [("thread", "test_a.wait", "came")],
    "test_leaves_a_named_thread": [("thread", "poller-#", "came")],
    "test_leaves_a_child": [("child-process", "sleep", "came")],
    "test_replaces_stdin": [("stdio", "sys.stdin", "changed")],
    "test_puts_stdin_back": [("stdio", "sys.stdin", "changed")],
    "test_sets_a_hook": [("interpreter", "sys.excepthook", "changed")],
    "test_sets_the_hook_back": [("interpreter", "sys.excepthook", "changed")],
    "test_limits_recursion": [("interpreter", "sys.recursionlimit", "changed")],
    "test_stops_collecting": [("interpreter", "gc.enabled", "changed")],
    "test_collects_again": [("interpreter", "gc.enabled", "changed")],
    "test_sets_a_timeout": [("socket-timeout", "socket.defaulttimeout", "changed")],
    "test_sets_no_timeout": [("socket-timeout", "socket.defaulttimeout", "changed")],
    "test_runs_a_loop": [("event-loop", "asyncio.loop", "changed")],
    "test_sets_a_loop": [("event-loop", "asyncio.loop", "changed")],
    "test_closes_the_loop": [("event-loop", "asyncio.loop", "changed")],
    "test_leaves_a_temporary_file": [("temporary-file", "<tmp>/shop.cache", "came")],
    "test_rewrites_the_temporary_file": [("temporary-file", "<tmp>/shop.cache", "changed")],
    "test_removes_the_temporary_file": [("temporary-file", "<tmp>/shop.cache", "went")],
    "test_leaves_it_in_a_folder": [("temporary-file", "<tmp>/shop/a.txt", "came")],
    "TestWide::test_in": [("logging", "wide.level", "came (class)")],
}
ODD = """
import sys
class Odd: pass
sys.modules[__name__] = Odd()
"""


@pytest.fixture(scope="module")
def ran(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("temporary")
    ran = run({"test_a.py": SUITE, "odd.py": ODD}, env={"TMPDIR": str(folder), "TZ": "UTC", "LC_ALL": "C"})
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.notes() == []
    return ran


def test_every_test_is_charged_with_what_it_left_and_no_other_with_anything(ran):
    left = {test: ran.state(test) for test in ran.outcomes()}
    assert left.pop("test_configures")[0] == ("logging", "root.level", "changed")
    assert left == {**{test: [] for test in left}, **LEFT}


def test_the_root_logger_is_watched_where_there_is_no_other(run):
    ran = run({"test_a.py": "import logging\ndef test_a(): logging.getLogger().setLevel(50)\ndef test_b(): pass\n"})
    assert ran.state("test_a") == [("logging", "root.level", "changed")]
    assert ran.state("test_b") == []


def test_what_pytest_sets_for_a_phase_is_nobodys(run):
    source = """
import logging, pytest
@pytest.fixture(scope="module")
def wide(): logging.getLogger("wide").setLevel(10)
def test_a(wide): pass
@pytest.mark.filterwarnings("ignore")
def test_b(): pass
"""
    ran = run({"pytest.ini": "[pytest]\nlog_level = INFO\n", "test_a.py": source}, "-v", env={"FLAKY_DETECTOR_PROBES": "deep"})
    assert ran.state("test_a") == [("logging", "wide.level", "came (module)")]
    assert ran.state("test_b") == []


def test_filters_of_warnings_count_where_pytest_does_not_put_them_back(run):
    source = "import warnings\ndef test_a(): warnings.simplefilter('ignore')\ndef test_b(): pass\n"
    ran = run({"test_a.py": source}, "-p", "no:warnings")
    assert ran.state("test_a") == [("warnings", "warnings.filters", "changed")]
    assert ran.state("test_b") == []


def test_without_capture_a_replaced_stream_counts(run):
    source = "import io, sys\ndef test_a(): sys.stdout = io.StringIO()\ndef test_b(): pass\n"
    assert run({"test_a.py": source}, "-s").state("test_a") == [("stdio", "sys.stdout", "changed")]
    assert run({"test_a.py": source}).state("test_a") == []


def test_on_two_workers_each_charges_its_own_tests(run, tmp_path):
    source = """
import logging, pathlib, tempfile, pytest
@pytest.mark.parametrize("n", range(8))
def test_n(n):
    if n == 3: logging.getLogger("shop").setLevel(10); pathlib.Path(tempfile.gettempdir(), "three").touch()
"""
    ran = run({"test_a.py": source}, "-p", "xdist", "-n", "2", env={"TMPDIR": str(tmp_path), "FLAKY_DETECTOR_PROBES": "deep"})
    left = [
        (end["id"], change["kind"], change["key"])
        for worker in ("gw0", "gw1")
        for end in ran.events("end", worker)
        for change in end.get("state", ())
    ]
    assert left == [("test_a.py::test_n[3]", "temporary-file", "<tmp>/three"), ("test_a.py::test_n[3]", "logging", "shop.level")]
    assert ran.notes() == []
