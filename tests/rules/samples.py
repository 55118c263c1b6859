"""Failures to hold against rules: short to write, complete enough to be recognised."""

from flaky_detector.model import Failure, Raised, StateChange


def failure(exception: str, message: str, **rest: object) -> Failure:
    return Failure(phase="call", exception=exception, message=message, **rest)  # type: ignore[arg-type]


def wrapped(message: str, cause: str = "psycopg2.errors.DuplicateTable") -> Failure:
    """As Django raises it: its own error, from the driver's."""
    return failure("django.db.utils.ProgrammingError", message, chain=(Raised(cause, message),))


def model(key: str) -> StateChange:
    return StateChange(kind="django-model", key=key, after="digest")


def file(key: str) -> StateChange:
    return StateChange(kind="file", key=key, after="digest")
