"""In a small Django project: what tests leave in Django's own state, kind by kind; who puts it back, and who only seems to leave it."""

import pytest

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.sites", "django.contrib.auth", "shop"]
MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware"]
ROOT_URLCONF = "urls"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
SITE_ID = 1
SHOP_MODE = "plain"
SHOP_LIMITS = {"orders": {"most": [1, 2]}}
SHOP_COLOURS = ["red"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "rates": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "of-rates"},
}
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("hello"))]
"""
MODELS = """
from django.db import models

class Product(models.Model):
    name = models.CharField(max_length=9)
"""
SIGNALS = """
from django.dispatch import Signal
sold = Signal()
def count_stock(**kwargs): pass
"""
PROJECT = {
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\n",
    "conftest.py": "",
    "settings.py": SETTINGS,
    "urls.py": URLS,
    "other_urls.py": "urlpatterns = []\n",
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/signals.py": SIGNALS,
}
TESTS = """
import pytest
from django.conf import settings as django_settings
from django.contrib.auth import signals as auth_signals
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.cache import cache, caches
from django.core.signals import request_started
from django.db.models.signals import post_save, pre_delete
from django.test import Client, SimpleTestCase, TestCase, override_settings
from django.urls import set_script_prefix, set_urlconf, clear_script_prefix
from django.utils import timezone, translation
from shop.models import Product
from shop.signals import count_stock, sold

KEPT = []

class Counter:
    def count(self, **kwargs): pass
COUNTER = Counter()

@pytest.fixture
def listening():
    post_save.connect(count_stock)
    yield
    post_save.disconnect(count_stock)

@pytest.fixture
def listener():
    counter = Counter()
    post_save.connect(counter.count)
    return counter

def test_nothing(): pass
@pytest.mark.django_db
def test_a_database_is_set_up(): Product.objects.create(name="x")

def test_sets(): django_settings.SHOP_MODE = "sale"
def test_sets_another(): django_settings.SHOP_MODE = "auction"
def test_sets_new(): django_settings.SHOP_NEW = 1
def test_deletes_new(): del django_settings.SHOP_NEW
def test_enables(): override_settings(SHOP_MODE="enabled", USE_THOUSAND_SEPARATOR=True).enable()
def test_appends(): django_settings.SHOP_COLOURS.append("blue")
def test_deep_inside(): django_settings.SHOP_LIMITS["orders"]["most"].append(3)
def test_installs(): django_settings.INSTALLED_APPS += ["elsewhere"]
def test_uninstalls(): django_settings.INSTALLED_APPS.remove("elsewhere")
def test_databases(): django_settings.DATABASES["replica"] = {"ENGINE": "django.db.backends.sqlite3"}
def test_databases_again(): del django_settings.DATABASES["replica"]
def test_sets_and_restores():
    before = django_settings.SHOP_MODE
    django_settings.SHOP_MODE = "x"; django_settings.SHOP_MODE = before
def test_appends_and_restores(): django_settings.SHOP_COLOURS.append("x"); django_settings.SHOP_COLOURS.remove("x")
def test_fixture(settings): settings.SHOP_MODE = "fixture"; del settings.SITE_ID
def test_patches(monkeypatch): monkeypatch.setattr(django_settings, "SHOP_MODE", "patched")
def test_overrides():
    with override_settings(SHOP_MODE="overridden"): pass
@override_settings(SHOP_MODE="decorated")
def test_is_decorated(): pass
class TestSettings(SimpleTestCase):
    def test_settings(self):
        with self.settings(SHOP_MODE="x"), self.modify_settings(SHOP_COLOURS={"append": "x"}): pass
@override_settings(SHOP_MODE="class")
class TestOverridden(SimpleTestCase):
    def test_one(self): pass
    def test_two(self): django_settings.SHOP_LIMITS["late"] = 1
class TestLeaves(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass(); override_settings(SHOP_MODE="left").enable()
    def test_one(self): pass
    def test_two(self): pass
class TestLeavesAlone(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass(); django_settings.SHOP_MODE = "alone"
    def test_one(self): pass
def test_equal_value(): django_settings.SHOP_COLOURS = list(django_settings.SHOP_COLOURS)

def test_connects(): post_save.connect(count_stock, sender=Product)
def test_connects_to_all(): post_save.connect(count_stock)
def test_disconnects():
    post_save.disconnect(count_stock); post_save.disconnect(count_stock, sender=Product)
def test_connects_and_disconnects(listening): pass
def test_connects_a_closure():
    def on_save(**kwargs): pass
    post_save.connect(on_save)
def test_keeps_a_closure():
    def on_delete(**kwargs): pass
    pre_delete.connect(on_delete, weak=False)
def test_connects_a_method(): request_started.connect(COUNTER.count)
def test_connects_a_method_of_a_fixture(listener): pass
def test_projects_signal(): sold.connect(count_stock)
def test_contrib_signal(): auth_signals.user_logged_in.connect(count_stock, dispatch_uid="count")
def test_request_with_signals(): Client().get("/")

def test_urlconf(): set_urlconf("other_urls")
def test_urlconf_back(): set_urlconf(None)
def test_root_urlconf(): set_urlconf("urls")
def test_prefix(): set_script_prefix("/shop/")
def test_prefix_back(): set_script_prefix("/")
@pytest.mark.urls("other_urls")
def test_urls_mark(): pass

def test_language(): translation.activate("fr")
def test_language_back(): translation.activate("en")
def test_language_over():
    with translation.override("de"): pass
def test_request_in_french(): Client().get("/", headers={"accept-language": "fr"})
def test_no_language(): translation.deactivate_all()
def test_language_deactivated(): translation.deactivate()

def test_zone(): timezone.activate("Europe/Paris")
def test_zone_back(): timezone.deactivate()
def test_zone_of_the_settings(): timezone.activate("UTC")
def test_zone_over():
    with timezone.override("Asia/Tokyo"): pass

def test_caches(): cache.set("a", 1)
def test_caches_more(): cache.set("a", 2)
def test_caches_the_same(): cache.set("a", 2)
def test_clears(): cache.clear()
def test_caches_and_clears(): cache.set("a", 1); cache.clear()
def test_caches_elsewhere(): caches["rates"].set("a", 1)
def test_looks_a_type_up(db): ContentType.objects.get_for_model(Product)
def test_clears_types(): ContentType.objects.clear_cache()
def test_looks_the_site_up(db): Site.objects.get_current()
"""

NOTHING = [
    "test_nothing",
    "test_a_database_is_set_up",
    "test_sets_and_restores",
    "test_appends_and_restores",
    "test_fixture",
    "test_patches",
    "test_overrides",
    "test_is_decorated",
    "TestSettings::test_settings",
    "test_equal_value",
    "TestOverridden::test_one",
    "TestLeaves::test_one",
    "test_connects_and_disconnects",
    "test_connects_a_closure",
    "test_connects_a_method_of_a_fixture",
    "test_request_with_signals",
    "test_root_urlconf",
    "test_urls_mark",
    "test_language_over",
    "test_zone_of_the_settings",
    "test_zone_over",
    "test_caches_the_same",
    "test_caches_and_clears",
]
LEFT = {
    "test_sets": [("django-setting", "SHOP_MODE", "changed")],
    "test_sets_another": [("django-setting", "SHOP_MODE", "changed")],
    "test_sets_new": [("django-setting", "SHOP_NEW", "came")],
    "test_deletes_new": [("django-setting", "SHOP_NEW", "went")],
    "test_enables": [("django-setting", "SHOP_MODE", "changed"), ("django-setting", "USE_THOUSAND_SEPARATOR", "changed")],
    "test_appends": [("django-setting", "SHOP_COLOURS", "changed")],
    "test_deep_inside": [("django-setting", "SHOP_LIMITS", "changed")],
    "test_installs": [("django-setting", "INSTALLED_APPS", "changed")],
    "test_uninstalls": [("django-setting", "INSTALLED_APPS", "changed")],
    "test_databases": [("django-setting", "DATABASES", "changed")],
    "test_databases_again": [("django-setting", "DATABASES", "changed")],
    "TestOverridden::test_two": [("django-setting", "SHOP_LIMITS", "changed")],
    "TestLeaves::test_two": [("django-setting", "SHOP_MODE", "changed (class)")],
    "TestLeavesAlone::test_one": [("django-setting", "SHOP_MODE", "changed (class)")],
    "test_connects": [("django-signal", "post_save:shop.signals.count_stock", "came")],
    "test_connects_to_all": [("django-signal", "post_save:shop.signals.count_stock", "changed")],
    "test_disconnects": [("django-signal", "post_save:shop.signals.count_stock", "went")],
    "test_keeps_a_closure": [("django-signal", "pre_delete:test_a.test_keeps_a_closure.<locals>.on_delete", "came")],
    "test_connects_a_method": [("django-signal", "request_started:test_a.Counter.count", "came")],
    "test_projects_signal": [("django-signal", "sold:shop.signals.count_stock", "came")],
    "test_contrib_signal": [("django-signal", "user_logged_in:shop.signals.count_stock", "came")],
    "test_urlconf": [("django-urlconf", "urlconf", "came")],
    "test_urlconf_back": [("django-urlconf", "urlconf", "went")],
    "test_prefix": [("django-urlconf", "script-prefix", "came")],
    "test_prefix_back": [("django-urlconf", "script-prefix", "went")],
    "test_language": [("django-language", "language", "came")],
    "test_language_back": [("django-language", "language", "went")],
    "test_request_in_french": [("django-language", "language", "came")],
    "test_no_language": [("django-language", "language", "changed")],
    "test_language_deactivated": [("django-language", "language", "went")],
    "test_zone": [("django-timezone", "timezone", "came")],
    "test_zone_back": [("django-timezone", "timezone", "went")],
    "test_caches": [("django-cache", "default", "came")],
    "test_caches_more": [("django-cache", "default", "changed")],
    "test_clears": [("django-cache", "default", "went")],
    "test_caches_elsewhere": [("django-cache", "rates", "came")],
    "test_looks_a_type_up": [("django-cache", "contenttypes", "came")],
    "test_clears_types": [("django-cache", "contenttypes", "went")],
    "test_looks_the_site_up": [("django-cache", "sites", "came")],
}
DJANGO = ("django-setting", "django-signal", "django-urlconf", "django-language", "django-timezone", "django-cache", "rows", "table", "django-migration")  # fmt: skip # noqa: E501


def left(ran, test, worker="main"):
    return sorted(change for change in ran.state(test, worker) if change[0] in DJANGO)


@pytest.fixture(scope="module")
def ran(run):
    order = [[0, "test_a.py::" + name] for name in names_in(TESTS)]
    ran = run({**PROJECT, "test_a.py": TESTS}, "-p", "django", order=order)
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.notes() == []
    return ran


def names_in(tests):
    """Ids of the tests of a file, as they stand."""
    names, owner = [], ""
    for line in tests.splitlines():
        word = line.strip().split("(")[0]
        owner = line.split()[1].split("(")[0] + "::" if line.startswith("class Test") else owner if line.startswith((" ", "@")) else ""
        if word.startswith("def test_"):
            names.append(owner + word[4:])
    return names


def test_every_test_of_this_file_is_told_of(ran):
    assert sorted(ran.outcomes()) == sorted([*NOTHING, *LEFT])


@pytest.mark.parametrize("test", LEFT)
def test_what_is_left_in_django_is_told(ran, test):
    assert left(ran, test) == LEFT[test]


@pytest.mark.parametrize("test", NOTHING)
def test_what_is_put_back_or_django_s_own_is_no_change(ran, test):
    assert left(ran, test) == []


def test_values_of_settings_and_caches_never_leave_the_process(ran):
    journal = (ran.folder / "record" / "journal-main.jsonl").read_text()
    assert "auction" not in journal
    assert "Europe/Paris" not in journal


def test_making_the_databases_changes_no_global_of_the_project(run):
    tests = "import pytest\nKEPT = []\n@pytest.mark.django_db\ndef test_asks(): KEPT.append(1)\ndef test_last(): pass\n"
    ran = run({**PROJECT, "test_a.py": tests}, "-p", "django", env={"FLAKY_DETECTOR_PROBES": "module-globals, django-settings"})
    assert ran.state("test_asks") == [("module-global", "test_a.KEPT", "changed")]
    assert ran.state("test_last") == []


OF_CLASSES = """
from django.test import AsyncClient, SimpleTestCase, TestCase, TransactionTestCase

class TestWithoutDatabase(SimpleTestCase):
    seen = []
    def test_asks(self): self.client.get("/"); self.client.cookies["a"] = "b"
    def test_keeps(self): self.seen.append(1)
class TestInTransaction(TestCase):
    @classmethod
    def setUpTestData(cls): cls.shelf = ["x"]
    def test_rows(self): self.shelf.append("y")
    def test_more_rows(self): type(self).counted = 1
class TestWithoutTransaction(TransactionTestCase):
    def test_flushes(self): pass
    async def test_asks_later(self): await self.async_client.get("/")
class Client:
    client = None
def test_keeps_a_client(): Client.client = AsyncClient()
"""


def test_what_django_puts_on_its_test_classes_for_each_test_is_no_change(run):
    ran = run({**PROJECT, "test_a.py": OF_CLASSES}, "-p", "django", env={"FLAKY_DETECTOR_PROBES": "class-attributes"})
    outcomes = ran.outcomes()
    assert set(outcomes.values()) == {"passed"}
    told = {test: ran.state(test) for test in outcomes}
    assert {test: changes for test, changes in told.items() if changes} == {
        "TestWithoutDatabase::test_keeps": [("class-attribute", "test_a.TestWithoutDatabase.seen", "changed")],
        "TestInTransaction::test_more_rows": [("class-attribute", "test_a.TestInTransaction.counted", "came")],
        "test_keeps_a_client": [("class-attribute", "test_a.Client.client", "changed")],
    }
