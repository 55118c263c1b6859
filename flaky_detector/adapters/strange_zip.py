"""One member out of archives of unknown origin, as a fork's run leaves them.

Owns the bounds: a member is sought by its file name, read into memory and never unpacked to a path of the archive's own, and neither what a
header says of sizes nor how many members there are can cost more than is stated here. Must not know what the member means.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable
from lzma import LZMAError
from pathlib import Path

from flaky_detector.errors import FlakyDetectorError, NothingLeft

MIB = 1024 * 1024
LARGEST_MEMBER_BYTES = 32 * MIB
LARGEST_DIRECTORY_BYTES = 4 * MIB
"""The list of members at the archive's end, which zipfile reads as a whole: some 40,000 members."""

CHUNK_BYTES = 64 * 1024
SYMLINK = 0o120000
END, END_64 = b"PK\x05\x06", b"PK\x06\x06"
TAIL_BYTES = 22 + 65_535 + 20 + 56
DAMAGED = (zipfile.BadZipFile, zlib.error, LZMAError, struct.error, RuntimeError, OSError, EOFError, ValueError, OverflowError)
"""What zipfile raises over archives that are damaged, on purpose or not; encrypted ones are a RuntimeError."""


def find_member(archives: Iterable[Path], name: str) -> bytes:
    """The first member with that file name in any of the zips, at any depth of folders; links and folders do not count.

    Raises:
        NothingLeft: there is none.
        FlakyDetectorError: there is one that may not be read, or an archive that cannot be.
    """
    refused = ""
    for path in archives:
        try:
            found = _in(path, name)
        except TooLarge as why:
            refused = f": {why}"
        except DAMAGED as error:
            refused = f": an archive is damaged ({' '.join(str(error).split())[:100]})"
        else:
            if found is not None:
                return found
    kind = FlakyDetectorError if refused else NothingLeft
    raise kind(f"no artifact of that run holds a {name}{refused}", "upload the folder flaky-detector-report as an artifact")


class TooLarge(Exception):  # noqa: N818 -- a bound, not an error
    """A bound of this module."""


def _in(path: Path, name: str) -> bytes | None:
    if _directory_bytes(path) > LARGEST_DIRECTORY_BYTES:
        raise TooLarge("an archive of too many members was refused")
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            kind = member.external_attr >> 16 & 0o170000
            if member.filename.rsplit("/", 1)[-1] == name and kind != SYMLINK:
                return _read(archive, member)
    return None


def _directory_bytes(path: Path) -> int:
    """What the archive's end says of the size of its list of members."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
    at, at_64 = tail.rfind(END), tail.rfind(END_64)
    told = struct.unpack_from("<L", tail, at + 12)[0] if at >= 0 else 0
    return int(struct.unpack_from("<Q", tail, at_64 + 40)[0]) if told == 0xFFFFFFFF and at_64 >= 0 else int(told)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Whatever its header says of its size: small bites unpack to little more than was asked for."""
    parts, size = [], 0
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > LARGEST_MEMBER_BYTES:
                raise TooLarge(f"one of more than {LARGEST_MEMBER_BYTES // MIB} MiB was refused")
            parts.append(chunk)
    return b"".join(parts)
