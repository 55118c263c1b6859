"""What rules read of a failure: its exceptions, outermost first, and the words that were captured.

Owns the reading of names and messages that more than one rule needs. Must not recognise anything itself.
"""

import re
from collections.abc import Iterator

from flaky_detector.model import Failure, Raised, Signature, StateChange
from flaky_detector.recorder import wire

# `E   django.db.utils.ProgrammingError: relation …`, also inside an exception group (`E     | ValueError: …`)
TOLD = re.compile(r"^E[ |+-]{2,12}([A-Za-z_][\w.]{0,200}): ?(.*)$", re.MULTILINE)
MOST_TOLD = 50


def bare(exception: str) -> str:
    """`psycopg2.errors.DuplicateTable` → `DuplicateTable`."""
    return exception.rsplit(".", 1)[-1]


def raised(failure: Failure) -> Iterator[Raised]:
    """The exception, those it was raised from, and last those that only pytest's text tells (members of exception groups)."""
    yield Raised(failure.exception, failure.message)
    yield from failure.chain
    for count, told in enumerate(TOLD.finditer(failure.text)):
        if count == MOST_TOLD:
            return
        yield Raised(told[1], told[2])


def is_model(change: StateChange) -> bool:
    """Whether a model was left in Django's registry (not taken out of it)."""
    return change.kind == wire.DJANGO_MODEL and change.after is not None


def is_migration_file(change: StateChange) -> bool:
    """Whether a Python file below a `migrations` folder appeared, changed or went."""
    folders = change.key.split("/")[:-1]
    return change.kind == wire.FILE and change.key.endswith(".py") and any("migrations" in folder for folder in folders)


def labels_in(path: str) -> tuple[str, ...]:
    """Folders of a migration file that may be called like its app: `src/shop/migrations/0002_x.py` → `src`, `shop`."""
    return tuple(folder for folder in path.split("/")[:-1] if folder and folder != "migrations")


def app_models(signature: Signature) -> tuple[tuple[str, str], ...]:
    """`app.Model` resources split into label and model."""
    pairs = (resource.split(".", 1) for resource in signature.resources if "." in resource)
    return tuple((label, model) for label, model in pairs)
