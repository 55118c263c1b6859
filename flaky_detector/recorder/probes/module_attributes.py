"""Functions and classes of modules that are not the project's own, where a test left something else in their place: a patch never stopped.

Owns the kind `module-attribute`. Looked at are the modules that the project's own modules hold or took names from, a few of the standard
library, and methods of the classes found there. Only what is callable, or a module, counts; what appears for the first time does not, for
modules make such things on demand. A module that was reloaded is one change.
Cost: 50 ns a module or class where dicts have versions, else 5 ns an attribute.
"""

from __future__ import annotations

import os
import sys
import types
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import plain, versions, wire
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.allowance import Allowance
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.own import Own
from flaky_detector.recorder.watching import Watching
from flaky_detector.recorder.world import World, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Callable

    from flaky_detector.recorder.tree import Tree

ALWAYS = ("time", "datetime", "random", "os", "os.path", "socket", "subprocess", "json", "shutil", "uuid", "tempfile")
LEFT_TO_OTHERS = frozenset(("warnings.showwarning", "warnings._showwarnmsg_impl"))
"""pytest replaces them for the length of a phase, by things of the standard library; the probe of warnings knows when a test did."""

MAX_MODULES, MAX_CLASSES = 300, 300
CALLABLES = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    type,
    staticmethod,
    classmethod,
    property,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)


class Held:
    """A namespace, its identities, and what of it counts."""

    __slots__ = ("cell", "known", "names", "prefix", "row", "seconds", "spec", "values", "version")
    roots: tuple[Any, ...] = ()
    dicts: tuple[Any, ...] = ()

    def __init__(self, prefix: str, names: Mapping[str, Any]) -> None:
        self.prefix = prefix
        self.names = names
        self.cell = versions.cell(versions.behind(names))
        self.seconds: dict[str, float] = {}
        self.version = 0
        self.values: tuple[Any, ...] = ()
        self.row: Any = None
        self.known: dict[str, Any] = {}
        self.spec = names.get("__spec__")
        self.take()

    def take(self) -> None:
        """As it is now; all of it is held, so that nothing else can get its address."""
        self.version = versions.read(self.cell) if self.cell is not None else 0
        self.values = tuple(self.names.values())
        self.row = image((*self.names, *self.values))
        self.known = {name: value for name, value in list(self.names.items()) if type(name) is str and _counts(name, value)}

    def look(self, *, is_timed: bool = False) -> list[tuple[str, Any, Any]]:
        """Name, before and after of what was replaced or taken out; a restored thing is found again as it was.

        One without a name where the module was loaded again.
        """
        started = World.worked() if is_timed else 0.0
        found = self._look()
        if is_timed:
            self.seconds[""] = self.seconds.get("", 0.0) + World.worked() - started
        return found

    def give_up(self, name: str) -> None:
        """There is nothing within."""

    def _look(self) -> list[tuple[str, Any, Any]]:
        version = versions.read(self.cell) if self.cell is not None else 0
        if image((*self.names, *self.names.values())) == self.row:
            self.version = version
            return []
        known = self.known
        self.take()
        before, self.spec = self.spec, self.names.get("__spec__")
        if before is not self.spec:
            return [("", before, self.spec)]
        now = {name: self.names.get(name, plain.MISSING) for name in known}
        found = [(name, before, now[name]) for name, before in known.items() if now[name] is not before]
        self.known.update({name: after for name, _, after in found if after is not plain.MISSING})
        return found


class ModuleAttributesProbe:
    """Compares identities, and tells names where they differ."""

    name = "module-attributes"
    is_deep = True

    def __init__(self, tree: Tree, note: Callable[[str], None]) -> None:
        self._own = Own(tree)
        self._allowance = Allowance(self.name, note)
        self._booking = Booking(wire.MODULE_ATTRIBUTE)
        self._salt = os.urandom(16)
        self._watching = Watching()
        self._modules: set[int] = set()
        self._classes: set[int] = set()

    def start(self) -> None:
        """Take what is now for granted."""
        new = self._own.new()
        for name in ALWAYS if new else ():
            self._add_module(name, sys.modules.get(name))
        for _, names in new:
            for value in list(names.values()):
                self._add(value)

    def mark(self, scope: str) -> bool:
        """Book what was replaced; a module that the project imported in the meantime is taken for granted."""
        if not self._allowance.is_used_up:
            self._allowance.begin()
            timed = self._allowance.is_tight
            for held in self._watching.worth_a_look():
                for name, before, after in held.look(is_timed=timed):
                    if plain.is_of_pytest(plain.home(before)) or plain.is_of_pytest(plain.home(after)):
                        continue  # for the length of a phase
                    key = (held.prefix + "." + name).rstrip(".")
                    if key in LEFT_TO_OTHERS:
                        continue
                    self._booking.book(key, self._digest(before), self._digest(after), scope, plain.origin(after))
            self.start()
            self._allowance.end()
            if self._allowance.is_exceeded:
                self._allowance.give_up(self._watching.parts())
        return bool(self._booking.entries)

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _add(self, value: Any) -> None:
        """A value in an own module's globals: a module, or something out of one."""
        if plain.is_a(value, types.ModuleType):
            name = plain.namespace(value).get("__name__")
            if type(name) is str:
                self._add_module(name, value)
                self._add_classes(name, value)
        elif plain.is_a(value, type):
            self._add_module(plain.module_of(value), sys.modules.get(plain.module_of(value)))
            self._add_class(value)
        elif plain.function_of(value) is not None:
            self._add_module(plain.home(value), sys.modules.get(plain.home(value)))

    def _add_module(self, name: str, module: Any) -> None:
        names = plain.namespace(module)
        if names and id(names) not in self._modules and len(self._modules) < MAX_MODULES and self._is_foreign(name, names):
            self._modules.add(id(names))
            self._watching.add(id(names), Held(name, names))

    def _is_foreign(self, name: str, names: dict[str, Any]) -> bool:
        return name not in ("builtins", "sys", "__main__") and not plain.is_of_pytest(name) and not self._own.is_own(name, names)

    def _add_classes(self, name: str, module: Any) -> None:
        top = name.partition(".")[0]
        for cls in _classes_of(top, plain.namespace(module)):
            self._add_class(cls)

    def _add_class(self, cls: type) -> None:
        name = plain.module_of(cls)
        if id(cls) in self._classes or len(self._classes) >= MAX_CLASSES or not plain.is_patchable(cls):
            return
        if self._is_foreign(name, plain.namespace(sys.modules.get(name))):
            self._classes.add(id(cls))
            self._watching.add(id(cls), Held("%s.%s" % (name, plain.name_of(cls)), plain.members(cls)))

    def _digest(self, value: Any) -> str | None:
        return None if value is plain.MISSING else digest(self._salt + b"%d" % id(value))


def _classes_of(top: str, names: dict[str, Any]) -> Iterator[type]:
    for value in list(names.values()):
        if plain.is_a(value, type) and plain.module_of(value).partition(".")[0] == top:
            yield value


def _counts(name: str, value: Any) -> bool:
    is_special = name.startswith("__") and name not in ("__init__", "__new__", "__call__", "__enter__", "__exit__")
    return not is_special and issubclass(type(value), CALLABLES)
