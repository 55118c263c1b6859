"""How what was told before, and is no longer seen, is told: what was seen, where, and on what this run's word rests."""

from collections.abc import Sequence

from flaky_detector.model import TestId, short_name
from flaky_detector.model.words import enumerated, leaves, tick
from flaky_detector.stages.report.digest import Digest
from flaky_detector.stages.report.earlier import Gone, Told
from flaky_detector.stages.report.telling.grammar import count


def gone_headline(gone: Sequence[Gone]) -> str:
    """`Not seen any more: 2 causes told here before`."""
    return f"Not seen any more: {count(len(gone), 'cause')} told here before"


def gone_introduction(digest: Digest, commit: str) -> str:
    """On what it rests that something is not seen: runs, tests, commit."""
    runs = f"{count(len(digest.result.runs), 'run')} of {count(digest.tests, 'test')}"
    at = f" at `{commit[:7]}`" if commit else ""
    return (
        f"In {runs}{at} nothing was seen of what this comment told before. That is no proof of a cure: the order that failed may not have"
        " come up."
    )


def gone_line(one: Gone) -> str:
    """`test_p` made `test_v` and 2 more fail, proven by re-running at `1a2b3c4`; not seen since `2b3c4d5`."""
    told = one.told
    seen = f" at `{told.seen[:7]}`" if told.seen else ""
    since = f"; not seen since `{told.gone[:7]}`" if told.gone else ""
    still = f". It still {leaves(one.latent.state)}" if one.latent and leaves(one.latent.state) else ""
    proven = "suspected" if told.way == "suspect" else "proven by re-running"
    return f"{_deed(told)}, {proven}{seen}{since}{still}."


def _deed(told: Told) -> str:
    heads, victim = enumerated([tick(_name(test)) for test in told.heads]) or "something", tick(_name(told.victim))
    if told.way == "state-setter":
        return f"{victim} passed only after {heads}"
    if told.way == "beside":
        return f"{victim} failed only while {heads} ran on another worker"
    more = f" and {told.victims - 1} more" if told.victims > 1 else ""
    verb = "was thought to make" if told.way == "suspect" else "made"
    return f"{heads} {verb} {victim}{more} fail"


def _name(test: TestId) -> str:
    return short_name(test).replace("`", "'")
