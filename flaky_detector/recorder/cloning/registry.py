"""The templates of one hunt: a folder that all its processes share, and that the house removes at the end.

Owns its files, and who makes a template: the one that holds the lock of its key, which the system lets go of however that process ends.

    fd1a2b3c4d/                     the hunt's; its name is the suffix of every database that is made here
      journal-templates.jsonl       how a process reaches the servers (see `sweep`)
      0123456789ab.lock             held while the template of this key is being decided on, or made
      0123456789ab.asked            somebody wanted it and made a database without it
      0123456789ab.template         it is there: what it is called, on which engine
      0123456789ab.unfit            it did not work out: why
      0123456789ab.sqlite3          the template itself, for SQLite
      0123456789ab.used             when it was last copied
      keeper-0123456789ab.lock      held by the keeper of a Python (see `keeper`)
      0123456789ab.discarded/       names of copies that the keeper is to drop
      0123456789ab.ready/           names of copies that are there to be taken, for PostgreSQL (see `keeper`)

Must not know Django.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MOST_TEMPLATES = 16
MOST_WAIT_SECONDS = 1800.0
LOOK_SECONDS = 0.02
STARTS = wire.journal_name(wire.TEMPLATES_MADE)
KEEPER = "keeper-%s" % hashlib.sha256(sys.executable.encode("utf-8", "surrogatepass")).hexdigest()[:12]
HAS_LOCKS = fcntl is not None


class DeclinedError(Exception):
    """No template can be made, or used; the message says why."""


class Registry:
    """The folder, and the suffix of the databases that are made for it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.suffix = os.path.basename(folder)

    def path(self, key: str, ending: str) -> str:
        """Of a file of this key."""
        return World.join(self.folder, "%s.%s" % (key, ending))

    def name_of(self, key: str) -> str:
        """What the template's database is called on a server; at most 63 characters."""
        return "flaky_detector_%s_%s" % (self.suffix, key)

    @contextlib.contextmanager
    def turn(self, key: str) -> Iterator[bool]:
        """One process at a time for each key; False where the wait became too long."""
        number = World.open(self.path(key, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _locked(number)
        finally:
            World.close(number)

    def find(self, key: str) -> dict[str, Any] | None:
        """The template of this key."""
        return _read(self.path(key, "template"))

    def all(self) -> list[dict[str, Any]]:
        """Every template that there is."""
        found = [_read(World.join(self.folder, name)) for name in sorted(os.listdir(self.folder)) if name.endswith(".template")]
        return [template for template in found if template is not None]

    def may_be_made(self, key: str, alias: str, *, is_first: bool) -> bool:
        """Whether a template pays: the first of its alias, before any test; later ones from the second time that they are wanted.

        Where it does not, it is written down that it was wanted.
        """
        templates = self.all()
        if World.exists(self.path(key, "unfit")) or len(templates) >= MOST_TEMPLATES:
            return False
        if is_first and not any(template["alias"] == alias for template in templates):
            return True
        return not self._create(self.path(key, "asked"))

    def publish(self, template: dict[str, Any]) -> None:
        """From now on others may copy it."""
        draft = self.path(template["key"], "draft")
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(template, file)
        os.replace(draft, self.path(template["key"], "template"))

    def withdraw(self, key: str, why: str) -> None:
        """Nobody is to use it, or to try again."""
        with contextlib.suppress(OSError):
            os.remove(self.path(key, "template"))
        if self._create(self.path(key, "unfit")):
            with open(self.path(key, "unfit"), "w", encoding="utf-8") as file:
                file.write(why)

    def is_news(self, text: str) -> bool:
        """Whether nobody has said this yet."""
        return self._create(self.path(World.sha256(text.encode("utf-8", "replace")).hexdigest()[:12], "said"))

    def introduce(self, start: dict[str, Any]) -> None:
        """Write down how the servers are reached, before anything is made on them."""
        path = World.join(self.folder, STARTS)
        if not World.exists(path):
            draft = "%s.%d" % (path, os.getpid())
            with open(draft, "w", encoding="utf-8") as file:
                file.write(json.dumps(start) + "\n")
            os.replace(draft, path)

    def touch(self, key: str) -> None:
        """It has just been copied."""
        path = self.path(key, "used")
        if not self._create(path):
            os.utime(path)

    def used(self, key: str) -> float:
        """When it was last copied, in seconds since the epoch; 0 for never."""
        try:
            return os.stat(self.path(key, "used")).st_mtime
        except OSError:
            return 0.0

    def keep(self) -> bool:
        """Be this Python's keeper from now on, as long as this process lives; False where there is one."""
        return _try_lock(World.open(self.path(KEEPER, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def has_keeper(self) -> bool:
        """Whether somebody drops what is discarded."""
        try:
            number = World.open(self.path(KEEPER, "lock"), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _try_lock(number)
        finally:
            World.close(number)

    def discard(self, key: str, name: str) -> None:
        """The keeper is to drop it."""
        self._list(self.path(key, "discarded"), name)

    def discarded(self, key: str) -> list[str]:
        """What is still to be dropped."""
        return _names(self.path(key, "discarded"))

    def dropped(self, key: str, name: str) -> None:
        """It is gone."""
        os.remove(World.join(self.path(key, "discarded"), name))

    def offer(self, key: str, name: str) -> None:
        """A copy is there."""
        self._list(self.path(key, "ready"), name)

    def ready(self, key: str) -> list[str]:
        """Names of copies that nobody has taken."""
        return _names(self.path(key, "ready"))

    def take(self, key: str) -> str:
        """The name of a copy that is from now on the caller's; empty where there is none."""
        for name in self.ready(key):
            with contextlib.suppress(OSError):
                os.remove(World.join(self.path(key, "ready"), name))
                return name
        return ""

    def _list(self, folder: str, name: str) -> None:
        os.makedirs(folder, exist_ok=True)
        self._create(World.join(folder, name))

    def _create(self, path: str) -> bool:
        try:
            World.close(World.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        return True


def _locked(number: int) -> bool:
    latest = World.ticks() + MOST_WAIT_SECONDS
    while World.ticks() < latest:
        if _try_lock(number):
            return True
        World.sleep(LOOK_SECONDS)
    return False


def _try_lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
