"""Values that must not get into a journal: what the environment holds under names that speak of secrets.

Owns the names. A failing assertion may show the whole of `os.environ`, and journals are kept as artefacts, where no CI system masks
anything.
"""

from __future__ import annotations

import os
import re

TELLING = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH|DATABASE_URL|DSN", re.IGNORECASE)
SHORTEST = 6
MASK = "***"


class Secrets:
    """The secrets of this process, as they stood when the recorder woke up."""

    def __init__(self) -> None:
        values = {value for name, value in os.environ.items() if TELLING.search(name) and len(value) >= SHORTEST}
        self._values = sorted(values, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text with every secret masked."""
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
        return text
