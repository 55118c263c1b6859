"""A proof for every symptom, as long as the budget lasts.

Owns the sequence of symptoms, and what one proof teaches the next: a set that was proven for one victim is the first guess for the
others of its family, and a guess for every other victim. The first symptom of each family comes before the rest of any, for families
have causes of their own and the budget may end. They are proven side by side where trials may run so, each family's
symptoms one after the other. Must not choose what is asked about a symptom.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import msgspec

from flaky_detector.adapters.process import end_all
from flaky_detector.adapters.voice import Tick
from flaky_detector.errors import Interrupted
from flaky_detector.model import Order, Proof, Suspect, Symptom
from flaky_detector.pipeline.dockets import Dockets, Known, family_of
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.oracle import SubprocessOracle
from flaky_detector.stages.confirm import Policy, prove
from flaky_detector.stages.correlate import Papers, Sources, lay_out

Numbered = tuple[int, Symptom, tuple[Suspect, ...]]


class _Family(msgspec.Struct, eq=False):
    """Symptoms that may have one cause, and what was proven for those that came first; `is_broken` where one was found broken."""

    members: list[Numbered] = msgspec.field(default_factory=list)
    proofs: list[Proof] = msgspec.field(default_factory=list)
    is_broken: bool = False


def prove_all(oracle: SubprocessOracle, sources: Sources) -> None:
    """Fill `proofs` of the oracle's dossier.

    Raises:
        Interrupted: Ctrl-C; the proofs in question are in the dossier as far as they had come.
    """
    launcher, dossier = oracle.launcher, oracle.dossier
    papers = lay_out(dossier.records, sources)
    families: dict[tuple[str, str, str], _Family] = defaultdict(_Family)
    for number, (symptom, suspects) in enumerate(dossier.symptoms):
        families[family_of(symptom)].members.append((number, symptom, suspects))
    lanes = max(1, min(oracle.jobs, len(families)))
    settings, jobs = launcher.settings, oracle.jobs // lanes
    policy = Policy(repeats=settings.repeats, deadline=dossier.deadline, jobs=jobs, look_further=settings.look_further)
    proving = _Proving(oracle, papers, policy)
    with launcher.voice.task(f"proving: why do {len(dossier.symptoms)} tests fail?") as tick:
        proving.tick = tick
        for part in (slice(0, 1), slice(1, None)):
            turns = [(family, family.members[part]) for family in families.values() if family.members[part]]
            if lanes == 1:
                for family, members in turns:
                    proving.prove(family, members)
            else:
                proving.side_by_side(turns, lanes)
    _tell_the_rest(dossier)


class _Proving:
    """Works through families; in several threads at once, where there are several lanes."""

    def __init__(self, oracle: SubprocessOracle, papers: Papers, policy: Policy) -> None:
        self.oracle = oracle
        self.dossier = oracle.dossier
        self.dockets = Dockets(papers, oracle.dossier.records, [symptom for symptom, _ in oracle.dossier.symptoms])
        self.policy = policy
        self.proven: list[tuple[_Family, Order]] = []
        self.tick: Tick | None = None

    def side_by_side(self, turns: Sequence[tuple[_Family, Sequence[Numbered]]], lanes: int) -> None:
        """All families, so many at once; an interrupt ends every lane, and each hands over what it had."""
        with ThreadPoolExecutor(lanes) as pool:
            futures = [pool.submit(self.prove, family, members) for family, members in turns]
            try:
                for future in futures:
                    future.result()
            except (Interrupted, KeyboardInterrupt) as end:
                end_all()
                for future in futures:
                    future.cancel()
                wait(futures)
                raise end if isinstance(end, Interrupted) else Interrupted("interrupted") from None

    def prove(self, family: _Family, members: Sequence[Numbered]) -> None:
        """Some of its symptoms, one after the other."""
        for number, symptom, suspects in members:
            if self.dossier.seconds_left <= 0:
                return
            docket = self.dockets.of(symptom, suspects, self._known(family))
            self.oracle.tick = self.tick
            try:
                proof = self.dossier.proofs[number] = prove(docket, self.oracle, self.policy)
            except Interrupted as end:
                if isinstance(end.so_far, Proof):
                    self.dossier.proofs[number] = end.so_far
                raise
            self.oracle.launcher.voice.say(_told(self.dossier, proof))
            family.is_broken |= proof.kind == "broken"
            if proof.polluters:
                family.proofs.append(proof)
                self.proven.append((family, _needed(proof)))

    def _known(self, own: _Family) -> Known:
        counted = Counter(order for family, order in tuple(self.proven) if family is not own)
        return Known(
            family=tuple(dict.fromkeys(map(_needed, own.proofs))),
            elsewhere=tuple(order for order, _ in counted.most_common()),
            kindred=tuple(dict.fromkeys(tests for proof in own.proofs for tests in proof.polluters)),
            is_broken=own.is_broken and not own.proofs,
        )


def _needed(proof: Proof) -> Order:
    return tuple(step for step in proof.minimal_order[:-1] if step.test not in proof.warm_up)


def _tell_the_rest(dossier: Dossier) -> None:
    if dossier.seconds_left > 0:
        return
    rest = len(dossier.symptoms) - len(dossier.proofs)
    if rest or not all(proof.complete for proof in dossier.proofs.values()):
        dossier.status = "budget-exhausted"
    if rest:
        dossier.add_gap("confirm", f"the budget ended before {rest} failing tests could be examined by re-running")


def _told(dossier: Dossier, proof: Proof) -> str:
    if proof.polluters:
        verdict = "proven, after " + " and ".join(proof.polluters[0])
    else:
        verdict = "not explained" if proof.kind == "unknown" else proof.kind
    trials = sum(trial.attempts for trial in proof.trials)
    return f"[{len(dossier.proofs)}/{len(dossier.symptoms)}] {proof.test}: {verdict} ({trials} trials)"
