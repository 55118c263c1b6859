"""What a person has filled in or tuned in a file that an earlier draft made.

Owns which of it is kept when the draft is made anew: what could not be known, and inputs that nothing in the repository decides. What is
read from the repository is never kept: it may have changed.
"""

import re

import msgspec
from msgspec.structs import replace

from flaky_detector.stages.init.records import Job, Pairs, Step, Suite
from flaky_detector.stages.init.workflows import Source, load, workflow

OURS = re.compile(r"[\w.-]+/flaky-detector(?:/[\w./-]+)?@\S+")
# fmt: off
TUNED = [
    "runs", "seeds", "budget", "run-timeout", "confirm", "repeats", "fork", "keep-sort", "fail-on", "output", "config",
    "comment", "issue", "history", "cured-after", "verbose",
]
# fmt: on
FILLED = ("install", "python-versions", "pytest-args", "working-directory")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What `uses:` names, inputs that were tuned, and the jobs as they stand."""

    uses: str = ""
    tuned: Pairs = ()
    jobs: tuple[Job, ...] = ()


def kept(text: str | None, path: str) -> Kept:
    """What an existing file answers; nothing where there is none, or one that does not parse."""
    source = load(path, text) if text is not None else None
    if not isinstance(source, Source):
        return Kept()
    jobs = workflow(source).jobs
    steps = [step for job in jobs if (step := _our_step(job)) is not None]
    tuned = {name: value for step in steps for name, value in step.inputs if name in TUNED and dict(step.inputs).get("mode") != "report"}
    return Kept(uses=steps[0].uses if steps else "", tuned=tuple(tuned.items()), jobs=jobs)


def keep(suite: Suite, answers: Kept) -> Suite:
    """The suite with what a person has filled in for it."""
    job = next((each for each in answers.jobs if each.id == suite.key), None)
    step = _our_step(job) if job else None
    if job is None or step is None:
        return suite
    given = dict(step.inputs)
    answered = {name for name, _ in suite.unknown if name in FILLED and given.get(name)}
    made = suite
    if "install" in answered:
        made = replace(made, install=tuple(given["install"].splitlines()), install_from="")
    if "pytest-args" in answered:
        made = replace(made, pytest_args=given["pytest-args"])
    if "python-versions" in answered:
        made = replace(made, pythons=tuple(given["python-versions"].split(",")))
    if "working-directory" in answered:
        made = replace(made, folder=given["working-directory"])
    return _with_services(_with_env(made, step, answered), job, answered)


def _with_env(suite: Suite, step: Step, answered: set[str]) -> Suite:
    """Variables that the draft lacks are kept where it asked for some."""
    if any(name == "env" for name, _ in suite.unknown):
        more = tuple((name, value) for name, value in step.env if name not in dict(suite.env))
        changed = tuple((name, dict(step.env).get(name, value)) for name, value in suite.env)
        if more or changed != suite.env:
            answered.add("env")
            suite = replace(suite, env=changed + more)
    return replace(suite, unknown=tuple((name, text) for name, text in suite.unknown if name not in answered))


def _with_services(suite: Suite, job: Job, answered: set[str]) -> Suite:
    names = {service.name for service in suite.services}
    more = tuple(service for service in job.services if service.name not in names)
    if more and any(name == "services" for name, _ in suite.unknown):
        answered.add("services")
        suite = replace(suite, services=suite.services + more)
    return replace(suite, unknown=tuple((name, text) for name, text in suite.unknown if name not in answered))


def _our_step(job: Job) -> Step | None:
    return next((step for step in job.steps if OURS.fullmatch(step.uses)), None)
