"""What is to be run: orders, run specifications, and what is known of the suite.

Owns the nouns that plan and confirm hand to the runner. Must not know how a run is started.
"""

from enum import StrEnum

import msgspec

from flaky_detector.model.identity import TestId


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One test at its place in a forced order; `worker` counts from 0."""

    worker: int
    test: TestId


Order = tuple[Step, ...]
"""A forced order. Steps of one worker run in this sequence; a step that follows one of another worker waits for it."""


def on_one_worker(tests: tuple[TestId, ...]) -> Order:
    """The order that runs `tests`, in sequence, in a single process."""
    return tuple(Step(0, test) for test in tests)


def workers_of(order: Order) -> int:
    """How many workers an order needs (at least 1)."""
    return max((step.worker for step in order), default=0) + 1


class Arrangement(StrEnum):
    """How the tests of a run are put in order before xdist distributes them."""

    OWN = "own"  # as the project's own settings and plugins put them
    FRONT_LOADED = "front-loaded"  # tests that left state behind first, then the project's own order
    CHANGED_FIRST = "changed-first"  # tests of the files that changed first, then the rest, both in the project's own order
    CHANGED_LAST = "changed-last"  # the rest first, then those
    ACROSS_WORKERS = "across-workers"  # tests that left state behind, then the others on another worker
    SHUFFLED = "shuffled"  # by seed, the project's plugins sort afterwards
    FRONT_LOADED_BACKWARDS = "front-loaded-backwards"  # as front-loaded, those tests in the opposite order
    FRONT_LOADED_SHUFFLED = "front-loaded-shuffled"  # as front-loaded, those tests shuffled by seed
    BLOCKS = "blocks"  # the project's own order in contiguous blocks, the last one first
    SIDE_BY_SIDE = "side-by-side"  # only tests that want the same port or file, two at a time on two workers
    REVERSED = "reversed"  # the project's own order backwards, the project's plugins sort afterwards
    FORCED = "forced"  # exactly the order given


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the suite.

    `workers` is 0 for a run without xdist; `distribution` is then `no`. `order` is empty for own, shuffled and reversed arrangements.
    `keep_sort` says whether what the project's plugins impose (pytest-django's sort) is applied after a shuffle. The steps at
    the places `together` begin while the one before them is running on another worker. `without` are tests that are left out, for they end
    the process or hang. `select` narrows what pytest collects (files or node ids); empty means what the project's own settings and the
    user's pytest arguments select.
    """

    id: str
    python: str
    arrangement: Arrangement = Arrangement.OWN
    seed: int | None = None
    distribution: str = "no"
    workers: int = 0
    order: Order = ()
    keep_sort: bool = True
    together: tuple[int, ...] = ()
    without: tuple[TestId, ...] = ()
    select: tuple[str, ...] = ()
    why: str = ""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a plan one runner was given: the `number`-th of `count`.

    `runs` are the ids of the whole plan's runs, so that any slice that arrives tells which others should have. `hunt` tells two hunts
    with the same plan apart: the id of the workflow run, empty elsewhere.
    """

    number: int
    count: int
    runs: tuple[str, ...] = ()
    hunt: str = ""


class Distribution(msgspec.Struct, frozen=True):
    """An installed distribution package of the suite's environment."""

    name: str
    version: str


class Provided(msgspec.Struct, frozen=True):
    """A pytest plugin that the user's environment lacks, installed into a folder of its own: on PYTHONPATH only where a run needs it."""

    name: str
    folder: str


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the suite in one interpreter before anything ran.

    `python` is the key that RunSpecs carry ("3.12", or the path that the user gave); `executable` the absolute path;
    `sys_path` as that interpreter sees it in the rootdir; `plugins` maps pytest plugin distributions to versions.
    `addopts` is the project's own, from its ini file and PYTEST_ADDOPTS, already split. `guest` is the folder that holds the
    recorder and nothing else of ours.
    """

    python: str
    executable: str
    version: str
    pytest_version: str
    rootdir: str
    sys_path: tuple[str, ...] = ()
    plugins: tuple[Distribution, ...] = ()
    addopts: tuple[str, ...] = ()
    guest: str = ""
    provided: tuple[Provided, ...] = ()

    def has_plugin(self, name: str) -> bool:
        """Whether the distribution (as on PyPI, lower case) is installed."""
        return any(plugin.name == name for plugin in self.plugins)

    def folder_of(self, name: str) -> str:
        """Where a provided plugin lies; empty where the environment has its own."""
        return next((plugin.folder for plugin in self.provided if plugin.name == name), "")
