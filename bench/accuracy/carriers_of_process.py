"""States of the process and of its surroundings that carry pollution; what exists once in a process has one flag.

Owns the same as carriers.py, for what is not the project's own. Must not know of plants.
"""

from collections.abc import Callable

from bench.accuracy.carriers import Carried, Names, each, lines, states


def sys_path(n: Names) -> Carried:
    """An entry of the path of modules."""
    at = f'"/opt/{n.word}/FLAG"'
    return Carried(
        carrier="sys.path",
        imports=("import sys",),
        put=lines(f"sys.path.insert(0, {at})"),
        has=each(f"{at} in sys.path"),
        clear=lines(f"if {at} in sys.path:", f"    sys.path.remove({at})"),
        state=states("sys-path", "."),
    )


def modules(n: Names) -> Carried:
    """A stub in place of a module."""
    at = f'"{n.word}_FLAG"'
    return Carried(
        carrier="sys.modules",
        imports=("import sys", "import types"),
        put=lines(f"sys.modules[{at}] = types.ModuleType({at})"),
        has=each(f"{at} in sys.modules"),
        clear=lines(f"sys.modules.pop({at}, None)"),
        state=states("module", f"{n.word}_FLAG"),
    )


def logger_level(n: Names) -> Carried:
    """The level of a logger."""
    at = f'logging.getLogger("{n.package}.{n.word}.FLAG")'
    return Carried(
        carrier="logging",
        imports=("import logging",),
        put=lines(f"{at}.setLevel(logging.CRITICAL)"),
        has=each(f"{at}.getEffectiveLevel() > logging.WARNING"),
        clear=lines(f"{at}.setLevel(logging.NOTSET)"),
        state=states("logging", rf"{n.word}\.FLAG"),
    )


def logger_handler(n: Names) -> Carried:
    """A handler too many."""
    at = f'logging.getLogger("{n.package}.{n.word}.FLAG")'
    return Carried(
        carrier="logging",
        imports=("import logging",),
        put=lines(f"{at}.addHandler(logging.NullHandler())"),
        has=each(f"len({at}.handlers) > 0"),
        clear=lines(f"{at}.handlers.clear()"),
        state=states("logging", rf"{n.word}\.FLAG"),
    )


def file(n: Names) -> Carried:
    """A file of the tree that no test takes away: it outlives the process."""
    at = f'{n.word}.FOLDER.joinpath("{n.word}_FLAG.json")'
    return Carried(
        carrier="file in the tree",
        imports=n.imports,
        modules=n.module("from pathlib import Path", "", 'FOLDER = Path(__file__).parent / "data"')
        | {f"{n.package}/data/README": "What the project keeps.\n"},
        put=lines(f'{at}.write_text("[]")'),
        has=each(f"{at}.exists()"),
        clear=lines(f"{at}.unlink(missing_ok=True)"),
        state=states("file", f"{n.word}_FLAG"),
    )


def thread(n: Names) -> Carried:
    """A thread that was never stopped."""
    at = f'"{n.word}-FLAG"'
    return Carried(
        carrier="thread",
        imports=("import threading", *n.imports),
        modules=n.module("import threading", "", "ENDS = {name: threading.Event() for name in 'abc'}"),
        put=lines(f'threading.Thread(target={n.word}.ENDS["FLAG"].wait, name={at}, daemon=True).start()'),
        has=each(f"any(thread.name == {at} for thread in threading.enumerate())"),
        clear=lines(
            f'{n.word}.ENDS["FLAG"].set()',
            f"[thread.join() for thread in threading.enumerate() if thread.name == {at}]",
            f'{n.word}.ENDS["FLAG"].clear()',
        ),
        state=states("thread", "."),
    )


def cwd(n: Names) -> Carried:
    """The current folder."""
    return Carried(
        carrier="cwd",
        imports=("import os", "import tempfile"),
        modules=n.module("pass"),
        put=(("os.chdir(tempfile.gettempdir())",),),
        has=(f'not os.path.exists("{n.package}/{n.word}.py")',),
        clear=((f"import {n.package}", f"os.chdir(os.path.dirname(os.path.dirname(os.path.abspath({n.package}.__file__))))"),),
        state=states("cwd", ".")[:1],
    )


def decimal(_: Names) -> Carried:
    """The precision of decimal numbers."""
    return Carried(
        carrier="decimal context",
        imports=("import decimal",),
        put=(("decimal.getcontext().prec = 4",),),
        has=('decimal.Decimal(1) / 3 == decimal.Decimal("0.3333")',),
        clear=(("decimal.getcontext().prec = 28",),),
        state=states("decimal", ".")[:1],
    )


def collation(_: Names) -> Carried:
    """The locale."""
    return Carried(
        carrier="locale",
        imports=("import locale",),
        put=(('locale.setlocale(locale.LC_COLLATE, "C.UTF-8")',),),
        has=('locale.setlocale(locale.LC_COLLATE) != "C"',),
        clear=(('locale.setlocale(locale.LC_COLLATE, "C")',),),
        state=states("locale", ".")[:1],
    )


def umask(n: Names) -> Carried:
    """The mask of new files' permissions."""
    source = "import os\nimport tempfile\n\n\ndef mode():\n    with tempfile.TemporaryDirectory() as folder:\n"
    source += '        path = os.path.join(folder, "new")\n        open(path, "w").close()\n        return os.stat(path).st_mode & 0o777'
    return Carried(
        carrier="umask",
        imports=("import os", *n.imports),
        modules=n.module(source),
        put=(("os.umask(0o077)",),),
        has=(f"{n.word}.mode() & 0o077 == 0",),
        clear=(("os.umask(0o022)",),),
        state=states("umask", ".")[:1],
    )


def time_zone(_: Names) -> Carried:
    """The time zone."""
    return Carried(
        carrier="time zone",
        imports=("import os", "import time"),
        put=(('os.environ["TZ"] = "XYZ-9"', "time.tzset()"),),
        has=("time.localtime(0).tm_hour == 9",),
        clear=(('os.environ.pop("TZ", None)', "time.tzset()"),),
        state=states("timezone environ", ".")[:1],
    )


def signal_handler(_: Names) -> Carried:
    """What a signal does."""
    return Carried(
        carrier="signal handler",
        imports=("import signal",),
        put=(("signal.signal(signal.SIGUSR2, lambda *_: None)",),),
        has=("signal.getsignal(signal.SIGUSR2) is not signal.SIG_DFL",),
        clear=(("signal.signal(signal.SIGUSR2, signal.SIG_DFL)",),),
        state=states("signal-handler", ".")[:1],
    )


def logging_disabled(n: Names) -> Carried:
    """Logging as a whole."""
    return Carried(
        carrier="logging",
        imports=("import logging",),
        put=(("logging.disable(logging.ERROR)",),),
        has=(f'not logging.getLogger("{n.package}.{n.word}").isEnabledFor(logging.ERROR)',),
        clear=(("logging.disable(logging.NOTSET)",),),
        state=states("logging", ".")[:1],
    )


def warnings_filter(_: Names) -> Carried:
    """A filter of warnings; it survives a test only where pytest's own care for warnings is off."""
    return Carried(
        carrier="warnings filters",
        imports=("import warnings",),
        put=(('warnings.filterwarnings("error", category=ResourceWarning)',),),
        has=('any(entry[0] == "error" and entry[2] is ResourceWarning for entry in warnings.filters)',),
        clear=(("warnings.filters[:] = [entry for entry in warnings.filters if entry[2] is not ResourceWarning]",),),
        state=states("warnings", ".")[:1],
    )


def temporary_file(n: Names) -> Carried:
    """A file of a fixed name in the temporary folder."""
    at = f'os.path.join(tempfile.gettempdir(), "{n.word}-FLAG.lock")'
    return Carried(
        carrier="file in the temporary folder",
        imports=("import os", "import tempfile"),
        put=lines(f'open({at}, "w").close()'),
        has=each(f"os.path.exists({at})"),
        clear=lines(f"if os.path.exists({at}):", f"    os.remove({at})"),
        state=states("temporary-file", f"{n.word}-FLAG"),
    )


def foreign_patch(n: Names) -> Carried:
    """A function of the standard library is replaced by a patch that is never stopped; the module is one of the project's own choice."""
    return Carried(
        carrier="replaced function of a library",
        imports=("import textwrap", "from unittest import mock"),
        put=(('mock.patch("textwrap.shorten", return_value="").start()',),),
        has=(f'textwrap.shorten("{n.word}", 40) == ""',),
        clear=(("import importlib", "importlib.reload(textwrap)"),),
        state=states("module-attribute", "textwrap.*shorten")[:1],
    )


def recursion(_: Names) -> Carried:
    """How deep calls may go."""
    return Carried(
        carrier="interpreter",
        imports=("import sys",),
        put=(("sys.setrecursionlimit(5000)",),),
        has=("sys.getrecursionlimit() == 5000",),
        clear=(("sys.setrecursionlimit(1000)",),),
        state=states("interpreter", "recursion")[:1],
    )


def socket_timeout(_: Names) -> Carried:
    """For how long sockets wait."""
    return Carried(
        carrier="socket timeout",
        imports=("import socket",),
        put=(("socket.setdefaulttimeout(3)",),),
        has=("socket.getdefaulttimeout() is not None",),
        clear=(("socket.setdefaulttimeout(None)",),),
        state=states("socket-timeout", ".")[:1],
    )


OF_PROCESS: tuple[Callable[[Names], Carried], ...] = (
    sys_path, modules, logger_level, logger_handler, file, thread, temporary_file,
)  # fmt: skip
ONCE: tuple[Callable[[Names], Carried], ...] = (
    cwd, decimal, collation, umask, time_zone, signal_handler, logging_disabled, warnings_filter, foreign_patch, recursion,
    socket_timeout,
)  # fmt: skip
