"""What a failure says of tables and of rows, and whether a change in the test database is what it speaks of.

Owns the wordings of Django, PostgreSQL and SQLite. Must stay narrow: a table that lost its last row explains that an object or the other
side of a foreign key is missing, one that was left with rows explains that there are too many or that one is there already, nothing else.
"""

import re

from flaky_detector.model import Failure, Signature, StateChange
from flaky_detector.recorder import wire
from flaky_detector.rules.wording import bare

DATABASE_ERRORS = frozenset(
    ("IntegrityError", "ProgrammingError", "OperationalError", "UndefinedTable", "UniqueViolation", "ForeignKeyViolation")
)
MISSING_TABLE = (re.compile(r'relation "(?:\w+\.)?(\w+)" does not exist'), re.compile(r"no such table: (?:main\.)?(\w+)"))
TAKEN = (re.compile(r"UNIQUE constraint failed: (\w+)\."), re.compile(r'violates unique constraint "(\w+)"'))
MISSING_ROW = (
    re.compile(r'is not present in table "(\w+)"'),
    re.compile(r"does not have a corresponding value in (\w+)\."),
)
NO_OBJECT = re.compile(r"DoesNotExist: (\w+) matching query does not exist|Http404: No (\w+) matches the given query")
TOO_MANY_OBJECTS = re.compile(r"MultipleObjectsReturned: get\(\) returned more than one (\w+) ")
READ = 2000

# How a resource says what is the matter with a table.
TABLE_IS_MISSING, ROW_IS_TAKEN, ROW_IS_MISSING = "no table ", "taken in ", "no row in "


def tables_in(failure: Failure) -> frozenset[str]:
    """What a database error says of a table: `no table shop_product`, `taken in shop_product`, `no row in shop_rate`."""
    if bare(failure.exception) not in DATABASE_ERRORS:
        return frozenset()
    text = failure.message[:READ]
    wordings = ((TABLE_IS_MISSING, MISSING_TABLE), (ROW_IS_TAKEN, TAKEN), (ROW_IS_MISSING, MISSING_ROW))
    return frozenset(matter + name.lower() for matter, patterns in wordings for pattern in patterns for name in pattern.findall(text))


def explains_in_database(signature: Signature, change: StateChange) -> bool:
    """Whether a table, or its rows, that came or went are what the failure speaks of."""
    if change.kind == wire.DJANGO_MIGRATION:
        label = change.key.partition(".")[0]
        return signature.exception.startswith("InconsistentMigrationHistory") and f" {label}." in signature.exception
    table = change.key.partition(".")[2].lower()
    if change.kind == wire.TABLE:
        return change.after is None and TABLE_IS_MISSING + table in signature.resources
    if change.kind != wire.ROWS:
        return False
    if change.after is None:
        return ROW_IS_MISSING + table in signature.resources or _is_of(table, NO_OBJECT, signature.exception)
    return _is_taken(table, signature) or _is_of(table, TOO_MANY_OBJECTS, signature.exception)


def _is_taken(table: str, signature: Signature) -> bool:
    """SQLite names the table, PostgreSQL the constraint, which Django calls after the table."""
    names = [resource.removeprefix(ROW_IS_TAKEN) for resource in signature.resources if resource.startswith(ROW_IS_TAKEN)]
    return any(name == table or name.startswith(table + "_") for name in names)


def _is_of(table: str, wording: re.Pattern[str], exception: str) -> bool:
    """Whether the message names a model that Django would keep in this table: `Product`, `shop_product`."""
    found = wording.search(exception)
    model = next((name for name in found.groups() if name), "").lower() if found else ""
    return bool(model) and (table == model or table.endswith("_" + model))
