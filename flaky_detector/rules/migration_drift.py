"""`makemigrations --check` finds that models and migrations differ.

Happens where a model that another test defined is in the registry, or a migration file that another test wrote is in the tree.
Recognised by what the command printed (Django's old and new wordings), else by `SystemExit: 1` out of `makemigrations`. Must not take
other exits of the command (`SystemExit: 2` for an unknown app), nor output of `makemigrations` in a test that failed for another reason.
"""

import re
from collections.abc import Iterator, Sequence

from flaky_detector.model import Failure, Remedy, Signature, StateChange
from flaky_detector.recorder import wire
from flaky_detector.rules.cures import cures
from flaky_detector.rules.wording import app_models, bare, is_migration_file, labels_in, raised

HEADING = re.compile(r"Migrations for '(?P<label>[\w.]+)':\s*$")
# `    + Create model Phantom` since Django 5.1, `    - Create model Phantom` before.
OPERATION = re.compile(r"^[E> |]{0,12}\s*[-+~/!?] (?P<what>[A-Z].*?)\s*$", re.MULTILINE)
FILE_LINE = re.compile(r"^[E> |]{0,12}\s*\S+\.py\s*$")
IDENTIFIER = r"(?P<model>[A-Za-z_]\w*)"
OPERATIONS = tuple(
    re.compile(wording)
    for wording in (
        rf"(?:Create|Delete) (?:proxy )?model {IDENTIFIER}$",
        rf"Rename model (?P<other>\w+) to {IDENTIFIER}$",
        rf"Add field \w+ to {IDENTIFIER}$",
        rf"Remove field \w+ from {IDENTIFIER}$",
        rf"Alter field \w+ on {IDENTIFIER}$",
        rf"Rename (?:field|index) \w+ on {IDENTIFIER} to ",
        rf"Rename unnamed index for .* on {IDENTIFIER} to ",
        rf"Rename table for {IDENTIFIER} to ",
        rf"Alter {IDENTIFIER} table comment$",
        rf"Alter (?:unique_together|index_together) for {IDENTIFIER} ",
        rf"Set order_with_respect_to on {IDENTIFIER} to ",
        rf"Change (?:Meta options|managers) on {IDENTIFIER}$",
        rf"(?:Create|Alter|Remove) (?:index|constraint) .*(?:(?:on|of|from) model|on|from) {IDENTIFIER}$",
    )
)
MOST_LINES = 2000
LONGEST_LINE = 1000


def drifted(text: str) -> tuple[str, ...]:
    """`app.Model` of every operation that `makemigrations` printed, sorted."""
    found: set[str] = set()
    label = ""
    for line in text.splitlines()[:MOST_LINES]:
        heading = HEADING.search(line[:LONGEST_LINE])
        operation = OPERATION.match(line)
        if heading:
            label = heading["label"]
        elif label and operation:
            found.update(f"{label}.{model}" for model in _models(operation["what"]))
        elif line.strip("E> |") and not FILE_LINE.match(line):
            label = ""
    return tuple(sorted(found))


def _models(operation: str) -> Iterator[str]:
    for wording in OPERATIONS:
        match = wording.match(operation)
        if match:
            yield from (name for name in match.groupdict().values() if name)
            return


def _exits_with_one(exception: str, message: str) -> bool:
    return bare(exception) == "SystemExit" and message.strip() in ("1", "")


def _in_makemigrations(failure: Failure) -> bool:
    return "makemigrations" in failure.raised_at or "makemigrations" in failure.test_frame or "makemigrations" in failure.text


def _child_failed(failure: Failure) -> bool:
    """A `manage.py makemigrations --check` in a process of its own."""
    return (
        bare(failure.exception) == "CalledProcessError"
        and "makemigrations" in failure.message
        and "returned non-zero exit status 1" in failure.message
    )


class MigrationDrift:
    """Resources: every `app.Model` that the drift names; none where nothing was captured."""

    name = "migration-drift"

    def recognise(self, failure: Failure, app_labels: Sequence[str] = ()) -> Signature | None:
        """The signature names the models; its exception is `SystemExit: 1` where the command ended the test itself."""
        for one in raised(failure):
            if _exits_with_one(one.type, one.message) and _in_makemigrations(failure):
                return Signature(rule=self.name, resources=drifted(failure.output) or drifted(failure.text), exception="SystemExit: 1")
        if _child_failed(failure):
            models = drifted(failure.output) or drifted(failure.text)
            return Signature(rule=self.name, resources=models, exception=bare(failure.exception))
        told = drifted(failure.message.replace("\\n", "\n"))
        return Signature(rule=self.name, resources=told, exception=bare(failure.exception)) if told else None

    def explains(self, signature: Signature, change: StateChange) -> bool:
        """A model that the drift names (any model where it names none), defined or taken away, or a migration file of its app."""
        if change.kind == wire.DJANGO_MODEL:
            return not signature.resources or change.key.lower() in {resource.lower() for resource in signature.resources}
        if is_migration_file(change):
            labels = {label.lower() for label, _ in app_models(signature)}
            folders = [folder.lower() for folder in labels_in(change.key)]
            return not labels or any(folder == label or folder.endswith("_" + label) for folder in folders for label in labels)
        return False

    def names(self, signature: Signature) -> tuple[str, ...]:
        """The models, then their apps."""
        pairs = app_models(signature)
        return tuple(dict.fromkeys([model for _, model in pairs] + [label for label, _ in pairs]))

    def remedies(self, signature: Signature, state: Sequence[StateChange]) -> tuple[Remedy, ...]:
        """For a model defined in a test, for a file written by one, or for both."""
        return cures(state)
