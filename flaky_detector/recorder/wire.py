"""The wire between the guest and the house: names of variables, options, properties and journal fields.

Owns the format that the recorder writes and the house reads; both sides import these names from here and nowhere else. Must run on
Python 3.8 and import nothing but the standard library's smallest parts.

A journal is `journal-<worker>.jsonl`, one JSON object a line, UTF-8, the event's name under `ev`:

    {"ev": "start", "v": 1, "worker": "gw0", "pid": 1, "time": 1700000000.0, "python": "3.11.7", "pytest": "8.0.0",
     "rootdir": "/copy", "argv": [...], "plugins": {"pytest-django": "4.9"}, "seed": 7, "probes": ["django-apps", ...]}
        with a database suffix also "settings" (DJANGO_SETTINGS_MODULE) and "sys_path", which `sweep` needs
    {"ev": "collected", "tests": ["a.py::test_1", ...], "app_labels": ["shop"], "missing": ["ids in a forced order, not collected"]}
        once per process; `tests` in the order that the project's own plugins gave, before a forced order is applied; under xdist
        only the first worker (gw0) lists `tests`, the others leave it empty
    {"ev": "import", "id": "a.py", "state": [...]}              with deep probes: what a file left different when it was imported
    {"ev": "begin", "id": "a.py::test_1", "pos": 0, "time": 1700000001.5}
    {"ev": "end", "id": "a.py::test_1", "pos": 0, "attempt": 0, "outcome": "failed", "dur": 0.01,
     "phases": [["setup", "passed", 0.001], ["call", "failed", 0.008], ["teardown", "passed", 0.001]],
     "failures": [{"phase": "call", "type": "psycopg2.errors.DuplicateTable", "message": "...", "chain": [["type", "message"]],
                   "raised_at": "django/db/backends/utils.py:_execute", "test_frame": "tests/test_a.py:test_1", "line": 19,
                   "text": "...", "output": "..."}],
     "state": [{"kind": "django-model", "key": "shop.Phantom", "before": null, "after": "digest", "scope": "function",
                "origin": "tests.test_a:test_1.<locals>.Phantom"}],
     "claims": ["port 8000", "file <tmp>/app.lock"], "traits": ["db"]}
        keys with empty values (`failures`, `state`, `claims`, `traits`, `attempt` 0) are left out; a change of state also has
        "seen": "scan" where the tree was compared as a whole (after a child process), so that under xdist another worker may have made it
        a rerun of the same test has its own `begin` and `end`, with the same `pos` and the next `attempt`
    {"ev": "crash", "id": "a.py::test_1", "worker": "gw1"}       written by the controller
    {"ev": "databases", "databases": [{"alias": "default", "engine": "django.db.backends.postgresql", "name": "test_shop_fd1a2b_gw0"}]}
        once the test databases have been made; "copied": true where one is a copy of a template
    {"ev": "note", "text": "..."}                               the recorder's own trouble: becomes a Gap
    {"ev": "finish", "time": 1700000009.0, "exit": 1, "originals": ["/home/me/project/app/models.py"],
     "shared": ["port 8000", "file /var/x", "service redis"], "databases": ["test_shop_fd1a2b_gw0"], "cost": {"django-apps": 0.001},
     "signs": 0.001}
        seconds after tests, by probe; `signs` are those of the comparison that stands for the probes that were not asked

Workers are named as xdist names them; a run without xdist has the one worker `main`; the controller's journal is
`journal-controller.jsonl`.

A forced order is a JSON file: {"v": 1, "steps": [[0, "a.py::test_1"], [1, "b.py::test_2"]]}: worker index and node id (without an `@group`
suffix), in the sequence in which they are to run. Collected tests that it does not name are deselected. Steps whose
places "together": [3] lists begin as soon as the one before them, on another worker, has begun.
"""

VERSION = 1

# Variables that wake the recorder.
RECORD = "FLAKY_DETECTOR_RECORD"  # folder to write journals to; nothing happens without it or an order
PROCESS = "{pid}"  # in that folder's name: the number of the process that began the run, so that several runs of one job keep apart
ORDER = "FLAKY_DETECTOR_ORDER"  # file with a forced order
SHUFFLE = "FLAKY_DETECTOR_SHUFFLE"  # "seed:N" or "reversed", applied before the sorts of the project's plugins
SHUFFLE_LAST = "FLAKY_DETECTOR_SHUFFLE_LAST"  # "1": apply the shuffle after every plugin's sort instead
DATABASE_SUFFIX = "FLAKY_DETECTOR_DATABASE_SUFFIX"  # appended to the name of every Django test database
TEMPLATES = "FLAKY_DETECTOR_TEMPLATES"  # folder that the processes of a hunt share, to copy test databases; its name is their suffix
WITHOUT = "FLAKY_DETECTOR_WITHOUT"  # JSON list of node ids that are deselected
COPY = "FLAKY_DETECTOR_COPY"  # the whole private copy of the user's tree, of which the rootdir may be a part
ORIGINAL = "FLAKY_DETECTOR_ORIGINAL"  # the user's own tree: files imported from below it are reported at the end
PROBES = "FLAKY_DETECTOR_PROBES"  # comma-separated names of probes; default: the light ones; "deep": all; "none": none
COLLECT = "FLAKY_DETECTOR_COLLECT"  # "1": no order is applied, for each fork of what is collected gets one of its own (see `fork_server`)
WALK = "FLAKY_DETECTOR_WALK"  # JSON, see `walk`: {"tail": 1, "raised": [], "test_seconds": 0.1, "tail_seconds": 0.2}

ALL_VARIABLES = (RECORD, ORDER, SHUFFLE, SHUFFLE_LAST, WITHOUT, DATABASE_SUFFIX, TEMPLATES, COPY, ORIGINAL, PROBES, COLLECT, WALK)
WAKING = (RECORD, ORDER, SHUFFLE, DATABASE_SUFFIX)  # any one of these wakes it
FORK_SERVER = "FLAKY_DETECTOR_FORK_SERVER"  # "R,W;R,W": descriptors over which the house asks for children (see `fork_server`)
AWAKE = "FLAKY_DETECTOR_AWAKE"  # set by the recorder itself, so that a pytest started by a recorded test stays asleep

# pytest options, the same as the variables of these names.
RECORD_OPTION = "--flaky-detector-record"
ORDER_OPTION = "--flaky-detector-order"

PLUGIN = "flaky_detector.recorder"

# JUnit properties.
PROPERTY_NODEID = "flaky-detector.nodeid"
PROPERTY_WORKER = "flaky-detector.worker"
PROPERTY_POSITION = "flaky-detector.position"
PROPERTY_STATE = "flaky-detector.state"
ALL_PROPERTIES = (PROPERTY_NODEID, PROPERTY_WORKER, PROPERTY_POSITION, PROPERTY_STATE)

SWEEP_AWAY = 3  # exit code of a sweep, or a keeper: a database server did not answer, so it is worth trying again

JOURNAL_PREFIX = "journal-"
WALK_RESULT = "walk.json"
JOURNAL_SUFFIX = ".jsonl"
SERIAL_WORKER = "main"
CONTROLLER = "controller"
TEMPLATES_MADE = "templates"  # of the journal in a folder of templates that says, once there are some on a server, how it is reached

# Kinds of state.
DJANGO_MODEL = "django-model"  # key "app_label.ModelName"
FILE = "file"  # key: path relative to the rootdir, with forward slashes
ENVIRON = "environ"  # key: the variable's name
CWD = "cwd"  # key "cwd"
DJANGO_SETTING = "django-setting"  # key: the setting's name
DJANGO_SIGNAL = "django-signal"  # key "post_save:shop.signals.receiver"
DJANGO_URLCONF = "django-urlconf"  # key "urlconf" or "script-prefix"
DJANGO_LANGUAGE = "django-language"  # key "language"
DJANGO_TIMEZONE = "django-timezone"  # key "timezone"
DJANGO_CACHE = "django-cache"  # key: the alias of a cache in local memory, "contenttypes" or "sites"
TABLE = "table"  # key "alias.table"
ROWS = "rows"  # key "alias.table"; `before` or `after` is null where the table was or is empty
DJANGO_MIGRATION = "django-migration"  # key "app.name", as it is recorded in the database
MODULE = "module"  # key: the name in sys.modules
SYS_PATH = "sys-path"  # key "sys.path" or "sys.meta_path"
LOGGING = "logging"  # key "logger.attribute" ("root.level", "shop.orders.handlers"), "logging.disable", "logging.loggerClass"
WARNINGS = "warnings"  # key "warnings.filters" or "warnings.showwarning"
LOCALE = "locale"  # key: the category, such as "LC_NUMERIC"
TIMEZONE = "timezone"  # key "timezone"
DECIMAL = "decimal"  # key "decimal.prec" and the like
UMASK = "umask"  # key "umask"
SIGNAL_HANDLER = "signal-handler"  # key: the signal's name, such as "SIGTERM"
THREAD = "thread"  # key: the thread's name, else its target as "module.function", else its class
CHILD_PROCESS = "child-process"  # key: the name of the program
STDIO = "stdio"  # key "sys.stdin", "sys.stdout" or "sys.stderr"
INTERPRETER = "interpreter"  # key "sys.excepthook", "sys.recursionlimit", "gc.enabled" and the like
SOCKET_TIMEOUT = "socket-timeout"  # key "socket.defaulttimeout"
EVENT_LOOP = "event-loop"  # key "asyncio.loop" or "asyncio.policy"
BUILTINS = "builtins"  # key "builtins.NAME"
TEMPORARY_FILE = "temporary-file"  # key "<tmp>/" and the path relative to the temporary folder
MODULE_GLOBAL = "module-global"  # key "package.module.NAME"; of a function's attribute, default or closure "package.module.function.NAME"
CLASS_ATTRIBUTE = "class-attribute"  # key "package.module.Class.attribute"
MODULE_ATTRIBUTE = "module-attribute"  # key "time.sleep": replaced in a module that is not the project's own
CACHE = "cache"  # key "package.module.function": more or fewer entries in a functools.lru_cache

MAX_MESSAGE = 2000
MAX_TEXT = 8000
MAX_OUTPUT = 4000


def journal_name(worker):
    # type: (str) -> str
    """File name of a worker's journal."""
    return JOURNAL_PREFIX + worker + JOURNAL_SUFFIX
