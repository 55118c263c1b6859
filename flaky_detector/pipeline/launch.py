"""One run of the suite, from specification to record.

Owns what surrounds a process: the private copy of the tree, scratch space, the database suffix, the bundle, and the clean-up of databases
after a run that did not end by itself. Must not choose what to run.
"""

import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import structs

from flaky_detector.adapters import artefacts, patching, workspace
from flaky_detector.adapters.process import Begin, execute
from flaky_detector.adapters.space import Watch, await_room, full_disks_told, full_one
from flaky_detector.adapters.voice import Tick, Voice, clock
from flaky_detector.errors import SettingsError
from flaky_detector.model import Arrangement, Gap, RunRecord, RunSpec, Slice, Suite
from flaky_detector.pipeline.leftovers import note, swept
from flaky_detector.pipeline.outages import Outage, Outages
from flaky_detector.pipeline.pace import Pace
from flaky_detector.pipeline.templates import Templates
from flaky_detector.recorder import wire
from flaky_detector.rules.outage import SERVER
from flaky_detector.settings import Settings
from flaky_detector.stages.ingest import ingest
from flaky_detector.stages.ingest.console_lines import plain
from flaky_detector.stages.run import Ended, Invocation, Manner, Place, invocation

ENDED_BY_ITSELF = (0, 1, 5)
SWEEP_SECONDS = 60.0
CONSOLE_TAIL_BYTES = 65536
SPARE_BYTES = 1024
"""That run.json takes from the beginning, so that the end of the run can be told on a full disk too."""
MOST_TESTS_LOOKED_AT_DEEPLY = 8
RAISED_INSIDE = re.compile(r"INTERNALERROR> ([A-Za-z_][\w.]*: .*)")
"""The exception below the frames of a traceback of pytest itself, which are indented."""


class Wish(NamedTuple):
    """One run as it is wanted: what, where its bundle goes, for how long at most, who is told, as a trial, with a patch, as a walk.

    `walk` is the recorder's JSON of a walk, empty for none. What `collects` only waits for
    orders of that; what is to be collected `anew` is no such order. `beside` are numbers of starts or collections, of
    which one is to be forked.
    """

    spec: RunSpec
    bundle: Path
    deadline_seconds: float
    tick: Tick | None = None
    trial: bool = False
    patch: str = ""
    walk: str = ""
    collects: bool = False
    anew: bool = False
    beside: frozenset[int] = frozenset()


class Launcher:
    """Runs specifications, each in a private copy of the tree with databases of its own.

    Args:
        settings: the user's pytest arguments, rootdir and output folder.
        suites: the interpreters at hand, the first being the default.
        scratch: a folder of ours outside the user's tree; the caller removes it.
        environ: the caller's environment.
        voice: progress.
    """

    def __init__(self, settings: Settings, suites: Sequence[Suite], scratch: Path, environ: Mapping[str, str], voice: Voice) -> None:
        self.settings = settings
        self.suites = tuple(suites)
        self.scratch = scratch
        self.environ = environ
        self.voice = voice
        self.rootdir = settings.rootdir.resolve()
        self.left_out = (settings.output.resolve(), scratch, *((settings.history.resolve(),) if settings.history else ()))
        self.template: workspace.Template | None = None
        self.slice: Slice | None = None
        self.in_place = False
        self.one_at_a_time = threading.Lock()
        self.pace = Pace(settings.budget_seconds)
        self.outages = Outages()
        self.templates = Templates(scratch, enabled=settings.clone)

    def close(self) -> None:
        """No run follows; what they shared is dropped."""
        self.templates.close()

    def _go_in_place(self, record: RunRecord) -> Gap:
        """From now on run in the user's own tree, one run after another, the tree restored after each; why, as a gap.

        What the record says to have been changed there already is put back.
        """
        self.in_place = True
        paths = [Path(thing.removeprefix("file ")) for thing in record.shared if thing.startswith("file ")]
        count = self.template.put_back(paths) if self.template else 0
        restored = f"; what it had changed there ({count} file{'s' if count > 1 else ''}) was put back" if count else ""
        return Gap(
            "isolation",
            f"in a private copy the suite still imported {record.imported_originals[0]} from the checkout itself (an editable install or an"
            f" absolute path){restored}; from then on it ran in place, one run after another, and the tree was restored after each",
        )

    def suite(self, python: str) -> Suite:
        """The suite of this key, or the first one (a key from a foreign record is not among ours)."""
        return next((suite for suite in self.suites if suite.python == python), self.suites[0])

    def run_suite(self, spec: RunSpec, deadline_seconds: float) -> RunRecord:
        """One run of the plan; its bundle stays in the output folder."""
        self.voice.say(f"run {spec.id}: {spec.why}")
        with self.voice.task(f"run {spec.id}") as tick:
            record = self.run(Wish(spec, self.settings.output / "runs" / spec.id, deadline_seconds, tick))
        self.pace.learn(record)
        tests = len(set(record.executions.tests))
        self.voice.say(f"run {spec.id}: {tests} test{'' if tests == 1 else 's'}, {record.failed} failed, {clock(record.seconds)}")
        return record

    def run(self, wish: Wish) -> RunRecord:
        """Run it, leave a bundle, and read it back; with a patch, in a copy to which it is applied (no test runs where it does not fit).

        Raises:
            Interrupted: the run was ended; its bundle holds what it wrote until then.
            NoSpaceError: it could not begin, for a disk is full.
            NoServerError: nor without the database server.
        """
        with self.kept_going():
            record = self._run_once(wish)
            if not record.imported_originals or self.in_place:
                return record
            gap = self._go_in_place(record)
            record = self._run_once(wish)
        return structs.replace(record, gaps=(gap, *record.gaps))

    def _run_once(self, wish: Wish) -> RunRecord:
        shutil.rmtree(wish.bundle, ignore_errors=True)
        wish.bundle.mkdir(parents=True)
        room = self.scratch / f"r{secrets.token_hex(4)}"
        (room / "tmp").mkdir(parents=True)
        try:
            with self._tree() as copy:
                if not wish.patch or patching.apply(wish.patch, copy.rootdir):
                    place = self.place(copy, wish.bundle.resolve(), room)
                    if wish.patch and not patching.changes_tests_only(wish.patch):
                        place = structs.replace(place, templates="")  # what it changes may be what a database is made of
                    self._run_there(wish, place)
        finally:
            workspace.remove(room)
        return read_bundle(wish.bundle) if (wish.bundle / "run.json").is_file() else RunRecord(spec=wish.spec)

    @contextmanager
    def _tree(self) -> Iterator[workspace.Copy]:
        if self.in_place:
            with self.one_at_a_time, workspace.guarded(self.rootdir, exclude=self.left_out) as copy:
                yield copy
            return
        with self.the_template().lend() as copy:
            yield copy

    def the_template(self) -> workspace.Template:
        """The tree as it was when this was first asked."""
        with self.one_at_a_time:
            if self.template is None:
                self.template = workspace.Template.of(self.rootdir, self.scratch, exclude=self.left_out)
            return self.template

    def place(self, copy: workspace.Copy, bundle: Path, room: Path) -> Place:
        """All paths of a run in this copy."""
        return Place(
            rootdir=str(copy.rootdir),
            tree=str(copy.tree),
            original_rootdir=str(copy.original_rootdir),
            original_tree=str(copy.original_tree),
            bundle=str(bundle),
            scratch=str(room / "tmp"),
            database_suffix=f"_fd{secrets.token_hex(4)}",
            templates=self.templates.folder(),
        )

    def _run_there(self, wish: Wish, place: Place) -> None:
        self.run_at(wish, place, self.call(wish, place))

    def call(self, wish: Wish, place: Place, *, junit: bool = True) -> Invocation:
        """The process that runs the wish at a place."""
        manner = Manner(
            pytest_args=self.settings.pytest_args,
            python_path=self.environ.get("PYTHONPATH", ""),
            hash_seed="" if "PYTHONHASHSEED" in self.environ else str(secrets.randbelow(2**32)),
            trial=wish.trial,
            deep=is_deep(wish),
            junit=junit,
            walk=wish.walk,
            collects=wish.collects,
        )
        return structs.replace(
            invocation(wish.spec, self.suite(wish.spec.python), place, manner),
            deadline_seconds=wish.deadline_seconds,
            quiet_seconds=self.pace.quiet_seconds(trial=wish.trial),
        )

    def run_at(self, wish: Wish, place: Place, call: Invocation, begin: Begin | None = None) -> Ended:
        """Run a call and write down what was asked for and how it ended; databases that it could not drop are dropped."""
        ended = Ended(exit_code=-2, seconds=0.0)
        watch = Watch(Path(place.bundle), Path(place.scratch))
        if not wish.trial:
            self._write_run(wish, place, None)
        sweep = sweep_of(call, place)
        note(Path(place.scratch).parent, sweep)
        self.templates.expect(call)
        started = time.monotonic()
        try:
            ended = execute(call, tick=watch.ticking(wish.tick), begin=begin)
        finally:
            if ended.exit_code not in ENDED_BY_ITSELF or ended.timed_out:
                swept(sweep, self.scratch)
                ended = structs.replace(ended, seconds=ended.seconds or time.monotonic() - started)
            self._write_run(wish, place, ended)
        outage = self.outages.find(watch, call, sweep, started)
        if outage is not None:
            self._write_run(wish, place, ended, outage)
        if outage is not None and outage.of == SERVER:
            swept(sweep, self.scratch)  # the run could not
        self.templates.tend(call)
        return ended

    @contextmanager
    def kept_going(self) -> Iterator[None]:
        """For whatever runs something: nothing is begun without room or a server, and where there is no room in the end it is told.

        Raises:
            NoSpaceError: a disk is full.
            NoServerError: the database server has not come back.
        """
        self.outages.require()
        if full_one(self.scratch) is not None and self.template is not None:
            self.template.tidy()
        await_room(self.scratch, self.settings.output)
        with full_disks_told(self.scratch):
            yield

    def _write_run(self, wish: Wish, place: Place, ended: Ended | None, outage: Outage | None = None) -> None:
        """run.json: what was asked for and how the process ended; None while it has not, for the machine may be gone before it has."""
        members = {
            "v": 1,
            "spec": wish.spec,
            "exit_code": ended.exit_code if ended else 0,
            "seconds": round(ended.seconds, 3) if ended else 0.0,
            "timed_out": bool(ended and ended.timed_out),
            "python": self.suite(wish.spec.python).version,
            "ended": ended is not None,
        }
        members |= {"slice": self.slice} if self.slice else {}
        members |= {"outage": outage.text, "outage_of": outage.of} if outage else {}
        _write_over(Path(place.bundle) / "run.json", msgspec.json.encode(members))

    def why_nothing_ran(self, record: RunRecord) -> tuple[str, str]:
        """What happened and what to do, for a run that executed no test."""
        log = f"{self.settings.output}/runs/{record.spec.id}/console.log"
        said = last_words(Path(log))
        what = {5: "pytest collected no tests", 4: "pytest did not accept its arguments", 2: "the suite does not collect"}
        reason = what.get(record.exit_code, f"pytest ended with exit code {record.exit_code} before the first test")
        return f"{reason}: {said}" if said else reason, f"run `pytest` in {self.rootdir} and mend what it says; its output is in {log}"


def _write_over(path: Path, data: bytes) -> None:
    """In the place of what is there, which takes no more room."""
    if not path.exists():
        path.write_bytes(data.ljust(len(data) + SPARE_BYTES))
        return
    with path.open("r+b") as file:
        file.write(data.ljust(path.stat().st_size))
        file.truncate()


def is_deep(wish: Wish) -> bool:
    """Whether deep probes pay: in the first look at what every test leaves behind, and where few tests run."""
    if wish.trial:
        return not wish.walk and len(wish.spec.order) <= MOST_TESTS_LOOKED_AT_DEEPLY
    return wish.spec.arrangement is Arrangement.OWN and not wish.spec.workers


def read_bundle(bundle: Path) -> RunRecord:
    """The record of one bundle on disk."""
    bundles, gaps = artefacts.gather([bundle])
    if not bundles:
        raise SettingsError(f"{str(bundle)!r} holds no run", "give the folder of one run, as a hunt leaves it in runs/")
    record = ingest(bundles[0])
    return structs.replace(record, gaps=(*record.gaps, *gaps), bundle=str(bundle))


def sweep_of(call: Invocation, place: Place) -> Invocation:
    """What drops the test databases of a run that cannot do so itself; only names with this run's suffix are touched."""
    argv = (call.argv[0], "-m", f"{wire.PLUGIN}.sweep", "--suffix", place.database_suffix, "--record", place.bundle)
    return Invocation(argv=argv, env=call.env, cwd=call.cwd, bundle=f"{place.scratch}/sweep", deadline_seconds=SWEEP_SECONDS)


def last_words(log: Path) -> str:
    """The line of pytest's output that says most: the first error, else the last line."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - CONSOLE_TAIL_BYTES))
            lines = [plain(line).strip() for line in stream.read().decode(errors="replace").splitlines()]
    except OSError:
        return ""
    errors = [line.partition(": error: ")[2] for line in lines if ": error: " in line]
    errors += [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")]
    errors += [line for line in lines if line.startswith(("ERROR", "ERROR:"))]
    errors += [found[1] for found in map(RAISED_INSIDE.match, lines) if found][-1:]
    told = errors or [line.strip("= ") for line in lines if line.strip("=_- ")]
    return told[0][:300] if errors else (told[-1][:300] if told else "")
