"""How sure a finding is, how it is reproduced, what it is known by."""

import msgspec
import pytest

from flaky_detector.model import Evidence, Failure, LatentPolluter, Proof, Sighting, Signature, StateChange, Step, Suspect, Symptom, Trial
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.conclude import finding_of, fingerprint, is_spoken_of, latent_polluters, reproduce, with_diagnosis
from tests.support.records import changed, ran, record

V, P, Q, W = Id("test_v.py::test_v[a b]"), Id("test_p.py::test_p"), Id("test_q.py::test_q"), Id("test_w.py::test_w")
SIGNATURE = Signature(rule="migration-drift", resources=("shop.Phantom",), exception="SystemExit: 1")
ONCE = (Sighting("r1", "main", 3),)
TWICE = (*ONCE, Sighting("r2", "main", 0))


def symptom(**members: object) -> Symptom:
    return Symptom(**{"test": V, "signature": SIGNATURE, "failing": ONCE, "passing": (Sighting("r2", "gw0", 1),), **members})  # type: ignore[arg-type]


def suspect(*reasons: str, score: float = 0.9, worker: str = "same", test: Id = P) -> Suspect:
    return Suspect(test=test, score=score, worker=worker, evidence=tuple(Evidence(reason, "…") for reason in reasons))  # type: ignore[arg-type]


def proof(**members: object) -> Proof:
    return Proof(**{"test": V, "signature": SIGNATURE, "kind": "victim", "confidence": "proven", **members})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("suspects", "sure"),
    [
        ([suspect("state", "name")], "likely"),
        ([suspect("order", "state", "name")], "likely"),
        ([suspect("state", "name", score=0.5)], "likely"),
        ([suspect("state", "name", score=0.49)], "suspected"),
        ([suspect("state", "order")], "suspected"),
        ([suspect("name", "order")], "suspected"),
        ([suspect("state", "name", worker="other")], "suspected"),
        ([suspect("order"), suspect("state", "name", test=Q)], "suspected"),
        ([], "suspected"),
    ],
)
def test_likely_takes_two_kinds_of_evidence_that_agree_on_the_first_suspect(suspects: list[Suspect], sure: str) -> None:
    finding = finding_of(symptom(), suspects, None, [])
    assert (finding.kind, finding.confidence) == ("victim" if sure == "likely" else "unknown", sure)
    assert (finding.polluters, finding.complete, finding.suspects) == ((), False, tuple(suspects))


def test_what_failed_in_every_one_of_several_runs_is_broken_and_nobody_is_suspected() -> None:
    finding = finding_of(symptom(failing=TWICE, passing=()), [suspect("order")], None, [])
    assert (finding.kind, finding.suspects) == ("broken", ())
    assert finding.reproduce == "flaky-detector confirm 'test_v.py::test_v[a b]'"


def test_what_failed_once_is_not_called_broken() -> None:
    assert finding_of(symptom(passing=()), [], None, []).kind == "unknown"


def test_what_always_fails_after_something_that_was_left_behind_is_not_called_broken() -> None:
    assert finding_of(symptom(failing=TWICE, passing=()), [suspect("order", "state")], None, []).kind == "unknown"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("exists: '/tmp/flaky-detector-scratch-_y7/template-u1/copy-0x/shop/tests/a b'", "exists: 'tests/a b'"),
        ("/var/tmp/flaky-detector-scratch-_y7/copy-0x/shop/a.txt and b", "a.txt and b"),
        ("no /tmp/flaky-detector-scratch-_y7/r0a1b2c3/tmp/x.sock", "no <tmp>/x.sock"),
        ("no /tmp/flaky-detector-scratch-_y7/environments/3.11/bin", "no /tmp/flaky-detector-scratch-_y7/environments/3.11/bin"),
        ("/srv/flaky-detector/copy-1/b/c", "/srv/flaky-detector/copy-1/b/c"),
    ],
)
def test_paths_of_private_copies_are_told_as_those_of_the_tree(message: str, told: str) -> None:
    example = Failure(phase="call", exception="OSError", message=message)
    assert finding_of(symptom(example=example), [], None, []).message == told


def test_a_finding_with_a_proof_says_what_the_proof_says() -> None:
    trials = (Trial(order=(Step(0, V),), role="alone", passed=3),)
    order = (Step(0, W), Step(0, P), Step(0, V))
    given = proof(polluters=((P,),), trials=trials, minimal_order=order, warm_up=(W,), state=changed("X"), tried=("alone",))
    finding = finding_of(symptom(), [suspect("order")], given, [])
    assert (finding.kind, finding.confidence, finding.polluters, finding.trials) == ("victim", "proven", ((P,),), trials)
    assert (finding.minimal_order, finding.warm_up, finding.state) == (order, (W,), changed("X"))
    assert (finding.complete, finding.notes) == (True, ("alone",))


@pytest.mark.parametrize(
    ("rule", "resource", "polluters", "spoken"),
    [
        ("fallback", "MODE", ((P,),), True),
        ("fallback", "OTHER", ((P,),), False),
        ("fallback", "OTHER", ((P, Q),), True),
        ("fallback", "OTHER", (), True),
        ("duplicate-table", "OTHER", ((P,),), True),
    ],
)
def test_whether_the_failure_speaks_of_what_was_left_is_asked_of_one_polluter_where_no_rule_knows(
    rule: str, resource: str, polluters: tuple[tuple[Id, ...], ...], spoken: bool
) -> None:
    told = symptom(signature=Signature(rule=rule, resources=(resource,), exception="AssertionError"))
    given = proof(polluters=polluters, state=(StateChange(kind="environ", key="MODE", after="1"),))
    assert is_spoken_of(told, finding_of(told, (), given, [])) is spoken


@pytest.mark.parametrize("kind", ["broken", "non-deterministic", "environment"])
def test_where_the_proof_acquits_everybody_nobody_is_suspected(kind: str) -> None:
    finding = finding_of(symptom(), [suspect("state", "name")], proof(kind=kind), [])
    assert finding.suspects == ()
    assert "--suspect" not in finding.reproduce


def test_a_finding_counts_the_runs_in_which_it_failed_and_was_seen() -> None:
    again = (Sighting("r1", "gw0", 0), Sighting("r1", "gw1", 0), Sighting("r3", "gw0", 0))
    told = symptom(failing=again, pythons=("3.11.7", "3.11.9", "3.12.1"), phases=("call",))
    finding = finding_of(told, [], None, [])
    assert (finding.failed_in, finding.seen_in, finding.failing_runs) == (2, 3, ("r1", "r3"))
    assert (finding.pythons, finding.phases, finding.message) == (("3.11", "3.12"), ("call",), "")


def test_a_finding_tells_the_failures_message() -> None:
    example = Failure(phase="call", exception="ValueError", message="no such thing")
    assert finding_of(symptom(example=example), [], None, []).message == "no such thing"


def test_the_fingerprint_is_the_same_every_night_and_forgets_what_varies() -> None:
    told = fingerprint(symptom())
    assert told == "92a5a21656cd2df7"
    other_model = msgspec.structs.replace(SIGNATURE, resources=("shop.Rollup",))
    assert fingerprint(symptom(failing=TWICE, signature=other_model)) == told
    assert fingerprint(symptom(test=P)) != told
    assert fingerprint(symptom(signature=msgspec.structs.replace(SIGNATURE, rule="fallback"))) != told


def test_a_name_that_no_encoding_can_hold_has_a_fingerprint_too() -> None:
    assert fingerprint(symptom(test=Id("test_v.py::test_v[\ud800]"))) == fingerprint(symptom(test=Id("test_v.py::test_v[\\ud800]")))


def test_a_proven_order_is_reproduced_by_naming_its_tests_without_the_warm_up() -> None:
    given = proof(minimal_order=(Step(0, W), Step(0, P), Step(0, Q), Step(0, V)), warm_up=(W,))
    assert reproduce(V, given, []) == (
        "flaky-detector confirm 'test_v.py::test_v[a b]' --suspect test_p.py::test_p --suspect test_q.py::test_q"
    )


def test_a_test_of_another_worker_is_named_as_such() -> None:
    given = proof(minimal_order=(Step(0, P), Step(1, Q), Step(1, V)))
    assert reproduce(V, given, []) == (
        "flaky-detector confirm 'test_v.py::test_v[a b]' --elsewhere test_p.py::test_p --suspect test_q.py::test_q"
    )


def test_without_a_proof_the_first_suspect_is_tried() -> None:
    assert reproduce(V, None, [suspect(), suspect(test=Q)]) == "flaky-detector confirm 'test_v.py::test_v[a b]' --suspect test_p.py::test_p"


def test_who_merely_fills_a_cache_is_not_latent() -> None:
    run = record(ran(Q, state=(*changed("shop.tax", kind="cache"), *changed("Y"))), ran(V, state=changed("shop.tax", kind="cache")))
    assert latent_polluters([run], []) == (LatentPolluter(test=Q, state=changed("Y")),)


def test_who_leaves_something_behind_and_breaks_nothing_is_latent() -> None:
    run = record(ran(P, state=changed("X")), ran(Q, state=changed("Y")), ran(W, state=changed("Z")), ran(V))
    proven = finding_of(symptom(), [], proof(polluters=((P,),)), [])
    brittle = finding_of(symptom(), [], proof(kind="brittle", state_setters=((W,),)), [])
    assert latent_polluters([run], [proven, brittle]) == (LatentPolluter(test=Q, state=changed("Y")),)


def test_a_diagnosis_is_added_and_nothing_else_changes() -> None:
    finding = finding_of(symptom(), [], None, [])
    assert with_diagnosis(with_diagnosis(finding, "why"), None) == finding


def test_the_counterparts_of_a_conflict_are_told() -> None:
    assert finding_of(symptom(), [], proof(kind="cross-worker", counterparts=(P,)), []).counterparts == (P,)


def test_a_conflict_suspects_nobody_and_is_reproduced_by_running_both_at_once() -> None:
    conflict = proof(kind="cross-worker", confidence="proven", counterparts=(Q,))
    finding = finding_of(symptom(), [suspect()], conflict, [])
    assert (finding.kind, finding.suspects, finding.counterparts) == ("cross-worker", (), (Q,))
    assert finding.reproduce == f"flaky-detector confirm 'test_v.py::test_v[a b]' --beside {Q}"
