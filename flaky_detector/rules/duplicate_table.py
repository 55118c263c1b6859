"""A migration creates a table that is already there.

Happens where a model or a migration file that another test left behind made the table first. Recognised by the wordings of PostgreSQL
(psycopg2, psycopg 3, asyncpg, also through SQLAlchemy), SQLite, MySQL and MariaDB. Must not take a column, a constraint or a trigger that
exists for a table, nor `relation … does not exist` for its opposite.
"""

import re
from collections.abc import Sequence

from flaky_detector.model import Failure, Remedy, Signature, StateChange
from flaky_detector.recorder import wire
from flaky_detector.rules.cures import cures
from flaky_detector.rules.wording import app_models, bare, is_migration_file, is_model, labels_in, raised

DATABASE_ERRORS = frozenset(
    ("DuplicateTable", "DuplicateTableError", "ProgrammingError", "OperationalError", "InternalError", "DatabaseError", "MySQLError")
)
ALWAYS_DUPLICATE = frozenset(("DuplicateTable", "DuplicateTableError"))
NAME = r"[\"'`»“„]?(?P<name>[^\"'`«»“”„\s]+)[\"'`«”“]?"
# From the start of the message, so that `column "a" of relation "b" already exists` does not match.
WORDINGS = (
    re.compile(rf"(?:\([\w.]+\) )?(?:relation|table|index|sequence) {NAME} already exists", re.IGNORECASE),
    re.compile(rf"(?:\([\w.]+\) )?\(?10(?:50|61), [\"']?(?:Table|Duplicate key name) {NAME}"),
)
QUOTED = re.compile(r"[\"'`»“„]([\w.$]+)[\"'`«”“]")
# What databases and Django append to a table's name for its sequences, indexes and constraints.
BELONGINGS = re.compile(r"_(?:seq|idx|key|pkey|uniq|like|check)$|_[0-9a-f]{8}(?:_\w+)?$")
LONGEST_NAMES = (63, 64)  # PostgreSQL, MySQL: longer names end in a hash of 4


def _name(exception: str, message: str) -> str | None:
    kind = bare(exception)
    if kind not in DATABASE_ERRORS:
        return None
    found = next((match["name"] for wording in WORDINGS if (match := wording.match(message))), None)
    if found is None and kind in ALWAYS_DUPLICATE:  # in the language of the server
        quoted = QUOTED.search(message)
        found = quoted[1] if quoted else ""
    return found if found is None else found.rsplit(".", 1)[-1].lower()


def split_table(table: str, app_labels: Sequence[str]) -> tuple[str, str] | None:
    """App label and model by Django's naming, the longest label that fits: `a_b_c` with apps `a` and `a_b` → `a_b`, `c`."""
    fitting = [label for label in app_labels if table.startswith(label.lower() + "_")]
    if not fitting:
        return None
    label = max(fitting, key=len)
    return label, table[len(label) + 1 :]


def _belongs_to(name: str, table: str) -> bool:
    """Whether a relation is the table, or a sequence or index of it."""
    if name == table or (len(name) in LONGEST_NAMES and len(table) > len(name) and table.startswith(name[:-5])):
        return True
    return name.startswith(table + "_") and bool(BELONGINGS.search(name[len(table) :]))


def _possible_labels(signature: Signature) -> tuple[str, ...]:
    """The app's label where it is known, else every head of the table's name: `a_b_c` → `a`, `a_b`."""
    known = tuple(label.lower() for label, _ in app_models(signature))
    if known:
        return known
    parts = [name.split("_") for name in signature.resources]
    return tuple("_".join(part[:end]) for part in parts for end in range(1, len(part)))


class DuplicateTable:
    """Resources: the name of the table (or index, or sequence) in lower case, which every witness tells alike; and `label.model`
    where the suite's app labels are known.
    """

    name = "duplicate-table"

    def recognise(self, failure: Failure, app_labels: Sequence[str] = ()) -> Signature | None:
        """The signature names the relation and the outermost exception."""
        for one in raised(failure):
            name = _name(one.type, one.message)
            if name is not None:
                split = split_table(name, app_labels)
                resources = ([".".join(split)] if split else []) + ([name] if name else [])
                return Signature(rule=self.name, resources=tuple(sorted(resources)), exception=bare(failure.exception))
        return None

    def explains(self, signature: Signature, change: StateChange) -> bool:
        """The table itself, a model of that table, or a migration file of an app that the table may belong to."""
        if not signature.resources:
            return is_model(change) or is_migration_file(change)
        if is_model(change):
            return any(_belongs_to(name, change.key.lower().replace(".", "_")) for name in signature.resources)
        if change.kind == wire.TABLE:
            table = change.key.partition(".")[2].lower()
            return change.after is not None and any(_belongs_to(name, table) for name in signature.resources)
        if is_migration_file(change):
            folders = [folder.lower() for folder in labels_in(change.key)]
            return any(folder == label or folder.endswith("_" + label) for folder in folders for label in _possible_labels(signature))
        return False

    def names(self, signature: Signature) -> tuple[str, ...]:
        """The model where it is known, the table, then its tails and heads: `a_b_c` → `a_b_c`, `c`, `b_c`, `a_b`, `a`."""
        words = [model for _, model in app_models(signature)]
        for name in signature.resources:
            if "." not in name:
                parts = name.split("_")
                tails = ["_".join(parts[start:]) for start in range(len(parts) - 1, 0, -1)]
                heads = ["_".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]
                words += [name, *tails, *heads]
        return tuple(dict.fromkeys(words))

    def remedies(self, signature: Signature, state: Sequence[StateChange]) -> tuple[Remedy, ...]:
        """For a model defined in a test, for a file written by one, or for both; for a table where it alone was left."""
        return cures(state)
