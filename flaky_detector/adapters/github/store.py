"""What GitHub keeps elsewhere: archives and logs, which its API answers with an address of a store.

Owns the copy from that store to a file: without the token, never whole in memory, and no more of it than is allowed, whatever anybody says
of its size. Must not know what is in it.
"""

import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

import msgspec
from github import Github, GithubException

MIB = 1024 * 1024
CHUNK_BYTES = MIB


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of one file, the moment (monotonic) at which a copy ends, and how long a store may be silent."""

    most_bytes: int
    deadline: float = float("inf")
    timeout_seconds: float = 20


def address_of(client: Github, path: str) -> str:
    """Where the API says it is. PyGithub would refuse the store's host, and would send it the token.

    Raises:
        GithubException: GitHub refused, or named no address.
    """
    headers, _ = client.requester.requestBlobAndCheck("GET", path)
    address = str(headers.get("location", ""))
    if not address.startswith(("https://", "http://")):
        raise GithubException(500, None, headers, "no address in the store")
    return address


def copy_from_store(address: str, path: Path, bounds: Bounds) -> str:
    """Copy it to the file; "" where all of it is there, else why the rest was left.

    Raises:
        GithubException: the store refused.
        OSError: the connection was cut, or silent for too long; what came until then is in the file.
    """
    try:
        with urllib.request.urlopen(address, timeout=bounds.timeout_seconds) as answer, path.open("wb") as file:  # noqa: S310 -- `address_of` checks the scheme
            return _copy(answer, file, bounds)
    except urllib.error.HTTPError as error:
        error.close()
        raise GithubException(error.code, None, dict(error.headers), "the store refuses") from None
    except http.client.HTTPException as error:
        raise ConnectionError(type(error).__name__) from None


def _copy(answer: http.client.HTTPResponse, file: BinaryIO, bounds: Bounds) -> str:
    """http.client tells nobody when a body ends too early."""
    told, size = answer.headers.get("Content-Length", ""), 0
    while chunk := answer.read1(CHUNK_BYTES):
        room = bounds.most_bytes - size
        file.write(chunk[:room])
        size += len(chunk)
        if len(chunk) > room:
            return f"it is larger than {bounds.most_bytes // MIB} MiB"
        if time.monotonic() > bounds.deadline:
            return "there was no time for the rest"
    if told.isdecimal() and size != int(told):
        raise ConnectionError(f"{size} of {told} bytes")
    return ""
