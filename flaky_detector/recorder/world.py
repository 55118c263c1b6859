"""The world as it was before any test could change it: clocks, files and JSON, taken hold of at import.

Owns the only references to them that the guest uses while tests run. They sit on a class, for freezegun, pyfakefs and the like swap
what they find among the *attributes of modules*; a test that patches `time.time` or `os.write` itself does not reach them either. A
recorder that called `time.time()` in a hook has killed a worker with the StopIteration of a test's exhausted mock.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _encoder() -> Callable[[Any], str]:
    """What `JSONEncoder.encode` does, without making its inner encoder anew each time, which takes longer than to encode a line of ours."""
    whole = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False)
    try:
        escape = json.encoder.encode_basestring_ascii
        made: Any = json.encoder.c_make_encoder(None, whole.default, escape, None, ":", ",", False, False, True)  # type: ignore[attr-defined]
        sample: dict[str, Any] = {"a": [1, 0.5, None, True, '\u00e4"\n', {"b": []}]}
        if "".join(made(sample, 0)) != whole.encode(sample):
            return whole.encode
    except Exception:
        return whole.encode
    return lambda event: "".join(made(event, 0))


class World:
    """Functions of the standard library, bound early."""

    now: Callable[..., float] = staticmethod(time.time)
    ticks: Callable[..., float] = staticmethod(time.perf_counter)
    sleep: Callable[..., None] = staticmethod(time.sleep)
    encode: Callable[..., str] = staticmethod(_encoder())
    worked: Callable[..., float] = staticmethod(getattr(time, "thread_time", time.perf_counter))
    open: Callable[..., int] = staticmethod(os.open)
    read: Callable[..., bytes] = staticmethod(os.read)
    write: Callable[..., int] = staticmethod(os.write)
    close: Callable[..., None] = staticmethod(os.close)
    fstat: Callable[..., os.stat_result] = staticmethod(os.fstat)
    lstat: Callable[..., os.stat_result] = staticmethod(os.lstat)
    readlink: Callable[..., str] = staticmethod(os.readlink)
    scandir: Callable[..., Any] = staticmethod(os.scandir)
    getcwd: Callable[..., str] = staticmethod(os.getcwd)
    abspath: Callable[..., str] = staticmethod(os.path.abspath)
    realpath: Callable[..., str] = staticmethod(os.path.realpath)
    exists: Callable[..., bool] = staticmethod(os.path.exists)
    join: Callable[..., str] = staticmethod(os.path.join)
    sha256: Callable[..., Any] = staticmethod(hashlib.sha256)


def digest(data: bytes) -> str:
    """Sixteen hexadecimal digits that stand for `data`."""
    return str(World.sha256(data).hexdigest())[:16]
