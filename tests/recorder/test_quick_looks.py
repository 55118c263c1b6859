"""Changes that leave everything as long, as many and as equal as before: no shortcut may hide them."""

import pytest

SUITE = """
import builtins, decimal, gc, logging, os, signal, sys, threading, time, types
import pytest

A, B = logging.getLogger("a"), logging.getLogger("b")
HANDLER, SECOND = logging.NullHandler(), logging.NullHandler()
A.addHandler(HANDLER)
A.setLevel(1500)
sys.path.append("/nowhere/one")
decimal.getcontext().traps[decimal.Inexact] = True
builtins.helper = len
sys.modules["latest_one"] = types.ModuleType("latest_one")
signal.signal(signal.SIGUSR1, lambda *_: None)
for name in ("here", "there"):
    os.makedirs(name, exist_ok=True)
os.chdir("here")

def test_nothing(): pass
def test_moves_a_handler_to_another_logger(): A.removeHandler(HANDLER); B.addHandler(HANDLER)
def test_swaps_a_handler(): B.handlers[0] = SECOND
def test_sets_an_equal_level_anew(): A.setLevel(int("1500"))
def test_sets_another_level(): A.setLevel(1501)
def test_replaces_the_last_entry_of_the_path(): sys.path[-1] = "/nowhere/two"
def test_turns_the_path_round(): sys.path[-1], sys.path[-2] = sys.path[-2], sys.path[-1]
def test_traps_another_signal(): traps = decimal.getcontext().traps; traps[decimal.Inexact] = False; traps[decimal.Rounded] = True
def test_renames_a_builtin(): builtins.other = builtins.__dict__.pop("helper")
def test_puts_a_module_last(): sys.modules["latest_one"] = sys.modules.pop("latest_one")
def test_renames_the_latest_module(): sys.modules["latest_two"] = sys.modules.pop("latest_one")
def test_replaces_a_module_by_its_like(): sys.modules["latest_two"] = types.ModuleType("latest_two")
def test_replaces_all_modules_by_a_copy(): sys.modules = dict(sys.modules)
def test_takes_a_module_from_the_copy(): del sys.modules["latest_two"]
def test_replaces_a_handler_of_a_signal(): signal.signal(signal.SIGUSR1, lambda *_: None)
def test_goes_next_door(): os.chdir("../there")
def test_goes_up(): os.chdir("..")
def test_goes_down(): os.chdir("here")
def test_goes_up_again(): os.chdir("..")
def test_goes_down_again(): os.chdir("there")
def test_sets_a_limit(): sys.setrecursionlimit(sys.getrecursionlimit() + 1)
def test_hooks(): sys.excepthook = lambda *_: None
def test_hooks_again(): sys.excepthook = lambda *_: None
def test_starts_a_thread(): threading.Thread(target=time.sleep, args=(60,), name="sleeper", daemon=True).start()
def test_switches_the_collector_off(): gc.disable()
def test_nothing_more(): pass
"""

LEFT = {
    "test_moves_a_handler_to_another_logger": [("logging", "a.handlers", "went"), ("logging", "b.handlers", "came")],
    "test_swaps_a_handler": [("logging", "b.handlers", "changed")],
    "test_sets_another_level": [("logging", "a.level", "changed")],
    "test_replaces_the_last_entry_of_the_path": [("sys-path", "sys.path", "changed")],
    "test_turns_the_path_round": [("sys-path", "sys.path", "changed")],
    "test_traps_another_signal": [("decimal", "decimal.traps", "changed")],
    "test_renames_a_builtin": [("builtins", "builtins.helper", "went"), ("builtins", "builtins.other", "came")],
    "test_renames_the_latest_module": [("module", "latest_one", "went"), ("module", "latest_two", "came")],
    "test_replaces_a_module_by_its_like": [("module", "latest_two", "changed")],
    "test_takes_a_module_from_the_copy": [("module", "latest_two", "went")],
    "test_replaces_a_handler_of_a_signal": [("signal-handler", "SIGUSR1", "changed")],
    "test_goes_next_door": [("cwd", "cwd", "changed")],
    "test_goes_up": [("cwd", "cwd", "changed")],
    "test_goes_down": [("cwd", "cwd", "changed")],
    "test_goes_up_again": [("cwd", "cwd", "changed")],
    "test_goes_down_again": [("cwd", "cwd", "changed")],
    "test_sets_a_limit": [("interpreter", "sys.recursionlimit", "changed")],
    "test_hooks": [("interpreter", "sys.excepthook", "changed")],
    "test_hooks_again": [("interpreter", "sys.excepthook", "changed")],
    "test_starts_a_thread": [("thread", "sleeper", "came")],
    "test_switches_the_collector_off": [("interpreter", "gc.enabled", "changed")],
}


@pytest.mark.parametrize("slowly", [False, True], ids=["quick", "slow"])
def test_what_looks_the_same_and_is_not_is_told(run, slowly):
    """Slowly: on an interpreter that keeps no versions of dicts and tells no addresses."""
    conftest = """
from flaky_detector.recorder import addresses, versions
addresses.image = addresses.identities
versions._at = None
"""
    ran = run({"conftest.py": conftest if slowly else "", "test_a.py": SUITE}, "-p", "no:faulthandler")
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.notes() == []
    left = {test: sorted(ran.state(test)) for test in ran.outcomes()}
    assert left == {**{test: [] for test in left}, **LEFT}


DEEP = """
LAST = [1]
class Thing:
    def __init__(self): self.number = 0
HUGE = [[Thing() for _ in range(20)] for _ in range(24)]
HUGER = {n: [Thing() for _ in range(20)] for n in range(24)}
NUMBER = 0
SMALL = []
"""

DEEP_TESTS = """
import pytest, shop, sys
@pytest.mark.parametrize("n", range(150))
def test_uses(n): pass
def test_renames(): shop.__dict__["LATER"] = shop.__dict__.pop("SMALL")
def test_sets(): shop.NUMBER = 1
def test_fills(): shop.LATER.append(1)
def test_fills_what_is_given_up(): shop.HUGE.append(1)
def test_replaces_what_is_given_up(): shop.HUGE = []
"""


def test_a_deep_probe_gives_up_what_is_dear_names_it_and_goes_on(run):
    conftest = "from flaky_detector.recorder import allowance\nallowance.FLOOR_SECONDS, allowance.LATER_FLOOR_SECONDS = 0.02, 0.5\n"
    ran = run({"conftest.py": conftest, "shop.py": DEEP, "test_a.py": DEEP_TESTS}, env={"FLAKY_DETECTOR_PROBES": "module-globals"})
    (note,) = ran.notes()
    assert note.startswith("the probe module-globals does not look at shop.HUGE")
    assert "shop.SMALL" not in note
    assert ran.state("test_renames") == [("module-global", "shop.SMALL", "went"), ("module-global", "shop.LATER", "came")]
    assert ran.state("test_sets") == [("module-global", "shop.NUMBER", "changed")]
    assert ran.state("test_fills") == [("module-global", "shop.LATER", "changed")]
    assert ran.state("test_replaces_what_is_given_up") == [("module-global", "shop.HUGE", "changed")]
