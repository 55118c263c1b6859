"""A proof for every symptom, as long as the budget lasts.

Owns the sequence of symptoms, and what one proof teaches the next: a set that was proven for one victim is the first guess for the
others of its family. Must not choose what is asked about a symptom.
"""

from flaky_detector.errors import Interrupted
from flaky_detector.model import Order, Proof
from flaky_detector.pipeline.dockets import docket_of, family_of
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.launch import Launcher
from flaky_detector.pipeline.oracle import SubprocessOracle
from flaky_detector.stages.confirm import Docket, Policy, prove
from flaky_detector.stages.correlate import Sources, lay_out


def prove_all(launcher: Launcher, dossier: Dossier, sources: Sources) -> None:
    """Fill `dossier.proofs`.

    Raises:
        Interrupted: Ctrl-C; the proof in question is in the dossier as far as it had come.
    """
    papers = lay_out(dossier.records, sources)
    oracle = SubprocessOracle(launcher, dossier)
    policy = Policy(repeats=launcher.settings.repeats, deadline=dossier.deadline, jobs=oracle.jobs)
    known: dict[tuple[str, str, str], list[Order]] = {}
    for number, (symptom, suspects) in enumerate(dossier.symptoms):
        if dossier.seconds_left <= 0:
            _stop(dossier, number)
            return
        family = known.setdefault(family_of(symptom), [])
        docket = docket_of(symptom, suspects, papers, dossier.records, family)
        proof = dossier.proofs[number] = _prove(docket, oracle, policy, dossier, number)
        launcher.voice.say(_told(dossier, number, proof))
        if proof.polluters:
            family.append(tuple(step for step in proof.minimal_order[:-1] if step.test not in proof.warm_up))
        if not proof.complete and dossier.seconds_left <= 0:
            dossier.status = "budget-exhausted"


def _prove(docket: Docket, oracle: SubprocessOracle, policy: Policy, dossier: Dossier, number: int) -> Proof:
    label = f"[{number + 1}/{len(dossier.symptoms)}] proving: why does {docket.symptom.test} fail?"
    with oracle.launcher.voice.task(label) as tick:
        oracle.tick = tick
        try:
            return prove(docket, oracle, policy)
        except Interrupted as end:
            if isinstance(end.so_far, Proof):
                dossier.proofs[number] = end.so_far
            raise


def _stop(dossier: Dossier, number: int) -> None:
    dossier.status = "budget-exhausted"
    rest = len(dossier.symptoms) - number
    dossier.add_gap("confirm", f"the budget ended before {rest} failing tests could be examined by re-running")


def _told(dossier: Dossier, number: int, proof: Proof) -> str:
    if proof.polluters:
        verdict = "proven, after " + " and ".join(proof.polluters[0])
    else:
        verdict = "not explained" if proof.kind == "unknown" else proof.kind
    trials = sum(trial.attempts for trial in proof.trials)
    return f"[{number + 1}/{len(dossier.symptoms)}] {proof.test}: {verdict} ({trials} trials)"
