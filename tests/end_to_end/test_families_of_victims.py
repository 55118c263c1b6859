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


BROKEN = "import shop\n\n" + "".join(f"def test_{number}(): assert shop.price == 1\n" for number in range(12))
SETTER = "import shop\n\ndef test_sets(): shop.is_open = True\n"
BRITTLE = "import shop\n\ndef test_enters(): assert shop.is_open\n"


def test_of_many_that_never_passed_two_runs_tell_who_is_broken_and_who_is_brittle(tmp_path: Path) -> None:
    files = {"shop.py": "price = 2\nis_open = False\n", "test_a.py": BRITTLE, "test_b.py": BROKEN, "test_c.py": SETTER}
    suite = write_suite(tmp_path / "suite", files)
    recorded = flaky_detector("hunt", "--runs", "1", "--no-confirm", "--seeds", "1", cwd=suite, output="first")
    assert recorded.exit_code in (0, 1), recorded.err
    told = flaky_detector("analyze", "--confirm", "--verbose", suite.parent / "first" / "runs", cwd=suite)
    kinds = {finding["test"]: finding["kind"] for finding in told.findings["findings"]}
    assert kinds == {"test_a.py::test_enters": "brittle"} | {f"test_b.py::test_{number}": "broken" for number in range(12)}
    assert told.finding("test_a.py::test_enters")["state_setters"] == [["test_c.py::test_sets"]]
    assert told.err.count("(14 tests)") <= 3
    alone = [line for line in told.err.splitlines() if "trial-" in line and ": test_b.py::test_" in line and "," not in line]
    assert len(alone) == 3 + 11


def test_the_first_of_each_family_comes_before_the_rest_of_any(tmp_path: Path) -> None:
    another = "import shop\n\ndef test_last():\n    if shop.cart: raise {}(len(shop.cart))\n"
    others = {f"tests/test_{name}.py": another.format(kind) for name, kind in (("c", "ValueError"), ("d", "KeyError"))}
    suite = write_suite(tmp_path / "suite", FILES | others)
    told = flaky_detector("hunt", "--runs", "1", "--seeds", "1", "--no-look-further", cwd=suite)
    files = [line.partition("] ")[2].partition("::")[0] for line in told.err.splitlines() if ": proven, after" in line]
    assert len(files) == 5, told.err
    assert sorted(files[:3]) == ["tests/test_b.py", "tests/test_c.py", "tests/test_d.py"]
