"""What a draft cannot know of a suite, as a person must fill it in: pairs of an input's name ("env" and "services" among them) and a text.

Owns the questions. Must not answer them.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from flaky_detector.stages.init.expressions import unresolved
from flaky_detector.stages.init.options import Arguments
from flaky_detector.stages.init.pythons import asked_for
from flaky_detector.stages.init.records import Pairs, Service
from flaky_detector.stages.init.services import Reached, are_named
from flaky_detector.stages.init.unfolding import Ground
from flaky_detector.stages.init.walking import Found

COMPOSE_UP = re.compile(r"\b(docker(-| )compose|podman-compose)\b.*\b(up|start)\b")
NOT_OURS = frozenset(("UV_SYSTEM_PYTHON",))
"""Variables that would lead the install command out of the environment made for it."""


def portable(env: Pairs) -> tuple[Pairs, Pairs]:
    """Variables that mean the same in another workflow, and what is asked of the others."""
    variables = {name: value for name, value in dict(env).items() if name not in NOT_OURS}
    kept = tuple((name, value) for name, value in variables.items() if not unresolved(value))
    return kept, tuple(("env", f"{name}, which is {value} there") for name, value in variables.items() if unresolved(value))


def portable_services(services: Sequence[Service]) -> tuple[tuple[Service, ...], Pairs]:
    """The same for services; one whose image is not known is asked for as a whole."""
    kept: list[Service] = []
    asked: list[tuple[str, str]] = []
    for service in services:
        if unresolved(service.image):
            asked.append(("services", f"{service.name}, whose image is {service.image} there"))
            continue
        env, _ = portable(service.env)
        volumes = tuple(each for each in service.volumes if not unresolved(each))
        credentials = tuple(pair for pair in service.credentials if not unresolved(pair[1]))
        options = "" if unresolved(service.options) else service.options
        kept.append(replace(service, env=env, volumes=volumes, credentials=credentials, options=options))
        lost = [each for each in _values(service) if unresolved(each)]
        asked += [("services", f"`{each}` of {service.name}, which only that workflow knows") for each in lost]
    return tuple(kept), tuple(asked)


def _values(service: Service) -> tuple[str, ...]:
    named = (f"{name}: {value}" for name, value in (*service.env, *service.credentials))
    return (*named, *service.volumes, *((service.options,) if service.options else ()))


def pythons_of(line: Found, ground: Ground) -> tuple[str, ...]:
    """What the job says as far as it is known, else what the tool that it runs says, else what its image is."""
    image = re.search(r"(?:^|/)python:(\d+\.\d+)", line.job.container)
    said = tuple(text for text in asked_for(line.actions, ground) if not unresolved(text))
    return said or line.pytest.pythons or ((image[1],) if image else ())


def of_services(services: Sequence[Service], reached: Reached) -> Pairs:
    """Services that the settings may not find."""
    if reached.unknown:
        return tuple(("env", text) for text in reached.unknown)
    silent = [each.name for each in services if each.ports and each not in are_named(services, reached.env)]
    return tuple(
        ("env", f"what tells your settings that {name} is at the host {name}: no variable of the job names one") for name in silent
    )


def of_the_rest(line: Found, given: Arguments, pythons: Sequence[str]) -> Pairs:
    """Arguments, Pythons, images and containers that only the workflow itself can tell."""
    found = [("pytest-args", f"`{word}` stands there, which only that workflow's shell can tell") for word in given.unknown]
    asked = [dict(step.inputs).get("python-version", "") for step in line.actions]
    strange = [text for text in asked if unresolved(text)]
    if strange and not pythons:
        found.append(("python-versions", f"the Pythons, such as 3.12,3.13: only {line.job.path} knows {strange[0]}"))
    if any(COMPOSE_UP.search(" ".join(each.words)) for each in line.before):
        found.append(
            ("services", "what docker compose starts in that job: declare it under `services:`, where the action reaches it by name")
        )
    if line.job.container and not re.search(r"(?:^|/)python:", line.job.container):
        found.append(("install", f"the job runs in {line.job.container}: what that image has installed, the action's container has not"))
    return (*found, *(("", text) for text in line.pytest.unknown))
