"""The oracles: trials in fresh processes, or in forks of started ones; a copy of the tree and databases of its own for each.

Owns the check that what was asked is what was executed. Must not judge outcomes.
"""

import json
import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from threading import Lock
from typing import Self

from msgspec import structs

from flaky_detector.adapters.process import end_all
from flaky_detector.adapters.voice import Tick
from flaky_detector.errors import NoSpaceError
from flaky_detector.model import Arrangement, Gap, Order, RunRecord, RunSpec, TestId, workers_of
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.forks import Forks, Origin
from flaky_detector.pipeline.launch import Launcher, Wish
from flaky_detector.pipeline.walks import WalkRecord
from flaky_detector.stages.confirm import Answer, Question, Walked, Walking
from flaky_detector.stages.run import files_of

LEAST_SECONDS = 120.0
LONGER_THAN_RUNS = 3.0
LEAST_TRIAL_SECONDS = 0.3
MOST_ASKED_AGAIN = 2
"""How often a trial is made anew that was spoilt from outside."""
KILLED = -9
MOST_TOLD = 6
"""Tests of a trial that --verbose names."""
TOLD_OF_TRIALS = ("trial", "isolation")
"""Sources of gaps that are told of a trial; what its journals lack is seen from its answer."""


class SubprocessOracle:
    """Runs every question as a pytest process of its own (one more for each worker).

    Trials run side by side only where the runs showed that they cannot meet: in private copies, with databases told apart by name, and
    without a port of their own or files outside the tree.
    """

    def __init__(self, launcher: Launcher, dossier: Dossier) -> None:
        self.launcher = launcher
        self.dossier = dossier
        self.tick: Tick | None = None
        shared = any(record.shared for record in dossier.records) or not dossier.records
        self.jobs = 1 if launcher.in_place or shared else max(1, min(4, os.cpu_count() or 1))
        longest = max((record.seconds for record in dossier.records if not record.timed_out), default=0.0)
        self._for_all: dict[Question, Future[Answer]] = {}
        self._lock = Lock()
        self.most_seconds = min(max(LEAST_SECONDS, LONGER_THAN_RUNS * longest), launcher.settings.run_timeout_seconds)

    def ask(self, questions: Sequence[Question], patch: str = "") -> Generator[Answer, None, None]:
        """Answers in the order of the questions; with a patch, of the suite as it would be with that."""
        if self.jobs == 1 or len(questions) == 1:
            for question in questions:
                yield self._answer(question, patch, self.tick)
            return
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = [pool.submit(self._answer, question, patch) for question in questions]
            try:
                for future in futures:
                    yield future.result()
            except KeyboardInterrupt:
                end_all()
                raise
            finally:
                for future in futures:
                    future.cancel()

    def walk(self, walking: Walking) -> Walked | None:
        """Not without forks."""
        del walking
        return None

    def _answer(self, question: Question, patch: str = "", tick: Tick | None = None) -> Answer:
        return self._once(question, tick) if question.for_all and not patch else self._ask_one(question, patch, tick)

    def _once(self, question: Question, tick: Tick | None) -> Answer:
        """What is asked for all: by the first who asks it, while the others wait."""
        with self._lock:
            told = self._for_all.get(question)
            mine = self._for_all.setdefault(question, Future())
        if told is None:
            try:
                mine.set_result(self._ask_one(question, "", tick))
            except BaseException as error:
                mine.set_exception(error)
                raise
        return mine.result()

    def _ask_one(self, question: Question, patch: str = "", tick: Tick | None = None) -> Answer:
        spec = trial_of(question, self.launcher.suite(question.python).python, self.dossier.next_trial())
        record, origin = self._run_again_where_spoilt(spec, partial(self._wish, question, spec, tick, patch))
        self.dossier.add_trial(spec.workers, len(record.executions))
        answer = structs.replace(_read(question.order, record, self.launcher), start=origin.start, collection=origin.collection)
        for gap in answer.gaps:
            if gap.source in TOLD_OF_TRIALS and not patch:
                self.dossier.add_gap(gap.source, gap.text)
        patched = " with the patch" if patch else ""
        self.launcher.voice.detail(f"  {spec.id}: {told(question.order)}{patched} → {record.exit_code} ({record.seconds:.2f} s)")
        return answer

    def _run_again_where_spoilt(self, spec: RunSpec, wish: Callable[[], Wish]) -> tuple[RunRecord, Origin]:
        """A trial in which the disk was full or the database server went away says nothing; one that was killed, perhaps by the system
        for want of memory, may say that a test does so: then it is killed again.
        """
        record, origin = self._run_with_room(wish)
        for number in range(MOST_ASKED_AGAIN):
            is_killed = record.exit_code == KILLED and not record.timed_out and not number
            if not (record.outage or is_killed) or self.dossier.seconds_left <= 0:
                break
            self.launcher.voice.detail(f"  {spec.id}: once more, for {record.outage or 'its process was killed'}")
            record, origin = self._run_with_room(wish)
        return record, origin

    def _run_with_room(self, wish: Callable[[], Wish]) -> tuple[RunRecord, Origin]:
        """A disk that was full for a moment is no reason to end the hunt: the second attempt waits for room first."""
        try:
            return self._run(wish())
        except NoSpaceError:
            return self._run(wish())

    def _wish(self, question: Question, spec: RunSpec, tick: Tick | None, patch: str = "") -> Wish:
        deadline = max(min(self.most_seconds, self.dossier.seconds_left), LEAST_TRIAL_SECONDS)
        bundle = self.launcher.scratch / "trials" / spec.id
        wish = Wish(spec, bundle, deadline, tick, trial=True, patch=patch)
        return wish._replace(anew=question.anew, beside=question.beside)

    def _run(self, wish: Wish) -> tuple[RunRecord, Origin]:
        """The record, and what it was forked from."""
        return self.launcher.run(wish), Origin()


class ForkOracle(SubprocessOracle):
    """The same from children of pytest processes that have already started, where these can be forked; else from fresh processes.

    A context manager.
    """

    def __init__(self, launcher: Launcher, dossier: Dossier) -> None:
        super().__init__(launcher, dossier)
        self.forks = Forks(launcher, max((record.seconds for record in dossier.records), default=0.0))

    def _run(self, wish: Wish) -> tuple[RunRecord, Origin]:
        with self.launcher.kept_going():
            forked = self.forks.run(wish)
        return super()._run(wish) if forked is None or forked[0].imported_originals else forked

    def walk(self, walking: Walking) -> Walked | None:
        """In one fork of a started pytest, which forks on at checkpoints."""
        question = Question(walking.order, walking.python)
        spec = trial_of(question, self.launcher.suite(question.python).python, self.dossier.next_trial())
        with self.launcher.kept_going():
            came, origin = self.forks.walk(self._wish(question, spec, self.tick)._replace(walk=walk_json(walking)))
        self.dossier.add_trial(0, came.executions)
        walked = walked_of(walking, came, origin.start)
        where = "passes to the end" if came.at == "" else f"begins to fail after {came.at}"
        ends = f"{walking.order[0].test} … {walking.order[-1].test}"
        self.launcher.voice.detail(f"  {spec.id}: walk along {ends}, {came.executions} executions → {came.declined or where}")
        return walked

    def __enter__(self) -> Self:
        self.forks.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.forks.__exit__(None, None, None)


def opened(launcher: Launcher, dossier: Dossier) -> AbstractContextManager[SubprocessOracle]:
    """The oracle that the settings ask for."""
    return ForkOracle(launcher, dossier) if launcher.settings.fork else nullcontext(SubprocessOracle(launcher, dossier))


def trial_of(question: Question, python: str, number: int) -> RunSpec:
    """The specification of one trial."""
    order, workers = question.order, workers_of(question.order)
    return RunSpec(
        id=f"trial-{number:04d}",
        python=python,
        arrangement=Arrangement.FORCED,
        order=order,
        workers=workers if workers > 1 else 0,
        distribution="load" if workers > 1 else "no",
        together=(len(order) - 1,) if question.together else (),
        select=tuple(dict.fromkeys((*files_of(order[:-1]), *question.collect, *files_of(order[-1:])))),
    )


def walk_json(walking: Walking) -> str:
    """As the recorder reads it."""
    seconds = {"test_seconds": walking.test_seconds, "tail_seconds": walking.tail_seconds}
    return json.dumps({"tail": walking.tail, "raised": list(walking.raised), **seconds})


def walked_of(walking: Walking, came: WalkRecord, start: int) -> Walked | None:
    """What a walk tells; None where the recorder gave it up, or the tail did not run as asked."""
    steps, tail = walking.order[: -walking.tail], [step.test for step in walking.order[-walking.tail :]]
    rows = [row for row in came.tail if not row.attempt]
    if came.declined or [row.test for row in rows] != tail:
        return None
    place = next((place for place, step in enumerate(steps, start=1) if step.test == came.at), len(steps))
    return Walked(place, Answer(executions=came.tail, start=start), among=max(came.among, 1))


def _read(order: Order, record: RunRecord, launcher: Launcher) -> Answer:
    """The answer, `executed` only where every worker ran exactly what was asked, in that order."""
    gaps = list(record.gaps)
    executed = executed_as_asked(order, record) and not record.outage
    if not executed:
        why = record.outage or ("time ran out" if record.timed_out else "") or _why_not(order, record, launcher)
        gaps.append(Gap("trial", f"an order of {len(order)} tests could not be run as asked: {why}"))
    rows = sorted(record.executions, key=lambda row: (row.started_seconds, row.position))
    return Answer(
        executions=tuple(rows),
        executed=executed,
        timed_out=record.timed_out,
        seconds=record.seconds,
        processes=1 + record.spec.workers,
        gaps=tuple(gaps),
        imports=record.imports,
    )


def executed_as_asked(order: Order, record: RunRecord) -> bool:
    """Whether every worker ran what the order says, in that sequence, and nothing else."""
    asked: dict[int, list[TestId]] = {}
    for step in order:
        asked.setdefault(step.worker, []).append(step.test)
    workers = record.by_worker()
    names = {worker: f"gw{worker}" if record.spec.workers else "main" for worker in asked}
    return all([row.test for row in workers.get(names[worker], ()) if not row.attempt] == tests for worker, tests in asked.items())


def _why_not(order: Order, record: RunRecord, launcher: Launcher) -> str:
    if not record.executions:
        return launcher.why_nothing_ran(record)[0]
    ran = {row.test for row in record.executions}
    missing = [step.test for step in order if step.test not in ran]
    return f"{missing[0]} did not run" if missing else "the tests ran in another order"


def told(order: Order) -> str:
    """An order for --verbose: `gw0: a, b · gw1: c`; of a long one its ends: `a … y, z (26 tests)`."""
    workers = dict.fromkeys(step.worker for step in order)
    parts = [_told_of([step.test for step in order if step.worker == worker]) for worker in workers]
    return " · ".join(f"gw{worker}: {part}" for worker, part in zip(workers, parts, strict=True)) if len(parts) > 1 else parts[0]


def _told_of(tests: Sequence[TestId]) -> str:
    if len(tests) <= MOST_TOLD:
        return ", ".join(tests)
    return f"{tests[0]} … {tests[-2]}, {tests[-1]} ({len(tests)} tests)"
