"""The Django project around the tests of a Django suite: settings, models, migrations.

Owns their text. Must not know the plants; they ask for a model or a setting, each for itself.
"""

from collections.abc import Sequence
from typing import Protocol

from bench.accuracy.pieces import Piece
from bench.accuracy.words import Words

SETTINGS = """\"\"\"Of the {package}.\"\"\"

import os

SECRET_KEY = "not a secret"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "{package}"]
DATABASES = {{"default": {database}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
"""
SQLITE = '{"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}'
POSTGRES = """{{
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "{name}",
    "HOST": os.environ.get("PGHOST", ""),
    "PORT": os.environ.get("PGPORT", ""),
    "USER": os.environ.get("PGUSER", ""),
    "TEST": {{"NAME": "test_{name}"}},
}}"""
MIGRATION = """from django.db import migrations, models


def bring(apps, schema_editor):
    for name, rows in {rows!r}.items():
        model = apps.get_model("{package}", name)
        for number in range(rows):
            model.objects.create(title=f"brought {{number}}")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
{operations}
        migrations.RunPython(bring, migrations.RunPython.noop),
    ]
"""
CREATE = """        migrations.CreateModel(
            name="{name}",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=50)),
            ],
        ),"""
MODEL = """

class {name}(models.Model):
    title = models.CharField(max_length=50)
"""


class Draws(Protocol):
    """Whoever has words."""

    words: Words


class Project:
    """One app, named as the package, with as many models as are asked for."""

    def __init__(self, package: str, name: str, *, is_postgres: bool) -> None:
        self._package = package
        self._database = POSTGRES.format(name=name) if is_postgres else SQLITE
        self._models: dict[str, int] = {}
        self.settings: list[str] = []

    def model(self, m: Draws, *, rows: int = 0) -> str:
        """A new model's name; so many rows of it are brought by the migration."""
        name = m.words.noun().title().replace("_", "")
        self._models[name] = rows
        return name

    def texts(self) -> dict[str, str]:
        """The files."""
        package = self._package
        operations = "\n".join(CREATE.format(name=name) for name in self._models)
        rows = {name: rows for name, rows in self._models.items() if rows}
        settings = SETTINGS.format(package=package, database=self._database)
        return {
            "config/__init__.py": "",
            "config/settings.py": settings + "".join(f"{line}\n" for line in self.settings),
            f"{package}/models.py": "from django.db import models\n" + "".join(MODEL.format(name=name) for name in self._models),
            f"{package}/migrations/__init__.py": "",
            f"{package}/migrations/0001_initial.py": MIGRATION.format(package=package, rows=rows, operations=operations),
        }


def innocents(m: Draws, package: str, models: Sequence[str], count: int) -> list[Piece]:
    """Tests that use the database and leave nothing in it."""
    told = []
    for number in range(count):
        model = models[number % len(models)]
        lines = (f'{model}.objects.create(title="one")', f"assert {model}.objects.count() == 1")
        imports = ("import pytest", f"from {package}.models import {model}")
        told.append(Piece(name=m.words.test(), lines=lines, imports=imports, decorators=("@pytest.mark.django_db",)))
    return told
