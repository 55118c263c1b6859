"""Where reports tell who failed and not in which order: the tests once more, in the sequence of the report, recorded.

Owns when that is worth a run. A JUnit file of a run in one process stands in the order of execution; one of xdist stands in the order in
which the workers were done, so that whatever ran before a test on its worker stands before it there, too. Either way the sequence is a
guess: what counts is the run that is made of it. Must not judge what it shows.
"""

from flaky_detector.model import Arrangement, RunRecord, RunSpec, on_one_worker
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.launch import Launcher
from flaky_detector.stages.run import files_of

SHARE = 0.6
"""Of the time that is left: the rest is for the proofs."""


def see_an_order(launcher: Launcher, dossier: Dossier) -> None:
    """One recorded run where no record tells an order and one tells of a failure; what it shows joins the dossier."""
    told = next((record for record in dossier.records if record.failed), None)
    if told is None or any(record.has_order for record in dossier.records):
        return
    spec = _spec(told)
    record = launcher.run_suite(spec, min(launcher.settings.run_timeout_seconds, max(SHARE * dossier.seconds_left, 1.0)))
    if record.executions:
        dossier.add_record(record)
    else:
        dossier.add_gap(
            spec.id, f"the tests of {told.spec.id} could not be run here in its sequence: {launcher.why_nothing_ran(record)[0]}"
        )


def _spec(told: RunRecord) -> RunSpec:
    order = on_one_worker(tuple(dict.fromkeys(row.test for row in told.executions)))
    return RunSpec(
        id="00-in-the-order-of-the-report",
        python=told.spec.python,
        arrangement=Arrangement.FORCED,
        order=order,
        select=files_of(order),
        why="the tests in the sequence of the report, in one process, for no witness tells their order",
    )
