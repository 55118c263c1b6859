"""What a test is called where people read."""

from flaky_detector.model import LatentPolluter, Result, TestId
from flaky_detector.stages.report.names import Names, params_of


def names(*tests: str) -> Names:
    return Names(Result(latent_polluters=tuple(LatentPolluter(test=TestId(test), state=()) for test in tests)))


def test_a_test_is_called_by_its_function_and_params() -> None:
    assert names("a/b.py::TestC::test_d[x::y]")(TestId("a/b.py::TestC::test_d[x::y]")) == "test_d[x::y]"


def test_two_of_one_name_carry_their_files() -> None:
    both = names("a/b.py::test_d[1/2]", "a/c.py::test_d[1/2]")
    assert both(TestId("a/b.py::test_d[1/2]")) == "b.py::test_d[1/2]"
    assert both(TestId("a/c.py::test_d[1/2]")) == "c.py::test_d[1/2]"


def test_two_of_one_name_in_files_of_one_name_carry_the_whole_id() -> None:
    assert names("a/b.py::test_d", "c/b.py::test_d")(TestId("a/b.py::test_d")) == "a/b.py::test_d"


def test_a_long_name_gives_up_its_function_before_its_params() -> None:
    test = TestId(f"a.py::test_{'f' * 100}[app-{'x' * 10}]")
    assert names(test)(test, 40) == "test_fffffffffff…fffffff[app-xxxxxxxxxx]"
    assert len(names(test)(test, 40)) == 40


def test_long_params_get_half_of_the_room() -> None:
    test = TestId(f"a.py::test_f[{'x' * 100}]")
    assert names(test)(test, 40) == "test_f[xxxxxxxxxxxx…xxxxx]"


def test_params_are_told_without_the_function() -> None:
    assert params_of(TestId("a.py::test_f[a::b]")) == "[a::b]"
    assert params_of(TestId("a.py::test_f")) == ""
