"""Which tests the recorder saw to be methods of a `unittest.TestCase`."""

from flaky_detector.model import TestId as Id
from flaky_detector.model.sorts import methods_among
from tests.support.records import ran, record

METHOD, FUNCTION, UNSEEN = Id("a.py::A::test_m"), Id("a.py::test_f"), Id("a.py::test_g")


def test_only_what_a_recorder_saw_is_told() -> None:
    foreign = record(ran(UNSEEN), witnesses=("junit",))
    recorded = record(ran(METHOD, traits=("db", "unittest")), ran(FUNCTION), witnesses=("journal-main", "junit"))
    assert methods_among({METHOD, FUNCTION, UNSEEN}, [foreign, recorded]) == {METHOD: True, FUNCTION: False}
