"""Files below the rootdir that a test made, changed or removed.

Owns the kind `file`. How the cost is bounded:

- Python's audit events tell every path that *this process* opens for writing, renames, links, truncates or removes. Only these are
  looked at, once before the change and once after the test. A test that writes nothing costs nothing, and what another worker writes is
  never booked here.
- A child process is not seen by these events. Where a test starts one, the whole tree is compared: by mode, size and time of change,
  just before the child starts and after the test, within the bounds of `tree`. What that finds is marked `"seen": "scan"`: under xdist
  another worker may have done it.

Not seen: writing through a descriptor that an earlier test opened, C extensions that open files by themselves, a child that outlives its
test. A file that is made and removed again is no change; nor is an empty folder, nor one of Django's own test databases.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import audit, databases, wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs
from flaky_detector.recorder.world import World, digest

if TYPE_CHECKING:
    from typing import Callable

    from flaky_detector.recorder.tree import Tree

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MAX_TOUCHED = 2000
SPAWNS = ("subprocess.Popen", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.system", "os.exec", "os.startfile")


class FilesProbe:
    """Listens to audit events; `mark` only changes the account on which the next touches are booked."""

    name = "files"
    is_deep = False

    def __init__(self, tree: Tree, note: Callable[[str], None]) -> None:
        self._tree = tree
        self._note = note
        self._booking = Booking(wire.FILE)
        self._touched: dict[str, list[Any]] = {}
        self._arrived: list[tuple[str, str]] = []
        self._index: Any = None
        self._spawned = False
        self._databases: set[str] = set()
        self._has_noted = False
        self.account: Callable[[], str] = lambda: "function"

    def start(self) -> None:
        """Listen from now on."""
        listeners: dict[str, Callable[[Any], None]] = {
            "open": self._opened,
            "os.rename": self._renamed,
            "os.remove": lambda args: self._touch(args[0], args[1] if len(args) > 1 else -1),
            "os.link": lambda args: self._touch(args[1]),
            "os.symlink": lambda args: self._touch(args[1]),
            "os.truncate": lambda args: self._touch(args[0]),
            "os.chmod": lambda args: self._touch(args[0]),
            "shutil.rmtree": self._removed_tree,
            "sqlite3.connect": lambda args: self._touch(args[0]),
        }
        listeners.update(dict.fromkeys(SPAWNS, self._starts_child))
        listeners["socket.bind"] = self._tree.shared.bound
        if not audit.listen(listeners):
            self._note("this Python has no audit events: changes to the source tree are not seen")

    def forget(self) -> None:
        """A test is about to begin: what was written between two tests is nobody's."""
        if self._touched or self._spawned:
            self._touched, self._arrived, self._spawned, self._index = {}, [], False, None

    def mark(self, scope: str) -> bool:  # noqa: ARG002 -- a touch was booked on the account that was open when it happened
        """Ask for the names of Django's test databases while they have them."""
        if self._touched:
            self._databases.update(_test_databases())
        return bool(self._touched) or self._spawned

    def signs(self) -> Signs:
        """That nothing was touched."""
        touched = (partial(getattr, self, "_touched"), self._touched)
        return Signs([(self._touched.__len__, 0), (partial(getattr, self, "_spawned"), False)], [touched])

    def settle(self) -> list[dict[str, Any]]:
        """What differs now from what stood there before the first touch."""
        touched, self._touched = self._touched, {}
        arrived, self._arrived = self._arrived, []
        for folder, scope in arrived:
            for key in self._tree.files_below(folder, MAX_TOUCHED):
                touched.setdefault(key, [None, scope])
        for key, (before, scope) in touched.items():
            if World.join(self._tree.root, key) not in self._databases:
                self._booking.book(key, before, self._tree.fingerprint(key), scope)
        if self._spawned:
            self._compare_tree(touched)
        return self._booking.settle()

    def _opened(self, args: Any) -> None:
        if args[2] & WRITING:
            self._touch(args[0])

    def _renamed(self, args: Any) -> None:
        source, target = self._path(args[0]), self._path(args[1])
        for key in self._tree.files_below(source, MAX_TOUCHED):
            self._touch_key(key)
        self._touch(target)
        if os.path.isdir(source) and self._tree.key(target):
            self._arrived.append((target, self.account()))

    def _removed_tree(self, args: Any) -> None:
        for key in self._tree.files_below(self._path(args[0]), MAX_TOUCHED):
            self._touch_key(key)

    def _touch(self, path: Any, folder: Any = -1) -> None:
        name = self._path(path, folder)
        key = self._tree.key(name)
        if key:
            self._touch_key(key)
        else:
            self._tree.shared.written(name)

    def _touch_key(self, key: str) -> None:
        entry = self._touched.get(key)
        if entry is not None:
            entry[1] = self.account()
        elif len(self._touched) < MAX_TOUCHED:
            self._touched[key] = [self._tree.fingerprint(key), self.account()]
            self._claimed(key)

    def _claimed(self, key: str) -> None:
        """Another test that writes the same file at the same time may be in its way."""
        self._tree.shared.claimed("file " + key)

    def _path(self, path: Any, folder: Any = -1) -> str:
        """An absolute path; empty for a descriptor, or a name in a folder that is known by a descriptor only."""
        if isinstance(path, int) or path is None:
            return ""
        name = os.fsdecode(path)
        if not os.path.isabs(name):
            base = World.getcwd()
            if isinstance(folder, int) and folder >= 0:
                base = World.readlink("/proc/self/fd/%d" % folder)
            name = World.join(base, name)
        return World.abspath(name)

    def _starts_child(self, _args: Any) -> None:
        if not self._spawned and self._tree.may_scan():
            self._spawned = True
            self._index = self._tree.scan()

    def _compare_tree(self, touched: dict[str, Any]) -> None:
        before, self._index, self._spawned = self._index, None, False
        after = self._tree.scan() if before is not None else None
        if before is None or after is None or not self._tree.may_scan():
            self._tell_once()
        if before is None or after is None:
            return
        for key in [*before, *(key for key in after if key not in before)]:
            if before.get(key) != after.get(key) and key not in touched and World.join(self._tree.root, key) not in self._databases:
                entry = self._booking.book(key, _signature(before.get(key)), _signature(after.get(key)), self.account())
                entry["seen"] = "scan"

    def _tell_once(self) -> None:
        if not self._has_noted:
            self._has_noted = True
            reason = "it is too large" if self._tree.too_large else "comparing it takes too much of the run's time"
            self._note("the source tree is not compared after child processes any more: " + reason)


def _signature(found: Any) -> str | None:
    return None if found is None else digest(repr(found).encode())


def _test_databases() -> frozenset[str]:
    """SQLite files that Django uses as databases."""
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not getattr(settings, "configured", False):
        return frozenset()
    names = [str(entry.get("NAME") or "") for entry in settings.DATABASES.values()]
    return frozenset(World.realpath(name) + more for name in names if name for more in databases.SQLITE_COMPANIONS)
