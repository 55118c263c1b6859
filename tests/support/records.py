"""Runs as records, written down in a line each."""

from flaky_detector.model import Execution, Outcome, RunRecord, RunSpec, StateChange, TestId


def changed(*keys: str, kind: str = "environ") -> tuple[StateChange, ...]:
    """State that was added under these keys."""
    return tuple(StateChange(kind=kind, key=key, after="1") for key in keys)


def ran(test: str, outcome: Outcome = Outcome.PASSED, **members: object) -> Execution:
    """One execution; `record` gives it its worker and position."""
    return Execution(test=TestId(test), worker="main", position=0, outcome=outcome, **members)  # type: ignore[arg-type]


def record(*main: Execution, run: str = "r1", python: str = "3.12", gw0: tuple[Execution, ...] = (), **members: object) -> RunRecord:
    """A run: what one process ran, or (with `gw0`) what two workers ran, `main` being gw1's."""
    workers = {"gw0": gw0, "gw1": main} if gw0 else {"main": main}
    rows = tuple(
        Execution(**{name: getattr(row, name) for name in row.__struct_fields__} | {"worker": worker, "position": position})
        for worker, told in workers.items()
        for position, row in enumerate(told)
    )
    spec = members.pop("spec", None) or RunSpec(id=run, python=python, workers=2 if gw0 else 0, distribution="load" if gw0 else "no")
    return RunRecord(spec=spec, executions=rows, **members)  # type: ignore[arg-type]
