"""Attributes of the project's own classes that a test replaced, added, removed or changed inside: also methods, and singletons kept there.

Owns the kind `class-attribute`, and `cache` for methods with an `lru_cache`. What `setUpClass` and `setup_class` put on their own test
class does not count, nor what Django puts on its test classes anew for each test. Bounds and cost are those of `module_globals`: about
50 ns a class and test, 20 ns a method, and 10 ns an element.
"""

from __future__ import annotations

import types
import unittest
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.probes.module_globals import ModuleGlobalsProbe
from flaky_detector.recorder.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flaky_detector.recorder.watched import Difference

MAX_NESTED = 3
IGNORED = ("_abc_", "_member_", "_value2member_map_", "_class_cleanups", "_classSetupFailed", "_classTearDown")
OF_DJANGO = frozenset(("client", "async_client", "atomics", "cls_atomics", "_pre_setup_ran_eagerly", "_available_apps_calls_balanced"))
"""On the class since Django 5.2, where older ones have some of it on the instance:
https://github.com/django/django/blob/stable/5.2.x/django/test/testcases.py"""


class ClassAttributesProbe(ModuleGlobalsProbe):
    """Watches what each class of an own module defines."""

    name = "class-attributes"
    kind = wire.CLASS_ATTRIBUTE

    def watch(self, name: str, names: dict[str, Any]) -> Iterator[Watched]:
        """The classes that stand in the module's globals and those within them."""
        for cls in list(_classes(name, list(names.values()), MAX_NESTED)):
            counts = _counts_of_django_s if _is_django_s(cls) else _counts
            watched = Watched("%s.%s" % (name, plain.name_of(cls)), plain.members(cls), self._snapshots, counts)
            watched.owner = cls
            yield watched

    def start(self) -> None:
        """By class: a mapping of its members is made anew each time."""
        for name, names in self._own.new():
            for watched in self.watch(name, names):
                self._watching.add(id(watched.owner), watched)

    def counts(self, watched: Watched, difference: Difference, scope: str) -> bool:  # noqa: ARG002 -- only modules look at the value
        """Anything but what a test class is given before its first test."""
        return scope != "class" or not _is_of_tests(watched.owner)


def _classes(module: str, values: list[Any], depth: int) -> Iterator[type]:
    for value in values:
        if depth and plain.is_a(value, type) and plain.module_of(value) == module and plain.is_patchable(value):
            yield value
            yield from _classes(module, list(plain.members(value).values()), depth - 1)


def _is_of_tests(cls: type) -> bool:
    return issubclass(cls, unittest.TestCase) or plain.name_of(cls).rpartition(".")[2].startswith("Test")


def _counts(name: str, value: Any) -> bool:
    return type(value) is types.FunctionType if name.startswith("__") else not name.startswith(IGNORED)


def _is_django_s(cls: type) -> bool:
    return any(plain.module_of(base) == "django.test.testcases" for base in plain.ancestors(cls))


def _counts_of_django_s(name: str, value: Any) -> bool:
    return name not in OF_DJANGO and _counts(name, value)
