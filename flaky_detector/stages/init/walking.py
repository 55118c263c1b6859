"""One combination of a job's matrix walked through, step by step, up to each pytest line.

Owns what is known along the way: the matrix, inputs, variables, the folder. Must not choose among what it finds.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from flaky_detector.stages.init.expressions import is_true, resolve
from flaky_detector.stages.init.installing import BLOCK, is_install
from flaky_detector.stages.init.records import Checkout, Job, Leaf, Pairs, Service, Step
from flaky_detector.stages.init.services import ports_by_expression
from flaky_detector.stages.init.shell import has_control_flow
from flaky_detector.stages.init.unfolding import Ground, inside, name_of, unfold

TO_ENV = re.compile(r"echo\s+[\"']?([A-Za-z_]\w*)=(.*?)[\"']?\s*>>\s*[\"']?\$\{?GITHUB_ENV")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A pytest line and all that stands before it in its job, expressions resolved as far as they are known."""

    job: Job
    combination: Pairs
    pytest: Leaf
    before: tuple[Leaf, ...]
    actions: tuple[Step, ...]
    services: tuple[Service, ...]
    runs_on: tuple[str, ...]


def walk(job: Job, checkout: Checkout) -> Iterator[Found]:
    """Every pytest line of every combination that runs on Linux."""
    for combination in job.combinations:
        known = {"inputs.*": "", **dict(job.inputs), **{f"matrix.{name}": value for name, value in combination}}
        if job.matrix_is_known:
            known["matrix.*"] = ""
        runs_on = tuple(resolve(label, known) for label in job.runs_on)
        if is_true(job.condition, known) is not False and is_linux(runs_on):
            yield from _Walk(job, combination, known, checkout).lines(runs_on)


def other_runners(job: Job, checkout: Checkout) -> tuple[str, ...]:
    """Commands that run tests by something else than pytest."""
    walked = _Walk(job, job.combinations[0], {}, checkout)
    for _ in walked.lines(()):
        pass
    return tuple(leaf.text for leaf in walked.before if _is_other_runner(leaf.words))


def _is_other_runner(words: tuple[str, ...]) -> bool:
    is_django = any(word.endswith(("manage.py", "django-admin")) for word in words) and "test" in words
    return is_django or "unittest" in words or any(word.endswith("runtests.py") for word in words)


def is_linux(runs_on: tuple[str, ...]) -> bool:
    """Whether the action can run there: a container action needs Linux."""
    return not any(re.match(r"windows|macos|mac-", label, re.IGNORECASE) for label in runs_on)


class _Walk:
    def __init__(self, job: Job, combination: Pairs, known: Mapping[str, str], checkout: Checkout) -> None:
        self.job = job
        self.combination = combination
        self.known = dict(known)
        self.checkout = checkout
        self.env: list[tuple[str, str]] = []
        self.before: list[Leaf] = []
        self.actions: list[Step] = []

    def lines(self, runs_on: tuple[str, ...]) -> Iterator[Found]:
        """The pytest lines, each with what came before it."""
        services = tuple(self._service(each) for each in self.job.services)
        self.known |= dict(ports_by_expression(services))
        self._set(self.job.env)
        for step in self.job.steps:
            if is_true(step.condition, self.known) is False:
                continue
            if step.uses:
                self.actions.append(replace(step, inputs=self._resolved(step.inputs)))
            for leaf in self._leaves(step):
                if name_of(leaf.words) == "pytest":
                    yield Found(
                        job=self.job,
                        combination=self.combination,
                        pytest=leaf,
                        before=tuple(self.before),
                        actions=tuple(self.actions),
                        services=services,
                        runs_on=runs_on,
                    )
                else:
                    self.before.append(leaf)

    def _leaves(self, step: Step) -> Iterator[Leaf]:
        if not step.run or step.shell.split(" ")[0] in ("pwsh", "powershell", "cmd", "python"):
            return
        script = resolve(step.run, self.known)
        folder = inside("", resolve(step.folder or self.job.folder, self.known).replace("${{ github.workspace }}", ""))
        own = tuple((name, resolve(value, self.known)) for name, value in step.env)
        ground = Ground(read=self.checkout.read, folder=folder, env=(*self.env, *own), python=self._python())
        leaves = tuple(unfold(script, ground))
        self._keep_for_later_steps(script)
        is_pytest = any(name_of(leaf.words) == "pytest" for leaf in leaves)
        if has_control_flow(script) and not is_pytest and any(is_install(leaf) for leaf in leaves):
            yield Leaf(text=script.strip(), words=(BLOCK,), folder=folder)
        else:
            yield from leaves

    def _keep_for_later_steps(self, script: str) -> None:
        """What goes to GITHUB_ENV. A value that only the shell knows is no variable of ours, but it may be part of an expression."""
        for match in TO_ENV.finditer(script):
            if "$" in match[2]:
                self.known[f"env.{match[1]}"] = match[2]
            else:
                self._set(((match[1], match[2]),))

    def _set(self, pairs: Pairs) -> None:
        for name, value in pairs:
            made = resolve(value, self.known)
            self.env.append((name, made))
            self.known[f"env.{name}"] = made

    def _resolved(self, pairs: Pairs) -> Pairs:
        return tuple((name, resolve(value, self.known)) for name, value in pairs)

    def _service(self, service: Service) -> Service:
        return replace(
            service,
            image=resolve(service.image, self.known),
            env=self._resolved(service.env),
            options=resolve(service.options, self.known),
            ports=self._resolved(service.ports),
            volumes=tuple(resolve(each, self.known) for each in service.volumes),
        )

    def _python(self) -> str:
        given = [dict(step.inputs).get("python-version", "") for step in self.actions]
        match = re.match(r"\d+\.\d+", next((each for each in reversed(given) if each), ""))
        return match[0] if match else ""
