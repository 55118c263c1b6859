"""What each verb of the command line does: stages and adapters put together, an exit code out.

Owns the life of the scratch folder and of the output folder. Must not parse options.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from flaky_detector.adapters import artefacts, interpreters, pages, sources
from flaky_detector.adapters.actions import whereabouts
from flaky_detector.adapters.changes import Changes
from flaky_detector.adapters.process import CAN_RUN_SUITES
from flaky_detector.adapters.scratch import is_owing, scratch_folder
from flaky_detector.adapters.space import full_disks_told, reserve
from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import SettingsError
from flaky_detector.model import Arrangement, RunRecord, RunSpec, Slice, TestId, bare_test_id, on_one_worker
from flaky_detector.pipeline import analysis
from flaky_detector.pipeline import hunt as hunting
from flaky_detector.pipeline.ahead import changes_of, known
from flaky_detector.pipeline.deliver import deliver
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.forecast import last_hunt, lines
from flaky_detector.pipeline.foreign import retold
from flaky_detector.pipeline.launch import Launcher, read_bundle
from flaky_detector.pipeline.leftovers import sweep_leftovers
from flaky_detector.pipeline.nightly import Clock, dossier_of, recall, recall_told, utc_now, with_tonight
from flaky_detector.pipeline.past_runs import gathered, subject_of
from flaky_detector.pipeline.spread import matrix, share
from flaky_detector.settings import Settings
from flaky_detector.stages import plan as planning
from flaky_detector.stages.report import read_findings
from flaky_detector.stages.run import files_of

DOWNLOADING = 0.4
"""Of the budget: what it may take at most to download runs that are over."""

NOT_HERE = "on Windows no suite is run yet"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One use of the program: checked settings, the verb's own arguments, the environment, a voice, and how long it took to start."""

    settings: Settings
    arguments: argparse.Namespace
    environ: Mapping[str, str]
    voice: Voice
    clock: Clock = utc_now
    start_seconds: float = 0.0


def hunt(call: Call) -> int:
    """The whole way."""
    memory = recall(call.settings, call.environ, call.clock)
    dossier = dossier_of(memory, call.settings.budget_seconds, call.start_seconds)
    with _workshop(call) as launcher:
        result = hunting.hunt(launcher, dossier, launcher.settings, sources.reader(launcher.rootdir))
    return deliver(with_tonight(result, dossier, memory), launcher.settings, call.environ, call.voice, memory)


def analyze(call: Call) -> int:
    """Findings from artefacts and runs that are over; with --confirm, proven in the present checkout."""
    memory = recall(call.settings, call.environ, call.clock)
    dossier = dossier_of(memory, call.settings.budget_seconds, call.start_seconds)
    given = subject_of(call.arguments.paths, call.arguments.run_id, call.arguments.repo)
    with gathered(given, call.environ, DOWNLOADING * call.settings.budget_seconds, call.voice) as (bundles, gaps):
        analysis.read(bundles, gaps, dossier)
    read = sources.reader(call.settings.rootdir.resolve())
    if call.settings.confirm and not CAN_RUN_SUITES:
        dossier.add_gap("proof", f"{NOT_HERE}: who is suspected was not re-run")
    if not (call.settings.confirm and CAN_RUN_SUITES) or dossier.status == "interrupted":
        settings = _with_output(call.settings)
        result = analysis.analyze(dossier, settings, read)
        return deliver(with_tonight(result, dossier, memory), settings, call.environ, call.voice, memory)
    with _workshop(call) as launcher:
        result = analysis.analyze(dossier, launcher.settings, read, launcher)
    return deliver(with_tonight(result, dossier, memory), launcher.settings, call.environ, call.voice, memory)


def confirm(call: Call) -> int:
    """Prove or clear suspects of one test."""
    victim = bare_test_id(call.arguments.victim)
    dossier = Dossier(call.settings.budget_seconds, start_seconds=call.start_seconds)
    with _workshop(call) as launcher:
        read = sources.reader(launcher.rootdir)
        said = call.arguments
        given = analysis.Given(victim, _order_file(said.order), _ids(said.suspect), _ids(said.elsewhere), _ids(said.beside))
        if given.is_empty:
            result = hunting.hunt(launcher, dossier, launcher.settings, read, only=victim)
        else:
            result = analysis.confirm(given, launcher, dossier, read)
    return deliver(result, launcher.settings, call.environ, call.voice)


def _ids(texts: list[str]) -> tuple[TestId, ...]:
    return tuple(bare_test_id(text) for text in texts)


def _order_file(path: Path | None) -> tuple[TestId, ...]:
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"cannot read the order {str(path)!r}: {error}", "give a text file with one node id a line to --order"
        ) from None
    return tuple(bare_test_id(line.strip()) for line in lines if line.strip())


def plan(call: Call) -> int:
    """Print the runs of a hunt's first wave, or those that follow from runs already made: what later ones do depends on what they show."""
    pythons = call.settings.python or ("",)
    settings, rootdir, form = call.settings, call.settings.rootdir.resolve(), call.arguments.format
    changes, made = changes_of(settings, call.environ, rootdir), _records(call.arguments.after)
    seen = known(settings, (), sources.reader(rootdir), changes)
    specs = planning.plan(settings, pythons, made, seen)
    expected = planning.outlook(specs, made or last_hunt(settings.output), made, seen)
    as_json = json.dumps({"v": 1, "runs": msgspec.to_builtins(specs), "pairs": msgspec.to_builtins(expected)}, indent=2)
    if call.arguments.save:
        saved = call.arguments.save
        saved.parent.mkdir(parents=True, exist_ok=True)
        pages.write(saved.parent, {saved.name: as_json + "\n"})
    as_table = "\n".join([_table(specs), *_about_changes(changes), "", *lines(expected, settings.output)])
    text = {"json": as_json, "matrix": json.dumps(matrix(specs, call.arguments.slices)), "table": as_table}[form]
    print(text)  # noqa: T201 -- the result
    return 0


def _records(paths: list[Path]) -> list[RunRecord]:
    """The runs that were made before the plan is."""
    if not paths:
        return []
    records = analysis.read(*artefacts.gather(paths), Dossier()).records
    if not records:
        raise SettingsError("there is no run in what --after names", "give the bundles that `flaky-detector run` left")
    return records


def _table(specs: tuple[RunSpec, ...]) -> str:
    rows = [("id", "python", "workers", "dist", "seed", "what for")]
    rows += [
        (
            spec.id,
            spec.python or "default",
            str(spec.workers or "-"),
            spec.distribution,
            "-" if spec.seed is None else str(spec.seed),
            spec.why,
        )
        for spec in specs
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5])).rstrip() for row in rows]
    lines += ["", "After the first run the plan is asked again: tests that left state behind are then run first, before everything else."]
    return "\n".join(lines)


def _about_changes(changes: Changes) -> list[str]:
    if changes.trouble:
        return [f"Which files changed is not known: {changes.trouble}."]
    count = len(changes.files)
    return [f"So are those of {count} file{'' if count == 1 else 's'} that changed since {changes.since}, and once last."] if count else []


def run(call: Call) -> int:
    """Execute one slice of a plan; only bundles are left."""
    whole = _read_plan(call.arguments.plan)
    number, count = _number_and_count(call.arguments.slice)
    specs = share(whole, number, count)
    with _workshop(_with_pythons_of(specs, call)) as launcher:
        ids = tuple(spec.id for spec in whole)
        launcher.slice = Slice(number=number, count=count, runs=ids, hunt=call.environ.get("GITHUB_RUN_ID", ""))
        for spec in specs:
            launcher.run_suite(spec, launcher.settings.run_timeout_seconds)
    return 0


def _read_plan(path: Path) -> tuple[RunSpec, ...]:
    try:
        return msgspec.convert(json.loads(path.read_text(encoding="utf-8"))["runs"], tuple[RunSpec, ...])
    except (OSError, ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise SettingsError(f"cannot read the plan {str(path)!r}: {error}", "make one with `flaky-detector plan --format json`") from None


def _with_pythons_of(specs: tuple[RunSpec, ...], call: Call) -> Call:
    """A runner makes the environments that its slice needs, and no other."""
    needed = {spec.python for spec in specs}
    pythons = tuple(python for python in call.settings.python if python in needed)
    return msgspec.structs.replace(call, settings=msgspec.structs.replace(call.settings, python=pythons)) if pythons else call


def _slice(specs: tuple[RunSpec, ...], text: str) -> tuple[RunSpec, ...]:
    return share(specs, *_number_and_count(text))


def _number_and_count(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise SettingsError(f"bad value {text!r} for the option --slice", "give I/N with I from 1 to N, such as 2/4")
    return int(number), int(count)


def replay(call: Call) -> int:
    """Run again what one worker ran, in one process; prints how each failing test ended."""
    record = read_bundle(call.arguments.bundle)
    tests = _tests_of(record, call.arguments.worker, call.arguments.until)
    spec = RunSpec(
        id=f"replay-{call.arguments.worker}",
        python=record.spec.python,
        arrangement=Arrangement.FORCED,
        order=on_one_worker(tests),
        select=files_of(on_one_worker(tests)),
        why=f"the {len(tests)} tests that {call.arguments.worker} ran in {record.spec.id}, in its order, in one process",
    )
    with _workshop(call) as launcher:
        again = launcher.run_suite(spec, launcher.settings.run_timeout_seconds)
    for execution in again.executions.failing():
        print(f"{execution.outcome.value.upper()} {execution.test}")  # noqa: T201 -- the result
    return 1 if again.failed else 0


def _tests_of(record: RunRecord, worker: str, until: str | None) -> tuple[TestId, ...]:
    workers = record.by_worker()
    if worker not in workers:
        raise SettingsError(f"no worker {worker!r} in {record.spec.id}", f"its workers are {', '.join(workers) or 'none'}")
    tests = tuple(dict.fromkeys(workers[worker].tests))
    if until is None:
        return tests
    last = bare_test_id(until)
    if last not in tests:
        raise SettingsError(f"{worker} did not run {until!r} in {record.spec.id}", "give the full node id of a test that it ran")
    return tests[: tests.index(last) + 1]


def report(call: Call) -> int:
    """Write the pages anew from a findings.json; with the history that it was written with, its issues are tended."""
    path = call.arguments.findings
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {str(path)!r}: {error}", "give a findings.json that a hunt left") from None
    try:
        result = read_findings(text)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error.message}", error.hint) from None
    settings = _with_output(call.settings, keep=True)
    if whereabouts(call.environ).tells_of_others:
        return deliver(retold(result), settings, call.environ, call.voice)
    return deliver(result, settings, call.environ, call.voice, recall_told(result, settings, call.environ))


def init(call: Call) -> int:
    """Draft the workflow files that call the action."""
    from flaky_detector.pipeline.drafting import draft  # noqa: PLC0415 -- a tenth of our start, and no other verb needs it

    return draft(call.settings, call.arguments.action, call.voice, write=call.arguments.write)


def _with_output(settings: Settings, *, keep: bool = False) -> Settings:
    output = settings.output.resolve() if keep else pages.prepare(settings.output)
    output.mkdir(parents=True, exist_ok=True)
    return msgspec.structs.replace(settings, output=output)


@contextmanager
def _workshop(call: Call) -> Iterator[Launcher]:
    """Output folder, scratch folder, interpreters; the scratch folder is gone afterwards, whatever happened."""
    if not CAN_RUN_SUITES:
        raise SettingsError(NOT_HERE, "run it on Linux, macOS or in WSL; analyze reads here what was recorded here")
    sweep_leftovers(call.voice)  # before the output folder is emptied, which holds the journals of a killed hunt
    settings = _with_output(call.settings)
    with full_disks_told(settings.output), reserve(settings.output), scratch_folder() as scratch:
        suites = interpreters.find_suites(settings, scratch, call.voice.say)
        with closing(Launcher(settings, suites, scratch, call.environ, call.voice)) as launcher:
            yield launcher
        if is_owing(scratch):
            call.voice.say(f"a database server does not answer: test databases are left, and {scratch}, until a hunt starts here again")
