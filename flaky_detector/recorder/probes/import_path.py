"""`sys.path` and the import hooks, where a test changed them.

Owns the kind `sys-path`. Finders on `sys.meta_path` count only where their class is neither the standard library's nor an installed
package's, which put theirs there when they are imported. Cost: two short lists a test.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.reading import Reading


class ImportPathProbe(Reading):
    """`sys.path` by its entries, `sys.meta_path` by identity."""

    name = "sys-path"
    kind = wire.SYS_PATH

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._foreign: dict[int, tuple[type, bool]] = {}

    def read(self) -> dict[str, Any]:
        """Both lists."""
        path = tuple(entry if type(entry) is str else id(entry) for entry in sys.path)
        return {"sys.path": path, "sys.meta_path": tuple(id(finder) for finder in sys.meta_path if not self._is_foreign(finder))}

    def _is_foreign(self, finder: Any) -> bool:
        cls = finder if plain.is_a(finder, type) else type(finder)
        known = self._foreign.get(id(cls))
        if known is None:
            file = plain.namespace(sys.modules.get(plain.module_of(cls))).get("__file__")
            is_foreign = type(file) is not str or file.startswith(sys.base_prefix) or "site-packages" in file
            known = self._foreign[id(cls)] = (cls, is_foreign)
        return known[1]
