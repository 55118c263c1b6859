"""Any failure that no other rule recognises, by a fingerprint: exception, its message without what varies, and where it was raised.

Owns the last place in the registry: it recognises everything. Lines, values, addresses, identifiers and paths are taken out, for they
differ between two runs of one failure; an assertion's message is left out altogether, for it holds little but values. The place is the file
of the innermost frame of the project's own: that is what every witness tells alike.
"""

import re
from collections.abc import Sequence

from flaky_detector.model import Failure, Remedy, Signature, StateChange
from flaky_detector.recorder import wire
from flaky_detector.rules.database_words import explains_in_database, tables_in
from flaky_detector.rules.django_cures import django_cures
from flaky_detector.rules.process_cures import process_cures
from flaky_detector.rules.wording import bare

VARYING = (
    (re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"), "<uuid>"),
    (re.compile(r"0x[0-9a-fA-F]+"), "<address>"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`"), "<text>"),
    (re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]* at <address>>"), "<value>"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+){2,}[\\/]?"), "<path>"),
    (re.compile(r"\b[0-9a-fA-F]{12,}\b"), "<hex>"),
    (re.compile(r"\d+(?:[.,:]\d+)*"), "#"),
)
LONGEST_MESSAGE = 120
READ = 1000
WITHOUT_MESSAGE = frozenset(("AssertionError", "Failed", "KeyError", "XPASS(strict)"))
SETTING = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
OF_SETTINGS = re.compile(
    r"\bsettings\.([A-Z][A-Z0-9_]*)\b|'\w*Settings\w*' object has no attribute '([A-Z][A-Z0-9_]*)'|\b([A-Z][A-Z0-9_]+) setting\b"
)
NAMING = frozenset(("KeyError", "ImproperlyConfigured"))
NO_URL = ("NoReverseMatch", "Resolver404")
NO_LOOP = ("RuntimeError: There is no current event loop", "RuntimeError: Event loop is closed")
SOURCE_LINE = re.compile(r"^>.*$", re.MULTILINE)
INSTALLED = re.compile(r"^.*(?:site-packages|dist-packages|lib/python3\.\d+)/")


def normalised(message: str) -> str:
    """The first line of a message without what differs from run to run."""
    text = message.strip().partition("\n")[0][:READ]
    for varying, word in VARYING:
        text = varying.sub(word, text)
    return " ".join(text.split())[:LONGEST_MESSAGE]


def place(raised_at: str) -> str:
    """The file of `path:function`, without what differs between installations."""
    path = raised_at.replace("\\", "/").rpartition(":")[0] or raised_at
    return INSTALLED.sub("", path.removeprefix("./").replace("../", "")).lstrip("/")


def settings_in(failure: Failure) -> tuple[str, ...]:
    """Names such as `SHOP_MODE` that the failing line or the error speaks of: likely environment variables, or settings of Django."""
    kind, message = bare(failure.exception), failure.message[:READ]
    lines = SOURCE_LINE.findall(failure.text)
    line = lines[-1][:READ] if lines else ""
    words = {*SETTING.findall(line), *(SETTING.findall(message) if kind in NAMING else ())}
    texts = (line, message if kind in NAMING or kind == "AttributeError" else "")
    words.update(word for text in texts for found in OF_SETTINGS.findall(text) for word in found if word)
    return tuple(sorted(words))


class Fallback:
    """Resources: names of settings or environment variables that the failure speaks of, and what a database error says of a table."""

    name = "fallback"

    def recognise(self, failure: Failure, app_labels: Sequence[str] = ()) -> Signature | None:
        """Always a signature."""
        kind = bare(failure.exception) or "failure"
        message = "" if kind in WITHOUT_MESSAGE else normalised(failure.message)
        return Signature(
            rule=self.name,
            resources=tuple(sorted({*settings_in(failure), *tables_in(failure)})),
            exception=f"{kind}: {message}" if message else kind,
            where=place(failure.test_frame or failure.raised_at),
        )

    def explains(self, signature: Signature, change: StateChange) -> bool:
        """A variable, setting or global that the failure names; a table that it misses, or that lost or holds the rows that it speaks
        of; the working directory where a file was not found, the URL conf where an address was not, the event loop where there was none.
        """
        if change.kind in (wire.ENVIRON, wire.DJANGO_SETTING):
            return change.key in signature.resources
        if change.kind in (wire.MODULE_GLOBAL, wire.CLASS_ATTRIBUTE):
            return change.key.rpartition(".")[2] in signature.resources
        if change.kind == wire.EVENT_LOOP:
            return signature.exception.startswith(NO_LOOP)
        if change.kind == wire.DJANGO_URLCONF:
            return change.key == "urlconf" and signature.exception.startswith(NO_URL)
        if change.kind == wire.CWD:
            return signature.exception.startswith("FileNotFoundError")
        return explains_in_database(signature, change)

    def names(self, signature: Signature) -> tuple[str, ...]:
        """The settings named."""
        return tuple(resource for resource in signature.resources if " " not in resource)

    def remedies(self, signature: Signature, state: Sequence[StateChange]) -> tuple[Remedy, ...]:
        """How to change what was left behind for one test only."""
        return django_cures(state) + process_cures(state)
