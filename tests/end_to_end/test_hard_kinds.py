"""The whole way on kinds of order dependence that a naive search gets wrong: literal verdicts, and nobody else named."""

from typing import Any

import pytest

from tests.support.hunting import Outcome, flaky_detector, write_suite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

LIGHT = ("--", "-p", "no:hypothesispytest")
"""A plugin of this project's own environment that takes longer to import than most trials to run."""

FILES = {
    "app.py": "REG = {}\nSTATE = set()\n\nclass Box:\n    items = []\n",
    "tests/test_01_chance.py": """
import secrets
import app

def test_fails_at_random():
    assert secrets.randbelow(2)

def test_pollutes_by_chance():
    app.REG["chance"] = 1

def test_fails_by_chance():
    assert "chance" not in app.REG or secrets.randbelow(10) < 3
""",
    "tests/test_02_cleaner.py": """
import app

def test_sets():
    app.REG["kept"] = 1

def test_clears():
    app.REG.pop("kept", None)

def test_wants_it_clear():
    assert "kept" not in app.REG
""",
    "tests/test_03_chain.py": """
import app

def test_first():
    app.REG["first"] = 1

def test_link():
    app.REG["link"] = 1
    assert "first" not in app.REG
    del app.REG["link"]

def test_end():
    assert "link" not in app.REG
""",
    "tests/test_04_several.py": """
import pytest
import app

def test_adds():
    app.Box.items.append(1)

def test_adds_and_skips():
    app.Box.items.append(2)
    pytest.skip("not here")

def test_adds_and_fails():
    app.Box.items.append(3)
    assert False

@pytest.fixture
def empty():
    yield
    assert not app.Box.items

def test_wants_it_empty(empty):
    pass
""",
    "tests/test_05_import.py": 'import os\nos.environ["APP_IMPORTED"] = "1"\n\ndef test_any():\n    pass\n\ndef test_other():\n    pass\n',
    "tests/test_06_imported.py": 'import os\n\ndef test_wants_it_unset():\n    assert "APP_IMPORTED" not in os.environ\n',
    "tests/test_07_lock.py": """
import os, tempfile, time

LOCK = os.path.join(tempfile.gettempdir(), "app.lock")

def hold():
    os.close(os.open(LOCK, os.O_CREAT | os.O_EXCL))
    time.sleep(0.4)
    os.unlink(LOCK)

def test_locks():
    hold()

def test_locks_too():
    hold()
""",
    "tests/test_08_innocents.py": """
import pytest

@pytest.mark.parametrize("number", range(12))
def test_innocent(number):
    assert number >= 0
""",
}
SUDDEN = {
    "app.py": "STATE = []\n",
    "tests/test_sudden.py": """
import os, time
import app

def test_before():
    pass

def test_pollutes():
    app.STATE.append(1)

def test_dies():
    if app.STATE:
        os._exit(7)

def test_hangs():
    while app.STATE:
        time.sleep(1)

def test_after():
    pass

def test_fails_after_all():
    assert not app.STATE
""",
}


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return flaky_detector("hunt", *LIGHT, cwd=write_suite(tmp_path_factory.mktemp("kinds") / "suite", FILES))


@pytest.fixture(scope="module")
def sudden(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return flaky_detector(
        "hunt", "--budget", "6m", "--repeats", "1", *LIGHT, cwd=write_suite(tmp_path_factory.mktemp("sudden") / "suite", SUDDEN)
    )


def verdict(outcome: Outcome, test: str) -> tuple[str, str, Any]:
    finding = outcome.finding(f"tests/{test}")
    return finding["kind"], finding["confidence"], [[name.rpartition("::")[2] for name in names] for names in finding["polluters"]]


def test_a_test_that_fails_at_random_accuses_nobody(hunted: Outcome) -> None:
    told = [finding for finding in hunted.findings["findings"] if finding["test"].endswith("test_fails_at_random")]
    assert [(finding["kind"], finding["polluters"]) for finding in told] in ([("non-deterministic", [])], [])


def test_a_victim_that_fails_only_sometimes_is_proven_with_its_rate(hunted: Outcome) -> None:
    assert verdict(hunted, "test_01_chance.py::test_fails_by_chance") == ("victim", "proven", [["test_pollutes_by_chance"]])
    same, attempts = map(int, hunted.finding("tests/test_01_chance.py::test_fails_by_chance")["trials"]["after_polluter"].split("/"))
    assert 0 < same <= attempts


def test_a_cleaner_in_between_is_named(hunted: Outcome) -> None:
    assert verdict(hunted, "test_02_cleaner.py::test_wants_it_clear") == ("victim", "proven", [["test_sets"]])
    assert hunted.finding("tests/test_02_cleaner.py::test_wants_it_clear")["cleaners"] == [["tests/test_02_cleaner.py::test_clears"]]


def test_a_chain_is_told_as_one(hunted: Outcome) -> None:
    assert verdict(hunted, "test_03_chain.py::test_link") == ("victim", "proven", [["test_first"]])
    assert verdict(hunted, "test_03_chain.py::test_end") == ("victim", "proven", [["test_first", "test_link"]])
    assert any(
        note.startswith("a chain: test_link is itself a victim") for note in hunted.finding("tests/test_03_chain.py::test_end")["notes"]
    )


def test_all_polluters_are_named_the_skipped_and_the_failing_one_too(hunted: Outcome) -> None:
    kind, confidence, polluters = verdict(hunted, "test_04_several.py::test_wants_it_empty")
    assert (kind, confidence, sorted(polluters)) == ("victim", "proven", [["test_adds"], ["test_adds_and_fails"], ["test_adds_and_skips"]])
    assert hunted.finding("tests/test_04_several.py::test_wants_it_empty")["state"][0]["key"] == "app.Box.items"
    assert verdict(hunted, "test_04_several.py::test_adds_and_fails") == ("broken", "likely", [])


def test_pollution_at_import_is_told_from_that_of_a_test(hunted: Outcome) -> None:
    assert verdict(hunted, "test_06_imported.py::test_wants_it_unset") == ("victim", "proven", [["test_any"]])
    notes = hunted.finding("tests/test_06_imported.py::test_wants_it_unset")["notes"]
    assert "importing tests/test_05_import.py is enough: it does not matter which test of that file runs, or whether any does" in notes


def test_what_a_file_changes_when_it_is_imported_is_named_with_its_line(hunted: Outcome) -> None:
    finding = hunted.finding("tests/test_06_imported.py::test_wants_it_unset")
    assert [(change["kind"], change["key"]) for change in finding["state"]] == [("environ", "APP_IMPORTED")]
    assert finding["location"] == {"path": "tests/test_05_import.py", "line": 2}
    assert finding["details"]["imported"] == ["tests/test_05_import.py"]


def test_two_that_want_one_lock_conflict_and_neither_pollutes(hunted: Outcome) -> None:
    """Which of the two comes second, and so fails, is a matter of milliseconds."""
    pair = {"tests/test_07_lock.py::test_locks", "tests/test_07_lock.py::test_locks_too"}
    told = [finding for finding in hunted.findings["findings"] if finding["test"] in pair]
    assert told
    for finding in told:
        assert (finding["kind"], finding["confidence"], finding["polluters"]) == ("cross-worker", "proven", [])
        assert {finding["test"], *finding["counterparts"]} == pair


def test_nobody_else_is_accused(hunted: Outcome) -> None:
    innocent = ("innocent", "test_other", "test_clears", "test_any_")
    named = {name for finding in hunted.findings["findings"] for names in finding["polluters"] for name in names}
    assert [name for name in named if any(word in name for word in innocent)] == []


def test_a_crash_and_a_hang_accuse_what_a_re_run_proves_and_hide_nobody(sudden: Outcome) -> None:
    assert verdict(sudden, "test_sudden.py::test_dies") == ("victim", "proven", [["test_pollutes"]])
    assert verdict(sudden, "test_sudden.py::test_hangs") == ("victim", "proven", [["test_pollutes"]])
    assert verdict(sudden, "test_sudden.py::test_fails_after_all") == ("victim", "proven", [["test_pollutes"]])
    assert sudden.finding("tests/test_sudden.py::test_hangs")["signature"]["exception"] == "hang: this test did not come to its end"


SHARED_SETUP = {
    "shop.py": "class Shop:\n    MODE = {}\n\ndef modes():\n    return list(Shop.MODE)\n",
    "tests/test_sales.py": """
import tempfile
from pathlib import Path

import pytest
from shop import Shop

class TestSales:
    def setup_method(self):
        Shop.MODE = {"sale": object()}

    @pytest.mark.parametrize("number", range(12))
    def test_sale(self, number):
        if number == 0:
            Path(tempfile.gettempdir(), "receipt").write_text("1")
        assert "sale" in Shop.MODE
""",
    "tests/test_usual.py": """
import pytest
from shop import modes

@pytest.mark.parametrize("number", range(20))
def test_sum(number):
    assert number + number == 2 * number

def test_usual():
    assert "sale" not in modes()
""",
}


def test_what_the_setup_of_many_tests_replaces_for_good_is_named_and_nothing_else_of_all_of_them(tmp_path: Any) -> None:
    suite = write_suite(tmp_path / "suite", SHARED_SETUP)
    told = flaky_detector("hunt", "--runs", "2", *LIGHT, cwd=suite)
    found = told.finding("tests/test_usual.py::test_usual")
    assert (found["confidence"], found["kind"]) == ("proven", "victim")
    assert all(path.startswith("tests/test_sales.py::TestSales::test_sale[") for (path,) in found["polluters"])
    assert (found["state"][0]["kind"], found["state"][0]["key"]) == ("class-attribute", "shop.Shop.MODE")
    named = "tests/test_sales.py::TestSales::test_sale[0]"
    assert all(
        ("receipt" in str([found["state"][place] for place in places])) == (test == named)
        for test, places in found["details"]["left_by"].items()
    )
    assert "changes the class attribute shop.Shop.MODE" in " ".join(told.out.split())
