"""How a run is started: RunSpec and Suite in, Invocation out.

Owns the command line and the environment of a pytest process, and the Runner protocol. Must not start anything.

The project's own addopts and the user's arguments stay in force; what would spoil a run is overridden after them, knowingly: `-x` and
`--maxfail` (every failure is wanted), `-n` and `--dist` (the specification says), coverage (it costs time and can fail the run),
`-p no:randomly` and `-p no:xdist` only where the run needs the plugin.
"""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Protocol

import msgspec

from flaky_detector.model import Arrangement, Order, RunSpec, Suite, path_of
from flaky_detector.recorder import wire
from flaky_detector.stages.run.plugins import Plugins, randomly, xdist


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One pytest process to start.

    `argv` starts with the interpreter; `env` holds only what is added to (or, with None, taken from) the caller's environment;
    `cwd` is where it runs; `bundle` the folder that junit.xml, journals and console.log go to; `order_json` is
    written to `bundle/order.json` first where it is not empty. It is ended after `deadline_seconds`, or when no journal has grown for
    `quiet_seconds` (0: never for that reason): a test hangs.
    """

    argv: tuple[str, ...]
    env: dict[str, str | None]
    cwd: str
    bundle: str
    order_json: str = ""
    deadline_seconds: float = 3600.0
    quiet_seconds: float = 0.0


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How the process ended. `exit_code` is pytest's own, or minus the signal's number."""

    exit_code: int
    seconds: float
    timed_out: bool = False


class Runner(Protocol):
    """Runs specifications; each leaves a bundle."""

    def run(self, spec: RunSpec, deadline_seconds: float) -> str:
        """Run `spec` in a private copy of the tree with its own databases; the path of the bundle it left."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run happens: all absolute paths.

    `rootdir` is the project's folder in the private copy (or the user's own, for a run in place) and `tree` the whole copied tree;
    `original_rootdir` and `original_tree` are the user's. `scratch` becomes TMPDIR. `database_suffix` keeps the run's databases apart;
    `templates` is the folder by which runs share templates of them, empty where each is to make its own.
    """

    rootdir: str
    tree: str
    original_rootdir: str
    original_tree: str
    bundle: str
    scratch: str
    database_suffix: str = ""
    templates: str = ""

    def moved(self, path: str) -> str:
        """A path of the user's tree as it is called in the copy, what follows `::` kept as it is; any other path unchanged."""
        file, names = _parted(path)
        try:
            inside = PurePath(file).relative_to(self.original_tree)
        except ValueError:
            return path
        return str(PurePath(self.tree) / inside) + names

    def moved_argument(self, argument: str) -> str:
        """The same for an argument of pytest, which may be `--option=PATH`."""
        option, equals, value = argument.partition("=")
        return f"{option}={self.moved(value)}" if equals and option.startswith("-") else self.moved(argument)


def _parted(argument: str) -> tuple[str, str]:
    """The file of an argument, and the rest from the first `::` on."""
    file, colons, names = argument.partition("::")
    return file, colons + names


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How the user runs pytest: own arguments, the caller's PYTHONPATH, whether the run is a trial, and whether deep probes look on.

    In a trial reruns of failed tests are switched off, for they would blur the answer. `hash_seed` becomes PYTHONHASHSEED, unless it is
    empty: workers whose sets are ordered differently collect different tests, and xdist then refuses to run. Without `junit` the
    journal alone tells what happened. `walk` is what the recorder is asked to find out on the way through the forced order: then no
    probe looks on. What `collects` only is given orders later.
    """

    pytest_args: tuple[str, ...] = ()
    python_path: str = ""
    hash_seed: str = ""
    trial: bool = False
    deep: bool = False
    junit: bool = True
    walk: str = ""
    collects: bool = False


def invocation(spec: RunSpec, suite: Suite, place: Place, manner: Manner) -> Invocation:
    """The process that runs `spec` at `place`; of the user's arguments the paths are left out where `spec.select` replaces them."""
    plugins = Plugins(suite, manner.pytest_args)
    options = [*_reporting(plugins, place, manner), *randomly(spec, suite, plugins), *xdist(spec, plugins)]
    if manner.trial and plugins.has("pytest-rerunfailures"):
        options.append("--reruns=0")
    return Invocation(
        argv=(suite.executable, "-m", "pytest", *_chosen(spec, manner.pytest_args, place), *options),
        env=_environment(spec, suite, place, manner),
        cwd=place.rootdir,
        bundle=place.bundle,
        order_json=order_json(spec.order, spec.together) if spec.order and not manner.collects else "",
    )


def order_json(order: Order, together: Sequence[int] = ()) -> str:
    """A forced order as the recorder reads it."""
    steps = [[step.worker, step.test] for step in order]
    return json.dumps({"v": wire.VERSION, "steps": steps} | ({"together": list(together)} if together else {}), ensure_ascii=False)


def files_of(order: Order) -> tuple[str, ...]:
    """The files that hold the tests of an order: all that has to be collected for it."""
    return tuple(dict.fromkeys(path_of(step.test) for step in order))


FLAGS = frozenset(
    [
        "-v",
        "-vv",
        "-vvv",
        "-q",
        "-qq",
        "-x",
        "-s",
        "-l",
        "--lf",
        "--ff",
        "--nf",
        "--sw",
        "--create-db",
        "--reuse-db",
        "--no-migrations",
        "--nomigrations",
        "--no-cov",
    ]
)
"""Options without a value, after which a path is a path. A path mistaken for a value only makes a trial collect more than it needs."""


def _chosen(spec: RunSpec, pytest_args: Sequence[str], place: Place) -> Iterator[str]:
    previous = ""
    for argument in pytest_args:
        is_value = previous.startswith("-") and "=" not in previous and previous not in FLAGS
        previous = argument
        if spec.select and not is_value and _is_path(argument, place):
            continue
        yield place.moved_argument(argument)
    yield from spec.select


def _is_path(argument: str, place: Place) -> bool:
    head, _ = _parted(argument)
    return not argument.startswith("-") and (PurePath(head).is_absolute() or Path(place.original_rootdir, head).exists())


def _reporting(plugins: Plugins, place: Place, manner: Manner) -> Iterator[str]:
    yield from ("-p", wire.PLUGIN)
    if manner.junit and plugins.has("junitxml"):
        yield f"--junitxml={place.bundle}/junit.xml"
    yield from ("--maxfail=0", "--color=no")
    if plugins.has("pytest-cov"):
        yield "--no-cov"


def _environment(spec: RunSpec, suite: Suite, place: Place, manner: Manner) -> dict[str, str | None]:
    env: dict[str, str | None] = dict.fromkeys((*wire.ALL_VARIABLES, wire.FORK_SERVER))
    env |= {
        wire.RECORD: place.bundle,
        wire.DATABASE_SUFFIX: place.database_suffix or None,
        wire.TEMPLATES: place.templates or None,
        "PYTHONPATH": os.pathsep.join(_python_path(spec, suite, place, manner.python_path)),
        "TMPDIR": place.scratch,
        "PYTHONUNBUFFERED": "1",
    }
    if manner.deep:
        env[wire.PROBES] = "deep"
    if manner.walk:
        env[wire.WALK] = manner.walk
    if manner.hash_seed:
        env["PYTHONHASHSEED"] = manner.hash_seed
    if place.tree != place.original_tree:
        env[wire.COPY] = place.tree
        env[wire.ORIGINAL] = place.original_tree
        env["PWD"] = place.rootdir
    if manner.collects:
        env[wire.COLLECT] = "1"
    elif spec.order:
        env[wire.ORDER] = f"{place.bundle}/order.json"
    if spec.arrangement is Arrangement.SHUFFLED:
        env[wire.SHUFFLE] = f"seed:{spec.seed or 0}"
    if spec.arrangement is Arrangement.REVERSED:
        env[wire.SHUFFLE] = "reversed"
    if spec.without:
        env[wire.WITHOUT] = json.dumps(spec.without)
    if not spec.keep_sort:
        env[wire.SHUFFLE_LAST] = "1"
    return env


def _python_path(spec: RunSpec, suite: Suite, place: Place, python_path: str) -> Iterator[str]:
    """The guest, plugins that the run needs and the environment lacks, then the user's own entries as they are called in the copy.

    An entry of `sys.path` below the user's tree (an editable install) is put in front by its name in the copy, so that the copy's
    modules are imported rather than the original's.
    """
    yield suite.guest
    if spec.workers and suite.folder_of("pytest-xdist"):
        yield suite.folder_of("pytest-xdist")
    if spec.arrangement is Arrangement.SHUFFLED and suite.folder_of("pytest-randomly"):
        yield suite.folder_of("pytest-randomly")
    given = [entry for entry in python_path.split(os.pathsep) if entry]
    yield from map(place.moved, given)
    if place.tree != place.original_tree:
        moved = [(entry, place.moved(entry)) for entry in suite.sys_path if "site-packages" not in entry and entry not in given]
        yield from (new for old, new in moved if new not in (old, place.rootdir))
