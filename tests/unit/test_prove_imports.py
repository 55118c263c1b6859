"""The prover where files are collected once: what chance decides at import accuses nobody, and what importing does is told."""

import pytest

from flaky_detector.model import Sighting
from flaky_detector.stages.confirm import Docket, Policy, Question, prove
from tests.support.memory_suite import MemorySuite, symptom
from tests.unit.test_prove import V, before, docket, ids, suspect

P, Q = "test_p.py::test_p", "test_q.py::test_q"


def by_chance(fails_alone: bool) -> MemorySuite:
    """Whether the victim fails is drawn when files are imported: otherwise where only its own file was collected, and now and then anew."""
    suite = MemorySuite(lambda prefix, attempt: False)
    suite.draws = lambda files, number: number % 2 == 1 if number >= 100 else (len(files) == 1) == fails_alone
    return suite


@pytest.mark.parametrize("fails_alone", [False, True])
def test_what_chance_decides_at_import_accuses_nobody(*, fails_alone: bool) -> None:
    passing = (Sighting("other", "main", 0),)
    given = Docket(symptom=symptom(passing=passing), failing=ids(P), passing=(ids(P),), everything=ids(P, V), suspects=(suspect(P),))
    suite = by_chance(fails_alone)
    proof = prove(given, suite, Policy())
    assert (proof.polluters, proof.state_setters, proof.imported) == ((), (), ())
    assert any(question.anew for question in suite.questions)


def test_a_draw_that_one_process_made_and_its_control_shares_accuses_nobody() -> None:
    """Of two processes that have collected both files, in one the victim fails, whatever runs before it."""
    suite = MemorySuite(lambda prefix, attempt: False)
    suite.draws = lambda files, number: len(files) == 2 and number % 2 == 0
    proof = prove(docket([P], [suspect(P)]), suite, Policy())
    assert proof.polluters == ()


def test_a_file_whose_import_is_enough_is_imported_anew_for_the_proof() -> None:
    suite = MemorySuite(lambda prefix, attempt: False)
    suite.draws = lambda files, number: "test_p.py" in files
    proof = prove(docket([P], [suspect(P)]), suite, Policy())
    assert (proof.polluters, proof.imported) == (((P,),), ("test_p.py",))
    assert sum(question.anew for question in suite.questions) == 5


def test_of_a_file_whose_import_is_enough_the_first_test_is_named_whichever_was_suspected() -> None:
    suite = MemorySuite(lambda prefix, attempt: False)
    suite.imports = lambda files: "test_p.py" in files
    last, first = "test_p.py::test_q", "test_p.py::test_o"
    proof = prove(docket([last, first], [suspect(last)], everything=ids(first, last, V)), suite, Policy())
    assert (proof.polluters, proof.imported) == (((first,),), ("test_p.py",))


def test_a_polluter_is_proven_where_files_are_collected_once_and_a_control_shares_each_process() -> None:
    suite = MemorySuite(before(P))
    suite.draws = lambda files, number: False
    proof = prove(docket([Q, P], [suspect(P)]), suite, Policy(look_further=False))
    assert proof.polluters == ((P,),)
    controls = [question for question in suite.questions if question.collect]
    assert [(question.order[-1].test, len(question.order), question.collect) for question in controls] == [(V, 1, ("test_p.py",))] * 2


class Forgetful(MemorySuite):
    """Every process that has collected has ended before it could be asked a second time."""

    def _collection(self, question: Question, files: set[str]) -> int:
        return len(self.questions)


def test_where_no_control_can_share_what_was_drawn_nobody_is_accused() -> None:
    proof = prove(docket([P], [suspect(P)]), Forgetful(before(P)), Policy(look_further=False))
    assert proof.polluters == ()
