"""What workflows of the repository call in it: composite actions and reusable workflows, put in place of the call.

Must not look at what lies in another repository: that is a Gap.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from flaky_detector.model import Gap
from flaky_detector.stages.init.expressions import is_true, resolve
from flaky_detector.stages.init.records import Job, Pairs, Step, Workflow
from flaky_detector.stages.init.workflows import Source, calls, combinations_of, load, pairs, steps, table, text, workflow

DEEPEST = 4

Read = Callable[[str], str | None]


def workflows(sources: Sequence[Source], read: Read) -> tuple[tuple[Workflow, ...], tuple[Gap, ...]]:
    """All workflows, each with the jobs of those that it calls; one that others call does not stand for itself as well."""
    by_path = {source.path: source for source in sources}
    gaps: list[Gap] = []
    found = {path: replace(each, jobs=(*each.jobs, *_called(by_path[path], by_path, gaps))) for path, each in _alone(by_path).items()}
    taken = {_local(text(job["uses"])) for source in sources for _, job in calls(source)}
    kept = [each for path, each in found.items() if path not in taken or set(each.triggers) != {"workflow_call"}]
    return tuple(replace(each, jobs=tuple(_unfolded(job, read) for job in each.jobs)) for each in kept), tuple(gaps)


def _alone(by_path: Mapping[str, Source]) -> dict[str, Workflow]:
    return {path: workflow(source) for path, source in by_path.items()}


def _local(uses: str) -> str:
    return uses.removeprefix("./") if uses.startswith("./") else ""


def _called(source: Source, by_path: Mapping[str, Source], gaps: list[Gap], depth: int = 0) -> Iterator[Job]:
    for job_id, job in calls(source):
        target = by_path.get(_local(text(job["uses"])))
        if target is None or depth > DEEPEST:
            gaps.append(Gap(source.path, f"job {job_id} calls {job['uses']}, which is not in this repository: what it runs was not read"))
            continue
        for combination in combinations_of(job, {})[0]:
            matrix = {f"matrix.{name}": value for name, value in combination}
            given = tuple((name, resolve(value, matrix)) for name, value in pairs(job.get("with")))
            yield from (replace(each, id=job_id, path=source.path) for each in workflow(target, given).jobs)
        yield from (replace(each, id=job_id, path=source.path) for each in _called(target, by_path, gaps, depth + 1))


def _unfolded(job: Job, read: Read) -> Job:
    return replace(job, steps=tuple(each for step in job.steps for each in _steps(step, read, 0)))


def _steps(step: Step, read: Read, depth: int) -> Iterator[Step]:
    """The step, or in its place those of the composite action that it uses."""
    folder = _local(step.uses)
    composite = _composite(folder, read) if folder and depth <= DEEPEST else None
    if composite is None:
        yield step
        return
    source, given = composite, dict(step.inputs)
    inputs = {f"inputs.{name}": given.get(name, text(table(about).get("default"))) for name, about in table(source.get("inputs")).items()}
    for inner in steps(table(source["runs"]).get("steps")):
        if is_true(inner.condition, inputs) is False:
            continue
        filled = replace(
            inner,
            run=resolve(inner.run, inputs),
            env=step.env + _filled(inner.env, inputs),
            inputs=_filled(inner.inputs, inputs),
            folder=resolve(inner.folder, inputs),
            condition=inner.condition or step.condition,
        )
        yield from _steps(filled, read, depth + 1)


def _filled(given: Pairs, inputs: Mapping[str, str]) -> Pairs:
    return tuple((name, resolve(value, inputs)) for name, value in given)


def _composite(folder: str, read: Read) -> Mapping[str, object] | None:
    for name in ("action.yml", "action.yaml"):
        path = f"{folder.rstrip('/')}/{name}"
        content = read(path)
        source = load(path, content) if content is not None else None
        if isinstance(source, Source) and text(table(source.content.get("runs")).get("using")) == "composite":
            return source.content
    return None
