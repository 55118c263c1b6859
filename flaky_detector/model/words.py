"""How state left behind is told to a person, in one place, so that cause, steps and alerts say the same thing.

Owns the phrases. Text between backticks is code; whoever shows it neutralises it. Must not judge.
"""

from collections.abc import Sequence
from itertools import groupby

from flaky_detector.model.execution import StateChange

MODEL, FILE, ENVIRON, CWD = "django-model", "file", "environ", "cwd"
PHRASES = {
    "django-language": "leaves another language active",
    "django-timezone": "leaves another time zone active",
    "timezone": "leaves the process in another time zone",
    "umask": "changes the process's umask",
    "socket-timeout": "changes the default timeout of sockets",
    "event-loop": "leaves asyncio's event loop or its policy different",
}
THINGS = {  # one, several; adds, removes, changes
    "django-setting": ("the setting", "the settings", "sets", "deletes", "changes"),
    "django-signal": ("the signal receiver", "the signal receivers", "connects", "disconnects", "connects or disconnects"),
    "django-urlconf": ("Django's", "Django's", "sets", "resets", "changes"),
    "django-cache": ("the cache", "the caches", "fills", "empties", "changes"),
    "table": ("the table", "the tables", "creates", "drops", "changes"),
    "rows": ("the table", "the tables", "leaves rows in", "empties", "leaves more or fewer rows in"),
    "django-migration": ("the migration", "the migrations", "records", "takes back the record of", "changes the record of"),
    "module": ("the module", "the modules", "fakes", "unloads", "replaces"),
    "sys-path": ("the import list", "the import lists", "sets", "deletes", "changes"),
    "logging": ("the logging setting", "the logging settings", "sets", "resets", "changes"),
    "warnings": ("the warnings setting", "the warnings settings", "sets", "resets", "changes"),
    "locale": ("the locale", "the locales", "sets", "resets", "changes"),
    "decimal": ("the setting", "the settings", "sets", "resets", "changes"),
    "signal-handler": ("the handler of", "the handlers of", "sets", "removes", "replaces"),
    "thread": ("the thread", "the threads", "leaves running", "ends", "replaces"),
    "child-process": ("the child process", "the child processes", "leaves running", "ends", "replaces"),
    "stdio": ("the stream", "the streams", "sets", "removes", "replaces"),
    "interpreter": ("the interpreter's", "the interpreter's", "sets", "resets", "changes"),
    "builtins": ("the built-in", "the built-ins", "adds", "removes", "replaces"),
    "temporary-file": ("the temporary file", "the temporary files", "writes", "removes", "rewrites"),
    "module-global": ("the module global", "the module globals", "adds", "deletes", "changes"),
    "class-attribute": ("the class attribute", "the class attributes", "adds", "deletes", "changes"),
    "module-attribute": ("the attribute", "the attributes", "adds", "deletes", "patches"),
    "cache": ("the cache of", "the caches of", "fills", "empties", "changes"),
}


def leaves(changes: Sequence[StateChange], most: int = 3) -> str:
    """What a test does that outlasts it: `leaves the Django model "shop.Phantom" behind and sets the environment variable "TZ"`.

    Empty where nothing was seen.
    """
    ordered = sorted(changes, key=lambda change: (_doing(change), change.key))
    phrases = [_phrase(doing, [change.key for change in group], most) for doing, group in groupby(ordered, key=_doing)]
    return enumerated(phrases)


def _doing(change: StateChange) -> tuple[str, str]:
    """The kind, and which way it changed."""
    if change.kind not in (FILE, ENVIRON, *THINGS):
        return change.kind, ""
    return change.kind, "removes" if change.after is None else "adds" if change.before is None else "changes"


def _phrase(doing: tuple[str, str], keys: Sequence[str], most: int) -> str:
    kind, way = doing
    named = enumerated([tick(key) for key in keys[:most]] + ([f"{len(keys) - most} more"] if len(keys) > most else []))
    several = len(keys) > 1
    if kind == MODEL:
        return f"leaves {len(keys)} Django models behind ({named})" if several else f"leaves the Django model {named} behind"
    if kind == FILE:
        things = "files" if several else "the file"
        return {"adds": f"writes {things} {named}", "removes": f"removes {things} {named}", "changes": f"rewrites {things} {named}"}[way]
    if kind == ENVIRON:
        things = "environment variables" if several else "the environment variable"
        return {"adds": f"sets {things} {named}", "removes": f"removes {things} {named}", "changes": f"changes {things} {named}"}[way]
    if kind == CWD:
        return "changes the working directory"
    if kind in THINGS:
        one, many, *verbs = THINGS[kind]
        return f"{dict(zip(('adds', 'removes', 'changes'), verbs, strict=True))[way]} {many if several else one} {named}"
    return PHRASES.get(kind) or f"changes {kind.replace('-', ' ')} {named}"


def enumerated(parts: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" {last} " + parts[-1]


def tick(name: str) -> str:
    """A name as code; backticks of its own would end it early."""
    return "`" + name.replace("`", "'") + "`"
