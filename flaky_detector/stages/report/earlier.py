"""What a sticky comment accused before, carried in the comment itself, so that the next run can say what it no longer sees.

Owns that memory: what of a digest is remembered, how it is written into the comment's last line and read back, and which of it is no longer
seen. Must not word anything.

    run 1   test_p pollutes          → the comment accuses test_p, and remembers it
    run 2   nothing is seen of it    → the comment says what it told at run 1, and that run 2 did not see it; it goes on remembering
    run 3   test_p pollutes again    → an accusation like any other

A run that saw nothing judges only what it could: not where it was interrupted or had no run, nor where a test that was a victim then fails
for another reason now. The comment may have been edited by people, or tell of a fork's run: what is read back is data like any other.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable

import msgspec

from flaky_detector.model import LatentPolluter, TestId
from flaky_detector.stages.report.digest import Digest
from flaky_detector.stages.report.neutral import HALF

MOST_TOLD = 12
MOST_FINGERPRINTS = 8
LONGEST_LINE = 9000
LINE = re.compile(r"^<!-- flaky-detector:told:([A-Za-z0-9_=-]{1,20000}) -->\s*\Z", re.MULTILINE)


class Told(msgspec.Struct, frozen=True, array_like=True):
    """One accusation. `gone` is the commit at which it was first not seen any more, `seen` the last one at which it was.

    `way` is how the heads act on the victim: `polluter`, `state-setter`, `beside`, or `suspect` where nothing was proven.
    """

    way: str
    heads: tuple[TestId, ...]
    victim: TestId
    victims: int
    fingerprints: tuple[str, ...]
    seen: str = ""
    gone: str = ""
    is_gone: bool = False


class Gone(msgspec.Struct, frozen=True):
    """Something told before that this run did not see; `latent` where its polluter still leaves something behind."""

    told: Told
    latent: LatentPolluter | None = None


def recall(body: str) -> tuple[Told, ...]:
    """What a comment remembers; nothing where it has no such line, or one that cannot be read."""
    found = LINE.search(body.replace("\r\n", "\n"))
    if not found:
        return ()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(found[1]), type=tuple[Told, ...])[:MOST_TOLD]
    except (binascii.Error, msgspec.MsgspecError, ValueError, RecursionError):
        return ()


def remember(told: tuple[Told, ...]) -> str:
    """The hidden last line of a comment; "" where there is nothing to remember. What does not fit is left out from the end."""
    while told:
        line = f"<!-- flaky-detector:told:{base64.urlsafe_b64encode(_written(told[:MOST_TOLD])).decode()} -->"
        if len(line) <= LONGEST_LINE:
            return line
        told = told[:MOST_TOLD][:-1]
    return ""


def _written(told: tuple[Told, ...]) -> bytes:
    """Not packed: another zlib would pack it otherwise, and a comment that tells the same must be the same."""
    return HALF.sub("?", json.dumps(msgspec.to_builtins(told), separators=(",", ":"), ensure_ascii=False)).encode()


def accused(digest: Digest, commit: str) -> tuple[Told, ...]:
    """Everything that a comment on this digest accuses."""
    told = [
        Told(cause.kind, cause.head, cause.first.test, len(cause.broken), _prints(v.finding.fingerprint for v in cause.victims), commit)
        for cause in digest.causes
    ]
    told += [
        Told("beside", finding.counterparts[:1], finding.test, 1, _prints([finding.fingerprint]), commit) for finding in digest.conflicts
    ]
    told += [
        Told("suspect", (each.suspects[0].test,), each.first.test, len(each.tests), _prints(f.fingerprint for f in each.findings), commit)
        for each in digest.suspicions
    ]
    return tuple(told)


def since(earlier: tuple[Told, ...], digest: Digest, commit: str) -> tuple[Told, ...]:
    """What is to be remembered from now on: what is accused now, then what was before and is not now."""
    now = accused(digest, commit)
    still = _still_told(digest)
    rest = [each for each in earlier if not _matches(each, now, still)]
    judged = _judges(digest)
    failing = {test for finding in digest.others for test in finding.tests}
    kept = [
        msgspec.structs.replace(each, gone=commit, is_gone=True) if judged and not each.is_gone and each.victim not in failing else each
        for each in rest
    ]
    return (*now, *kept)


def gone(remembered: tuple[Told, ...], digest: Digest) -> tuple[Gone, ...]:
    """Those of them that this run did not see."""
    if not _judges(digest):
        return ()
    latent = {each.test: each for each in digest.latent}
    return tuple(
        Gone(each, next((latent[head] for head in each.heads if head in latent), None)) for each in remembered[:MOST_TOLD] if each.is_gone
    )


def _judges(digest: Digest) -> bool:
    return bool(digest.result.runs) and digest.result.status != "interrupted"


def _still_told(digest: Digest) -> set[str]:
    findings = [finding for finding in digest.result.findings if finding not in digest.others]
    return {finding.fingerprint for finding in findings if finding.fingerprint}


def _matches(told: Told, now: tuple[Told, ...], fingerprints: set[str]) -> bool:
    return bool(set(told.fingerprints) & fingerprints) or any(told.heads == each.heads and told.victim == each.victim for each in now)


def _prints(fingerprints: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in fingerprints if each))[:MOST_FINGERPRINTS]
