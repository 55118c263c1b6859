"""One digest of a result, from which every voice speaks: findings grouped by cause.

Owns the grouping, the counts and the order in which things are told. Must not know Markdown or HTML. Text between backticks is code.

Two proven findings have one cause when they share a set of polluters, or when sets of equal size left the very same things behind:

    polluters [[p1], [p2]]  left shop.Phantom   →  test_check
    polluters [[p2]]        left shop.Phantom   →  test_plan       one cause, two victims
    polluters [[p1, w]]     left 0009_x.py      →  test_whitelist  another cause
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from flaky_detector.model import (
    Diagnosis,
    Finding,
    Gap,
    LatentPolluter,
    Location,
    Remedy,
    Result,
    RunSummary,
    StateChange,
    Step,
    Suspect,
    TestId,
    Trial,
    function_of,
    path_of,
)

NOBODY = ("non-deterministic", "broken", "environment")
"""Kinds of findings that accuse nobody, whatever else they carry."""

STANDS_OUT, FAR_BEHIND = 0.05, 0.34
"""Score from which a suspect is shown on the ground of orders alone; below it is one of many that happened to run before; and the
share of the best score below which a suspect is not shown."""

TestSet = tuple[TestId, ...]


class Tally(msgspec.Struct, frozen=True):
    """How often trials failed with the same signature."""

    failed: int
    attempts: int


class Victim(msgspec.Struct, frozen=True, kw_only=True):
    """One test that a cause breaks. `after` counts the trials after `sets[0]`, the first set proven for it."""

    finding: Finding
    sets: tuple[TestSet, ...]
    alone: Tally
    after: Tally


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to mend, with everything that it breaks.

    `head` is the set that is named first, `others` the alternatives. `steps` is the minimal order without warm-up, `without` counts
    the controls by the place of the step that was left out. `earlier` tells that its first test is the head of a cause told before.
    """

    kind: Literal["polluter", "state-setter"]
    head: TestSet
    others: tuple[TestSet, ...]
    victims: tuple[Victim, ...]
    state: tuple[StateChange, ...]
    left_by: Mapping[TestId, frozenset[tuple[str, str]]]
    diagnosis: Diagnosis | None
    steps: tuple[Step, ...]
    without: tuple[tuple[int, Tally], ...] = ()
    earlier: bool = False
    remedies: tuple[Remedy, ...] = ()
    failing_runs: tuple[RunSummary, ...] = ()
    failed_in: int = 0
    seen_in: int = 0
    complete: bool = True

    @property
    def first(self) -> Finding:
        """The finding whose order is shown."""
        return self.victims[0].finding

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all victims."""
        return tuple(victim.finding for victim in self.victims)

    @property
    def broken(self) -> TestSet:
        """The tests that it breaks, each once: a test may fail in several ways."""
        return tuple(dict.fromkeys(victim.finding.test for victim in self.victims))

    @property
    def head_state(self) -> tuple[StateChange, ...]:
        """What the tests of the head themselves left behind, where that is known: by the proofs, else by its origin; else all of it."""
        told = [self.left_by[test] for test in self.head if test in self.left_by]
        if told:
            return tuple(change for change in self.state if any((change.kind, change.key) in keys for keys in told))
        functions = {function_of(test) for test in self.head}
        own = tuple(change for change in self.state if functions & set(change.origin.replace(":", ".").split(".")))
        nobodys = tuple(change for change in self.state if not change.origin)
        return own + nobodys if own else self.state

    @property
    def imported(self) -> str:
        """The file whose import alone is enough; empty where a test has to run."""
        paths = {path_of(test) for test in self.head} if self.kind == "polluter" else set()
        return next((path for path in self.first.imported if paths == {path}), "")

    @property
    def across_workers(self) -> bool:
        """Whether polluter and victim ran in different processes."""
        return len({step.worker for step in self.steps}) > 1

    @property
    def location(self) -> Location | None:
        """Where in the source it happens."""
        return self.diagnosis.location if self.diagnosis else None

    @property
    def polluters(self) -> TestSet:
        """Every test named, once."""
        return tuple(dict.fromkeys(test for tests in (self.head, *self.others) for test in tests))


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """Findings of one signature with the same first suspect, nothing proven.

    `tied` counts suspects that score as the first does; `far_behind` those that are left out, for they merely ran before it.
    """

    findings: tuple[Finding, ...]
    suspects: tuple[Suspect, ...]
    tied: int
    far_behind: int = 0

    @property
    def first(self) -> Finding:
        """The finding that is shown."""
        return self.findings[0]

    @property
    def tests(self) -> TestSet:
        """The tests that fail so, each once: a test may have several findings."""
        return tuple(dict.fromkeys(test for finding in self.findings for test in finding.tests))


class Aside(msgspec.Struct, frozen=True, kw_only=True):
    """A cause, proven or suspected, of failures that only an order can show which the project's own settings do not make.

    `heads` are the polluters of the first set, or the first suspect.
    """

    heads: TestSet
    tests: TestSet
    first: Finding
    is_proven: bool


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is to be told, in the order in which it is told; `asides` are told apart, in few words.

    `conflicts` are proven findings without a polluter: two tests that must not run at the same time.
    """

    result: Result
    causes: tuple[Cause, ...]
    suspicions: tuple[Suspicion, ...]
    others: tuple[Finding, ...]
    latent: tuple[LatentPolluter, ...]
    gaps: tuple[Gap, ...]
    asides: tuple[Aside, ...] = ()
    conflicts: tuple[Finding, ...] = ()

    @property
    def accuses(self) -> bool:
        """Whether anything but notices is told."""
        return bool(self.causes or self.suspicions or self.asides or self.conflicts)

    @property
    def tests(self) -> int:
        """Size of the suite: the most tests that one run executed."""
        return max((run.tests for run in self.result.runs), default=0)

    @property
    def pythons(self) -> tuple[str, ...]:
        """`3.11`, `3.12`: of all runs."""
        return tuple(dict.fromkeys(".".join(run.python.split(".")[:2]) for run in self.result.runs))


MOST_TOLD_OPENLY = 3
"""Causes that take an order which undoes the project's sort; xdist's stealing makes such orders, so a few are told like others."""


def digest(result: Result) -> Digest:
    """Group the findings of a result."""
    proven = [finding for finding in result.findings if is_proven(finding)]
    suspected = [finding for finding in result.findings if not is_proven(finding) and finding.kind not in NOBODY and stands_out(finding)]
    conflicts = tuple(finding for finding in result.findings if finding.confidence == "proven" and finding.counterparts)
    told = {id(finding) for finding in (*proven, *suspected, *conflicts)}
    causes, suspicions = _causes(proven, result.runs), _suspicions(suspected)
    both: tuple[Cause | Suspicion, ...] = (*causes, *suspicions)
    unsorted = [one for one in both if _undoes_the_sort(one)]
    aside = {id(one) for one in unsorted} if len(unsorted) > MOST_TOLD_OPENLY else set()
    return Digest(
        result=result,
        causes=tuple(cause for cause in causes if id(cause) not in aside),
        suspicions=tuple(suspicion for suspicion in suspicions if id(suspicion) not in aside),
        conflicts=conflicts,
        asides=tuple(_aside(one) for one in unsorted if id(one) in aside),
        others=tuple(finding for finding in result.findings if id(finding) not in told),
        latent=result.latent_polluters,
        gaps=result.gaps,
    )


def _undoes_the_sort(one: Cause | Suspicion) -> bool:
    return all(finding.orders == "unsorted" for finding in one.findings)


def _aside(one: Cause | Suspicion) -> Aside:
    if isinstance(one, Cause):
        return Aside(heads=one.head, tests=one.broken, first=one.first, is_proven=True)
    return Aside(heads=(one.suspects[0].test,), tests=one.tests, first=one.first, is_proven=False)


def is_proven(finding: Finding) -> bool:
    """Whether somebody may be named: re-run, with a set that was held to account."""
    return finding.confidence == "proven" and finding.kind not in NOBODY and any((*finding.polluters, *finding.state_setters))


def stands_out(finding: Finding) -> bool:
    """Whether there is a suspect worth showing: one with a reason beyond the order, or with a score that says something."""
    if not finding.suspects:
        return False
    best = finding.suspects[0]
    return best.score >= STANDS_OUT or any(evidence.kind != "order" for evidence in best.evidence)


def sets_of(finding: Finding) -> tuple[TestSet, ...]:
    """The sets that a proven finding names, whichever way they act."""
    return tuple(tests for tests in (finding.polluters or finding.state_setters) if tests)


def _causes(findings: Sequence[Finding], runs: Sequence[RunSummary]) -> tuple[Cause, ...]:
    groups: dict[int, list[Finding]] = {}
    group_of: dict[Hashable, int] = {}
    for number, finding in enumerate(findings):
        reasons = _reasons(finding)
        mates = sorted({group_of[reason] for reason in reasons if reason in group_of})
        groups[number] = [other for mate in mates for other in groups.pop(mate)] + [finding]
        group_of.update(
            {reason: number for other in groups[number] for reason in _reasons(other)} if mates else dict.fromkeys(reasons, number)
        )
    causes = [_cause(group, runs) for group in groups.values()]
    ordered = sorted(causes, key=lambda cause: (len(cause.head), -len(cause.victims), cause.head))
    return _told_in_order(ordered)


def _reasons(finding: Finding) -> set[Hashable]:
    """Two findings that have one of these in common have one cause."""
    way, sets = bool(finding.polluters), sets_of(finding)
    things = frozenset((change.kind, change.key) for change in finding.state)
    left: set[Hashable] = {(way, things, len(sets[0]))} if things else set()
    return left | {(way, tests) for tests in sets}


def _cause(findings: Sequence[Finding], runs: Sequence[RunSummary]) -> Cause:
    victims = tuple(sorted((_victim(finding) for finding in findings), key=lambda victim: victim.finding.test))
    sets = list(dict.fromkeys(tests for victim in victims for tests in victim.sets))
    head = max(sets, key=lambda tests: sum(tests in victim.sets for victim in victims))
    shown = sorted(victims, key=lambda victim: (victim.sets[0] != head, victim.finding.diagnosis is None))
    first = shown[0].finding
    warm = set(first.warm_up)
    failing = {run for finding in findings for run in finding.failing_runs}
    return Cause(
        kind="polluter" if first.polluters else "state-setter",
        head=head,
        others=tuple(tests for tests in sets if tests != head),
        victims=tuple(shown),
        state=_without_repetition(change for finding in findings for change in finding.state),
        left_by=_left_by(findings),
        diagnosis=first.diagnosis,
        steps=tuple(step for step in first.minimal_order if step.test not in warm),
        without=_without(first, head),
        remedies=first.diagnosis.remedies if first.diagnosis else (),
        failing_runs=tuple(run for run in runs if run.id in failing),
        failed_in=len(failing & {run.id for run in runs}) or max(finding.failed_in for finding in findings),
        seen_in=max(finding.seen_in for finding in findings),
        complete=all(finding.complete for finding in findings),
    )


def _left_by(findings: Sequence[Finding]) -> Mapping[TestId, frozenset[tuple[str, str]]]:
    keys: dict[TestId, set[tuple[str, str]]] = {}
    for finding in findings:
        for test, places in finding.left_by.items():
            keys.setdefault(test, set()).update((finding.state[place].kind, finding.state[place].key) for place in places)
    return {test: frozenset(told) for test, told in keys.items()}


def _told_in_order(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """A chain whose first step is the head of an earlier cause does not tell that one's remedies again."""
    told: list[Cause] = []
    for cause in causes:
        roots = [other for other in told if set(other.polluters) & {tests[0] for tests in (cause.head, *cause.others)}]
        known = {remedy.title for root in roots for remedy in root.remedies}
        fresh = tuple(remedy for remedy in cause.remedies if remedy.title not in known)
        told.append(msgspec.structs.replace(cause, earlier=bool(roots), remedies=fresh))
    return tuple(told)


def _victim(finding: Finding) -> Victim:
    sets = sets_of(finding)
    role = "after-polluter" if finding.polluters else "after-state-setter"
    after = [trial for trial in finding.trials if trial.role == role]
    exact = [trial for trial in after if _tests_in(trial, finding) == sets[0]]
    alone = [trial for trial in finding.trials if trial.role == "alone"]
    return Victim(finding=finding, sets=sets, alone=_sum(alone), after=_sum(exact or after))


def _tests_in(trial: Trial, finding: Finding) -> TestSet:
    """The tests of a trial's order that act: without warm-up and victim, and across workers only those of the other worker."""
    tests = [step for step in trial.order if step.test != finding.test and step.test not in finding.warm_up]
    across = trial.order and trial.order[-1].worker != 0
    return tuple(step.test for step in tests if not across or step.worker != trial.order[-1].worker)


def _sum(trials: Iterable[Trial]) -> Tally:
    counted = list(trials)
    return Tally(sum(trial.same for trial in counted), sum(trial.attempts for trial in counted))


def _without(finding: Finding, head: TestSet) -> tuple[tuple[int, Tally], ...]:
    """Controls of the shown order, by the place of the step that was left out, counted from 1."""
    controls: dict[int, list[Trial]] = {}
    for trial in finding.trials:
        left_out = [place for place, test in enumerate(head, 1) if test not in {step.test for step in trial.order}]
        if trial.role == "without" and len(left_out) == 1:
            controls.setdefault(left_out[0], []).append(trial)
    return tuple((place, _sum(trials)) for place, trials in sorted(controls.items()))


def _without_repetition(changes: Iterable[StateChange]) -> tuple[StateChange, ...]:
    return tuple({(change.kind, change.key): change for change in changes}.values())


def _suspicions(findings: Sequence[Finding]) -> tuple[Suspicion, ...]:
    groups: dict[tuple[str, str, TestId], list[Finding]] = {}
    for finding in findings:
        key = (finding.signature.rule, finding.signature.resource, finding.suspects[0].test)
        groups.setdefault(key, []).append(finding)
    suspicions = [_suspicion(group) for group in groups.values()]
    return tuple(sorted(suspicions, key=lambda suspicion: (suspicion.first.confidence != "likely", -len(suspicion.findings))))


def _suspicion(findings: Sequence[Finding]) -> Suspicion:
    suspects = findings[0].suspects
    best = suspects[0].score
    near = tuple(
        suspect
        for suspect in suspects
        if suspect.score >= best * FAR_BEHIND or any(evidence.kind != "order" for evidence in suspect.evidence)
    )
    return Suspicion(
        findings=tuple(findings),
        suspects=near,
        tied=sum(suspect.score == best for suspect in near),
        far_behind=len(suspects) - len(near),
    )


def by_function(tests: Iterable[TestId]) -> dict[str, tuple[TestId, ...]]:
    """Tests of one function, params apart, together: the key is `path::function`."""
    groups: dict[str, list[TestId]] = {}
    for test in tests:
        groups.setdefault(f"{path_of(test)}::{function_of(test)}", []).append(test)
    return {key: tuple(members) for key, members in groups.items()}
