"""Where the elements of a row of objects lie, as one value: two rows with equal images hold the very same objects in the same order.

Owns the quickest way to see that hundreds of objects are the ones that were there at the last look, which asks none of them: a tuple is its
header and the addresses of its elements, and these are copied out as bytes, 0.3 µs and 0.5 ns an element where `is` takes 20 ns an element.

    (a, b, c)  →  │ header │ &a │ &b │ &c │   →   the bytes behind the header

Nothing beyond the object is read: `basicsize` and `itemsize` are what the interpreter itself made it from. Where that is not found to be so
(other interpreters, no ctypes) an image is the list of `id`s. Who keeps an image must keep the objects as well, or bear that another object
can get the address of one that is gone.
"""

from __future__ import annotations

import sys
from typing import Any

_HEADER, _EACH = tuple.__basicsize__, tuple.__itemsize__


def _from_memory() -> Any:
    """The quick way; None where it does not tell the addresses."""
    if sys.implementation.name != "cpython":
        return None
    try:
        import ctypes

        prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.c_ssize_t)
        copy = prototype(("PyBytes_FromStringAndSize", ctypes.pythonapi))

        def image(values: tuple[Any, ...]) -> Any:
            return copy(values, _HEADER + len(values) * _EACH)[_HEADER:]

        samples: tuple[tuple[Any, ...], ...] = ((), (image,), (None, 1, "a", _HEADER, _HEADER))
        is_right = all(image(each) == b"".join([id(one).to_bytes(_EACH, sys.byteorder) for one in each]) for each in samples)
    except Exception:
        return None
    return image if is_right else None


def identities(values: tuple[Any, ...]) -> Any:
    """The slow way."""
    return list(map(id, values))


image: Any = _from_memory() or identities
"""`image(values)` of a tuple."""
