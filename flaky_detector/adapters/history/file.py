"""The history file: read once as a whole, written once as a whole.

Owns what is done with a file that cannot be used. It is written through a temporary file beside it, so that a reader never sees half of one
and a crash leaves the old one. Must not know the tables.

    no file               the first night: an empty history, which is said
    another version's     an older one is brought up to date in memory; a newer one is left as it is, and tonight is not remembered
    not ours, or damaged  moved aside under a name that says when, and begun anew: a gap, and nothing is lost
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from flaky_detector.adapters.history.tables import VERSION, NewerError, UnusableError, decoded, encoded
from flaky_detector.errors import HistoryError
from flaky_detector.model import Gap, History

MOST_BYTES = 256 * 1024 * 1024


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `may_write` is False where the file must stay as it is; `is_new` where there was none."""

    history: History = History()
    gaps: tuple[Gap, ...] = ()
    may_write: bool = True
    is_new: bool = False


def read(path: Path, today: str) -> Opened:
    """The history in that file; never raises. What cannot be used is moved aside under a name with `today` in it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnusableError(f"it is larger than {MOST_BYTES // 2**20} MiB")
        return Opened(history=decoded(path.read_bytes()))
    except FileNotFoundError:
        return Opened(is_new=True)
    except NewerError as newer:
        text = f"{path} was written by a newer flaky-detector (version {newer}, this one knows {VERSION})"
        return Opened(gaps=(Gap("history", f"{text}: it is left as it is, and tonight is not remembered"),), may_write=False)
    except OSError as error:
        return Opened(gaps=(Gap("history", f"{path} cannot be read ({error.strerror}): tonight is not remembered"),), may_write=False)
    except UnusableError as why:
        return _moved_aside(path, today, str(why))


def _moved_aside(path: Path, today: str, why: str) -> Opened:
    aside = next(name for name in _names_aside(path, today) if not name.exists())
    try:
        path.rename(aside)
    except OSError as error:
        text = f"{path} cannot be used: {why}; nor can it be moved aside ({error.strerror}): tonight is not remembered"
        return Opened(gaps=(Gap("history", text),), may_write=False)
    return Opened(gaps=(Gap("history", f"{path} cannot be used: {why}; it was moved aside to {aside.name}, and a new one is begun"),))


def _names_aside(path: Path, today: str) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.unusable-{today}")
    number = 2
    while True:
        yield path.with_name(f"{path.name}.unusable-{today}-{number}")
        number += 1


def write(path: Path, history: History) -> None:
    """The whole history, to be read by `read`.

    Raises:
        HistoryError: the file cannot be written; the old one is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            part = Path(file.name)
            try:
                file.write(encoded(history))
                file.flush()
                os.fsync(file.fileno())
                os.chmod(part, 0o644)  # noqa: PTH101 -- later steps of a job run as another user
                os.replace(part, path)  # noqa: PTH105 -- the atomic one
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise HistoryError(
            f"the history {path} could not be written: {error.strerror or error}", "make room, or give another path"
        ) from None
