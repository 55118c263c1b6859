"""Victims that fail in one place: the first is looked into for every polluter, the others only as far as that tells nothing of them."""

from pathlib import Path

from tests.support.hunting import flaky_detector, write_suite

LEAVE = """
import shop

def test_one(): shop.cart.append(1)
def test_two(): shop.cart.append(2)
def test_three(): shop.cart.append(3)
def test_nobody(): pass
"""
MEET = """
import shop

def test_total(): shop.check()
def test_tax(): shop.check()
def test_discount(): shop.check()
"""
FILES = {
    "shop.py": "cart = []\ndef check():\n    assert len(cart) == 0\n",
    "tests/test_a.py": LEAVE,
    "tests/test_b.py": MEET,
}
LEAVING = [[f"tests/test_a.py::test_{name}"] for name in ("one", "two", "three")]


def test_the_first_victim_tells_every_polluter_and_the_others_one_with_few_trials(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", FILES)
    recorded = flaky_detector("hunt", "--runs", "1", "--no-confirm", "--seeds", "1", cwd=suite, output="first")
    assert recorded.exit_code in (0, 1), recorded.err
    told = flaky_detector("analyze", "--confirm", suite.parent / "first" / "runs", cwd=suite)
    assert told.exit_code == 1, told.err
    first, *others = [told.finding(f"tests/test_b.py::test_{name}") for name in ("total", "tax", "discount")]
    assert sorted(first["polluters"]) == sorted(LEAVING)
    assert [len(other["polluters"]) for other in others] == [1, 1]
    assert all(other["polluters"][0] in LEAVING for other in others)
    assert "3 tests pollute 3 others" in told.out
