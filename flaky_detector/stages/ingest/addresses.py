"""How pytest's JUnit files call a test, and back.

Owns the two ways between node ids and JUnit's classname and name. The way back is a guess where no other witness tells the node ids: a dot
may have been a slash or a class.

    tests/unit/test_a.py::TestB::test_c[x::y]   ↔   classname tests.unit.test_a.TestB, name test_c[x::y]
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from flaky_detector.model import TestId, bare_test_id

Address = tuple[str, str]

NOT_XML = re.compile("[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LIKE_A_CLASS = re.compile(r"[A-Z_]*[A-Z]")
DOTTED = re.compile(r"[\w.\-]*")
MOST_PREFIXES = 3


def address_of(test: TestId) -> Address:
    """Classname and name that pytest writes for a node id."""
    head, bracket, params = test.partition("[")
    path, *names = head.split("::")
    module = path.replace("/", ".").removesuffix(".py")
    *classes, name = names or [""]
    return ".".join((module, *classes)), _escaped(name + bracket + params)


def _escaped(text: str) -> str:
    """As pytest writes what XML cannot hold: `#x1B`."""
    if text.isascii() and text.isprintable():
        return text
    return NOT_XML.sub(lambda found: f"#x{ord(found[0]):02X}" if ord(found[0]) <= 0xFF else f"#x{ord(found[0]):04X}", text)


def directory(tests: Iterable[TestId]) -> dict[Address, TestId]:
    """Node ids by their addresses, for looking up; of two tests with one address the first."""
    found: dict[Address, TestId] = {}
    for test in tests:
        found.setdefault(address_of(test), test)
    return found


class LaterDirectory(Mapping[Address, TestId]):
    """A directory that is written when it is first looked into, which is seldom: the recorder tells node ids."""

    def __init__(self, tests: Iterable[TestId]) -> None:
        self._tests = tests

    @cached_property
    def _found(self) -> dict[Address, TestId]:
        return directory(self._tests)

    def __getitem__(self, address: Address) -> TestId:
        return self._found[address]

    def __iter__(self) -> Iterator[Address]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def get(self, address: Address, default: Any = None) -> Any:
        """As a dictionary does it, without an exception for each one that is missing."""
        return self._found.get(address, default)


def known_id(classname: str, name: str, known: Mapping[Address, TestId]) -> TestId | None:
    """The node id that another witness told, also where JUnit puts a prefix before the class name or a `@group` behind the name."""
    found = known.get((classname, name))
    if found:
        return found
    bare = bare_name(name)
    parts = classname.split(".")
    for start in range(min(MOST_PREFIXES, len(parts)) + 1):
        address = ".".join(parts[start:])
        found = known.get((address, name)) or known.get((address, bare))
        if found:
            return found
    return None


def bare_name(name: str) -> str:
    """A test's name without xdist's `@group`."""
    return bare_test_id("::" + name).removeprefix("::")


def guessed_id(classname: str, name: str, file: str | None) -> TestId:
    """The likeliest node id: by the `file` attribute where there is one, else the trailing capitalised parts are classes.

    What is no dotted name (`Login form`, `github.com/acme/shop`) comes from another tool and stays as it is.
    """
    if not classname and not file:
        return bare_test_id(name) if "::" in name else TestId(bare_name(name))
    if (file and not file.endswith(".py")) or not DOTTED.fullmatch(classname):
        return TestId("::".join(part for part in ((file or classname), bare_name(name)) if part))
    parts = [part for part in classname.split(".") if part]
    if file and file.endswith(".py"):
        path = file.replace("\\", "/").removeprefix("./")
        module = path.removesuffix(".py").split("/")
        classes = _after(parts, module)
    else:
        cut = len(parts)
        while cut > 1 and LIKE_A_CLASS.match(parts[cut - 1]):
            cut -= 1
        path, classes = "/".join(parts[:cut]) + ".py", parts[cut:]
    return TestId("::".join((path, *classes, bare_name(name))))


def _after(parts: list[str], module: list[str]) -> list[str]:
    """What of a class name comes after the module's name; nothing where the module is not in it."""
    for end in range(len(parts), 0, -1):
        if parts[:end][-len(module) :] == module[-end:]:
            return parts[end:]
    return []
