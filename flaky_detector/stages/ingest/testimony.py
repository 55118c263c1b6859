"""What ingest reads and what each of its readers says.

Owns the nouns between readers and merge: papers, bundles, testimonies. Must not read or weigh anything.
"""

from collections.abc import Callable, Sequence

import msgspec

from flaky_detector.model import Execution, Gap, Imported, TestId


class Paper(msgspec.Struct, frozen=True):
    """One file of a run, by its name within the bundle.

    `source` is its content, or what reads it: then nothing is read before somebody asks, and nothing is kept. `size` is that of what will
    be read, as far as it is known beforehand.
    """

    name: str
    source: bytes | Callable[[], bytes]
    size: int | None = None

    @property
    def data(self) -> bytes:
        """Its content, read anew each time."""
        return self.source if isinstance(self.source, bytes) else self.source()


class Bundle(msgspec.Struct, frozen=True):
    """The papers of one run. `name` is unique among the bundles that are read together, and becomes the run's id for foreign ones.

    `job` is the job of CI that left them, as its matrix names it; "" where that is not known.
    """

    name: str
    papers: tuple[Paper, ...]
    job: str = ""


class Testimony(msgspec.Struct, frozen=True, kw_only=True):
    """What one paper says of a run; empty fields where it says nothing.

    `executions` carry worker "" and position -1 where the witness does not know them. `seconds` is the run's wall time. `agreed`
    counts tests that are left out, for a better witness was known to tell the same of them. `has_ends` says that only tests that ended are
    told in it as anything but crashed.
    """

    witness: str
    agreed: int = 0
    has_ends: bool = False
    executions: tuple[Execution, ...] = ()
    gaps: tuple[Gap, ...] = ()
    python: str = ""
    seed: int | None = None
    distribution: str = ""
    workers: int = 0
    seconds: float = 0.0
    collected: tuple[TestId, ...] = ()
    app_labels: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    imports: tuple[Imported, ...] = ()


MOST_NAMED = 5
LONGEST_NAME = 160


def named(tests: Sequence[str]) -> str:
    """Tests for a sentence: the first few, and how many more; ids can be as long as a page."""
    first = [test if len(test) <= LONGEST_NAME else test[:LONGEST_NAME] + "…" for test in tests[:MOST_NAMED]]
    return ", ".join(first) + (f" and {len(tests) - MOST_NAMED} more" if len(tests) > MOST_NAMED else "")
