"""What a failure was: exception, message, chain, where it was raised, what was printed.

Owns the `failures` of wire's "end" event. Everything is cut to a bound; an exception whose `__str__` raises is still a failure.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

MAX_CHAIN = 10


class Places:
    """Names files so that they read the same in every checkout: relative to the rootdir, else to the entry of `sys.path` they came from.

    `secrets` are this process's, which no description may hold.
    """

    def __init__(self, rootdir: str) -> None:
        self._root = rootdir.rstrip(os.sep) + os.sep
        self._known: dict[str, tuple[str, bool]] = {}
        self.secrets = Secrets()

    def name(self, filename: str) -> tuple[str, bool]:
        """The file's name with forward slashes, and whether it is the project's own."""
        known = self._known.get(filename)
        if known is None:
            known = self._known[filename] = self._look(filename)
        return known

    def _look(self, filename: str) -> tuple[str, bool]:
        path = filename if filename.startswith("<") else os.path.abspath(filename)
        own = path.startswith(self._root) and not _is_installed(path[len(self._root) :], path)
        if own:
            return path[len(self._root) :].replace(os.sep, "/"), True
        entries = [os.path.abspath(entry) + os.sep for entry in sys.path if entry]
        longest = max((entry for entry in entries if path.startswith(entry)), key=len, default="")
        return path[len(longest) :].replace(os.sep, "/"), False


def _is_installed(relative: str, path: str) -> bool:
    parts = relative.split(os.sep)
    return "site-packages" in parts or "dist-packages" in parts or path.startswith((sys.prefix + os.sep, sys.base_prefix + os.sep))


def describe(report: Any, excinfo: Any, places: Places) -> dict[str, Any]:
    """One failed phase.

    Args:
        report: pytest's report of it.
        excinfo: pytest's ExceptionInfo, None where a phase fails without an exception (a strict xfail that passed).
        places: names files.
    """
    failure: dict[str, Any] = {"phase": report.when, "type": "", "message": ""}
    text = _long_text(report)
    if excinfo is None:
        failure["type"] = text.split("]", 1)[0].lstrip("[") if text.startswith("[XPASS") else "Failed"
        failure["message"] = text[: wire.MAX_MESSAGE]
    else:
        failure["type"], failure["message"] = qualified(type(excinfo.value)), message_of(excinfo.value)
        failure["chain"] = [[qualified(type(error)), message_of(error)] for error in _chain(excinfo.value)]
        failure.update(_where(excinfo.tb, places))
    failure["text"] = cut(text, wire.MAX_TEXT)
    failure["output"] = _output(report)
    for part in ("message", "text", "output"):
        failure[part] = places.secrets.hide(failure[part])
    failure["chain"] = [[kind, places.secrets.hide(message)] for kind, message in failure.get("chain", ())]
    return failure


def qualified(exception: type) -> str:
    """`django.db.utils.ProgrammingError`; the bare name of a builtin."""
    module = getattr(exception, "__module__", "")
    name = getattr(exception, "__qualname__", exception.__name__)
    return name if module in ("builtins", "", None) else "%s.%s" % (module, name)


def message_of(error: BaseException) -> str:
    """Its text, within the bound, whatever its `__str__` does."""
    try:
        return str(error)[: wire.MAX_MESSAGE]
    except Exception as trouble:
        return "<unprintable: %s>" % type(trouble).__name__


def cut(text: str, limit: int) -> str:
    """At most `limit` characters: a quarter from the beginning, the rest from the end, where errors stand."""
    if len(text) <= limit:
        return text
    head = limit // 4
    return text[:head] + "\n…\n" + text[len(text) - (limit - head - 3) :]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """What the exception was raised from, nearest first; then the members of an exception group."""
    seen = {id(error)}
    group = getattr(error, "exceptions", None)
    current: BaseException | None = error
    while current is not None and len(seen) <= MAX_CHAIN:
        following = current.__cause__
        if following is None and not current.__suppress_context__:
            following = current.__context__
        current = None if following is None or id(following) in seen else following
        if current is not None:
            seen.add(id(current))
            yield current
    if isinstance(group, tuple):
        yield from [member for member in group if isinstance(member, BaseException)][:MAX_CHAIN]


def _where(traceback: TracebackType | None, places: Places) -> dict[str, Any]:
    raised_at, test_frame, line = "", "", 0
    while traceback is not None:
        code = traceback.tb_frame.f_code
        name, is_own = places.name(code.co_filename)
        raised_at = "%s:%s" % (name, code.co_name)
        if is_own:
            test_frame, line = raised_at, traceback.tb_lineno
        traceback = traceback.tb_next
    return {"raised_at": raised_at, "test_frame": test_frame, "line": line}


def _long_text(report: Any) -> str:
    try:
        return str(report.longreprtext)
    except Exception as trouble:
        return "<no representation: %s>" % type(trouble).__name__


def _output(report: Any) -> str:
    sections = ["--- %s ---\n%s" % (title, content) for title, content in report.sections if str(title).startswith("Captured")]
    return cut("\n".join(sections), wire.MAX_OUTPUT)
