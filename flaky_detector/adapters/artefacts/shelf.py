"""What lies under the paths: names of files, also within archives, and how each is read when it is asked for.

Owns what is opened and the bounds. Nothing that is found is kept in memory: a file in an archive is unpacked once to see that it can be and
how large it is, and again when somebody reads it. Of a large log what `sieve` lets through lies in a nameless file. No path of
an archive is ever written. Each file and the whole are limited, so that an archive bomb costs a Gap and not the machine. Must not know what
files mean.
"""

import gzip
import io
import os
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, cast

from flaky_detector.adapters.artefacts.sieve import KEPT_OF_A_SECTION, sifted
from flaky_detector.model import Gap

MIB = 1024 * 1024
DEEPEST_ARCHIVE = 3
ARCHIVES = (".zip", ".gz")
NOT_ENTERED = frozenset((".git", ".hg", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".pytest_cache"))
ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError)

Source = Path | Callable[[], IO[bytes]]
"""A file on disk, or what opens a file within an archive."""


class TooMuch(Exception):  # noqa: N818 -- a bound, not an error
    """A limit was reached."""


class Limits(NamedTuple):
    """Bytes of one file, bytes of all together, and how many files; from how many bytes on a log is sifted, and how many one may have."""

    largest_file: int
    largest_in_all: int
    most_files: int
    large_log: int
    largest_log: int


class Found(NamedTuple):
    """A file: its size, unpacked, and what reads it."""

    size: int
    read: Callable[[], bytes]


class Shelf:
    """Everything that was found, by name.

    Args:
        limits: what is refused.
        is_wanted: whether a file of this name is of interest.
        is_log: whether a file of this name can be sifted.
    """

    def __init__(self, limits: Limits, is_wanted: Callable[[str], bool], is_log: Callable[[str], bool]) -> None:
        self.found: dict[str, Found] = {}
        self.gaps: list[Gap] = []
        self._limits = limits
        self._is_wanted = is_wanted
        self._is_log = is_log
        self._labels: dict[str, Path] = {}
        self._size = 0
        self._archive: dict[str, zipfile.ZipFile] = {}
        self._aside = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115 -- as long as somebody may read
        weakref.finalize(self, _close, self._archive, self._aside)

    def add_all(self, path: Path) -> None:
        """The file, or every file of interest below the folder."""
        try:
            for file, name in self._files(path):
                self._add_file(file, name)
        except TooMuch as limit:
            self._gap(str(path), f"{limit}: the rest was not read; give fewer artefacts at once")

    def read(self, name: str) -> bytes:
        """The content of a file; nothing where it has gone since it was found, which its reader will tell as an empty file."""
        try:
            return self.found[name].read()
        except BROKEN:
            return b""

    def _gap(self, source: str, text: str) -> None:
        self.gaps.append(Gap(source, text))

    def _add(self, name: str, found: Found) -> None:
        if len(self.found) >= self._limits.most_files:
            raise TooMuch(f"more than {self._limits.most_files} files")
        self._size += found.size
        self.found[name] = found

    @property
    def _room(self) -> int:
        """How many bytes the next file may have."""
        return min(self._limits.largest_file, self._limits.largest_in_all - self._size)

    def _room_for_log(self) -> int:
        """The same for a log that lies on disk as it is, where nobody can have packed much into little."""
        return min(self._limits.largest_log, self._limits.largest_in_all - self._size)

    def _label(self, folder: Path) -> str:
        """A short name for a folder, its whole path where another is called the same."""
        real = folder.resolve()
        if self._labels.setdefault(real.name, real) == real:
            return real.name
        return real.as_posix().lstrip("/")

    def _files(self, path: Path) -> Iterator[tuple[Path, str]]:
        if not path.is_dir():
            yield path, f"{self._label(path.parent)}/{path.name}"
            return
        label = self._label(path)
        for folder, inner, names in os.walk(path):
            inner[:] = sorted(name for name in inner if name not in NOT_ENTERED)
            for name in sorted(names):
                if self._wants(name):
                    file = Path(folder, name)
                    yield file, f"{label}/{file.relative_to(path).as_posix()}"

    def _wants(self, name: str) -> bool:
        return name.lower().endswith(ARCHIVES) or self._is_wanted(name)

    def _add_file(self, file: Path, name: str) -> None:
        try:
            size = file.stat().st_size
            with file.open("rb") as stream:
                head = stream.read(4)
            room = self._room_for_log() if self._is_log(name) and head[:2] != GZIP else self._room
            if head != ZIP and not name.endswith(".zip") and size > room:
                self._gap(name, f"larger than {max(room, 0) // MIB} MiB, or too much in all: not read")
                return
            self._sort(name, head, size, file)
        except OSError as error:
            self._gap(name, f"cannot be read ({error.strerror or error}); check its permissions")

    def _sort(self, name: str, head: bytes, size: int, source: Source, depth: int = 0) -> None:
        if head == ZIP or name.endswith(".zip"):
            self._unzip(name, source, depth)
        elif head[:2] == GZIP or name.endswith(".gz"):
            self._gunzip(name, partial(_unpacking, source))
        else:
            self._add_plain(name, size, source)

    def _add_plain(self, name: str, size: int, source: Source) -> None:
        """A file as it is; of a large log what was sifted, and a word on that."""
        if size <= self._limits.large_log or not self._is_log(name):
            self._add(name, Found(size, partial(_whole, source)))
            return
        with _open(source) as stream:
            start, kept = self._set_aside(sifted(stream))
        if kept > self._limits.largest_file:
            self._gap(name, f"refused: more than {self._limits.largest_file // MIB} MiB of it are pytest's own lines")
            return
        text = f"is {size // MIB} MiB large: of what was printed for each failure the first {KEPT_OF_A_SECTION // 1024} KiB are read"
        self._gap(name, text)
        self._add(name, Found(kept, partial(_slice, self._aside, start, kept)))

    def _set_aside(self, lines: Iterable[bytes]) -> tuple[int, int]:
        """Where in the file beside they begin, and their size; no more is written than it takes to see that they are too many."""
        start, size = self._aside.seek(0, os.SEEK_END), 0
        for line in lines:
            size += self._aside.write(line)
            if size > self._limits.largest_file:
                self._aside.truncate(start)
                break
        return start, size

    def _gunzip(self, name: str, source: Source) -> None:
        try:
            _, size = _looked_at(source, self._room)
            self._add_plain(name.removesuffix(".gz"), size, source)
        except (OSError, EOFError, zlib.error) as error:
            self._gap(name, f"is not a whole gzip file ({error}); download it again")
        except TooMuch as limit:
            self._gap(name, f"refused: {limit}")

    def _unzip(self, name: str, source: Source, depth: int) -> None:
        if depth >= DEEPEST_ARCHIVE:
            self._gap(name, f"an archive within {DEEPEST_ARCHIVE} archives: not opened")
            return
        try:
            members = sorted(self._opened(name, source).infolist(), key=lambda member: member.filename)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            self._gap(name, f"is not a whole zip file ({error}); download it again")
            return
        for member in members:
            if not member.is_dir() and self._wants(member.filename):
                self._add_member(f"{name}/{member.filename}", partial(self._open_member, name, source, member), depth)

    def _opened(self, name: str, source: Source) -> zipfile.ZipFile:
        """The archive; the last one stays open, for its files are read one after the other."""
        if name not in self._archive:
            archive = zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(_whole(source)))
            _close(self._archive)
            self._archive[name] = archive
        return self._archive[name]

    def _open_member(self, name: str, source: Source, member: zipfile.ZipInfo) -> IO[bytes]:
        return self._opened(name, source).open(member)

    def _add_member(self, name: str, source: Source, depth: int) -> None:
        try:
            head, size = _looked_at(source, self._room)
        except TooMuch as limit:
            self._gap(name, f"refused: {limit}")
        except BROKEN as error:
            self._gap(name, f"cannot be unpacked ({error}); download the archive again")
        else:
            self._sort(name, head, size, source, depth + 1)


def _close(archives: dict[str, zipfile.ZipFile], aside: IO[bytes] | None = None) -> None:
    """Nobody reads them any more. Not left to the archive itself: its file may be found dead before it, and complains."""
    while archives:
        archives.popitem()[1].close()
    if aside:
        aside.close()


def _open(source: Source) -> IO[bytes]:
    return source.open("rb") if isinstance(source, Path) else source()


def _whole(source: Source) -> bytes:
    with _open(source) as stream:
        return stream.read()


def _slice(file: IO[bytes], start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


def _unpacking(source: Source) -> IO[bytes]:
    packed = source if isinstance(source, Path) else io.BytesIO(_whole(source))
    return cast("IO[bytes]", gzip.open(packed))


def _looked_at(source: Source, room: int) -> tuple[bytes, int]:
    """The first bytes of what is packed and its size unpacked, whatever its header says of that."""
    with _open(source) as stream:
        head = stream.read(4)
        size = len(head)
        while chunk := stream.read(MIB):
            size += len(chunk)
            if size > room:
                raise TooMuch(f"it unpacks to more than {max(room, 0) // MIB} MiB")
    return head, size
