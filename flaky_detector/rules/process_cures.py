"""How to keep what a test changes in its own process from reaching other tests, by kind of state.

Owns the wording. Must not choose by failure: what was left behind decides.
"""

from collections.abc import Sequence

from flaky_detector.model import Remedy, StateChange
from flaky_detector.recorder import wire

ENVIRON = Remedy(
    title="Set environment variables through `monkeypatch`",
    text="`monkeypatch.setenv` and `monkeypatch.delenv` put the old value back when the test ends, however it ends.",
    fits="the test itself sets the variable",
    example='def test_mode(monkeypatch):\n    monkeypatch.setenv("SHOP_MODE", "sale")\n',
)
CWD = Remedy(
    title="Change directory through `monkeypatch`",
    text="`monkeypatch.chdir` goes back when the test ends, however it ends.",
    fits="the test itself changes directory",
    example="def test_reads_a_file(monkeypatch, tmp_path):\n    monkeypatch.chdir(tmp_path)\n",
)
FILE = Remedy(
    title="Write into `tmp_path`",
    text="The fixture `tmp_path` gives each test a folder of its own, outside of the source tree.",
    fits="the place of the file does not matter",
    example='def test_export(tmp_path):\n    export(tmp_path / "out.csv")\n',
)
ATTRIBUTES = Remedy(
    title="Replace attributes through `monkeypatch`",
    text=(
        "`monkeypatch.setattr` puts the old value back when the test ends, however it ends. `mock.patch` does the same as a decorator or in"
        " a `with` block, or with pytest-mock's fixture `mocker`; `.start()` without `.stop()`, and a plain assignment, do not."
    ),
    fits="the test itself replaces the attribute",
    example='def test_without_waiting(monkeypatch):\n    monkeypatch.setattr(time, "sleep", lambda seconds: None)\n',
)
CONTENTS = Remedy(
    title="Give each test fresh contents",
    text=(
        "A list, dict or object that a module or a class holds is one and the same for all tests of the process. A fixture that puts a copy"
        " in its place through `monkeypatch.setattr` (`setitem` for one key) lets each test change its own; with `autouse` no test"
        " can forget it. In the code, a function that makes the object, or a `reset()`, serves as well."
    ),
    fits="the code under test keeps what it is given in a module or a class",
    example=(
        '@pytest.fixture(autouse=True)\ndef fresh_registry(monkeypatch):\n    monkeypatch.setattr(shop, "REGISTRY", dict(shop.REGISTRY))\n'
    ),
)
CACHE = Remedy(
    title="Clear the cache in a fixture",
    text="What `functools.lru_cache` remembers outlasts the test: clear it before and after the tests for which the answer may differ.",
    fits="the cached answer depends on something that tests change",
    example="@pytest.fixture(autouse=True)\ndef fresh_rates():\n    shop.rates.cache_clear()\n    yield\n    shop.rates.cache_clear()\n",
)
MODULE = Remedy(
    title="Change `sys.modules` through `monkeypatch`",
    text=(
        "`monkeypatch.setitem(sys.modules, …)` and `monkeypatch.delitem` put the modules back when the test ends. A module that is imported"
        " twice has two of each class, and `isinstance` and `except` fail between them: put the old one back rather than import it again."
    ),
    fits="the test needs a module to be missing, fake or freshly imported",
    example='def test_without_yaml(monkeypatch):\n    monkeypatch.setitem(sys.modules, "yaml", None)\n',
)
SYS_PATH = Remedy(
    title="Extend the import path through `monkeypatch`",
    text="`monkeypatch.syspath_prepend` takes the folder out of `sys.path` again when the test ends, however it ends.",
    fits="the test imports something from a folder of its own",
    example="def test_plugin(monkeypatch, tmp_path):\n    monkeypatch.syspath_prepend(tmp_path)\n",
)
LOGGING = Remedy(
    title="Set levels through `caplog`, and put the rest back in a fixture",
    text=(
        "`caplog.set_level` and `caplog.at_level` put levels back. For handlers, `disabled` and `propagate`, which `dictConfig` and"
        " `basicConfig` change too, let a fixture remember and restore them; `logging.disable(logging.NOTSET)` takes `disable` back."
    ),
    fits="the test, or the code under test, configures logging",
    example='def test_warns(caplog):\n    caplog.set_level(logging.WARNING, logger="shop.orders")\n',
)
WARNINGS = Remedy(
    title="Change warnings within `warnings.catch_warnings`",
    text="It puts filters and `showwarning` back at the end of its block; pytest's mark `filterwarnings` does it for a whole test.",
    fits="the test filters warnings",
    example='@pytest.mark.filterwarnings("ignore::DeprecationWarning")\ndef test_old_interface():\n    ...\n',
)
DECIMAL = Remedy(
    title="Change decimal arithmetic within `decimal.localcontext`",
    text="The context belongs to the thread; `localcontext()` gives a copy of it for the length of a block.",
    fits="the test needs another precision, rounding or trap",
    example="def test_rounds():\n    with decimal.localcontext() as context:\n        context.prec = 5\n",
)
THREAD = Remedy(
    title="End in a fixture what the test starts",
    text=(
        "A thread or a child process goes on until it is told to end. Start it in a fixture that stops and waits for it (`join`,"
        " `terminate` and `wait`) after `yield`, which runs also when the test fails."
    ),
    fits="the test starts a server, a worker or a timer",
    example=(
        "@pytest.fixture\n"
        "def server():\n"
        "    process = subprocess.Popen([...])\n"
        "    yield process\n"
        "    process.terminate()\n"
        "    process.wait()\n"
    ),
)
TEMPORARY_FILE = Remedy(
    title="Write into `tmp_path`",
    text=(
        "A file under a fixed name in the temporary folder is met by every later test, and by the next run. `tmp_path` gives each test a"
        " folder of its own; code that asks `tempfile` for its folder follows `tempfile.tempdir`."
    ),
    fits="the place of the file does not matter",
    example='def test_exports(monkeypatch, tmp_path):\n    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))\n',
)
EVENT_LOOP = Remedy(
    title="Leave the event loop to a plugin, or restore it",
    text=(
        "`asyncio.run` and `asyncio.set_event_loop` leave the thread without its loop, or with another one, and `asyncio.get_event_loop`"
        " fails afterwards. pytest-asyncio or anyio keep loops of tests apart; code should ask for `get_running_loop` only."
    ),
    fits="tests run coroutines themselves",
    example="@pytest.mark.asyncio\nasync def test_fetch():\n    await fetch()\n",
)
PUT_BACK = Remedy(
    title="Put it back in a fixture",
    text=(
        "This belongs to the process, not to the test. Let a fixture remember the old value, change it, yield, and put the old value back:"
        " what stands after `yield` runs also when the test fails."
    ),
    fits="the test, or the code under test, changes it",
    example=(
        "@pytest.fixture\n"
        "def german_numbers():\n"
        "    before = locale.setlocale(locale.LC_NUMERIC)\n"
        '    locale.setlocale(locale.LC_NUMERIC, "de_DE.UTF-8")\n'
        "    yield\n"
        "    locale.setlocale(locale.LC_NUMERIC, before)\n"
    ),
)

CURES = {
    wire.ENVIRON: (ENVIRON,),
    wire.CWD: (CWD,),
    wire.MODULE_ATTRIBUTE: (ATTRIBUTES,),
    wire.BUILTINS: (ATTRIBUTES,),
    wire.MODULE_GLOBAL: (ATTRIBUTES, CONTENTS),
    wire.CLASS_ATTRIBUTE: (ATTRIBUTES, CONTENTS),
    wire.MODULE: (MODULE,),
    wire.SYS_PATH: (SYS_PATH,),
    wire.LOGGING: (LOGGING,),
    wire.WARNINGS: (WARNINGS,),
    wire.DECIMAL: (DECIMAL,),
    wire.THREAD: (THREAD,),
    wire.CHILD_PROCESS: (THREAD,),
    wire.TEMPORARY_FILE: (TEMPORARY_FILE,),
    wire.EVENT_LOOP: (EVENT_LOOP,),
    wire.LOCALE: (PUT_BACK,),
    wire.TIMEZONE: (PUT_BACK,),
    wire.UMASK: (PUT_BACK,),
    wire.SIGNAL_HANDLER: (PUT_BACK,),
    wire.STDIO: (ATTRIBUTES,),
    wire.INTERPRETER: (PUT_BACK,),
    wire.SOCKET_TIMEOUT: (PUT_BACK,),
    wire.CACHE: (CACHE,),
}


def process_cures(state: Sequence[StateChange]) -> tuple[Remedy, ...]:
    """Remedies for what was left behind, each once, in the order of the table."""
    kinds = {change.kind for change in state}
    return tuple(dict.fromkeys(remedy for kind, remedies in CURES.items() if kind in kinds for remedy in remedies))
