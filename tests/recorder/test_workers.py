"""Under xdist: a journal a worker, crashes, forced orders over workers. Few processes, for each starts workers."""

import json

import pytest

LOGGING = """
import os, time
import pytest

def log(text):
    with open(os.environ["LOG"], "a") as file:
        file.write(os.environ.get("PYTEST_XDIST_WORKER", "main") + " " + text + "\\n")

@pytest.fixture(scope="session", autouse=True)
def alive():
    yield
    log("down")

@pytest.fixture(scope="module", autouse=True)
def module_alive(request):
    yield
    log("module " + request.module.__name__)
"""
TESTS = """
import pytest
from conftest import log
@pytest.mark.parametrize("n", range(4))
def test_n(n): log("%s %d" % (__name__[-1], n))
"""
CRASH = """
import os, signal, time
import pytest
@pytest.mark.parametrize("n", range(6))
def test_n(n):
    if n == 2:
        os.environ["LEFT"] = "1"
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_each_worker_keeps_a_journal_of_its_own(run):
    marked = """
import pytest
@pytest.mark.xdist_group("one")
def test_1(): pass
@pytest.mark.xdist_group(name="two")
def test_2(): pass
@pytest.mark.parametrize("p", ["a@b", "c d"])
@pytest.mark.xdist_group("one")
def test_3(p): import os; os.environ["P"] = p
"""
    ran = run({"test_a.py": marked}, "-p", "xdist", "-n2", "--dist=loadgroup")
    assert sorted(ran.journals) == ["controller", "gw0", "gw1"]
    begun = sorted(test for worker in ("gw0", "gw1") for test in ran.order(worker))
    assert begun == ["test_1", "test_2", "test_3[a@b]", "test_3[c d]"]
    assert ran.events("collected", "gw0")[0]["tests"] == [f"test_a.py::test_{name}" for name in ("1", "2", "3[a@b]", "3[c d]")]
    assert ran.events("collected", "gw1")[0]["tests"] == []
    assert [events[-1]["exit"] for events in ran.journals.values()] == [0, 0, 0]
    owner = "gw0" if "test_1" in ran.order("gw0") else "gw1"
    assert ran.properties("test_1")["worker"] == owner
    assert ran.properties("test_1")["nodeid"] == "test_a.py::test_1"
    assert ran.properties("test_1")["position"] == str(ran.order(owner).index("test_1"))
    assert ran.state("test_3[a@b]", "gw0" if "test_3[a@b]" in ran.order("gw0") else "gw1") == [("environ", "P", "came")]


def test_a_killed_worker_loses_only_the_test_that_it_was_running(run):
    ran = run({"test_a.py": CRASH}, "-p", "xdist", "-n1")
    assert ran.order("gw0") == ["test_n[0]", "test_n[1]", "test_n[2]"]
    assert list(ran.outcomes("gw0")) == ["test_n[0]", "test_n[1]"]
    assert ran.events("crash", "controller") == [{"ev": "crash", "id": "test_a.py::test_n[2]", "worker": "gw0"}]
    assert sorted(ran.order("gw1")) == ["test_n[3]", "test_n[4]", "test_n[5]"]
    assert [note.split(":")[0] for note in ran.notes()] == ["worker gw0 went down"]
    assert ran.events("finish", "controller")[0]["exit"] == 1


def test_a_process_that_ends_itself_has_written_what_it_ran(run):
    ran = run({"test_a.py": "import os\ndef test_1(): pass\ndef test_2(): os._exit(7)\ndef test_3(): pass\n"})
    assert ran.exit_code == 7
    assert ran.order() == ["test_1", "test_2"]
    assert ran.outcomes() == {"test_1": "passed"}
    assert ran.events("finish") == []


@pytest.mark.parametrize("distribution", ["worksteal", "loadgroup"])
def test_an_order_over_two_workers_is_kept_whatever_the_distribution(run, tmp_path, distribution):
    steps = [[1, "b 3"], [0, "a 1"], [0, "a 0"], [1, "a 3"], [0, "b 0"], [1, "b 2"], [1, "b 1"]]
    order = [[worker, f"test_{name[0]}.py::test_n[{name[2]}]"] for worker, name in steps]
    files = {"conftest.py": LOGGING, "test_a.py": TESTS, "test_b.py": TESTS}
    ran = run(files, "-p", "xdist", "-n2", f"--dist={distribution}", order=order, env={"LOG": str(tmp_path / "log")})
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line for line in lines if not line.endswith("down") and "module" not in line] == [
        f"gw{worker} {name}" for worker, name in steps
    ]
    assert sorted(lines[-4:]) == sorted(["gw0 down", "gw1 down", *[line for line in lines[-4:] if "module" in line]])
    assert ran.notes() == []
    assert ran.exit_code == 0
    assert "7 passed" in ran.output


def test_an_order_for_one_of_two_workers_runs_on_that_one(run):
    order = [[1, "test_a.py::test_n[3]"], [1, "test_a.py::test_n[0]"]]
    ran = run({"test_a.py": CRASH}, "-p", "xdist", "-n2", order=order)
    assert ran.order("gw0") == []
    assert ran.order("gw1") == ["test_n[3]", "test_n[0]"]
    assert ran.notes() == []


def test_an_order_goes_on_after_a_crash(run):
    order = [[worker, f"test_a.py::test_n[{n}]"] for worker, n in ((0, 1), (0, 2), (1, 3), (0, 4), (1, 5))]
    ran = run({"test_a.py": CRASH}, "-p", "xdist", "-n2", order=order)
    assert [ran.order(worker) for worker in ("gw0", "gw1", "gw2")] == [
        ["test_n[1]", "test_n[2]"],
        ["test_n[3]", "test_n[5]"],
        ["test_n[4]"],
    ]
    times = [event["time"] for worker in ("gw0", "gw1", "gw2") for event in ran.events("begin", worker)]
    by_test = dict(zip(["1", "2", "3", "5", "4"], times, strict=True))
    assert sorted(by_test, key=by_test.__getitem__) == ["1", "2", "3", "4", "5"]
    assert [event["id"] for event in ran.events("crash", "controller")] == ["test_a.py::test_n[2]"]


def test_stopping_at_the_first_failure_ends_an_order_over_two_workers(run):
    source = "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_n(n): assert n != 2\n"
    order = [[n % 2, f"test_a.py::test_n[{n}]"] for n in range(6)]
    ran = run({"test_a.py": source}, "-p", "xdist", "-n2", "-x", order=order)
    assert sorted(ran.order("gw0") + ran.order("gw1")) == ["test_n[0]", "test_n[1]", "test_n[2]"]
    assert ran.exit_code in (1, 2)
    assert "INTERNALERROR" not in ran.output


def test_options_reach_the_workers(run):
    ran = run({"test_a.py": CRASH, "order.json": json.dumps({"v": 1, "steps": [[0, "test_a.py::test_n[1]"]]})}, "-p", "xdist", "-n1",
              "--flaky-detector-order", "order.json")  # fmt: skip
    assert ran.order("gw0") == ["test_n[1]"]
