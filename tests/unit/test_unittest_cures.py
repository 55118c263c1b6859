"""Remedies for methods of a `unittest.TestCase`: no fixture is spoken of, and the examples do what they say."""

import ast
import logging
import os
import sys
import tempfile
import time
import types
import unittest
from pathlib import Path
from unittest import mock

import pytest

from flaky_detector.model import Remedy
from flaky_detector.rules import process_cures, unittest_cures
from flaky_detector.rules.unittest_cures import COUNTERPARTS, for_methods

FIXTURES = ("monkeypatch", "tmp_path", "caplog", "pytest.fixture", "pytest.mark", "fixture that", "a fixture")


@pytest.mark.parametrize("remedy", COUNTERPARTS.values(), ids=lambda remedy: remedy.title)
def test_no_fixture_is_needed(remedy: Remedy) -> None:
    told = f"{remedy.title} {remedy.text} {remedy.example}"
    assert [word for word in FIXTURES if word in told] == []


@pytest.mark.parametrize("remedy", COUNTERPARTS.values(), ids=lambda remedy: remedy.title)
def test_the_example_is_python_and_its_functions_are_methods(remedy: Remedy) -> None:
    functions = [node for node in ast.walk(ast.parse(remedy.example)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert {node.args.args[0].arg for node in functions} <= {"self", "cls"}


def test_what_serves_methods_as_it_is_stays() -> None:
    assert for_methods(process_cures.WARNINGS) == process_cures.WARNINGS
    assert for_methods(process_cures.ENVIRON) == unittest_cures.ENVIRON


SHOP = types.SimpleNamespace(REGISTRY={"mug": 1}, rates=types.SimpleNamespace(cache_clear=lambda: None))
NAMES = {"os": os, "sys": sys, "time": time, "mock": mock, "tempfile": tempfile, "Path": Path, "logging": logging, "shop": SHOP}


def state() -> tuple[object, ...]:
    level = logging.getLogger("shop.orders").level
    return dict(os.environ), Path.cwd(), time.sleep, SHOP.REGISTRY, sys.modules.get("yaml"), list(sys.path), level, tempfile.tempdir


def tried(remedy: Remedy, folder: Path) -> tuple[bool, list[tuple[object, ...]]]:
    """Whether a test with the example in it passes, and the state seen inside: where its `...` stands, else before it is cleaned up."""
    seen: list[tuple[object, ...]] = []
    members: dict[str, object] = {"test_it": lambda self: None}
    names = NAMES | {"folder": str(folder), "look": lambda: seen.append(state())}
    exec(remedy.example.replace("    ...\n", "    look()\n"), names, members)
    if "    ...\n" not in remedy.example:
        members["tearDown"] = lambda self: seen.append(state())
    case = type("Case", (unittest.TestCase,), members)
    result = unittest.TestResult()
    case(max(members, key=lambda name: (name.startswith("test_"), name != "test_it"))).run(result)
    return result.wasSuccessful(), seen


@pytest.mark.parametrize(
    ("remedy", "changed"),
    [
        (unittest_cures.ENVIRON, 0),
        (unittest_cures.CWD, 1),
        (unittest_cures.ATTRIBUTES, 2),
        (unittest_cures.MODULE, 4),
        (unittest_cures.SYS_PATH, 5),
        (unittest_cures.LOGGING, 6),
    ],
    ids=lambda told: told.title if isinstance(told, Remedy) else "",
)
def test_the_example_changes_something_for_the_length_of_the_test(remedy: Remedy, changed: int, tmp_path: Path) -> None:
    sys.modules.setdefault("yaml", types.ModuleType("yaml"))
    before = state()
    passed, (inside,) = tried(remedy, tmp_path)
    assert passed
    assert [place for place, (old, new) in enumerate(zip(before, inside, strict=True)) if old != new] == [changed]
    assert state() == before


def test_contents_are_a_copy_for_the_length_of_the_test(tmp_path: Path) -> None:
    before = SHOP.REGISTRY
    passed, (inside,) = tried(unittest_cures.CONTENTS, tmp_path)
    assert passed
    assert inside[3] == before
    assert inside[3] is not before
    assert SHOP.REGISTRY is before
