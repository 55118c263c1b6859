"""Holds what a hunt concluded against what is true.

Owns what counts as found, as right and as a false accusation. Must not run anything.

- *Found*: the finding of the right test has a right kind, and, where somebody is to be named, names at least one right set and is sure
  of it (`proven` or `likely`). Of several truths of one group one is enough.
- *False accusation*: a finding that is sure, and is about a test that has no part as a victim, or names a set that is not a right one,
  be it by one test too many. What is merely suspected accuses nobody.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bench.accuracy.truth import Planted, Truth, is_state

SURE = ("proven", "likely")
RANK = ("suspected", "likely", "proven")
Finding = Mapping[str, Any]


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """One truth and what was made of it; None where there was nothing to say."""

    plant: str
    carrier: str
    test: str
    found: bool
    kind_right: bool
    all_named: bool | None
    state_named: bool | None
    group: str = ""
    told: str = ""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One suite's."""

    name: str
    truths: tuple[Scored, ...]
    false_accusations: tuple[str, ...]
    false_plants: tuple[str, ...] = ()
    latent: int = 0
    latent_named: int = 0
    trials: int = 0
    processes: int = 0
    wall_seconds: float = 0.0
    suite_seconds: float = 0.0
    status: str = ""


def score(planted: Planted, findings: Mapping[str, Any]) -> Score:
    """What `findings.json` is worth, for one suite."""
    told = _by_test(findings.get("findings", ()))
    expected = [truth for truth in planted.truths if not truth.latent]
    wrong = [(finding["test"], why) for finding in findings.get("findings", ()) if (why := accusation(finding, expected))]
    left = {entry["test"] for entry in findings.get("latent_polluters", ())}
    latent = [truth for truth in planted.truths if truth.latent]
    cost = findings.get("cost", {})
    plants = {truth.test: truth.plant for truth in expected}
    return Score(
        name=planted.name,
        truths=tuple(_scored(truth, told.get(truth.test)) for truth in expected),
        false_accusations=tuple(f"{test}: {why}" for test, why in wrong),
        false_plants=tuple(plants.get(test, "innocent") for test, _ in wrong),
        latent=len(latent),
        latent_named=sum(truth.test in left for truth in latent),
        trials=cost.get("trials", 0),
        processes=cost.get("pytest_processes", 0),
        wall_seconds=cost.get("wall_seconds", 0.0),
        suite_seconds=cost.get("suite_seconds", 0.0),
        status=findings.get("status", "no findings.json"),
    )


def _by_test(findings: Sequence[Finding]) -> dict[str, Finding]:
    """Of each test the finding that is surest."""
    ranked = sorted(findings, key=lambda finding: RANK.index(finding["confidence"]))
    return {finding["test"]: finding for finding in ranked}


def _scored(truth: Truth, finding: Finding | None) -> Scored:
    kind_right = finding is not None and finding["kind"] in truth.kinds
    named = named_sets(finding) if finding else []
    rights = [named_set for named_set in named if is_right(named_set, truth)]
    return Scored(
        plant=truth.plant,
        carrier=truth.carrier,
        test=truth.test,
        found=kind_right and (not truth.sets or bool(rights and finding and finding["confidence"] in SURE)),
        kind_right=kind_right,
        all_named=_all_named(truth, rights, finding),
        state_named=_state_named(truth, finding) if truth.state else None,
        group=truth.group,
        told=_told(finding),
    )


def named_sets(finding: Finding) -> list[tuple[str, ...]]:
    """The sets of polluters or state-setters that a finding names."""
    return [tuple(named) for named in (*finding.get("polluters", ()), *finding.get("state_setters", ()))]


def is_right(named: Sequence[str], truth: Truth) -> bool:
    """Whether it is one of the truth's sets, no test more and none less; in its order, where that matters."""
    return any(tuple(named) == right or (not truth.ordered and sorted(named) == sorted(right)) for right in truth.sets)


def _all_named(truth: Truth, rights: Sequence[Sequence[str]], finding: Finding | None) -> bool | None:
    if truth.counterparts:
        return bool(finding and set(finding.get("counterparts", ())) & set(truth.counterparts))
    if not truth.all_named:
        return None
    return {tuple(sorted(right)) for right in truth.sets} <= {tuple(sorted(right)) for right in rights}


def _state_named(truth: Truth, finding: Finding | None) -> bool:
    entries = finding.get("state", ()) if finding else ()
    return any(is_state(state, entry) for state in truth.state for entry in entries)


def accusation(finding: Finding, truths: Sequence[Truth]) -> str:
    """Why the finding accuses falsely; empty where it does not."""
    if finding["confidence"] not in SURE:
        return ""
    about = [truth for truth in truths if truth.test == finding["test"]]
    if not about:
        return f"{finding['kind']}, {finding['confidence']}, but nothing is wrong with it; named: {named_sets(finding)}"
    strangers = [named for named in named_sets(finding) if not any(is_right(named, truth) for truth in about)]
    known = {test for truth in about for test in truth.counterparts}
    strangers += [(test,) for test in finding.get("counterparts", ()) if test not in known]
    right = [(*truth.sets, *((test,) for test in truth.counterparts)) for truth in about]
    return f"named, {finding['confidence']}: {strangers}; right: {right}" if strangers else ""


def _told(finding: Finding | None) -> str:
    if finding is None:
        return "nothing"
    sets = " or ".join(" + ".join(named) for named in named_sets(finding)) or " or ".join(finding.get("counterparts", ())) or "nobody"
    state = ", ".join(f"{entry['kind']} {entry['key']}" for entry in finding.get("state", ()))
    return f"{finding['kind']}, {finding['confidence']}: {sets}" + (f" [{state}]" if state else "")
