"""Walks along an order: where the tests at its end begin to fail, and what is never told."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.recorder.inner import Ran, Run, read_journals

STATE = "SEEN = []\n"
MANY = "import state\n" + "".join(f"def test_{number}():\n    pass\n" for number in range(30))
VICTIM = "import state\ndef test_v():\n    assert state.SEEN == []\n"


def polluting(number: int, line: str) -> str:
    return MANY.replace(f"def test_{number}():\n    pass", f"def test_{number}():\n    {line}")


def walk(
    run: Run,
    files: dict[str, str],
    order: Sequence[str],
    *,
    tail: int = 1,
    tail_seconds: float = 0.01,
    raised: Sequence[str] = (),
) -> tuple[Any, Ran]:
    wish = json.dumps({"tail": tail, "raised": list(raised), "test_seconds": 0.001, "tail_seconds": tail_seconds})
    ran = run({"state.py": STATE, **files}, order=[[0, test] for test in order], env={"FLAKY_DETECTOR_WALK": wish})
    path = ran.folder / "record" / "walk.json"
    return (json.loads(path.read_text("utf-8")) if path.exists() else None), ran


ALL = [f"test_a.py::test_{number}" for number in range(30)]


V = "test_v.py::test_v"


@pytest.mark.parametrize("tail_seconds", [0.0, 0.01, 10.0])
@pytest.mark.parametrize("place", [0, 1, 17, 29])
def test_the_test_that_makes_the_difference_is_told(run: Run, tail_seconds: float, place: int) -> None:
    files = {"test_a.py": polluting(place, "state.SEEN.append(1)"), "test_v.py": VICTIM}
    told, ran = walk(run, files, [*ALL, V], tail_seconds=tail_seconds)
    assert told["at"] == f"test_a.py::test_{place}"
    (tail,) = [event for event in read_journals(ran.folder / "record" / told["folder"])["main"] if event["ev"] == "end"]
    assert (tail["id"], tail["outcome"], tail["failures"][0]["message"].splitlines()[0]) == (V, "failed", "assert [1] == []")
    assert ran.exit_code == 0


def test_blocks_are_run_once_and_the_one_that_matters_again(run: Run) -> None:
    _, ran = walk(run, {"test_a.py": polluting(17, "state.SEEN.append(1)"), "test_v.py": VICTIM}, [*ALL, V])
    began = [int(name.removeprefix("test_")) for name in ran.order()]
    last = max(began)
    assert began[: last + 1] == [*range(last + 1)]
    assert last < 30
    again = began[last + 1 :]
    assert (again[-1], set(again) <= set(range(last + 1)), len(again) < 20) == (17, True, True)


def test_in_the_block_that_matters_who_left_something_behind_is_looked_at_first(run: Run) -> None:
    polluter = polluting(17, "import os; os.environ['LEFT'] = '1'")
    victim = "import os\ndef test_v():\n    assert 'LEFT' not in os.environ\n"
    told, ran = walk(run, {"test_a.py": polluter, "test_v.py": victim}, [*ALL, V])
    assert told["at"] == "test_a.py::test_17"
    began = [int(name.removeprefix("test_")) for name in ran.order()]
    last = max(began)
    first_again = began[last + 1]
    assert began == [*range(last + 1), *range(first_again, 18)]


def test_an_innocent_who_left_something_is_passed_by(run: Run) -> None:
    source = polluting(9, "state.SEEN.append(1)").replace(
        "def test_8():\n    pass", "def test_8():\n    import os; os.environ['LEFT'] = '1'"
    )
    told, _ = walk(run, {"test_a.py": source, "test_v.py": VICTIM}, [*ALL, V])
    assert told["at"] == "test_a.py::test_9"
    told, _ = walk(run, {"test_a.py": source, "test_v.py": VICTIM}, [*reversed(ALL), V])
    assert told["at"] == "test_a.py::test_9"


def test_a_tail_that_never_fails_is_said_to_pass(run: Run) -> None:
    told, ran = walk(run, {"test_a.py": MANY, "test_v.py": VICTIM}, [*ALL, V])
    assert told["at"] == ""
    assert [event["outcome"] for event in read_journals(ran.folder / "record" / told["folder"])["main"] if event["ev"] == "end"] == [
        "passed"
    ]


def test_a_file_that_does_it_when_it_is_imported_is_told_by_its_first_test(run: Run) -> None:
    files = {"test_a.py": MANY, "test_b.py": "import state\nstate.SEEN.append(0)\n" + MANY, "test_v.py": VICTIM}
    told, _ = walk(run, files, [*ALL, *(test.replace("_a.py", "_b.py") for test in ALL), V])
    assert told["at"] == "test_b.py::test_0"


def test_what_the_tail_leaves_behind_is_gone_with_it(run: Run) -> None:
    victim = VICTIM + "    state.SEEN.append('own')\n"
    told, _ = walk(run, {"test_a.py": polluting(9, "state.SEEN.append(1)"), "test_v.py": victim}, [*ALL, V])
    assert told["at"] == "test_a.py::test_9"


def test_another_failure_on_the_way_is_not_taken_for_the_failure(run: Run) -> None:
    source = polluting(5, "state.SEEN.append('other')").replace("def test_20():\n    pass", "def test_20():\n    state.SEEN[:] = ['it']")
    victim = "import state\ndef test_v():\n    if 'other' in state.SEEN:\n        raise ValueError\n    assert state.SEEN == []\n"
    files = {"test_a.py": source, "test_v.py": victim}
    told, _ = walk(run, files, [*ALL, V], raised=["AssertionError"])
    assert told["at"] == "test_a.py::test_20"
    told, _ = walk(run, files, [*ALL, V])
    assert told["at"] == "test_a.py::test_5"


def test_tests_that_are_kept_before_the_victim_run_in_every_try(run: Run) -> None:
    source = polluting(3, "state.SEEN.append('first')").replace(
        "def test_11():\n    pass", "def test_11():\n    state.SEEN.append('second')"
    )
    victim = "import state\ndef test_v():\n    assert len(state.SEEN) < 2\n"
    order = [*ALL[:12], V]
    told, _ = walk(run, {"test_a.py": source, "test_v.py": victim}, order, tail=2)
    assert told["at"] == "test_a.py::test_3"


def test_fixtures_of_the_tests_before_are_torn_down_before_the_tail_runs(run: Run) -> None:
    fixture = "import pytest\n@pytest.fixture(autouse=True, scope='module')\ndef up():\n    state.SEEN.append('up')\n    yield\n"
    fixture += "    state.SEEN.clear()\n"
    told, _ = walk(run, {"test_a.py": MANY + fixture, "test_v.py": VICTIM}, [*ALL, V])
    assert told["at"] == ""


def test_what_is_left_running_ends_the_walk_and_it_says_why(run: Run) -> None:
    thread = "import threading; threading.Thread(target=threading.Event().wait, name='left', daemon=True).start()"
    told, _ = walk(run, {"test_a.py": polluting(2, thread), "test_v.py": VICTIM}, [*ALL, V])
    assert told == {"declined": "threads are running (left)"}


def test_a_process_that_dies_on_the_way_leaves_no_answer(run: Run) -> None:
    told, ran = walk(run, {"test_a.py": polluting(7, "import os; os._exit(3)"), "test_v.py": VICTIM}, [*ALL, V])
    assert told is None
    assert ran.exit_code == 0


def test_a_file_is_collected_when_its_first_test_is_to_run(run: Run) -> None:
    noted = "import state\nstate.SEEN.append(__name__)\n"
    files = {
        "test_a.py": MANY,
        "test_b.py": noted + "def test_b(): pass\n",
        "test_c.py": noted + "def test_c(): pass\n",
        "test_v.py": VICTIM,
    }
    told, ran = walk(run, files, [*ALL, "test_b.py::test_b", "test_c.py::test_c", V])
    assert told["at"] == "test_b.py::test_b"
    assert ran.order()[-1] == "test_b"


def test_what_cannot_be_collected_is_left_out(run: Run) -> None:
    files = {"test_a.py": polluting(9, "state.SEEN.append(1)"), "test_b.py": "import nothing_like_it\n", "test_v.py": VICTIM}
    told, _ = walk(run, files, ["gone.py::test_g", "test_b.py::test_b", "test_a.py::test_g", *ALL, V])
    assert told["at"] == "test_a.py::test_9"


def test_fixtures_of_a_file_are_torn_down_before_the_next_file_comes(run: Run) -> None:
    fixture = "import pytest\n@pytest.fixture(autouse=True, scope='package')\ndef up():\n    state.SEEN.append('up')\n    yield\n"
    fixture += "    state.SEEN.clear()\n"
    files = {
        "sub/__init__.py": "",
        "sub/conftest.py": "import state\n" + fixture,
        "sub/test_a.py": "def test_a(): pass\n",
        "test_v.py": VICTIM,
    }
    files["sub/test_b.py"] = "import state\ndef test_b(): assert state.SEEN == ['up']\n"
    order = ["sub/test_a.py::test_a", "sub/test_b.py::test_b", V]
    told, ran = walk(run, files, order)
    assert (told["at"], ran.output.split()[0]) == ("", "....")


def test_a_tail_that_cannot_be_collected_leaves_no_answer(run: Run) -> None:
    told, _ = walk(run, {"test_a.py": MANY, "test_v.py": VICTIM}, [*ALL, "test_v.py::test_gone"])
    assert told is None


def test_fixtures_of_the_session_see_the_tests_that_have_been_collected(run: Run) -> None:
    fixture = (
        "import pytest\n@pytest.fixture(scope='session')\ndef names(request):\n    return [item.name for item in request.session.items]\n"
    )
    victim = VICTIM.replace("test_v()", "test_v(names)") + "    assert {'test_v', 'test_0'} <= set(names)\n"
    files = {"conftest.py": fixture, "test_a.py": polluting(3, "state.SEEN.append(1)"), "test_v.py": victim}
    told, _ = walk(run, files, [*ALL, V])
    assert told["at"] == "test_a.py::test_3"
