"""Django's settings: names that a test set, replaced, deleted or changed inside, and did not put back.

Owns the kind `django-setting`; the key is the setting's name. Looked at as `django.conf.settings` resolves them: the settings object and
every `UserSettingsHolder` that an `override_settings` put upon it. Lists, dicts and sets are compared with a copy, so that an append is
seen. Only digests leave the process, salted by process.

What Django and pytest-django change themselves is no change of a test's: the test environment (`ALLOWED_HOSTS`, `DEBUG`, `EMAIL_BACKEND`),
names and defaults of databases, `--no-migrations`. What a class overrides for its tests is a change only if it is still there when the
class is over. Not seen: what changes inside an object of a class of the project's own.

Cost: one comparison of a dict of 200 names a test, which for unchanged values compares identities: 6 µs.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs, without
from flaky_detector.recorder.world import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION, CLASS = "function", "class"
MAX_DEPTH = 6
MAX_ITEMS = 20000
MAX_LAYERS = 50
DICTS = (dict, OrderedDict, defaultdict)
PLAIN = (str, bytes, int, float, bool, type(None))
TEST_ENVIRONMENT = ("ALLOWED_HOSTS", "DEBUG", "EMAIL_BACKEND")
DATABASES = "DATABASES"
OF_TEST_DATABASES = ("NAME", "TEST")
MISSING: Any = object()

Layer = Any  # a dict, or a module of defaults


class DjangoSettingsProbe:
    """Compares the layers of the settings with copies, then name by name where they differ."""

    name = "django-settings"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.DJANGO_SETTING)
        self._salt = os.urandom(16)
        self._last: list[Layer] = []
        self._environment: Any = None
        self._of_class: dict[str, Any] = {}
        self._scope = FUNCTION

    def start(self) -> None:
        """Take the present settings for granted."""
        self._last = [_copied(layer) for layer in _layers()]
        self._environment = _environment()

    def mark(self, scope: str) -> bool:
        """Book settings that resolve to something else than at the last look."""
        self._scope = scope
        layers = _layers()
        if not _equal(layers, self._last):
            last, self._last = self._last, [_copied(layer) for layer in layers]
            environment, self._environment = self._environment, _environment()
            of_django = TEST_ENVIRONMENT if environment is not self._environment else ()
            if last:
                self._compare(_resolved(last), _resolved(self._last), of_django, overrides=len(self._last) > len(last))
        return bool(self._booking.entries or (self._of_class and scope != FUNCTION))

    def signs(self) -> Signs | None:
        """That Django is not there; none where it is."""
        return without("django.conf")

    def settle(self) -> list[dict[str, Any]]:
        """Net changes; those of a class that was torn down as well."""
        if self._of_class and self._scope != FUNCTION:
            now = _resolved(self._last)
            for name, before in self._of_class.items():
                self._booking.book(name, self._digest(before), self._digest(now.get(name, MISSING)), self._scope)
            self._of_class = {}
        return self._booking.settle()

    def _compare(self, last: dict[str, Any], now: dict[str, Any], of_django: tuple[str, ...], *, overrides: bool) -> None:
        for name in [*last, *(name for name in now if name not in last)]:
            before, after = last.get(name, MISSING), now.get(name, MISSING)
            if name in of_django or _equal(before, after) or _is_of_the_frame(name, before, after):
                continue
            if self._scope == CLASS and overrides:
                self._of_class.setdefault(name, before)
            elif self._scope != FUNCTION and name in self._of_class and _equal(self._of_class[name], after):
                del self._of_class[name]
            else:
                self._booking.book(name, self._digest(before), self._digest(after), self._scope)

    def _digest(self, value: Any) -> str | None:
        return None if value is MISSING else digest(self._salt + _told(value, 0).encode("utf-8", "surrogatepass"))


def _layers() -> list[Layer]:
    """What `settings` looks names up in, the first first; nothing while they are not configured."""
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not settings.configured:
        return []
    layers: list[Layer] = []
    found = getattr(settings, "_wrapped", None)
    while found is not None and len(layers) < MAX_LAYERS:
        if isinstance(found, type(sys)):
            return [*layers, found]
        layers.append(getattr(found, "__dict__", {}))
        found = layers[-1].get("default_settings")
    return layers


def _copied(layer: Layer) -> Layer:
    if not isinstance(layer, dict):
        return layer
    budget = iter(range(MAX_ITEMS))
    return {name: _copy(value, 0, budget) if name.isupper() or name == "_deleted" else value for name, value in list(layer.items())}


def _copy(value: Any, depth: int, budget: Iterator[int]) -> Any:
    """Containers anew, everything else, and what is beyond the bounds, the very object."""
    kind = type(value)
    if kind not in (list, tuple, set) and kind not in DICTS:
        return value
    if depth >= MAX_DEPTH or next(budget, None) is None:
        return value
    if kind in DICTS:
        return {key: _copy(inner, depth + 1, budget) for key, inner in list(value.items())}
    if kind is set:
        return set(value)
    copied = [_copy(inner, depth + 1, budget) for inner in value]
    if kind is tuple:  # one that holds nothing mutable is compared by identity
        return value if all(one is other for one, other in zip(copied, value)) else tuple(copied)
    return copied


def _resolved(layers: list[Layer]) -> dict[str, Any]:
    """The value that each name has, as far as the layers tell; defaults of a module only where a layer above it has the name."""
    resolved: dict[str, Any] = {}
    names = {name for layer in layers if isinstance(layer, dict) for name in layer}
    for layer in reversed(layers):
        found = layer if isinstance(layer, dict) else {name: getattr(layer, name) for name in names if hasattr(layer, name)}
        for name in found.get("_deleted") or ():
            resolved.pop(name, None)
        resolved.update((name, value) for name, value in found.items() if name.isupper() and name != "SETTINGS_MODULE")
    return resolved


def _equal(one: Any, other: Any) -> bool:
    """What raises when compared, or has no plain answer, is another thing."""
    try:
        return one is other or bool(one == other)
    except Exception:
        return False


def _environment() -> Any:
    """Changes when Django's test environment is set up or torn down."""
    return getattr(getattr(sys.modules.get("django.test.utils"), "_TestState", None), "saved_data", None)


def _is_of_the_frame(name: str, before: Any, after: Any) -> bool:
    """Whether Django or pytest-django made the difference."""
    if name == "MIGRATION_MODULES":
        return "DisableMigrations" in (type(before).__name__, type(after).__name__)
    return name == DATABASES and _equal(_without_defaults(before), _without_defaults(after))


def _without_defaults(databases: Any) -> Any:
    """Django fills in what a database lacks when it is first used, and gives it its test name."""
    if not isinstance(databases, dict):
        return databases
    return {
        alias: {
            name: value
            for name, value in entry.items()
            if value and name not in OF_TEST_DATABASES and (name, value) != ("AUTOCOMMIT", True)
        }
        for alias, entry in databases.items()
        if isinstance(entry, dict) and not str(entry.get("ENGINE", "")).endswith("dummy")
    }


def _told(value: Any, depth: int) -> str:
    """A value as text without running code of its own."""
    kind = type(value)
    if kind in PLAIN:
        return repr(value)
    if depth >= MAX_DEPTH:
        return "..."
    if kind in DICTS:
        return "{%s}" % ",".join([_told(key, depth + 1) + ":" + _told(inner, depth + 1) for key, inner in value.items()])
    if kind in (list, tuple):
        return "[%s]" % ",".join([_told(inner, depth + 1) for inner in value])
    if kind in (set, frozenset):
        return "{%s}" % ",".join(sorted([_told(inner, depth + 1) for inner in value]))
    return "%s at %d" % (kind.__qualname__, id(value))
