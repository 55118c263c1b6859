"""What two runs at the same time would meet over: ports, files outside the tree, services.

Owns the list `shared` of wire's "finish" event. The house runs trials side by side only where it is empty. What is written into the user's
own tree, although the run is in a copy, is told without a bound, for the house puts it back. Not seen: what C extensions and child
processes bind or write.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

MOST = 20
CLIENTS = ("psycopg", "psycopg2", "asyncpg", "MySQLdb", "pymysql", "redis", "pymongo", "elasticsearch", "cassandra", "pika", "kafka")
"""Libraries that reach a service by its address; an import is enough, for nobody imports them in vain for long."""
OF_DJANGO = ("psycopg", "psycopg2", "MySQLdb", "pymysql")
"""Those through which Django reaches its databases, which are told apart by name."""
PRIVATE = ("/dev/", "/proc/", "/sys/")


class Shared:
    """Gathers what is seen; at most `MOST` things, for one is enough."""

    def __init__(self, root: str, private: Collection[str], original: str = "") -> None:
        """`root` is the tree, `private` are further folders of this run alone, `original` is the user's own tree."""
        self._original = original.rstrip(os.sep) + os.sep if original else ""
        folders = (root, tempfile.gettempdir(), sys.prefix, sys.base_prefix, *private)
        self._private = tuple(os.path.realpath(folder).rstrip(os.sep) + os.sep for folder in folders if folder) + PRIVATE
        self._seen: dict[str, None] = {}
        self._claims: dict[str, None] = {}

    def keep(self, folder: str) -> None:
        """One more folder of this run alone."""
        self._private += (os.path.realpath(folder).rstrip(os.sep) + os.sep,)

    def bound(self, args: Any) -> None:
        """An audit event of `socket.bind`: a port that was asked for by number."""
        address = args[1]
        if isinstance(address, tuple) and len(address) > 1 and isinstance(address[1], int) and address[1]:
            self._add("port %d" % address[1])
            self.claimed("port %d" % address[1])

    def claimed(self, thing: str) -> None:
        """The test that is running took something that only one can have at a time: a port, a file under that name."""
        if len(self._claims) < MOST:
            self._claims[thing] = None

    def take_claims(self) -> list[str]:
        """What was claimed since the last time."""
        if not self._claims:
            return []
        claims, self._claims = self._claims, {}
        return list(claims)

    def written(self, path: str) -> None:
        """A file was opened for writing, or changed in another way; an absolute path."""
        if not path or "__pycache__" in path or path.startswith(self._private):
            return
        if self._original and path.startswith(self._original):
            self._seen["file " + path] = None
        elif len(self._seen) < MOST and not os.path.realpath(path).startswith(self._private):
            self._add("file " + path)

    def told(self, *, databases_apart: bool) -> list[str]:
        """Everything, with the services whose clients are loaded."""
        clients = [name for name in CLIENTS if name in sys.modules and not (databases_apart and name in OF_DJANGO)]
        return [*self._seen, *("service " + name for name in clients)]

    def _add(self, thing: str) -> None:
        if len(self._seen) < MOST:
            self._seen[thing] = None
