"""Looking at objects without running a line of their code.

Owns the ways past `__getattr__`, properties, metaclasses, `__class__` and `__eq__` of the user's objects: the descriptors of the built-in
types, taken hold of at import. Must not compare, hash or print anything but objects of exactly built-in types; nor classes, whose
metaclass may have a say (`type(x) in (…)` compares).
"""

from __future__ import annotations

import types
from operator import is_
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULE_DICT: Any = types.ModuleType.__dict__["__dict__"].__get__  # type: ignore[index]
_CLASS_DICT = type.__dict__["__dict__"].__get__
_CLASS_MODULE = type.__dict__["__module__"].__get__
_CLASS_QUALNAME = type.__dict__["__qualname__"].__get__
_CLASS_MRO = type.__dict__["__mro__"].__get__
_CLASS_FLAGS = type.__dict__["__flags__"].__get__

HEAP_TYPE, IMMUTABLE_TYPE = 1 << 9, 1 << 8
MISSING: Any = object()
"""Stands for what is not there, where None could be."""

OF_PYTEST = ("pytest", "_pytest", "xdist", "execnet", "flaky_detector", "pluggy")


def same(now: list[Any], before: list[Any]) -> bool:
    """Whether two lists hold the very same objects; the quickest way that asks none of them, given that `before` is held."""
    return len(now) == len(before) and all(map(is_, now, before))


def is_a(value: Any, kind: type) -> bool:
    """`isinstance` by the true type, which `__class__` may hide."""
    return issubclass(type(value), kind)


def namespace(module: Any) -> dict[str, Any]:
    """The globals of a module; empty for what is none."""
    found = _MODULE_DICT(module) if is_a(module, types.ModuleType) else None
    return found if type(found) is dict else {}


def members(cls: type) -> Mapping[str, Any]:
    """What a class itself defines."""
    found: Mapping[str, Any] = _CLASS_DICT(cls)
    return found


def ancestors(cls: type) -> tuple[type, ...]:
    """The class and its bases."""
    found: tuple[type, ...] = _CLASS_MRO(cls) or ()
    return found


def is_patchable(cls: type) -> bool:
    """Whether attributes of the class can be set at all."""
    flags: int = _CLASS_FLAGS(cls)
    return bool(flags & HEAP_TYPE) and not flags & IMMUTABLE_TYPE


def reader(cls: type) -> Any:
    """The descriptor that gives an instance's own `__dict__`; None where instances have none, or where the class hides it."""
    for base in ancestors(cls):
        descriptor = members(base).get("__dict__")
        if descriptor is not None:
            kind = type(descriptor)
            return descriptor if kind is types.GetSetDescriptorType or kind is types.MemberDescriptorType else None
    return None


def attributes(value: Any) -> dict[str, Any]:
    """The instance's own `__dict__`; empty where it cannot be had."""
    descriptor = reader(type(value))
    found = descriptor.__get__(value) if descriptor is not None else None
    return found if type(found) is dict else {}


def slots(cls: type) -> tuple[tuple[str, Any], ...]:
    """Names and descriptors of the `__slots__` of a class and its bases."""
    found = [pair for base in ancestors(cls) for pair in members(base).items() if type(pair[1]) is types.MemberDescriptorType]
    return tuple(pair for pair in found if not pair[0].startswith("__"))


def module_of(cls: type) -> str:
    """The name of the module that defines a class."""
    found = _CLASS_MODULE(cls)
    return found if type(found) is str else ""


def name_of(cls: type) -> str:
    """The qualified name of a class."""
    return str(_CLASS_QUALNAME(cls))


def function_of(value: Any) -> Any:
    """The plain function within a method, a `staticmethod`, a `classmethod` or a property's getter; None where there is none."""
    kind = type(value)
    if kind is staticmethod or kind is classmethod or kind is types.MethodType:
        value = value.__func__
    elif kind is property:
        value = value.fget
    return value if type(value) is types.FunctionType else None


def home(value: Any) -> str:
    """The module that defines a function or a class, else that of an object's class."""
    function = function_of(value)
    if function is not None:
        name = function.__globals__.get("__name__")
        return name if type(name) is str else ""
    return module_of(value if is_a(value, type) else type(value))


def origin(value: Any) -> str:
    """`module:qualname` of a function or a class; of a lambda, that of the function around it. Empty for anything else."""
    function = function_of(value)
    if function is not None:
        return "%s:%s" % (home(function), str(function.__qualname__).replace(".<locals>.<lambda>", ""))
    return "%s:%s" % (module_of(value), name_of(value)) if is_a(value, type) else ""


def is_of_pytest(module: str) -> bool:
    """Whether a module is pytest's, a plugin's by its name, xdist's or ours: what they put in place, they take away."""
    return module.partition(".")[0].startswith(OF_PYTEST)
