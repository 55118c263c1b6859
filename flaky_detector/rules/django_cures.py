"""How to keep what a test changes in Django from reaching other tests, by kind of state.

Owns the wording. Must not choose by failure: what was left behind decides.
"""

from collections.abc import Sequence

from flaky_detector.model import Remedy, StateChange
from flaky_detector.recorder import wire

SETTINGS = Remedy(
    title="Change settings through the fixture `settings`",
    text=(
        "pytest-django's fixture `settings` puts every setting back when the test ends, however it ends, and tells Django of"
        " the change. In a `TestCase` `self.settings(…)` or `override_settings` do the same, as a decorator or in a `with`"
        " block; `.enable()` without `.disable()` does not. A list or dict in the settings is replaced by a new one, not changed"
        " in place."
    ),
    fits="the test itself changes the setting",
    example=(
        "def test_a_sale(settings):\n"
        '    settings.SHOP_MODE = "sale"\n'
        '    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "shop.sale"]\n'
    ),
)
SIGNALS = Remedy(
    title="Connect and disconnect signal receivers in a fixture",
    text=(
        "A receiver stays connected until it is disconnected. A fixture that connects it, yields and disconnects it does so"
        " however the test ends; a receiver that a test takes away is connected again the same way, with the same `sender` and"
        " `dispatch_uid`."
    ),
    fits="the test needs the receiver, or needs it gone",
    example=(
        "@pytest.fixture\n"
        "def saved():\n"
        "    seen = []\n\n"
        "    def receiver(sender, instance, **kwargs):\n"
        "        seen.append(instance)\n\n"
        "    post_save.connect(receiver, sender=Product)\n"
        "    yield seen\n"
        "    post_save.disconnect(receiver, sender=Product)\n"
    ),
)
URLCONF = Remedy(
    title="Set the URL conf through `settings` or the mark `urls`",
    text=(
        "`set_urlconf` and `set_script_prefix` hold for the thread until they are called again. `@pytest.mark.urls` and"
        " `settings.ROOT_URLCONF` give one test another URL conf and put it back."
    ),
    fits="the test needs other URLs",
    example='@pytest.mark.urls("tests.urls")\ndef test_reverse():\n    assert reverse("home") == "/"\n',
)
LANGUAGE = Remedy(
    title="Activate a language in a `with` block",
    text=(
        "`translation.activate` holds for the thread until another is activated, and so does the language that"
        " `LocaleMiddleware` activates for a request. `translation.override` goes back at the end of its block; for requests let"
        " a fixture do it."
    ),
    fits="the test speaks another language",
    example=("@pytest.fixture(autouse=True)\ndef own_language():\n    with translation.override(settings.LANGUAGE_CODE):\n        yield\n"),
)
TIMEZONE = Remedy(
    title="Activate a time zone in a `with` block",
    text="`timezone.activate` holds for the thread until another is activated. `timezone.override` goes back at the end of its block.",
    fits="the test lives in another time zone",
    example='with timezone.override("Europe/Paris"):\n    assert opening_hours() == "9-17"\n',
)
CACHE = Remedy(
    title="Empty the cache around the test",
    text=(
        "A cache in local memory lives as long as the process; neither Django nor pytest-django empties it between tests. Clear"
        " it in a fixture, or give tests the dummy cache in their settings. The cache of content types is emptied by"
        " `ContentType.objects.clear_cache()`, that of sites by `Site.objects.clear_cache()`."
    ),
    fits="tests share a cache",
    example=("@pytest.fixture(autouse=True)\ndef empty_cache():\n    cache.clear()\n    yield\n    cache.clear()\n"),
)
NO_FLUSH = Remedy(
    title="Run the test in a transaction, if it needs no real commit",
    text=(
        "A `TransactionTestCase` or `django_db(transaction=True)` ends with a flush, which empties every table, those that"
        " migrations have filled too. `django_db` and `TestCase` are rolled back and leave everything as it was; what is done in"
        " `transaction.on_commit` can be tested there with `django_capture_on_commit_callbacks` or `captureOnCommitCallbacks`."
    ),
    fits="the test needs no second connection, thread or real commit",
    example=(
        "@pytest.mark.django_db\n"
        "def test_checkout(django_capture_on_commit_callbacks):\n"
        "    with django_capture_on_commit_callbacks(execute=True):\n"
        "        checkout()\n"
    ),
)
SERIALIZED_ROLLBACK = Remedy(
    title="Give the reference data to each test that needs it",
    text=(
        "After a flush nobody puts back what migrations had put there. With `serialized_rollback` it is loaded again before a"
        " test with real transactions; a test in a transaction of its own makes the rows that it needs in a fixture or in"
        " `setUpTestData` (`get_or_create` where they may be there)."
    ),
    fits="the test that flushes needs real transactions",
    example=(
        "@pytest.mark.django_db(transaction=True, serialized_rollback=True)\n"
        "def test_rates_of_a_checkout():\n"
        "    ...\n\n\n"
        "class TestCheckout(TransactionTestCase):\n"
        "    serialized_rollback = True\n"
    ),
)
IN_TRANSACTION = Remedy(
    title="Make rows inside the test's transaction",
    text=(
        "What is committed stays in the test database until somebody deletes it: rows that a fixture makes under"
        " `django_db_blocker.unblock()`, that a thread makes, or that `setUpClass` makes before it calls `super()`. Made in a"
        " fixture that asks for `db`, or in `setUpTestData`, they are rolled back; otherwise the fixture deletes them when it is"
        " torn down."
    ),
    fits="the rows are for this test, class or module only",
    example=(
        "@pytest.fixture\n"
        "def product(db):\n"
        '    return Product.objects.create(name="mug")\n\n\n'
        "class TestProducts(TestCase):\n"
        "    @classmethod\n"
        "    def setUpTestData(cls):\n"
        '        cls.product = Product.objects.create(name="mug")\n'
    ),
)
TABLE = Remedy(
    title="Undo changes of the schema in the fixture that makes them",
    text=(
        "Neither a flush nor, where real transactions are used, a rollback takes back tables that a test created, dropped or"
        " migrated. Let the fixture that makes a table drop it, also when the test fails; a test of a migration ends by"
        " migrating to where the database was."
    ),
    fits="the test creates, drops or migrates tables",
    example=(
        "@pytest.fixture\n"
        "def phantom_table(transactional_db):\n"
        "    with connection.schema_editor() as editor:\n"
        "        editor.create_model(Phantom)\n"
        "    yield\n"
        "    with connection.schema_editor() as editor:\n"
        "        editor.delete_model(Phantom)\n"
    ),
)
MIGRATION = Remedy(
    title="Migrate back at the end of the test",
    text=(
        "The record of which migrations are applied is a table like others: what a test records or takes away there stays. Let"
        " a fixture migrate to the latest state when the test is over, however it ends."
    ),
    fits="the test migrates, also with `--fake`",
    example=('@pytest.fixture\ndef migrated_back(transactional_db):\n    yield\n    call_command("migrate", verbosity=0)\n'),
)

BY_KIND = {
    wire.DJANGO_SETTING: SETTINGS,
    wire.DJANGO_SIGNAL: SIGNALS,
    wire.DJANGO_URLCONF: URLCONF,
    wire.DJANGO_LANGUAGE: LANGUAGE,
    wire.DJANGO_TIMEZONE: TIMEZONE,
    wire.DJANGO_CACHE: CACHE,
    wire.TABLE: TABLE,
    wire.DJANGO_MIGRATION: MIGRATION,
}


def django_cures(state: Sequence[StateChange]) -> tuple[Remedy, ...]:
    """Remedies for what was left in Django, each once; of rows by whether they went or stayed."""
    return tuple(dict.fromkeys(remedy for change in state for remedy in _cures(change)))


def _cures(change: StateChange) -> tuple[Remedy, ...]:
    if change.kind == wire.ROWS:
        return (NO_FLUSH, SERIALIZED_ROLLBACK) if change.after is None else (IN_TRANSACTION,)
    return (BY_KIND[change.kind],) if change.kind in BY_KIND else ()
