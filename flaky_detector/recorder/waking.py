"""Waking up: which role this process has, and the parts that it needs.

Owns the wiring, and the `start` and `finish` events.

    no xdist           main        Recorder  Ordering
    xdist controller   controller                      Controller
    xdist worker       gw0, …      Recorder  Ordering              (and Skipping where several workers share an order)
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder import databases, probes, replay, wire
from flaky_detector.recorder.collected import NAME, Collected
from flaky_detector.recorder.failure import Places
from flaky_detector.recorder.imports import Imports
from flaky_detector.recorder.journal import Journal
from flaky_detector.recorder.naming import Names
from flaky_detector.recorder.narrow import narrow
from flaky_detector.recorder.ordering import Ordering, Skipping
from flaky_detector.recorder.plugin import Recorder
from flaky_detector.recorder.shared import Shared
from flaky_detector.recorder.sparing import Sparing
from flaky_detector.recorder.tree import Tree
from flaky_detector.recorder.watch import Watch
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Callable


def wake(session: pytest.Session, wishes: dict[str, str]) -> None:
    """Register what this process needs.

    Args:
        session: which has just started.
        wishes: values of wire's variables.

    Raises:
        BadOrderError: an order is asked for and cannot be read.
    """
    config = session.config
    steps = replay.read_order(wishes[wire.ORDER]) if wire.ORDER in wishes else None
    worker = _role(config)
    journal = Journal(wishes.get(wire.RECORD, ""), worker)
    if steps is not None and steps.repeated:
        journal.note("%d steps of the order repeat a test and are left out" % steps.repeated)
    if worker == wire.CONTROLLER:
        from flaky_detector.recorder.controller import Controller

        journal.write(_start(config, worker, []))
        _register(config, Controller(journal, steps, wishes), Finish(journal, dict))
    else:
        _wake_worker(config, journal, steps, wishes)
    if wire.ORDER in wishes or wire.COLLECT in wishes:
        _register(config, Sparing())


def _wake_worker(config: Any, journal: Journal, steps: replay.Steps | None, wishes: dict[str, str]) -> None:
    rootdir = str(config.rootpath)
    suffix = wishes.get(wire.DATABASE_SUFFIX, "")
    names = Names(has_groups=bool(getattr(config.option, "loadgroup", False)))
    tree = _tree(config, rootdir, wishes)
    watch = Watch(probes.choose(_probe_names(wishes), tree, journal.note), journal.note)
    watch.claims = tree.shared.take_claims
    made = databases.Databases(journal, suffix, wishes.get(wire.TEMPLATES, ""))
    recorder = Recorder(journal, names, watch, Places(rootdir), made)
    if steps is not None and wishes.get(wire.WALK):
        _walk(config, recorder, names, steps, wishes)
        steps = None
    collects_only = wishes.get(wire.COLLECT) == "1"
    ordering = _ordering(journal, names, steps, wishes)
    if collects_only:
        config.pluginmanager.register(Collected(journal, ordering, tree.shared), NAME)
    journal.write({**_start(config, journal.worker, watch.names), **(_for_the_sweep() if suffix else {})})

    def last_words() -> dict[str, Any]:
        if recorder.interrupted():
            journal.note("the test %s did not come to its end" % recorder.interrupted())
        if ordering.steps is not None and not _replaces_another(config):
            text = replay.deviation(ordering.steps, journal.worker, ordering.forced, recorder.executed)
            if text:
                journal.note(text)
        found = _originals(wishes.get(wire.ORIGINAL, ""), rootdir)
        cost = {name: round(seconds, 6) for name, seconds in watch.cost.items()}
        meeting = tree.shared.told(databases_apart=bool(recorder.databases))
        told = {"originals": found, "shared": meeting, "databases": recorder.databases, "cost": cost}
        return {**told, "signs": round(watch.signs_seconds, 6)}

    _register(config, ordering, recorder, Finish(journal, last_words), *(narrow(config) if wire.ORDER in wishes or collects_only else ()))
    if wishes.get(wire.PROBES) == probes.DEEP and journal.writes:
        _register(config, Imports(journal, watch))
    if suffix:
        databases.rename(suffix)
    if steps is not None and hasattr(config, "workerinput"):
        _register(config, SharedOrder(config, steps, names))


def _ordering(journal: Journal, names: Names, steps: replay.Steps | None, wishes: dict[str, str]) -> Ordering:
    ordering = Ordering(journal, names, steps, wishes.get(wire.SHUFFLE, ""))
    ordering.shuffles_last = wishes.get(wire.SHUFFLE_LAST) == "1"
    ordering.without = frozenset(json.loads(wishes.get(wire.WITHOUT) or "[]"))
    ordering.lists_tests = journal.worker in (wire.SERIAL_WORKER, "gw0")
    return ordering


def _tree(config: Any, rootdir: str, wishes: dict[str, str]) -> Tree:
    """What is watched of the file system."""
    tree = Tree(rootdir, (wishes.get(wire.RECORD, ""), str(getattr(config.option, "basetemp", None) or "")))
    tree.shared = Shared(rootdir, (wishes.get(wire.RECORD, ""), wishes.get(wire.COPY, "")), wishes.get(wire.ORIGINAL, ""))
    tree.homes = tuple(wishes[name] for name in (wire.COPY, wire.ORIGINAL) if wishes.get(name))
    return tree


def _walk(config: Any, recorder: Recorder, names: Names, steps: replay.Steps, wishes: dict[str, str]) -> None:
    """A walk keeps to the order itself."""
    from flaky_detector.recorder.branching import Branching
    from flaky_detector.recorder.walk import Walk

    branching = Branching(wishes.get(wire.DATABASE_SUFFIX, ""), recorder.journal.note)
    _register(config, Walk(recorder, names, steps.tests, json.loads(wishes[wire.WALK]), branching))


class Finish:
    """Writes `finish` when everything has been torn down."""

    def __init__(self, journal: Journal, last_words: Callable[[], dict[str, Any]]) -> None:
        self._journal = journal
        self._last_words = last_words

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """The end."""
        os.environ.pop(wire.AWAKE, None)
        words: dict[str, Any] = {}
        try:
            words = self._last_words()
        except Exception as error:
            self._journal.note("the recorder failed at the end: %r" % (error,))
        self._journal.write({"ev": "finish", "time": World.now(), "exit": int(exitstatus), **words})
        self._journal.close()


class SharedOrder:
    """In an xdist worker: notices when an order is for several workers."""

    def __init__(self, config: pytest.Config, steps: replay.Steps, names: Names) -> None:
        self._config = config
        self._steps = steps
        self._names = names

    @pytest.hookimpl
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What the controller is told as well: the tests that are there."""
        if replay.needs_sequence(self._steps.present({self._names.of(item) for item in session.items})):
            _register(self._config, Skipping())


def _register(config: Any, *plugins: object) -> None:
    for plugin in plugins:
        config.pluginmanager.register(plugin)


def _role(config: Any) -> str:
    if hasattr(config, "workerinput"):
        return str(config.workerinput["workerid"])
    return wire.CONTROLLER if config.pluginmanager.hasplugin("dsession") else wire.SERIAL_WORKER


def _originals(original: str, rootdir: str) -> list[str]:
    if not original:
        return []
    from flaky_detector.recorder.originals import originals

    return originals(original, rootdir)


def _replaces_another(config: Any) -> bool:
    """Whether this xdist worker took the place of one that died: its number is beyond the count."""
    workerinput = getattr(config, "workerinput", {})
    number = str(workerinput.get("workerid", "gw0"))[2:]
    return number.isdigit() and int(number) >= int(workerinput.get("workercount", 1))


def _probe_names(wishes: dict[str, str]) -> str:
    """Without a journal nobody would read what the probes find."""
    return wishes.get(wire.PROBES, "") if wire.RECORD in wishes else probes.NONE


def _start(config: Any, worker: str, names: list[str]) -> dict[str, Any]:
    seed = getattr(config.option, "randomly_seed", None)
    return {
        "ev": "start",
        "v": wire.VERSION,
        "worker": worker,
        "pid": os.getpid(),
        "time": World.now(),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "pytest": pytest.__version__,
        "rootdir": str(config.rootpath),
        "argv": [str(argument) for argument in config.invocation_params.args],
        "plugins": dict(_distributions(config)),
        "seed": seed if isinstance(seed, int) else None,
        "probes": names,
    }


def _for_the_sweep() -> dict[str, Any]:
    settings = os.environ.get("DJANGO_SETTINGS_MODULE")
    return {"settings": settings, "sys_path": list(sys.path)} if settings else {}


def _distributions(config: Any) -> list[tuple[str, str]]:
    """Names and versions of installed plugins, read off their metadata folders' names where possible: reading files takes long."""
    found = []
    for _, dist in config.pluginmanager.list_plugin_distinfo():
        inner = getattr(dist, "_dist", dist)
        folder = os.path.basename(str(getattr(inner, "_path", "")))
        match = re.match(r"(.+?)-([^-]+?)(?:-py[\d.]+)?\.(?:dist|egg)-info$", folder)
        name, version = match.groups() if match else (inner.metadata["Name"], inner.version)
        found.append((re.sub(r"[-_.]+", "-", str(name)).lower(), str(version)))
    return sorted(set(found))
