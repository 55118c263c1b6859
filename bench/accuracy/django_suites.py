"""Django suites: on SQLite and on PostgreSQL.

Owns which plants they hold. Must not know how they are made or woven.
"""

import random
from collections.abc import Callable

from bench.accuracy import plants, plants_of_django, plants_of_nobody, plants_of_outcome
from bench.accuracy.django_project import Project, innocents
from bench.accuracy.pieces import Plant
from bench.accuracy.plants_of_django import DjangoMaker
from bench.accuracy.suite import Design, Suite, woven
from bench.accuracy.surroundings import POSTGRES
from bench.accuracy.words import Words

IN_DJANGO: tuple[Callable[[DjangoMaker], Plant], ...] = (
    plants_of_django.registered_model, plants_of_django.setting, plants_of_django.receiver, plants_of_django.filled_cache,
    plants_of_django.language, plants_of_django.time_zone, plants_of_django.committed_rows, plants_of_django.flushed_rows,
    plants_of_django.stray_table,
)  # fmt: skip
BESIDE: tuple[Callable[[DjangoMaker], Plant], ...] = (
    plants.victim_of_one, plants.two_in_any_order, plants.brittle_of_one, plants_of_outcome.victim_in_setup, plants_of_nobody.always,
    plants_of_nobody.by_chance,
)  # fmt: skip
PLANTS_IN_DJANGO = 6


def sqlite(seed: int) -> Suite:
    """On SQLite, in memory."""
    return _django("django-sqlite", seed, ("django",))


def postgresql(seed: int) -> Suite:
    """On PostgreSQL."""
    return _django("django-postgresql", seed, ("django", POSTGRES))


def _django(kind: str, seed: int, needs: tuple[str, ...]) -> Suite:
    rng = random.Random(f"{kind} {seed}")
    words = Words(rng)
    maker = DjangoMaker(rng, words)
    maker.project = Project(words.package, f"{kind.replace('-', '_')}_{seed}", is_postgres=POSTGRES in needs)
    chosen = (*rng.sample(IN_DJANGO, PLANTS_IN_DJANGO), *rng.sample(BESIDE, 2))
    made = tuple(make(maker) for make in chosen)
    models = [maker.project.model(maker) for _ in range(2)]
    design = Design(
        kind=kind,
        seed=seed,
        plants=made,
        files=rng.randint(8, 12),
        innocents=rng.randint(20, 50),
        extras=tuple(innocents(maker, words.package, models, rng.randint(5, 15))),
        addopts="--ds=config.settings",
        needs=needs,
        modules=maker.project.texts(),
    )
    return woven(design, rng, words)
