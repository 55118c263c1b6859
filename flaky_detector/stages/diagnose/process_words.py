"""Why what a test changes in its own process outlasts it, by kind of state.

Owns the sentences. Text between backticks is code.
"""

from flaky_detector.recorder import wire

PATCH = "A patch that is not stopped, and an attribute that is replaced by assignment, stay so for all later tests of the process."
MODULE = "A module is imported once for the whole process: what its globals and classes hold is what every later test meets."
SETTING = "It belongs to the process, not to the test: nothing puts it back when the test ends."

IN_PROCESS = {
    wire.MODULE_GLOBAL: MODULE,
    wire.CLASS_ATTRIBUTE: MODULE,
    wire.MODULE_ATTRIBUTE: PATCH,
    wire.BUILTINS: PATCH,
    wire.STDIO: PATCH,
    wire.CACHE: "What `functools.lru_cache` remembers is given to all later tests of the process, whatever changed since.",
    wire.MODULE: "`sys.modules` is one for the whole process: every later `import` of that name gets what was left there.",
    wire.SYS_PATH: "`sys.path` is one for the whole process: every later import looks where it says.",
    wire.LOGGING: "Loggers belong to the process, not to the test: levels, handlers and switches stay as they were left.",
    wire.WARNINGS: "Filters of warnings belong to the process, and pytest's plugin that puts them back is switched off.",
    wire.THREAD: "A thread goes on until it is told to end, also while other tests run.",
    wire.CHILD_PROCESS: "A child process goes on until it is told to end, also while other tests run.",
    wire.TEMPORARY_FILE: "A file under a fixed name in the temporary folder is met by every later test that uses the name.",
    wire.EVENT_LOOP: "The thread's event loop is kept by asyncio: after `asyncio.run` there is none, and `asyncio.get_event_loop` fails.",
    wire.LOCALE: SETTING,
    wire.TIMEZONE: SETTING,
    wire.DECIMAL: SETTING,
    wire.UMASK: SETTING,
    wire.SIGNAL_HANDLER: SETTING,
    wire.INTERPRETER: SETTING,
    wire.SOCKET_TIMEOUT: SETTING,
}
