"""What tests leave behind in the project's own modules and classes, and in modules of others: the deep probes."""

import pytest

from tests.recorder.deep_suite import CONFTEST, FILES

GLOBAL, CLASS, OTHER, CACHE = "module-global", "class-attribute", "module-attribute", "cache"

# name of the test → kind, key, what happened
LEFT = {
    "test_sets_a_number": [(GLOBAL, "shop.NUMBER", "changed")],
    "test_sets_it_back": [(GLOBAL, "shop.NUMBER", "changed")],
    "test_adds_a_name": [(GLOBAL, "shop.NEW", "came")],
    "test_removes_a_name": [(GLOBAL, "shop.NEW", "went")],
    "test_appends": [(GLOBAL, "shop.BASKET", "changed")],
    "test_changes_deep_inside": [(GLOBAL, "shop.PRICES", "changed")],
    "test_changes_a_value": [(GLOBAL, "shop.PRICES", "changed")],
    "test_adds_to_a_set": [(GLOBAL, "shop.SEEN", "changed")],
    "test_fills_a_deque": [(GLOBAL, "shop.RECENT", "changed")],
    "test_counts": [(GLOBAL, "shop.COUNTS", "changed")],
    "test_groups": [(GLOBAL, "shop.GROUPS", "changed")],
    "test_writes_bytes": [(GLOBAL, "shop.BYTES", "changed")],
    "test_fills_an_own_list": [(GLOBAL, "shop.OWN_LIST", "changed")],
    "test_sets_a_variable": [(GLOBAL, "shop.CURRENT", "changed")],
    "test_replaces_an_object": [(GLOBAL, "shop.PATTERN", "changed")],
    "test_makes_an_instance": [(GLOBAL, "shop._instance", "changed")],
    "test_fills_its_own_list": [(GLOBAL, "test_a.OWN", "changed")],
    "test_sets_an_attribute": [(GLOBAL, "shop.SETTING", "changed")],
    "test_changes_within_an_attribute": [(GLOBAL, "shop.SETTING", "changed")],
    "test_sets_a_slot": [(GLOBAL, "shop.SLOTTED", "changed")],
    "test_fills_a_cache": [(CACHE, "shop.tax", "came")],
    "test_clears_the_cache": [(CACHE, "shop.tax", "went")],
    "test_fills_a_default": [(GLOBAL, "shop.collects.__defaults__", "changed")],
    "test_counts_calls": [(GLOBAL, "shop.counted.calls", "came")],
    "test_counts_more_calls": [(GLOBAL, "shop.counted.calls", "changed")],
    "test_memoises": [(GLOBAL, "shop.slow.cache", "changed")],
    "test_replaces_a_function": [(GLOBAL, "shop.now", "changed")],
    "test_restores_the_function": [(GLOBAL, "shop.now", "changed")],
    "test_replaces_an_imported_name": [(GLOBAL, "shop.join", "changed")],
    "test_sets_a_class_attribute": [(CLASS, "shop.Setting.mode", "changed")],
    "test_fills_a_registry": [(CLASS, "shop.Setting.registry", "changed")],
    "test_makes_a_singleton": [(CLASS, "shop.Setting._only", "changed")],
    "test_replaces_a_method": [(CLASS, "shop.Setting.price", "changed")],
    "test_adds_a_class_attribute": [(CLASS, "shop.Setting.extra", "came")],
    "test_changes_an_inner_class": [(CLASS, "shop.Setting.Inner.depth", "changed")],
    "test_fills_a_cached_method": [(CACHE, "shop.Setting.cached", "came")],
    "test_changes_a_singleton": [(CLASS, "shop.Setting._only", "changed")],
    "test_patches_the_clock": [(OTHER, "time.sleep", "changed")],
    "test_restores_the_clock": [(OTHER, "time.sleep", "changed")],
    "test_starts_a_patch": [(OTHER, "json.dumps", "changed")],
    "test_stops_all_patches": [(OTHER, "json.dumps", "changed")],
    "test_patches_a_module_of_a_module": [(OTHER, "os.path.exists", "changed")],
    "test_sets_an_option_of_a_third_party": [(GLOBAL, "shop.PARSER", "changed")],
    "test_patches_a_third_party": [(OTHER, "third.fetch", "changed")],
    "test_patches_its_class": [(OTHER, "third.Session.get", "changed")],
    "test_takes_the_function_away": [(OTHER, "third.fetch", "changed")],
    "test_deletes_from_a_third_party": [(OTHER, "third.Session", "went")],
    "test_changes_what_was_late": [(GLOBAL, "late.X", "changed")],
    "TestWide::test_in": [(GLOBAL, "shop.TEXT", "changed (class)")],
    "TestWide::test_sets_on_its_class": [(CLASS, "test_a.TestWide.found", "came"), (GLOBAL, "shop.TEXT", "changed (class)")],
    "test_in_module": [(GLOBAL, "shop.WIDE", "came (module)")],
    "test_last_in_module": [(GLOBAL, "shop.WIDE", "went (module)")],
}


@pytest.fixture(scope="module")
def ran(run):
    ran = run(FILES, env={"FLAKY_DETECTOR_PROBES": "deep"})
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.notes() == []
    return ran


def test_every_test_is_charged_with_what_it_left_and_no_other_with_anything(ran):
    kept = (GLOBAL, "test_a.KEPT")  # where the suite itself remembers things
    left = {test: sorted(change for change in ran.state(test) if change[:2] != kept) for test in ran.outcomes()}
    assert left.pop("test_reloads") != left.pop("test_reloads_an_own_module")
    assert left == {**{test: [] for test in left}, **LEFT}


def test_a_reloaded_module_is_one_change(ran):
    assert ran.state("test_reloads") == [(OTHER, "json", "changed")]
    assert ran.state("test_reloads_an_own_module") == [(GLOBAL, "pkg.sub", "changed")]


def test_what_was_put_in_place_says_where_it_comes_from(ran):
    (change,) = ran.end("test_replaces_a_function")["state"]
    assert change["origin"] == "test_a:test_replaces_a_function"
    (change,) = [change for change in ran.end("test_patches_the_clock")["state"] if change["kind"] == OTHER]
    assert change["origin"] == "test_a:test_patches_the_clock"


def test_deep_probes_are_silent_unless_they_are_asked_for(run):
    ran = run({"shop.py": "X = 1\n", "test_a.py": "import shop\ndef test_a(): shop.X = 2\n"})
    assert ran.state("test_a") == []
    assert not {"module-globals", "class-attributes", "module-attributes"} & set(ran.events("start")[0]["probes"])


def test_values_never_leave_the_process(ran):
    text = (ran.folder / "record" / "journal-main.jsonl").read_text()
    assert "fancy" not in text


HOSTILE = """
import sys, types

LOG = []
def told(name):
    LOG.append(name)
    raise RuntimeError(name)

class Meta(type):
    def __eq__(cls, other): told("meta eq")
    def __hash__(cls): told("meta hash")
    def __getattribute__(cls, name): told("meta getattribute " + name)
    def __instancecheck__(cls, value): told("instancecheck")
    def __subclasscheck__(cls, value): told("subclasscheck")

class Hostile:
    def __eq__(self, other): told("eq")
    def __ne__(self, other): told("ne")
    def __hash__(self): told("hash")
    def __repr__(self): told("repr")
    def __str__(self): told("str")
    def __len__(self): told("len")
    def __bool__(self): told("bool")
    def __iter__(self): told("iter")
    def __contains__(self, x): told("contains")
    def __getattr__(self, name): told("getattr " + name)
    def __getattribute__(self, name): told("getattribute " + name)
    @property
    def __dict__(self): told("dict")
    @property
    def __class__(self): told("class")

class HostileDict(dict):
    def items(self): told("items")
    def __len__(self): told("len")
    def __iter__(self): told("iter")
    def __getitem__(self, key): told("getitem")
    def __eq__(self, other): told("eq")
    __hash__ = None

class HostileList(list):
    def __len__(self): told("len")
    def __iter__(self): told("iter")
    def __eq__(self, other): told("eq")
    __hash__ = None

class Plain:
    x = 1
    def __getattr__(self, name): told("getattr " + name)
    def __eq__(self, other): told("eq")
    __hash__ = None

class Lazy(types.ModuleType):
    def __getattr__(self, name): told("module getattr " + name)

Odd = Meta("Odd", (), {"__module__": __name__})
odd = type.__call__(Odd) if False else object.__new__(Odd)
one, many, mapping, ranged = Hostile(), [Hostile(), Hostile()], HostileDict(a=1), HostileList([1])
keyed = {"k": Hostile()}
plain = Plain()
lazy = sys.modules["lazy_one"] = Lazy("lazy_one")
sys.modules["hostile_one"] = Hostile()
"""

HOSTILE_TESTS = """
import hostile, sys
def test_nothing(): pass
def test_changes(): hostile.plain.x = 2
def test_fills(): dict.__setitem__(hostile.mapping, "b", 1); list.append(hostile.ranged, 2); hostile.many.append(hostile.Hostile())
def test_replaces(): hostile.one = hostile.Hostile(); hostile.keyed["k"] = hostile.Hostile()
def test_fakes(): sys.modules["wave_"] = hostile.Hostile()
def test_recursion(): hostile.many.append(hostile.many); hostile.keyed["self"] = hostile.keyed
def test_again(): hostile.many.append(1)
def test_log(): assert hostile.LOG == []
"""


def test_no_code_of_the_users_objects_runs(run):
    ran = run({"hostile.py": HOSTILE, "test_a.py": HOSTILE_TESTS}, "-p", "no:faulthandler", env={"FLAKY_DETECTOR_PROBES": "deep"})
    assert ran.notes() == []
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.state("test_nothing") == []
    assert ran.state("test_changes") == [(GLOBAL, "hostile.plain", "changed")]
    assert [key for _, key, _ in ran.state("test_fills")] == ["hostile.many", "hostile.mapping", "hostile.ranged"]
    assert [key for _, key, _ in ran.state("test_replaces")] == ["hostile.one", "hostile.keyed"]
    assert ran.state("test_fakes") == [("module", "wave_", "came")]
    assert [key for _, key, _ in ran.state("test_recursion")] == ["hostile.many", "hostile.keyed"]
    assert ran.state("test_again") == [(GLOBAL, "hostile.many", "changed")]


def test_objects_are_not_kept_alive(run):
    shop = "class Thing: pass\nthing = None\nthings = []\n"
    tests = """
import gc, shop, weakref
KEPT = []
def test_makes(): shop.thing = shop.Thing(); shop.things.append(shop.Thing()); KEPT[:] = map(weakref.ref, [shop.thing, shop.things[0]])
def test_drops(): shop.thing = None; shop.things.clear(); assert [ref() for ref in KEPT] == [None, None]
"""
    ran = run({"shop.py": shop, "test_a.py": tests}, env={"FLAKY_DETECTOR_PROBES": "deep"})
    assert set(ran.outcomes().values()) == {"passed"}, ran.output


def test_large_structures_are_looked_at_within_bounds(run):
    shop = """
TABLE = {n: {m: [m] for m in range(100)} for n in range(1000)}
ROWS = list(range(100000))
NAMES = {str(n) for n in range(5000)}
"""
    tests = """
import shop
def test_nothing(): pass
def test_first(): shop.ROWS[0] = "x"
def test_grows(): shop.ROWS.append(1); shop.TABLE["x"] = 1; shop.NAMES.add("x")
"""
    ran = run({"shop.py": shop, "test_a.py": tests}, env={"FLAKY_DETECTOR_PROBES": "module-globals"})
    assert ran.state("test_nothing") == []
    assert ran.state("test_first") == [(GLOBAL, "shop.ROWS", "changed")]
    assert [key for _, key, _ in ran.state("test_grows")] == ["shop.TABLE", "shop.ROWS", "shop.NAMES"]
    assert ran.events("finish")[0]["cost"]["module-globals"] < 0.05


def test_a_package_that_is_installed_is_the_projects_own_where_its_folder_is_there(run):
    files = {
        "site-packages/mine/__init__.py": "X = 1\n",
        "site-packages/theirs/__init__.py": "X = 1\n",
        "src/mine/__init__.py": "X = 1\n",
        "conftest.py": CONFTEST,
        "test_a.py": "import mine, theirs\ndef test_a(): mine.X = 2; theirs.X = 2\n",
    }
    ran = run(files, env={"FLAKY_DETECTOR_PROBES": "deep"})
    assert ran.state("test_a") == [(GLOBAL, "mine.X", "changed")]


def test_what_pytest_does_to_warnings_for_each_test_is_nobodys_doing_and_a_patch_of_them_is(run):
    files = {
        "shop.py": "import warnings\n",
        "conftest.py": CONFTEST,
        "test_a.py": "import shop\nfrom unittest import mock\ndef test_a(): pass\ndef test_b(): pass\n"
        "def test_c(): mock.patch('warnings.warn').start()\ndef test_d(): pass\n",
    }
    ran = run(files, env={"FLAKY_DETECTOR_PROBES": "deep"})
    assert [ran.state(f"test_{name}") for name in "abcd"] == [[], [], [(OTHER, "warnings.warn", "changed")], []]


def test_what_is_deep_inside_is_seen_wherever_it_lies(run):
    shop = """
import contextvars, enum
class Plain: pass
class Frozen:
    __slots__ = ("inner",)
    def __init__(self, inner): object.__setattr__(self, "inner", inner)
class Kind(enum.Enum):
    A = 1
CONSTANT = ("a", ("b", 1))
A = {"x": {"y": [1]}}
B = (Frozen([1]), Kind.A)
C = [bytearray(b"x")]
D = {"v": contextvars.ContextVar("v")}
E = [Plain()]
F = {n: [n] for n in range(150)}
"""
    tests = """
import shop
def test_nothing(): pass
def test_a(): shop.A["x"]["y"].append(2)
def test_b(): shop.B[0].inner.append(2)
def test_c(): shop.C[0][0] = 0
def test_d(): shop.D["v"].set(1)
def test_e(): shop.E[0].x = 1
def test_f(): shop.F[100].append(1)
def test_anew(): shop.A = {"x": {"y": [1, 2]}}
def test_in_the_new_one(): shop.A["x"]["y"].pop()
"""
    ran = run({"shop.py": shop, "test_a.py": tests}, env={"FLAKY_DETECTOR_PROBES": "deep"})
    left = {test: [key for _, key, _ in ran.state(test)] for test in ran.outcomes()}
    assert left == {
        "test_nothing": [],
        "test_a": ["shop.A"],
        "test_b": ["shop.B"],
        "test_c": ["shop.C"],
        "test_d": ["shop.D"],
        "test_e": ["shop.E"],
        "test_f": ["shop.F"],
        "test_anew": [],
        "test_in_the_new_one": ["shop.A"],
    }


def test_each_time_that_a_module_is_loaded_again_is_another_change(run):
    reloads = "import gc, importlib\nimport mine\n" + "".join(
        f"def test_{number}():\n    importlib.reload(mine)\n    gc.collect()\n" for number in range(12)
    )
    ran = run({"mine.py": "X = 1\n", "test_a.py": reloads}, env={"FLAKY_DETECTOR_PROBES": "deep"})
    changes = [change for event in ran.events("end") for change in event["state"] if change["key"] == "mine"]
    assert len(changes) == 12
    assert len({change["after"] for change in changes}) == 12
    assert [change["before"] for change in changes[1:]] == [change["after"] for change in changes[:-1]]
