"""What a test file leaves different when pytest imports it."""

import pytest

from tests.recorder.inner import Ran, Run

FILES = {
    "conftest.py": "import shop\n",
    "shop.py": "PRICES = {}\nclass Till:\n    open = False\n",
    "test_a.py": """
import logging, os, sys
import shop

os.environ["MODE"] = "sale"
logging.disable(logging.INFO)
shop.PRICES["tea"] = 2
shop.Till.open = True
sys.modules["till"] = None

def test_a(): pass
""",
    "test_b.py": "import json, decimal\nimport shop\n\ndef test_b(): assert shop.PRICES\n",
    "sub/test_c.py": "import shop\nshop.PRICES['tea'] = 3\n\ndef test_c(): pass\n\nclass TestC:\n    def test_c(self): pass\n",
}
DEEP = {"FLAKY_DETECTOR_PROBES": "deep"}


@pytest.fixture(scope="module")
def ran(run: Run) -> Ran:
    return run(FILES, env=DEEP)


def imports(ran: Ran) -> dict[str, list[tuple[str, str]]]:
    return {event["id"]: [(change["kind"], change["key"]) for change in event["state"]] for event in ran.events("import")}


def test_every_file_answers_for_what_it_changed_and_for_nothing_else(ran: Ran) -> None:
    assert imports(ran) == {
        "test_a.py": [
            ("environ", "MODE"),
            ("module", "till"),
            ("logging", "logging.disable"),
            ("module-global", "shop.PRICES"),
            ("class-attribute", "shop.Till.open"),
        ],
        "sub/test_c.py": [("module-global", "shop.PRICES")],
    }


def test_no_test_answers_for_it(ran: Ran) -> None:
    assert [event["id"] for event in ran.events("end")] == [
        "sub/test_c.py::test_c",
        "sub/test_c.py::TestC::test_c",
        "test_a.py::test_a",
        "test_b.py::test_b",
    ]
    assert not any(event.get("state") for event in ran.events("end"))


def test_it_is_not_looked_at_without_deep_probes(run: Run) -> None:
    assert imports(run(FILES)) == {}
