"""Who may have done it: symptoms and all runs in, ranked suspects with their evidence out.

Owns the ranking. Must not accuse: a suspect is a place to look. Four kinds of evidence, none trusted alone:

- order: how well "it fails when this test ran before it on its worker" tells the failing orders from the passing ones. A likelihood,
  not an elimination: a polluter that works nine times in ten must survive one pass after it. With F failing and P passing orders, f and p
  of them after the test, a polluter that hits with rate h and a noise rate e give

      L(test) = h^f · e^(F-f) · (1-h)^p · (1-e)^(P-p)

  and the score is L over the sum of all tests' L and that of "none of them".
- state: the test left behind the very thing that the failure is about, or, weaker, anything at all.
- tree: a file changed on *another* worker before the failure, and what ran before it there.
- name: words of the failure stand in the test's own name or in its source.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from flaky_detector.model import (
    Evidence,
    Execution,
    RunRecord,
    Sighting,
    Signature,
    StateChange,
    Suspect,
    Symptom,
    TestId,
    function_of,
    path_of,
)
from flaky_detector.model.footprint import footprints, noise
from flaky_detector.rules import rule_of

HIT, NOISE = 0.9, 0.02
# How much a reason multiplies the odds of a test. State that is the contested thing itself outweighs any order statistics that a handful
# of runs can give; a name outweighs a tie.
ODDS = {"state": 400.0, "tree": 400.0, "some-state": 3.0, "name": 20.0, "weak-name": 4.0}
MOST_SUSPECTS = 20

Sources = Callable[[str], str | None]
"""Text of a file by its path relative to the rootdir, None where it cannot be had."""


class Candidate(msgspec.Struct):
    """A test under consideration, while reasons gather."""

    test: TestId
    worker: str
    odds: float = 1.0
    failing_after: int = 0
    passing_after: int = 0
    evidence: list[Evidence] = msgspec.field(default_factory=list)

    def add(self, kind: str, odds: str, text: str) -> None:
        self.odds *= ODDS[odds]
        self.evidence.append(Evidence(kind, text))


class Papers(msgspec.Struct, frozen=True):
    """All runs, laid out for looking up: executions by run and worker, what each test left behind, sources."""

    orders: Mapping[tuple[str, str], tuple[Execution, ...]]
    left: Mapping[TestId, tuple[StateChange, ...]]
    noisy: frozenset[tuple[str, str]]
    ordered_runs: frozenset[str]
    sources: Sources

    def prefix(self, sighting: Sighting) -> tuple[Execution, ...]:
        """What the sighting's worker ran before it; empty where the order is not known."""
        if sighting.run not in self.ordered_runs:
            return ()
        return tuple(row for row in self.orders.get((sighting.run, sighting.worker), ()) if row.position < sighting.position)

    def elsewhere(self, sighting: Sighting) -> dict[str, tuple[Execution, ...]]:
        """What the run's other workers had begun before the sighting, by worker; all of it where times are not known."""
        own = self.orders.get((sighting.run, sighting.worker), ())
        began = next((row.started_seconds for row in own if row.position == sighting.position), 0.0)
        return {
            worker: tuple(row for row in rows if not began or row.started_seconds < began)
            for (run, worker), rows in self.orders.items()
            if run == sighting.run and worker != sighting.worker
        }


def lay_out(records: Sequence[RunRecord], sources: Sources) -> Papers:
    """The papers that `correlate` reads, made once for all symptoms."""
    return Papers(
        orders={(record.spec.id, worker): rows for record in records for worker, rows in record.by_worker().items()},
        left=footprints(records),
        noisy=noise(records),
        ordered_runs=frozenset(record.spec.id for record in records if record.has_order),
        sources=sources,
    )


def correlate(symptom: Symptom, papers: Papers) -> tuple[Suspect, ...]:
    """Suspects of one symptom, best first, at most `MOST_SUSPECTS`; scores are comparable within the symptom only."""
    candidates = _on_the_same_worker(symptom, papers)
    _weigh_order(candidates.values(), symptom)
    _weigh_state(candidates.values(), symptom.signature, papers)
    strangers = _on_other_workers(symptom, papers, known=candidates)
    everyone = list({**candidates, **{stranger.test: stranger for stranger in strangers}}.values())
    _weigh_names(everyone, symptom.signature, papers)
    total = sum(candidate.odds for candidate in everyone) + 1.0
    ranked = sorted(everyone, key=lambda candidate: -candidate.odds)
    return tuple(
        Suspect(
            test=candidate.test,
            score=round(candidate.odds / total, 4),
            worker="same" if candidate.worker == "same" else "other",
            evidence=tuple(candidate.evidence),
        )
        for candidate in ranked[:MOST_SUSPECTS]
    )


def _on_the_same_worker(symptom: Symptom, papers: Papers) -> dict[TestId, Candidate]:
    """Everything that ran before the victim on its own worker in a failing run, the nearest first."""
    candidates: dict[TestId, Candidate] = {}
    for sighting in symptom.failing:
        for row in reversed(papers.prefix(sighting)):
            candidates.setdefault(row.test, Candidate(row.test, "same"))
    candidates.pop(symptom.test, None)
    for sighting in symptom.failing:
        for test in {row.test for row in papers.prefix(sighting)} & set(candidates):
            candidates[test].failing_after += 1
    for sighting in symptom.passing:
        for test in {row.test for row in papers.prefix(sighting)} & set(candidates):
            candidates[test].passing_after += 1
    return candidates


def _weigh_order(candidates: Iterable[Candidate], symptom: Symptom) -> None:
    failing, passing = len(symptom.failing), len(symptom.passing)
    for candidate in candidates:
        f, p = candidate.failing_after, candidate.passing_after
        fit = f * math.log(HIT) + (failing - f) * math.log(NOISE) + p * math.log(1 - HIT) + (passing - p) * math.log(1 - NOISE)
        candidate.odds *= math.exp(max(fit - _chance(failing, passing), -300.0))
        text = f"ran before it on its worker in {f} of {failing} failing and {p} of {passing} passing executions"
        candidate.evidence.append(Evidence("order", text))


def _chance(failing: int, passing: int) -> float:
    """Log-likelihood of the outcomes when no test is the cause."""
    rate = min(max(failing / (failing + passing), NOISE), 1 - NOISE)
    return failing * math.log(rate) + passing * math.log(1 - rate)


def _weigh_state(candidates: Iterable[Candidate], signature: Signature, papers: Papers) -> None:
    rule = rule_of(signature.rule)
    for candidate in candidates:
        changes = papers.left.get(candidate.test, ())
        matching = [change for change in changes if rule.explains(signature, change)]
        if matching:
            candidate.add("state", "state", f"leaves behind {tell(matching)}, which is what the failure is about")
        elif changes:
            candidate.add("state", "some-state", f"leaves behind {tell(changes)}")


def tell(changes: Sequence[StateChange], most: int = 3) -> str:
    """`the Django model shop.Phantom, the file a.py and 2 more`."""
    words = {"django-model": "the Django model", "file": "the file", "environ": "the environment variable", "cwd": "the working directory"}
    named = [f"{words.get(change.kind, change.kind)} `{change.key}`" for change in changes[:most]]
    more = [f"{len(changes) - most} more"] if len(changes) > most else []
    parts = named + more
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _on_other_workers(symptom: Symptom, papers: Papers, known: Mapping[TestId, Candidate]) -> list[Candidate]:
    """Tests of other workers that changed the tree before the failure, and those that left the contested thing before that.

    Without a recorder nobody knows what changed the tree; then tests of other workers come in by name only, in runs where the victim's
    own worker gives no reason.
    """
    rule = rule_of(symptom.signature.rule)
    found: dict[TestId, Candidate] = {}
    seen_in: Counter[TestId] = Counter()
    for sighting in symptom.failing:
        for worker, rows in papers.elsewhere(sighting).items():
            writes = [index for index, row in enumerate(rows) if _tree_changes(row, symptom.signature, papers.noisy)]
            for index in writes:
                row = rows[index]
                changes = _tree_changes(row, symptom.signature, papers.noisy)
                candidate = found.setdefault(row.test, Candidate(row.test, worker))
                seen_in[row.test] += 1
                if seen_in[row.test] == 1:
                    candidate.add("tree", "tree", f"changed {tell(changes)} on {worker} before the failure on {sighting.worker}")
            for row in rows[: writes[-1]] if writes else ():
                matching = [change for change in papers.left.get(row.test, ()) if rule.explains(symptom.signature, change)]
                if matching and row.test not in found:
                    candidate = found.setdefault(row.test, Candidate(row.test, worker))
                    candidate.add("state", "state", f"leaves behind {tell(matching)} on {worker}, before a test there changed the tree")
    if not found and not any(_has_reason(candidate) for candidate in known.values()):
        found = _strangers_by_name(symptom, papers)
    return list(found.values())


def _tree_changes(row: Execution, signature: Signature, noisy: frozenset[tuple[str, str]]) -> list[StateChange]:
    rule = rule_of(signature.rule)
    return [
        change
        for change in row.state
        if change.kind == "file" and change.after and (change.kind, change.key) not in noisy and rule.explains(signature, change)
    ]


def _has_reason(candidate: Candidate) -> bool:
    return any(reason.kind in ("state", "tree") for reason in candidate.evidence)


def _strangers_by_name(symptom: Symptom, papers: Papers) -> dict[TestId, Candidate]:
    words = rule_of(symptom.signature.rule).names(symptom.signature)
    found: dict[TestId, Candidate] = {}
    for sighting in symptom.failing:
        for worker, rows in papers.elsewhere(sighting).items():
            for row in rows:
                if row.test not in found and any(word.lower() in row.test.lower() for word in words):
                    candidate = Candidate(row.test, worker)
                    candidate.evidence.append(Evidence("order", f"ran on {worker}; the victim failed on {sighting.worker}"))
                    found[row.test] = candidate
    return found


def _weigh_names(candidates: Iterable[Candidate], signature: Signature, papers: Papers) -> None:
    words = rule_of(signature.rule).names(signature)
    for candidate in candidates:
        text = _function_source(candidate.test, papers.sources)
        told = [word for word in words if text and word in text]
        if told:
            candidate.add("name", "name", f"its source names `{told[0]}`, as the error does")
            continue
        told = [word for word in words if word.lower() in candidate.test.lower()]
        if told:
            candidate.add("name", "weak-name", f"its name holds `{told[0]}`, as the error does")


def _function_source(test: TestId, sources: Sources) -> str | None:
    """The text of the test's function, by indentation: from its `def` to the next line that is indented no deeper."""
    text = sources(path_of(test))
    if text is None:
        return None
    lines = text.splitlines()
    name = function_of(test)
    for start, line in enumerate(lines):
        stripped = line.lstrip()
        if stripped.startswith((f"def {name}(", f"async def {name}(")):
            indent = len(line) - len(stripped)
            end = start + 1
            while end < len(lines) and (
                not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent or lines[end].lstrip()[:1] == ")"
            ):
                end += 1
            return "\n".join(lines[start:end])
    return None
