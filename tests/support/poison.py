"""A result with hostile text in every text of it that is not one of our own words."""

from typing import Any

import msgspec

OWN_WORDS = {"kind", "confidence", "role", "rule", "status", "arrangement", "distribution", "worker", "orders", "verdict"}
"""Fields that hold one of a few words, so that no test's author can choose them."""


def poisoned(node: Any, said: str, name: str = "") -> Any:
    """Records are rebuilt as they are: a conversion would refuse halves of surrogate pairs, which names of files can hold."""
    if isinstance(node, msgspec.Struct):
        fields = {field: poisoned(getattr(node, field), said, field) for field in node.__struct_fields__}
        return msgspec.structs.replace(node, **fields)
    if isinstance(node, tuple):
        return tuple(poisoned(item, said, name) for item in node)
    if isinstance(node, dict):
        return {key: poisoned(value, said, key) for key, value in node.items()}
    return f"{node}{said}" if isinstance(node, str) and name not in OWN_WORDS else node
