"""The same remedies for methods of a `unittest.TestCase`, to which pytest hands no fixtures.

Owns the wording. Must not choose: each remedy has its counterpart here, or serves as it is. Sources: pytest's page on unittest, which says
that fixtures are not supported there but for `autouse` ones (https://docs.pytest.org/en/stable/how-to/unittest.html), and Python's
on `unittest` and `unittest.mock`.
"""

from msgspec.structs import replace

from flaky_detector.model import Remedy
from flaky_detector.rules import cures, django_cures, process_cures

ENVIRON = Remedy(
    title="Set environment variables through `mock.patch.dict`",
    text=(
        "`mock.patch.dict(os.environ, …)`, as a decorator or in a `with` block, puts the old values back when the test ends, however it"
        " ends."
    ),
    fits=process_cures.ENVIRON.fits,
    example='@mock.patch.dict(os.environ, {"SHOP_MODE": "sale"})\ndef test_mode(self):\n    ...\n',
)
CWD = Remedy(
    title="Go back to the old directory in a clean-up",
    text=(
        "`self.addCleanup(os.chdir, os.getcwd())`, said before the change, goes back when the test ends, however it ends. From Python 3.11"
        " on `self.enterContext(contextlib.chdir(folder))` does both."
    ),
    fits=process_cures.CWD.fits,
    example="def test_reads_a_file(self):\n    self.addCleanup(os.chdir, os.getcwd())\n    os.chdir(folder)\n",
)
FOLDER = (
    "def setUp(self):\n"
    "    folder = tempfile.TemporaryDirectory()\n"
    "    self.addCleanup(folder.cleanup)\n"
    "    self.folder = Path(folder.name)\n"
)
FILE = Remedy(
    title="Write into a `TemporaryDirectory`",
    text="`tempfile.TemporaryDirectory` gives each test a folder of its own, outside of the source tree, and takes it away afterwards.",
    fits=process_cures.FILE.fits,
    example=FOLDER,
)
ATTRIBUTES = Remedy(
    title="Replace attributes through `mock.patch.object`",
    text=(
        "`mock.patch.object`, as a decorator or in a `with` block, puts the old value back when the test ends, however it ends; so does"
        " `.start()` where `self.addCleanup(patcher.stop)` follows. A plain assignment, and `.start()` alone, do not."
    ),
    fits=process_cures.ATTRIBUTES.fits,
    example='@mock.patch.object(time, "sleep", lambda seconds: None)\ndef test_without_waiting(self):\n    ...\n',
)
CONTENTS = Remedy(
    title="Give each test fresh contents",
    text=(
        "A list, dict or object that a module or a class holds is one and the same for all tests of the process. A `setUp` that puts a copy"
        " in its place through `mock.patch.object` (`mock.patch.dict` for a dict) lets each test change its own. In the code, a function"
        " that makes the object, or a `reset()`, serves as well."
    ),
    fits=process_cures.CONTENTS.fits,
    example=(
        "def setUp(self):\n"
        '    patcher = mock.patch.object(shop, "REGISTRY", dict(shop.REGISTRY))\n'
        "    patcher.start()\n"
        "    self.addCleanup(patcher.stop)\n"
    ),
)
CACHE = Remedy(
    title="Clear the cache in `setUp`",
    text=process_cures.CACHE.text,
    fits=process_cures.CACHE.fits,
    example="def setUp(self):\n    shop.rates.cache_clear()\n    self.addCleanup(shop.rates.cache_clear)\n",
)
MODULE = Remedy(
    title="Change `sys.modules` through `mock.patch.dict`",
    text=(
        "`mock.patch.dict(sys.modules, …)` puts the modules back when the test ends. A module that is imported"
        " twice has two of each class, and `isinstance` and `except` fail between them: put the old one back rather than import it again."
    ),
    fits=process_cures.MODULE.fits,
    example='@mock.patch.dict(sys.modules, {"yaml": None})\ndef test_without_yaml(self):\n    ...\n',
)
SYS_PATH = Remedy(
    title="Extend the import path through `mock.patch.object`",
    text='`mock.patch.object(sys, "path", …)` with a new list puts the old one back when the test ends, however it ends.',
    fits=process_cures.SYS_PATH.fits,
    example='@mock.patch.object(sys, "path", [folder, *sys.path])\ndef test_plugin(self):\n    ...\n',
)
LOGGING = Remedy(
    title="Put levels and handlers back in a clean-up",
    text=(
        "`self.assertLogs` sets the level for the length of its block. Other levels, handlers, `disabled` and `propagate`, which"
        " `dictConfig` and `basicConfig` change too, are put back by `addCleanup`; `logging.disable(logging.NOTSET)` takes `disable` back."
    ),
    fits=process_cures.LOGGING.fits,
    example=(
        "def setUp(self):\n"
        '    logger = logging.getLogger("shop.orders")\n'
        "    self.addCleanup(logger.setLevel, logger.level)\n"
        "    logger.setLevel(logging.WARNING)\n"
    ),
)
THREAD = Remedy(
    title="End in a clean-up what the test starts",
    text=(
        "A thread or a child process goes on until it is told to end. What `addCleanup` is told to do (`join`, `terminate` and `wait`) is"
        " done also when the test fails; the last told is done first."
    ),
    fits=process_cures.THREAD.fits,
    example=(
        "def setUp(self):\n"
        "    self.server = subprocess.Popen([...])\n"
        "    self.addCleanup(self.server.wait)\n"
        "    self.addCleanup(self.server.terminate)\n"
    ),
)
TEMPORARY_FILE = Remedy(
    title="Write into a `TemporaryDirectory`",
    text=(
        "A file under a fixed name in the temporary folder is met by every later test, and by the next run."
        " `tempfile.TemporaryDirectory` gives each test a folder of its own; code that asks `tempfile` for its folder follows"
        " `tempfile.tempdir`, which `mock.patch.object` can set."
    ),
    fits=process_cures.TEMPORARY_FILE.fits,
    example=FOLDER,
)
EVENT_LOOP = Remedy(
    title="Leave the event loop to `IsolatedAsyncioTestCase`",
    text=(
        "`asyncio.run` and `asyncio.set_event_loop` leave the thread without its loop, or with another one, and `asyncio.get_event_loop`"
        " fails afterwards. `unittest.IsolatedAsyncioTestCase` makes a loop for each test; code should ask for `get_running_loop` only."
    ),
    fits=process_cures.EVENT_LOOP.fits,
    example="class FetchTests(unittest.IsolatedAsyncioTestCase):\n    async def test_fetch(self):\n        await fetch()\n",
)
PUT_BACK = Remedy(
    title="Put it back in a clean-up",
    text=(
        "This belongs to the process, not to the test. Remember the old value, and let `addCleanup` put it back before the test changes it:"
        " that is done also when the test fails."
    ),
    fits=process_cures.PUT_BACK.fits,
    example=(
        "def setUp(self):\n"
        "    self.addCleanup(locale.setlocale, locale.LC_NUMERIC, locale.setlocale(locale.LC_NUMERIC))\n"
        '    locale.setlocale(locale.LC_NUMERIC, "de_DE.UTF-8")\n'
    ),
)
SETTINGS = Remedy(
    title="Change settings through `override_settings`",
    text=(
        "`override_settings`, as a decorator, and `self.settings(…)` in a `with` block put every setting back when the test ends, however"
        " it ends, and tell Django of the change; `.enable()` without `.disable()` does not. A list or dict in the settings is replaced by"
        " a new one (`modify_settings` adds to it), not changed in place."
    ),
    fits=django_cures.SETTINGS.fits,
    example='@override_settings(SHOP_MODE="sale")\ndef test_a_sale(self):\n    ...\n',
)
SIGNALS = Remedy(
    title="Disconnect signal receivers in a clean-up",
    text=(
        "A receiver stays connected until it is disconnected, and what `addCleanup` is told is done however the test ends. A receiver that"
        " a test takes away is connected again the same way, with the same `sender` and `dispatch_uid`."
    ),
    fits=django_cures.SIGNALS.fits,
    example=(
        "def setUp(self):\n"
        "    post_save.connect(self.receiver, sender=Product)\n"
        "    self.addCleanup(post_save.disconnect, self.receiver, sender=Product)\n"
    ),
)
URLCONF = Remedy(
    title="Set the URL conf through `override_settings`",
    text=(
        "`set_urlconf` and `set_script_prefix` hold for the thread until they are called again. `override_settings(ROOT_URLCONF=…)` gives"
        " one test, or the tests of a class, another URL conf and puts it back."
    ),
    fits=django_cures.URLCONF.fits,
    example='@override_settings(ROOT_URLCONF="tests.urls")\ndef test_reverse(self):\n    self.assertEqual(reverse("home"), "/")\n',
)
LANGUAGE = Remedy(
    title=django_cures.LANGUAGE.title,
    text=(
        "`translation.activate` holds for the thread until another is activated, and so does the language that"
        " `LocaleMiddleware` activates for a request. `translation.override` goes back at the end of its block, or of the test that it"
        " decorates; for requests let a clean-up do it."
    ),
    fits=django_cures.LANGUAGE.fits,
    example="def setUp(self):\n    self.addCleanup(translation.activate, translation.get_language())\n",
)
DJANGO_CACHE = replace(
    django_cures.CACHE,
    text=django_cures.CACHE.text.replace("in a fixture", "in `setUp`"),
    example="def setUp(self):\n    cache.clear()\n    self.addCleanup(cache.clear)\n",
)
NO_FLUSH = replace(
    django_cures.NO_FLUSH,
    example=(
        "class CheckoutTests(TestCase):\n"
        "    def test_checkout(self):\n"
        "        with self.captureOnCommitCallbacks(execute=True):\n"
        "            checkout()\n"
    ),
)
SERIALIZED_ROLLBACK = replace(
    django_cures.SERIALIZED_ROLLBACK,
    text=django_cures.SERIALIZED_ROLLBACK.text.replace("a fixture or in ", ""),
    example="class CheckoutTests(TransactionTestCase):\n    serialized_rollback = True\n",
)
IN_TRANSACTION = Remedy(
    title=django_cures.IN_TRANSACTION.title,
    text=(
        "What is committed stays in the test database until somebody deletes it: rows that a thread makes, or that `setUpClass` makes"
        " before it calls `super()`, or after it in a `TransactionTestCase`. Made in `setUpTestData` of a `TestCase` they are rolled back."
    ),
    fits=django_cures.IN_TRANSACTION.fits,
    example=(
        "class ProductTests(TestCase):\n"
        "    @classmethod\n"
        "    def setUpTestData(cls):\n"
        '        cls.product = Product.objects.create(name="mug")\n'
    ),
)
TABLE = Remedy(
    title="Undo changes of the schema in a clean-up",
    text=(
        "Neither a flush nor, where real transactions are used, a rollback takes back tables that a test created, dropped or"
        " migrated. Let a clean-up drop what the test makes, also when it fails; a test of a migration ends by migrating to where"
        " the database was."
    ),
    fits=django_cures.TABLE.fits,
    example=(
        "def setUp(self):\n"
        "    with connection.schema_editor() as editor:\n"
        "        editor.create_model(Phantom)\n"
        "    self.addCleanup(self.drop_table)\n\n"
        "def drop_table(self):\n"
        "    with connection.schema_editor() as editor:\n"
        "        editor.delete_model(Phantom)\n"
    ),
)
MIGRATION = replace(
    django_cures.MIGRATION,
    text=django_cures.MIGRATION.text.replace("a fixture migrate", "a clean-up migrate"),
    example='def setUp(self):\n    self.addCleanup(call_command, "migrate", verbosity=0)\n',
)
ISOLATED = replace(cures.ISOLATED, example=cures.ISOLATED.example.replace("test_router()", "test_router(self)"))
TEMPORARY_MODULE = replace(
    cures.TEMPORARY_MODULE,
    example=(
        "def test_writes_a_migration(self):\n"
        '    with tempfile.TemporaryDirectory() as folder, mock.patch.object(sys, "path", [folder, *sys.path]):\n'
        '        package = Path(folder, "written_migrations")\n'
        "        package.mkdir()\n"
        '        (package / "__init__.py").touch()\n'
        '        with self.settings(MIGRATION_MODULES={"analytics": "written_migrations"}):\n'
        '            call_command("makemigrations", "analytics", name="some_name")\n'
    ),
)

COUNTERPARTS = {
    process_cures.ENVIRON: ENVIRON,
    process_cures.CWD: CWD,
    process_cures.FILE: FILE,
    process_cures.ATTRIBUTES: ATTRIBUTES,
    process_cures.CONTENTS: CONTENTS,
    process_cures.CACHE: CACHE,
    process_cures.MODULE: MODULE,
    process_cures.SYS_PATH: SYS_PATH,
    process_cures.LOGGING: LOGGING,
    process_cures.THREAD: THREAD,
    process_cures.TEMPORARY_FILE: TEMPORARY_FILE,
    process_cures.EVENT_LOOP: EVENT_LOOP,
    process_cures.PUT_BACK: PUT_BACK,
    django_cures.SETTINGS: SETTINGS,
    django_cures.SIGNALS: SIGNALS,
    django_cures.URLCONF: URLCONF,
    django_cures.LANGUAGE: LANGUAGE,
    django_cures.CACHE: DJANGO_CACHE,
    django_cures.NO_FLUSH: NO_FLUSH,
    django_cures.SERIALIZED_ROLLBACK: SERIALIZED_ROLLBACK,
    django_cures.IN_TRANSACTION: IN_TRANSACTION,
    django_cures.TABLE: TABLE,
    django_cures.MIGRATION: MIGRATION,
    cures.ISOLATED: ISOLATED,
    cures.TEMPORARY_MODULE: TEMPORARY_MODULE,
}


def for_methods(remedy: Remedy) -> Remedy:
    """What serves in a `TestCase` in its place."""
    return COUNTERPARTS.get(remedy, remedy)
