"""Plants that live in Django: its registry of models, its settings, signals, caches, language and time zone, and the rows of its database.

Owns their text. Must not know where they will stand, nor which database there is. Models are asked of the project, one for each plant.
"""

from bench.accuracy.carriers import Carried
from bench.accuracy.django_project import Project
from bench.accuracy.maker import Maker, fixture, truth
from bench.accuracy.pieces import Lines, Piece, Plant
from bench.accuracy.plants import expect
from bench.accuracy.truth import State

USES_DATABASE = ("@pytest.mark.django_db",)
COMMITS = ("@pytest.mark.django_db(transaction=True)",)
PYTEST = ("import pytest",)


class DjangoMaker(Maker):
    """Makes pieces for a Django project."""

    project: Project

    def state(self, carrier: str, kinds: str, key: str, put: Lines, has: str, *imports: str) -> Carried:
        """A state of Django's, left by these lines and seen by this expression."""
        told = State(kinds=tuple(kinds.split()), key=key)
        return Carried(carrier=carrier, imports=(*PYTEST, *imports), put=(put,), has=(has,), clear=((),), state=(told,))

    def pair(self, kind: str, carried: Carried, *, polluter: Lines = (), victim: Lines = USES_DATABASE, **others: object) -> Plant:
        """A polluter and a victim, with these decorators."""
        pieces = (
            self.piece("polluter", carried.put[0], carried, decorators=polluter, **others),
            self.victim(carried, decorators=victim),
        )
        return self.plant(kind, carried, pieces)

    def plant(self, kind: str, carried: Carried, pieces: tuple[Piece, ...]) -> Plant:
        """One victim of one polluter."""
        return Plant(
            kind=kind,
            pieces=pieces,
            truths=(truth(kind, carried, ("polluter",), all_named=True),),
            checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed")),
            sequences=self.sequences("polluter"),
            places=("files", "files", "file"),
        )


def registered_model(m: DjangoMaker) -> Plant:
    """A model class made in a test stays in the registry, so that migrations seem to be missing."""
    name = m.words.noun().title().replace("_", "")
    put = (
        f"class {name}(models.Model):",
        "    title = models.CharField(max_length=20)",
        "",
        "    class Meta:",
        f'        app_label = "{m.package}"',
        "",
        f'assert {name}._meta.app_label == "{m.package}"',
    )
    imports = ("from django.db import models", "from django.core.management import call_command")
    c = m.state("Django's registry of models", "django-model", rf"{m.package}\.{name}", put, "False", *imports)
    lines = (f'call_command("makemigrations", "{m.package}", "--check", "--dry-run", verbosity=0)',)
    polluter = m.piece("polluter", put, c, decorators=m.rng.choice(((), USES_DATABASE)))
    return m.plant("model registered in a test", c, (polluter, m.piece("victim", lines, c, decorators=USES_DATABASE)))


def setting(m: DjangoMaker) -> Plant:
    """A setting is changed and stays so."""
    name = f"{m.words.noun().upper()}_LIMIT"
    m.project.settings.append(f"{name} = 10")
    put = (f"settings.{name} = 99",)
    c = m.state("Django's settings", "django-setting", name, put, f"settings.{name} != 10", "from django.conf import settings")
    return m.pair("setting changed", c, polluter=m.rng.choice(((), USES_DATABASE)), victim=m.rng.choice(((), USES_DATABASE)))


def receiver(m: DjangoMaker) -> Plant:
    """A receiver of a signal stays connected, and refuses what the victim does."""
    model, name = m.project.model(m), m.words.noun()
    put = (
        f"def {name}(sender, **_):",
        '    raise ValueError(f"{sender} may not be saved")',
        "",
        f"post_save.connect({name}, sender={model}, weak=False)",
        "assert post_save.receivers",
    )
    imports = (f"from {m.package}.models import {model}", "from django.db.models.signals import post_save")
    c = m.state("Django's signals", "django-signal", "post_save", put, "", *imports)
    lines = (f'{model}.objects.create(title="{name}")', f"assert {model}.objects.count() == 1")
    return m.plant("receiver left connected", c, (m.piece("polluter", put, c), m.piece("victim", lines, c, decorators=USES_DATABASE)))


def filled_cache(m: DjangoMaker) -> Plant:
    """An entry stays in the cache."""
    key = m.words.noun()
    put = (f'cache.set("{key}", 7)', f'assert cache.get("{key}") == 7')
    c = m.state("Django's cache", "django-cache", ".", put, f'cache.get("{key}") is not None', "from django.core.cache import cache")
    return m.pair("cache left filled", c, victim=())


def language(m: DjangoMaker) -> Plant:
    """Another language stays active."""
    has = 'translation.get_language() != "en-us"'
    c = m.state("Django's language", "django-language", ".", ('translation.activate("de")',), has, "from django.utils import translation")
    return m.pair("language left active", c, victim=())


def time_zone(m: DjangoMaker) -> Plant:
    """Another time zone stays active."""
    put, has = ("timezone.activate(datetime.timezone(datetime.timedelta(hours=5)))",), 'timezone.get_current_timezone_name() != "UTC"'
    c = m.state("Django's time zone", "django-timezone", ".", put, has, "import datetime", "from django.utils import timezone")
    return m.pair("time zone left active", c, victim=())


def committed_rows(m: DjangoMaker) -> Plant:
    """A fixture commits rows outside of any test's transaction, and nobody takes them away."""
    model, name = m.project.model(m), m.words.noun()
    scope = m.rng.choice(("function", "module"))
    lines = (f"with django_db_blocker.unblock():\n        {model}.objects.create(title='{name}')",)
    source = fixture(name, *lines, scope=scope)
    source = tuple(line.replace(f"def {name}():", f"def {name}(django_db_setup, django_db_blocker):") for line in source)
    c = m.state(
        "rows of a table", "rows table", model.lower(), (), f"{model}.objects.count() != 0", f"from {m.package}.models import {model}"
    )
    # A function's fixture runs inside the transaction of a test that uses the database, so only a test that does not can commit by it.
    marks = USES_DATABASE if scope == "module" else ()
    polluter = m.piece("polluter", ("assert True",), c, prelude=source, arguments=(name,), decorators=marks)
    return m.plant("rows committed", c, (polluter, m.victim(c, decorators=USES_DATABASE)))


def flushed_rows(m: DjangoMaker) -> Plant:
    """Transactional tests flush all tables, rows that a migration brought among them; every one of them is a polluter."""
    kind, model = "reference rows flushed", m.project.model(m, rows=3)
    roles = ("first", "second")[: m.rng.randint(1, 2)]
    imports = f"from {m.package}.models import {model}"
    c = m.state("rows of a table", "rows table", model.lower(), (), f"{model}.objects.count() < 3", imports)
    lines = (f'{model}.objects.create(title="more")', f"assert {model}.objects.count() > 0")
    return Plant(
        kind=kind,
        pieces=(*(m.piece(role, lines, c, decorators=COMMITS) for role in roles), m.victim(c, decorators=USES_DATABASE)),
        truths=(truth(kind, c, *((role,) for role in roles), all_named=True),),
        checks=(expect("victim", victim="passed"), *(expect(role, "victim", victim="failed") for role in roles)),
        sequences=((*roles, "victim"), ("victim", *roles)),
        places=("files",),
    )


def stray_table(m: DjangoMaker) -> Plant:
    """A table is made outside of any transaction and never dropped."""
    name = f"{m.package}_{m.words.noun()}_copy"
    put = ("with django_db_blocker.unblock(), connection.cursor() as cursor:", f'    cursor.execute("CREATE TABLE {name} (id integer)")')
    c = m.state("a table", "table", name, put, "", "from django.db import connection")
    lines = ("with connection.cursor() as cursor:", f'    cursor.execute("CREATE TABLE {name} (id integer)")')
    polluter = m.piece("polluter", put, c, arguments=("django_db_setup", "django_db_blocker"))
    return m.plant("table never dropped", c, (polluter, m.piece("victim", lines, c, decorators=USES_DATABASE)))
