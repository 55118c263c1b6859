"""One namespace that is watched: the globals of a module, or what a class defines.

Owns the comparison. First the identities of all values, as one list; name by name only where that differs. Then, each time, the content
of what can change without being replaced: containers, instances of own classes, caches, and of functions their attributes, defaults and
closures. Values of built-in types, functions, classes and modules are held, so that nothing else can get their address; everything else is
not, for a test may wait for it to be collected.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from flaky_detector.recorder import plain, versions
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.plain import MISSING
from flaky_detector.recorder.snapshot import LRU_CACHE, PRIMITIVE_IDS, Snapshots, entries_of
from flaky_detector.recorder.trace import HELD, Trace, trace
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Callable

MAX_ROOTS = 400
GLOBAL, CACHE, ATTRIBUTE = "global", "cache", "attribute"
OF_DECORATORS = frozenset(("__wrapped__", "pytestmark", "patchings", "__signature__", "cache_info", "cache_parameters", "cache_clear"))


class Difference(NamedTuple):
    """One name and its snapshots, MISSING where it was not, or is no more; `value` is what stands there now."""

    name: str
    before: Any
    after: Any
    value: Any = None
    is_cache: bool = False


class Root:
    """Something whose content is looked at each time, and what it was."""

    __slots__ = ("kind", "last", "name", "read", "trace")

    def __init__(self, name: str, kind: str, read: Callable[[], Any], last: Any) -> None:
        self.name = name
        self.kind = kind
        self.read = read
        self.last = last
        self.trace: Trace | None = None


class Watched:
    """A namespace as it was at the last look."""

    def __init__(self, prefix: str, names: Mapping[str, Any], snapshots: Snapshots, counts: Callable[[str, Any], bool]) -> None:
        self.prefix = prefix
        self.names = names
        self.owner: Any = None
        self._spec = names.get("__spec__")
        self._loads = 0
        self._snapshots = snapshots
        self._counts = counts
        self.seconds: dict[str, float] = {}
        self.cell = versions.cell(versions.behind(names))
        self.version = 0
        self._image: Any = None
        self._held: list[Any] = []
        self._known: dict[str, Any] = {}
        self._given_up: set[str] = set()
        self.roots: list[Root] = []
        self.dicts: list[Any] = []
        self._sizes: list[int] = []
        self._take()

    def look(self, *, is_timed: bool = False) -> list[Difference]:
        """What differs from the last look; one difference without a name where the module was loaded again.

        Where it is timed, `seconds` tells by name what it took to look inside, and under no name the rest.
        """
        started = World.worked() if is_timed else 0.0
        if not self._is_same() or list(map(len, self.dicts)) != self._sizes:
            found = self._look_at_all()
            self.take_time("", started)
            return found
        found = []
        for root in self.roots:
            difference = self._look_within(root)
            if difference is not None:
                found.append(difference)
            if is_timed:
                started = self.take_time(root.name, started)
        return found

    def give_up(self, name: str) -> None:
        """Look at what is called so by its identity alone."""
        self._given_up.add(name)
        self.roots = [root for root in self.roots if root.name != name]
        if name in self._known:
            self._known[name] = self._snapshot(name, self.names.get(name))

    def take_time(self, name: str, started: float) -> float:
        """Put down what was spent on a name since `started`, if that is set at all; the time now."""
        now = World.worked() if started else 0.0
        if started:
            self.seconds[name] = self.seconds.get(name, 0.0) + now - started
        return now

    def _look_at_all(self) -> list[Difference]:
        known, roots = self._known, {root.name: root for root in self.roots}
        self._take()
        before, self._spec = self._spec, self.names.get("__spec__")
        if before is not self._spec:
            self._loads += 1  # not the spec's address, which the next load may get again
            return [Difference("", self._loads - 1, self._loads)]
        return [*self._compare(known), *self._compare_within(roots)]

    def _look_within(self, root: Root) -> Difference | None:
        value = self.names.get(root.name) if root.kind is GLOBAL else None
        if root.trace is not None and root.trace.holds(value):
            return None
        now = root.read()
        is_same = now == root.last
        if not is_same or root.trace is not None:
            root.trace = trace(value) if root.kind is GLOBAL else None
        if is_same:
            return None
        before, root.last = root.last, now
        if root.kind is GLOBAL:
            self._known[root.name] = now
        return Difference(root.name, before, now, value, is_cache=root.kind is CACHE)

    def _is_same(self) -> bool:
        """Whether every value is the very same object, under the very same name."""
        version = versions.read(self.cell) if self.cell is not None else None
        if version is not None and version == self.version:
            return True
        is_same = bool(image((*self.names, *self.names.values())) == self._image)
        if is_same and version is not None:  # something was replaced and put back
            self.version = version
        return is_same

    def _compare_within(self, roots: dict[str, Root]) -> Iterator[Difference]:
        """Of functions and caches, which are no names of the namespace themselves."""
        for root in self.roots:
            old = roots.get(root.name)
            if root.kind is not GLOBAL and old is not None and old.kind is root.kind and old.last != root.last:
                yield Difference(root.name, old.last, root.last, is_cache=root.kind is CACHE)
            elif root.kind is ATTRIBUTE and old is None:
                yield Difference(root.name, MISSING, root.last)

    def _compare(self, known: dict[str, Any]) -> Iterator[Difference]:
        for name in [*known, *(name for name in self._known if name not in known)]:
            before, after = known.get(name, MISSING), self._known.get(name, MISSING)
            if before is not after and (before is MISSING or after is MISSING or before != after):
                yield Difference(name, before, after, self.names.get(name))

    def _take(self) -> None:
        self.version = versions.read(self.cell) if self.cell is not None else 0
        pairs = [pair for pair in list(self.names.items()) if type(pair[0]) is str]
        counted = [(name, value) for name, value in pairs if self._counts(name, value)]
        self._known = {name: self._snapshot(name, value) for name, value in counted}
        everything = list(self.names.items())
        self._held = [value for name, value in everything if _is_held(name, value)]
        self._image = image((*self.names, *self.names.values()))
        self.roots = []
        self.dicts = []
        for name, value in counted:
            if len(self.roots) >= MAX_ROOTS:
                break
            if name not in self._given_up:
                self._root(name, value)
        self._sizes = list(map(len, self.dicts))

    def _snapshot(self, name: str, value: Any) -> Any:
        return ("at", id(value)) if name in self._given_up else self._snapshots.of(value)

    def _root(self, name: str, value: Any) -> None:
        if self._snapshots.is_mutable(value):
            root = Root(name, GLOBAL, lambda: self._snapshots.of(self.names.get(name)), self._known[name])
            root.trace = trace(value)
            self.roots.append(root)
            return
        if type(value) is LRU_CACHE:
            self._add(name, lambda: entries_of(value), CACHE)
        function = plain.function_of(value)
        if function is not None and not name.startswith("test") and plain.home(function) == self._module():
            self._function(name, function)

    def _module(self) -> Any:
        return self.names.get("__module__") or self.names.get("__name__")

    def _function(self, name: str, function: Any) -> None:
        attributes = function.__dict__
        self.dicts.append(attributes)
        values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        if any(map(self._snapshots.is_mutable, values)):
            self._add(name + ".__defaults__", partial(_defaults, function, self._snapshots))
        for attribute in attributes:
            if type(attribute) is str and attribute not in OF_DECORATORS:
                self._add("%s.%s" % (name, attribute), partial(_attribute, attributes, attribute, self._snapshots), ATTRIBUTE)
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            if self._snapshots.is_mutable(_content(cell)):
                self._add("%s.%s" % (name, variable), partial(_variable, cell, self._snapshots))

    def _add(self, name: str, read: Callable[[], Any], kind: str = "") -> None:
        if name not in self._given_up:
            self.roots.append(Root(name, kind, read, read()))


def _is_held(name: Any, value: Any) -> bool:
    kind = type(value)
    is_of_module = type(name) is str and name.startswith("__")
    return is_of_module or id(kind) in PRIMITIVE_IDS or issubclass(kind, HELD) or plain.is_of_pytest(plain.module_of(kind))


def _defaults(function: Any, snapshots: Snapshots) -> Any:
    return snapshots.of(function.__defaults__), snapshots.of(function.__kwdefaults__)


def _attribute(attributes: Any, name: str, snapshots: Snapshots) -> Any:
    return snapshots.of(attributes.get(name))


def _variable(cell: Any, snapshots: Snapshots) -> Any:
    return snapshots.of(_content(cell))


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
