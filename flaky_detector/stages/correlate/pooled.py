"""Many failing tests, one cause: what they say together that none of them says alone.

Owns the ranking for a family of symptoms (`families`). Where a suite was run once only, each victim has one failing order and no passing
one; but since some place in a worker's order many fail, and before it none. So every worker of every run is one witness (`witnesses`):
tests before its onset are candidates, those against whom a mechanism speaks lead, and whoever ran before the same tests on workers
where they passed is cleared a little. A family without anybody who stands out is no pool: its tests are told one by one. Must not accuse.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from flaky_detector.model import Evidence, Sighting, Suspect, Symptom, TestId, short_name
from flaky_detector.rules.wording import bare
from flaky_detector.stages.correlate.candidates import order_odds
from flaky_detector.stages.correlate.families import Family, Unit, families
from flaky_detector.stages.correlate.mechanisms import Circumstances, circumstances, missing_rows
from flaky_detector.stages.correlate.papers import Papers
from flaky_detector.stages.correlate.witnesses import Witness

FEWEST = 6  # tests that fail together; fewer are told one by one
MOST_SUSPECTS = 20
FAR_BEHIND = 0.05  # of the best score; below it, a suspect that merely ran before is left out
STANDS_OUT = 0.05
SPEAK_FOR_THEMSELVES = frozenset(("state", "tree"))


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """Symptoms with one cause.

    `numbers` are their places in the list given, `tests` the victims as they came, the first first. `ways` counts them by exception.
    """

    numbers: tuple[int, ...]
    tests: tuple[TestId, ...]
    suspects: tuple[Suspect, ...]
    ways: dict[str, int]
    notes: tuple[str, ...] = ()


def pool(ranked: Sequence[tuple[Symptom, Sequence[Suspect]]], papers: Papers) -> tuple[Pool, ...]:
    """The causes that many symptoms seem to have in common, the one with most victims first.

    Symptoms with a suspect who left something behind, or changed the tree, speak for themselves and are in none.
    """
    silent = [(number, symptom) for number, (symptom, suspects) in enumerate(ranked) if _is_silent(symptom, suspects, papers)]
    pools: list[Pool] = []
    for family in families(silent):
        found = _pool(family, papers, pools) if len(family.tests) >= FEWEST else None
        pools += [found] if found else []
    return tuple(pools)


def _is_silent(symptom: Symptom, suspects: Sequence[Suspect], papers: Papers) -> bool:
    speaks = any(reason.kind in SPEAK_FOR_THEMSELVES for suspect in suspects for reason in suspect.evidence)
    return not speaks and bool(symptom.failing) and all(map(papers.has_place, symptom.failing))


def _pool(family: Family, papers: Papers, earlier: Sequence[Pool]) -> Pool | None:
    about = circumstances(family.symptoms, [papers.order(*unit) for unit in family.failing])
    order = _order(family, papers)
    witnesses = [Witness(unit, family, about, order, papers) for unit in family.failing]
    suspects = _suspects(witnesses, earlier)
    if not suspects or not _stands_out(suspects[0], family):
        return None
    return Pool(
        numbers=family.numbers,
        tests=_as_they_came(family, max(witnesses, key=lambda one: one.share(suspects[0].test)).unit),
        suspects=suspects,
        ways=_ways(family),
        notes=_notes(family, witnesses, about),
    )


def _ways(family: Family) -> dict[str, int]:
    counts = Counter(way for _, way in dict.fromkeys((symptom.test, _way(symptom)) for symptom in family.symptoms))
    return dict(counts.most_common())


def _stands_out(suspect: Suspect, family: Family) -> bool:
    """By a mechanism; or by orders, where the family's tests were seen to pass in some: else it merely ran early."""
    compared = any(symptom.passing for symptom in family.symptoms)
    return any(reason.kind != "order" for reason in suspect.evidence) or (compared and suspect.score >= STANDS_OUT)


def _way(symptom: Symptom) -> str:
    return bare(symptom.signature.exception.split(":", 1)[0]) or "failure"


def _as_they_came(family: Family, first: Unit) -> tuple[TestId, ...]:
    """Worker by worker, beginning with the one on which the best suspect ran."""
    places = {sighting: symptom.test for symptom in family.symptoms for sighting in symptom.failing}
    ordered = sorted(places, key=lambda place: ((place.run, place.worker) != first, place.run, place.worker, place.position))
    return tuple(dict.fromkeys(places[sighting] for sighting in ordered))


def _order(family: Family, papers: Papers) -> dict[TestId, float]:
    """What the orders say in which the family fails, against those in which its tests passed."""
    failing = {unit: papers.order(*unit).before(positions[0]).tests for unit, positions in family.failing.items()}
    passing = {unit: papers.order(*unit).before(position).tests for unit, position in _passing(family).items()}
    hits = Counter(test for tests in failing.values() for test in set(tests))
    misses = Counter(test for tests in passing.values() for test in set(tests))
    return {test: order_odds(count, len(failing), misses[test], len(passing)) for test, count in hits.items()}


def _passing(family: Family) -> dict[Unit, int]:
    """Workers on which the family's tests passed and none failed, with the place of the middle one."""
    sightings: dict[Unit, set[Sighting]] = {}
    for sighting in (sighting for symptom in family.symptoms for sighting in symptom.passing if sighting.position >= 0):
        sightings.setdefault((sighting.run, sighting.worker), set()).add(sighting)
    places = {unit: sorted(sighting.position for sighting in found) for unit, found in sightings.items() if unit not in family.failing}
    return {unit: positions[len(positions) // 2] for unit, positions in places.items()}


def _suspects(witnesses: Sequence[Witness], earlier: Sequence[Pool]) -> tuple[Suspect, ...]:
    scores: dict[TestId, float] = {}
    tellers: dict[TestId, Witness] = {}
    for one in witnesses:
        for test in one.odds:
            if one.share(test) > scores.get(test, -1.0):
                scores[test], tellers[test] = one.share(test), one
    more: dict[TestId, tuple[Evidence, ...]] = {}
    for test, (extra, reason) in _roots(witnesses, earlier).items():
        scores[test], more[test] = min(scores[test] + extra, 1.0), (reason,)
    ranked = sorted(scores, key=lambda test: -scores[test])
    best = scores[ranked[0]] if ranked else 0.0
    near = [test for test in ranked[:MOST_SUSPECTS] if scores[test] >= best * FAR_BEHIND]
    return tuple(
        Suspect(test=test, score=round(scores[test], 4), evidence=(*tellers[test].evidence(test), *more.get(test, ()))) for test in near
    )


def _roots(witnesses: Sequence[Witness], earlier: Sequence[Pool]) -> dict[TestId, tuple[float, Evidence]]:
    """A chain: tests of an earlier cause failed in their teardown, and after that these fail. Who is behind the first is behind both."""
    found: dict[TestId, tuple[float, Evidence]] = {}
    for one in witnesses:
        for cause in earlier:
            links = [test for test in cause.tests if any(reason.kind == "outcome" for reason in one.evidence(test))]
            share = sum(one.share(test) for test in links)
            for suspect in cause.suspects if links else ():
                if suspect.test in one.odds:
                    found[suspect.test] = (suspect.score * share, Evidence("chain", _chained(links, one)))
    return found


def _chained(links: Sequence[TestId], one: Witness) -> str:
    more = f" and {len(links) - 1} more" if len(links) > 1 else ""
    return f"is a suspect of another cause, by which {short_name(links[0])}{more} failed at teardown on {one.unit[1]} before these failed"


def _notes(family: Family, witnesses: Sequence[Witness], about: Circumstances) -> tuple[str, ...]:
    since = ", ".join(f"{one.victims} on {one.unit[1]}" for one in witnesses[:4]) + (", …" if len(witnesses) > 4 else "")
    notes = [f"these tests are told together, for on each worker they fail from some place of its order on ({since})"]
    names = missing_rows(family.symptoms)
    if about.rows_are_missing:
        of = " of " + ", ".join(f"`{name}`" for name in names[:3]) if names else ""
        notes.append(f"what they miss is rows{of} that were there when the database was made")
    if about.rows_are_missing and about.is_django:
        notes.append(
            "if a suspect empties the database after itself, as tests with a transactional database do, this order undoes pytest-django's"
            " sort, which runs those after all other database tests"
        )
    if len({one.unit[0] for one in witnesses}) == 1 and not any(symptom.passing for symptom in family.symptoms):
        notes.append("each of them was seen in one order only: whether some fail alone as well is not known")
    return tuple(notes)
