"""What a plan may rest on beside settings and runs: how shuffles come about, what is still open, what changed.

Owns that record. Must not find any of it out.
"""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import msgspec

from flaky_detector.model import RunRecord
from flaky_detector.model.questions import Question

Naming = Callable[[str], str]
"""From the path of a test file, relative to the rootdir, to the name under which pytest imports it."""

Exists = Callable[[str], bool]


def nothing_open(records: Sequence[RunRecord]) -> tuple[Question, ...]:  # noqa: ARG001 -- it stands in for a look at the runs
    """No question."""
    return ()


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The default knows nothing, and then seeds are taken as they come.

    `computed` holds the Pythons in which a shuffle is known to be a pure function of seed and names; `namings` the ways in which test
    files may be imported there, the likeliest first. `questions` are asked only where a seed is to be chosen. `changed` are paths
    relative to the rootdir, `since` says since when.
    """

    computed: frozenset[str] = frozenset()
    namings: tuple[Naming, ...] = ()
    questions: Callable[[Sequence[RunRecord]], tuple[Question, ...]] = nothing_open
    changed: tuple[str, ...] = ()
    since: str = ""


def by_package(exists: Exists) -> Naming:
    """As pytest's import modes `prepend` and `append` name a file: from its outermost package down."""

    def name(path: str) -> str:
        parts = PurePosixPath(path).with_suffix("").parts
        start = len(parts) - 1
        while start > 0 and exists("/".join((*parts[:start], "__init__.py"))):
            start -= 1
        return ".".join(parts[start:])

    return name


def by_rootdir(path: str) -> str:
    """As the import mode `importlib` names a file that is in no package: from the rootdir down."""
    return ".".join(PurePosixPath(path).with_suffix("").parts)


NOTHING = Known()
