"""`sys.path` and the import hooks, where a test changed them.

Owns the kind `sys-path`. Finders on `sys.meta_path` count only where their class is neither the standard library's nor an installed
package's, which put theirs there when they are imported. Cost: two short lists.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.reading import Reading
from flaky_detector.recorder.signs import Signs


class ImportPathProbe(Reading):
    """`sys.path` by its entries, `sys.meta_path` by identity."""

    name = "sys-path"
    kind = wire.SYS_PATH

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._foreign: dict[int, tuple[type, bool]] = {}
        self._held: tuple[list[Any], list[Any]] = ([], [])
        self._known: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Both lists."""
        path, finders = list(sys.path), list(sys.meta_path)
        if not (plain.same(path, self._held[0]) and plain.same(finders, self._held[1])):
            self._held = (path, finders)
            entries = tuple(entry if type(entry) is str else id(entry) for entry in path)
            self._known = {"sys.path": entries, "sys.meta_path": tuple(id(finder) for finder in finders if not self._is_foreign(finder))}
        return self._known

    def signs(self) -> Signs:
        """Both lists, and what is in them, which is held."""
        path, finders = sys.path, sys.meta_path
        lists = [(partial(vars(sys).get, "path"), path), (partial(vars(sys).get, "meta_path"), finders)]
        return Signs(objects=lists, rows=[(path, self._held[0]), ((self,), (self,)), (finders, self._held[1])])

    def _is_foreign(self, finder: Any) -> bool:
        cls = finder if plain.is_a(finder, type) else type(finder)
        known = self._foreign.get(id(cls))
        if known is None:
            file = plain.namespace(sys.modules.get(plain.module_of(cls))).get("__file__")
            is_foreign = type(file) is not str or file.startswith(sys.base_prefix) or "site-packages" in file
            known = self._foreign[id(cls)] = (cls, is_foreign)
        return known[1]
