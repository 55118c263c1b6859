"""The kinds of suites: which plants each holds, for each seed.

Owns the list of all plants. Must not know how they are made or woven.
"""

import random
from collections.abc import Callable

from bench.accuracy import django_suites, plants, plants_of_ends, plants_of_nobody, plants_of_outcome, plants_of_scope, plants_of_workers
from bench.accuracy.maker import Maker
from bench.accuracy.pieces import Plant
from bench.accuracy.suite import Design, Suite, woven
from bench.accuracy.surroundings import TWO_PYTHONS
from bench.accuracy.words import Words

Make = Callable[[Maker], Plant]

# 1 to 7
BY_STATE: tuple[Make, ...] = (
    plants.victim_of_one, plants.victim_of_any, plants.two_in_any_order, plants.two_in_one_order, plants.three_together, plants.cleaner,
    plants.brittle_of_one, plants.brittle_of_several,
)  # fmt: skip
# 8 to 14
BY_OUTCOME: tuple[Make, ...] = (
    plants_of_outcome.skipped_polluter, plants_of_outcome.broken_polluter, plants_of_outcome.chain, plants_of_outcome.victim_in_setup,
    plants_of_outcome.victim_in_teardown, plants_of_outcome.varying_text, plants_of_outcome.sometimes,
)  # fmt: skip
# 15 to 18
BY_SCOPE: tuple[Make, ...] = (
    plants_of_scope.module_fixture, plants_of_scope.living_module_fixture, plants_of_scope.session_fixture, plants_of_scope.at_import,
    plants_of_scope.outlives, plants_of_scope.class_setup,
)  # fmt: skip
# 21, 22, 27
OF_NOBODY: tuple[Make, ...] = (plants_of_nobody.by_chance, plants_of_nobody.always, plants_of_scope.latent)
PLAIN = (*BY_STATE, *BY_OUTCOME, *BY_SCOPE, *OF_NOBODY)
PLANTS_OF_PLAIN = 18
PLANTS_BESIDE = 3


def plain(seed: int) -> Suite:
    """One process's state, most kinds of it; each kind of plant comes up in most suites."""
    rng = random.Random(f"plain {seed}")
    words = Words(rng)
    warnings_are_free = rng.random() < 0.4
    maker = Maker(rng, words, warnings_are_free=warnings_are_free)
    chosen = rng.sample(PLAIN, PLANTS_OF_PLAIN)
    design = Design(
        kind="plain",
        seed=seed,
        plants=tuple(make(maker) for make in chosen),
        files=rng.randint(8, 18),
        innocents=rng.randint(20, 90),
        addopts="-p no:warnings" if warnings_are_free else "",
    )
    return woven(design, rng, words)


def clean(seed: int) -> Suite:
    """Nothing is wrong with it."""
    return _around("clean", seed, (), ())


def workers(seed: int) -> Suite:
    """What happens only across processes; half of these suites run on two workers by themselves."""
    crossing = (plants_of_workers.across, plants_of_workers.chain_across)
    return _around("workers", seed, (*crossing, plants_of_workers.port, plants_of_workers.lock), BESIDE, needs=("xdist",))


def crash(seed: int) -> Suite:
    """A test takes its process with it."""
    return _around("crash", seed, (plants_of_ends.crash,), BESIDE)


def hang(seed: int) -> Suite:
    """A test never ends."""
    return _around("hang", seed, (plants_of_ends.hang,), BESIDE)


def pythons(seed: int) -> Suite:
    """Some tests fail on one of two Pythons only."""
    return _around("pythons", seed, (plants_of_nobody.one_python, plants_of_nobody.one_python), BESIDE, needs=(TWO_PYTHONS,))


BESIDE: tuple[Make, ...] = (
    plants.victim_of_one, plants.victim_of_any, plants.cleaner, plants.brittle_of_one, plants_of_outcome.victim_in_setup,
    plants_of_outcome.varying_text, plants_of_scope.session_fixture, plants_of_nobody.always,
)  # fmt: skip


def _around(kind: str, seed: int, wanted: tuple[Make, ...], beside: tuple[Make, ...], needs: tuple[str, ...] = ()) -> Suite:
    """A suite of the wanted plants and a few common ones."""
    rng = random.Random(f"{kind} {seed}")
    words = Words(rng)
    maker = Maker(rng, words)
    chosen = (*wanted, *rng.sample(beside, min(PLANTS_BESIDE, len(beside))))
    design = Design(
        kind=kind,
        seed=seed,
        plants=tuple(make(maker) for make in chosen),
        files=rng.randint(8, 14),
        innocents=rng.randint(40, 80),
        addopts="-n 2" if "xdist" in needs and seed % 2 else "",
        needs=needs,
    )
    return woven(design, rng, words)


SUITES: dict[str, Callable[[int], Suite]] = {
    "plain": plain, "clean": clean, "workers": workers, "crash": crash, "hang": hang, "pythons": pythons,
    "django-sqlite": django_suites.sqlite, "django-postgresql": django_suites.postgresql,
}  # fmt: skip
