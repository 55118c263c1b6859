"""Workflow files as their text says it.

Owns the reading of YAML: every scalar stays text (`BaseLoader`), since YAML's own types make True of `on:` and 3.1 of `3.10`. What does not
parse is a Gap. Must not judge what a step does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import yaml

from flaky_detector.model import Gap
from flaky_detector.stages.init.matrix import combinations
from flaky_detector.stages.init.records import Job, Pairs, Service, Step, Workflow

LARGEST_CHARACTERS = 1_000_000


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One YAML file: its path and its content, text in mappings and lists."""

    path: str
    content: Mapping[str, Any]


def load(path: str, text: str | None) -> Source | Gap:
    """The content of a YAML file that should hold a mapping."""
    if text is None or len(text) > LARGEST_CHARACTERS:
        return Gap(path, "cannot be read: it is no text of a bearable size")
    try:
        content = yaml.load(text, yaml.BaseLoader)  # noqa: S506 -- makes text, lists and mappings only
    except yaml.MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return Gap(path, f"is no YAML{line}: {error.problem or error.context}")
    except (yaml.YAMLError, RecursionError) as error:
        return Gap(path, f"is no YAML: {' '.join(str(error).split())}")
    if not isinstance(content, dict):
        return Gap(path, "holds no workflow: it is no mapping")
    return Source(path=path, content=content)


def workflow(source: Source, inputs: Pairs = ()) -> Workflow:
    """The workflow of a file; `inputs` are what a caller gives to a reusable one, beside the defaults of which there may be some."""
    content = source.content
    triggers = _triggers(content.get("on"))
    known = _defaults(triggers.get("workflow_call")) | dict(inputs)
    jobs = tuple(
        _job(source, job_id, job, known)
        for job_id, job in table(content.get("jobs")).items()
        if isinstance(job, dict) and "uses" not in job
    )
    return Workflow(path=source.path, triggers=tuple(triggers), filters=_filters(triggers.get("pull_request")), jobs=jobs)


def calls(source: Source) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The jobs that call a reusable workflow, by id."""
    jobs = table(source.content.get("jobs")).items()
    return tuple((job_id, job) for job_id, job in jobs if isinstance(job, dict) and isinstance(job.get("uses"), str))


def combinations_of(job: Mapping[str, Any], known: Mapping[str, str]) -> tuple[tuple[Pairs, ...], bool]:
    """Those of a job's matrix."""
    return combinations(table(job.get("strategy")).get("matrix"), known)


def _triggers(on: object) -> dict[str, Any]:
    if isinstance(on, dict):
        return on
    return dict.fromkeys(texts(on), None)


def _filters(pull_request: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    kept = ("branches", "branches-ignore", "paths", "paths-ignore", "types")
    return tuple((key, texts(value)) for key, value in table(pull_request).items() if key in kept and texts(value))


def _defaults(workflow_call: object) -> dict[str, str]:
    return {name: text(table(about).get("default")) for name, about in table(table(workflow_call).get("inputs")).items()}


def _job(source: Source, job_id: str, job: Mapping[str, Any], inputs: Mapping[str, str]) -> Job:
    content = source.content
    as_names = tuple((f"inputs.{name}", value) for name, value in inputs.items())
    found, is_known = combinations_of(job, dict(as_names))
    return Job(
        id=job_id,
        path=source.path,
        runs_on=_labels(job.get("runs-on")),
        combinations=found,
        matrix_is_known=is_known,
        env=pairs(content.get("env")) + pairs(job.get("env")),
        inputs=as_names,
        folder=_default_folder(job) or _default_folder(content),
        services=tuple(_service(name, about) for name, about in table(job.get("services")).items() if isinstance(about, dict)),
        container=text(job.get("container")) or text(table(job.get("container")).get("image")),
        steps=steps(job.get("steps")),
        condition=text(job.get("if")),
    )


def _labels(runs_on: object) -> tuple[str, ...]:
    return texts(runs_on.get("labels") if isinstance(runs_on, dict) else runs_on)


def _default_folder(content: Mapping[str, Any]) -> str:
    return text(table(table(content.get("defaults")).get("run")).get("working-directory"))


def steps(found: object) -> tuple[Step, ...]:
    """The steps of a job or of a composite action."""
    return tuple(_step(each) for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def _step(step: Mapping[str, Any]) -> Step:
    return Step(
        uses=text(step.get("uses")),
        inputs=pairs(step.get("with")),
        run=text(step.get("run")),
        env=pairs(step.get("env")),
        folder=text(step.get("working-directory")),
        condition=text(step.get("if")),
        shell=text(step.get("shell")),
    )


def _service(name: str, about: Mapping[str, Any]) -> Service:
    return Service(
        name=name,
        image=text(about.get("image")),
        env=pairs(about.get("env")),
        options=" ".join(text(about.get("options")).split()),
        ports=tuple(_port(each) for each in texts(about.get("ports"))),
        volumes=texts(about.get("volumes")),
        credentials=pairs(about.get("credentials")),
    )


def _port(mapping: str) -> tuple[str, str]:
    """Host port ("" for any) and container port of `5432`, `5433:5432`, `127.0.0.1:5433:5432/tcp`."""
    *before, inner = mapping.partition("/")[0].split(":")
    return (before[-1] if before else "", inner)


def text(value: object) -> str:
    """A scalar, "" for anything else."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """A list of scalars, or one alone."""
    values: Sequence[object] = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str) and each)


def table(value: object) -> dict[str, Any]:
    """A mapping, empty for anything else."""
    return value if isinstance(value, dict) else {}


def pairs(value: object) -> Pairs:
    """A mapping's scalars."""
    return tuple((name, each) for name, each in table(value).items() if isinstance(each, str))
