"""A suite of tests that each leave one thing behind, or nothing, in modules and classes: for the deep probes."""

SHOP = """
import collections, contextvars, functools, json, random, threading, time
from os.path import join
import third

NUMBER = 1
TEXT = "a"
BASKET = []
PRICES = {"a": {"b": [1]}}
SEEN = set()
RECENT = collections.deque(maxlen=3)
COUNTS = collections.Counter()
GROUPS = collections.defaultdict(list)
BYTES = bytearray(b"x")
LOCK = threading.Lock()
CURRENT = contextvars.ContextVar("current")
PATTERN = object()
_instance = None

class Setting:
    mode = "plain"
    registry = {}
    _only = None
    def __init__(self): self.value, self.deep = 1, {"x": [1]}
    def price(self): return 1
    @classmethod
    def only(cls):
        if cls._only is None: cls._only = cls()
        return cls._only
    class Inner:
        depth = 1
    @functools.lru_cache
    def cached(self): return 1

class Slotted:
    __slots__ = ("a", "b")
    def __init__(self): self.a = 1

class Basket(list): pass

SETTING = Setting()
SLOTTED = Slotted()
OWN_LIST = Basket()
NUMBERS = iter(range(10))
PARSER = third.Parser()

def instance():
    global _instance
    if _instance is None: _instance = Setting()
    return _instance

@functools.lru_cache(maxsize=None)
def tax(country): return country

def collects(item, into=[]): into.append(item); return into
def counted(): counted.calls = getattr(counted, "calls", 0) + 1
def memoised(function):
    cache = {}
    @functools.wraps(function)
    def inner(key):
        cache[key] = function(key); return cache[key]
    return inner
@memoised
def slow(key): return key
def now(): return time.time()
"""

SUITE = """
import json, os, random, sys, time
from unittest import mock
import pytest
import shop
import third
from shop import BASKET
import other, pkg
from shop import now as _now

OWN = []
KEPT = {"now": _now}

def test_nothing(): pass
def test_reads(): shop.PRICES["a"]; shop.SETTING.deep; shop.GROUPS.get("q"); shop.now(); join = shop.join("a")

def test_sets_a_number(): shop.NUMBER = 2
def test_sets_a_number_again(): shop.NUMBER = 2
def test_sets_it_back(): shop.NUMBER = 1
def test_sets_it_for_itself(monkeypatch): monkeypatch.setattr(shop, "NUMBER", 7)
def test_adds_a_name(): shop.NEW = 1
def test_removes_a_name(): del shop.NEW
def test_appends(): BASKET.append(1)
def test_appends_and_removes(): BASKET.append(1); BASKET.pop()
def test_replaces_by_its_like(): shop.BASKET = [1]
def test_changes_deep_inside(): shop.PRICES["a"]["b"].append(2)
def test_changes_a_value(): shop.PRICES["a"]["b"][0] = 3
def test_takes_out_and_in(): shop.PRICES["z"] = 1; del shop.PRICES["z"]; a = shop.PRICES.pop("a"); shop.PRICES["a"] = a
def test_adds_to_a_set(): shop.SEEN.add("x")
def test_fills_a_deque(): shop.RECENT.append(1)
def test_counts(): shop.COUNTS["x"] += 1
def test_groups(): shop.GROUPS["x"]
def test_writes_bytes(): shop.BYTES[0] = 0
def test_fills_an_own_list(): shop.OWN_LIST.append(1)
def test_sets_a_variable(): shop.CURRENT.set("x")
def test_replaces_an_object(): shop.PATTERN = object()
def test_makes_an_instance(): shop.instance()
def test_uses_the_instance(): shop.instance()
def test_consumes_a_number(): next(shop.NUMBERS)
def test_locks(): shop.LOCK.acquire()
def test_fills_its_own_list(): OWN.append(1)

def test_sets_an_attribute(): shop.SETTING.value = 2
def test_changes_within_an_attribute(): shop.SETTING.deep["x"].append(2)
def test_sets_a_slot(): shop.SLOTTED.b = 1

def test_fills_a_cache(): shop.tax("de")
def test_uses_the_cache(): shop.tax("de")
def test_clears_the_cache(): shop.tax.cache_clear()
def test_fills_a_default(): shop.collects(1)
def test_counts_calls(): shop.counted()
def test_counts_more_calls(): shop.counted()
def test_memoises(): shop.slow(1)

def test_replaces_a_function(): shop.now = lambda: 0
def test_restores_the_function(): shop.now = KEPT["now"]
def test_patches_and_stops():
    with mock.patch.object(shop, "instance"): pass
def test_replaces_an_imported_name(): shop.join = mock.Mock()

def test_sets_a_class_attribute(): shop.Setting.mode = "fancy"
def test_sets_it_for_itself_2(monkeypatch): monkeypatch.setattr(shop.Setting, "mode", "x")
def test_fills_a_registry(): shop.Setting.registry["x"] = 1
def test_makes_a_singleton(): shop.Setting.only()
def test_replaces_a_method(): shop.Setting.price = lambda self: 0
def test_adds_a_class_attribute(): shop.Setting.extra = 1
def test_changes_an_inner_class(): shop.Setting.Inner.depth = 2
def test_fills_a_cached_method(): shop.Setting.cached(1)
def test_changes_a_singleton(): shop.Setting.only().value = 5

def test_patches_the_clock(): KEPT["sleep"] = time.sleep; time.sleep = lambda seconds: None
def test_restores_the_clock(): time.sleep = KEPT["sleep"]
def test_patches_for_itself(monkeypatch): monkeypatch.setattr(time, "sleep", print)
def test_starts_a_patch(): mock.patch("json.dumps").start()
def test_stops_all_patches(): mock.patch.stopall()
def test_patches_a_module_of_a_module(): os.path.exists = lambda path: True
def test_patches_a_third_party(): third.fetch = lambda: 2
def test_patches_its_class(): third.Session.get = lambda self: 2
def test_takes_the_function_away(): third.fetch = None
def test_deletes_from_a_third_party(): del third.Session
def test_sets_an_option_of_a_third_party(): shop.PARSER.STATUS = 400
def test_uses_a_third_party(): shop.PARSER.parse(); shop.PARSER.parse()
def test_adds_to_a_third_party(): third.lazy = print
def test_reloads(): import importlib; importlib.reload(json)
def test_imports_a_submodule(): import pkg.sub
def test_reloads_an_own_module(): import importlib, pkg.sub; importlib.reload(pkg.sub)
def test_imports_lazily(): import late
def test_changes_what_was_late(): import late; late.X = 2

class TestWide:
    @classmethod
    def setup_class(cls): cls.data = 1; shop.TEXT = "b"
    @classmethod
    def teardown_class(cls): del cls.data; shop.TEXT = "a"
    def test_in(self): pass
    def test_sets_on_its_class(self): type(self).found = 1

@pytest.fixture(scope="module")
def wide():
    shop.WIDE = 1
    yield
    del shop.WIDE
def test_in_module(wide): pass
def test_last_in_module(): pass
"""
CONFTEST = "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'site-packages'))\n"
THIRD = "def fetch(): return 1\nclass Session:\n    def get(self): return 1\n"
THIRD += "class Parser:\n    STATUS = 422\n    def parse(self): self.parsed = self.cached = getattr(self, 'parsed', 0) + 1\n"
FILES = {
    "shop.py": SHOP,
    "other.py": "from shop import BASKET, SETTING, PRICES, now\n",
    "site-packages/third.py": THIRD,
    "conftest.py": CONFTEST,
    "pkg/__init__.py": "",
    "pkg/sub.py": "X = 1\n",
    "late.py": "X = 1\nY = []\n",
    "test_a.py": SUITE,
    "test_b.py": "def test_b(): pass\n",
}
