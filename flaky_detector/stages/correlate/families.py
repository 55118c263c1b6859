"""Which failing tests may have one cause: symptoms in, families out.

Owns the grouping. One cause shows in many texts (a row that is missing is an IntegrityError here, a DoesNotExist there, an empty list in a
third test), so text alone does not group. What does, from strong to weak:

- one test failed in both ways;
- the same exception of a telling type; of a common one (an assertion) only from the same place;
- families that live in the same files on the same workers.

Must not ask who did it. A test that failed in every one of several runs is in no family: it is most likely broken.
"""

from collections.abc import Hashable, Iterable, Sequence

import msgspec

from flaky_detector.model import Sighting, Symptom, TestId, path_of
from flaky_detector.rules.wording import bare

COMMON = frozenset(
    (
        "",
        "AssertionError",
        "AttributeError",
        "Exception",
        "Failed",
        "IndexError",
        "KeyError",
        "NameError",
        "RuntimeError",
        "TypeError",
        "ValueError",
    )
)
SHARED_FILES = 0.5  # of the smaller family's tests, those whose file holds some of the other's
BROKEN_RUNS = 2

Unit = tuple[str, str]
"""A run and one of its workers: what one order belongs to."""


class Family(msgspec.Struct, frozen=True):
    """Symptoms that may have one cause, by their places in the list that was given."""

    symptoms: tuple[Symptom, ...]
    numbers: tuple[int, ...]

    @property
    def tests(self) -> tuple[TestId, ...]:
        """Each once."""
        return tuple(dict.fromkeys(symptom.test for symptom in self.symptoms))

    @property
    def failing(self) -> dict[Unit, tuple[int, ...]]:
        """Positions at which its tests failed, ascending, by run and worker."""
        found: dict[Unit, set[int]] = {}
        for sighting in (sighting for symptom in self.symptoms for sighting in symptom.failing):
            found.setdefault((sighting.run, sighting.worker), set()).add(sighting.position)
        return {unit: tuple(sorted(positions)) for unit, positions in found.items()}


def families(symptoms: Sequence[tuple[int, Symptom]]) -> tuple[Family, ...]:
    """The families, largest first; numbers come from the caller."""
    eligible = [(number, symptom) for number, symptom in symptoms if not _looks_broken(symptom)]
    groups = _joined(eligible)
    made = [Family(tuple(symptom for _, symptom in group), tuple(number for number, _ in group)) for group in groups]
    return tuple(sorted(_with_neighbours(made), key=lambda family: (-len(family.tests), family.numbers)))


def _looks_broken(symptom: Symptom) -> bool:
    return symptom.always_fails and len({sighting.run for sighting in symptom.failing}) >= BROKEN_RUNS


def _joined(symptoms: Iterable[tuple[int, Symptom]]) -> list[list[tuple[int, Symptom]]]:
    """Groups of symptoms that have an execution or a way of failing in common."""
    groups: dict[int, list[tuple[int, Symptom]]] = {}
    group_of: dict[Hashable, int] = {}
    for number, symptom in symptoms:
        ties = _ties(symptom)
        mates = sorted({group_of[tie] for tie in ties if tie in group_of})
        groups[number] = [other for mate in mates for other in groups.pop(mate)] + [(number, symptom)]
        group_of.update({tie: number for tie, group in group_of.items() if group in mates} | dict.fromkeys(ties, number))
    return list(groups.values())


def _ties(symptom: Symptom) -> set[Hashable]:
    kind = bare(symptom.signature.exception.split(":", 1)[0])
    way: Hashable = (kind, symptom.signature.exception, symptom.signature.where) if kind in COMMON else kind
    return {way, *symptom.failing}


def _with_neighbours(found: Sequence[Family]) -> list[Family]:
    """Families that live in the same files on the same workers, together; the smallest go first to their likeliest neighbour."""
    told = sorted(found, key=lambda family: len(family.tests))
    kept: list[Family] = []
    while told:
        small, *told = told
        best = max(told, key=lambda other: _neighbourhood(small, other), default=None)
        if best is None or _neighbourhood(small, best) < SHARED_FILES:
            kept.append(small)
        else:
            told = sorted((_both(one, small) if one is best else one for one in told), key=lambda family: len(family.tests))
    return kept


def _neighbourhood(small: Family, large: Family) -> float:
    """The share of a family's sightings that stand in the other's files, on the same worker of the same run."""
    places = {(path_of(symptom.test), *_unit(sighting)) for symptom in large.symptoms for sighting in symptom.failing}
    own = [(path_of(symptom.test), *_unit(sighting)) for symptom in small.symptoms for sighting in symptom.failing]
    return sum(place in places for place in own) / len(own)


def _unit(sighting: Sighting) -> Unit:
    return sighting.run, sighting.worker


def _both(one: Family, other: Family) -> Family:
    pairs = sorted(zip((*one.numbers, *other.numbers), (*one.symptoms, *other.symptoms), strict=True), key=lambda pair: pair[0])
    return Family(tuple(symptom for _, symptom in pairs), tuple(number for number, _ in pairs))
