"""How what a suite needs gets into an empty environment: from the job's own commands, else from the project's files, else from a person.

Owns the choice between them. Must not make up a command: what neither tells is to be filled in.
"""

import re
from collections.abc import Sequence

import msgspec

from flaky_detector.stages.init.dependencies import Found as InFiles
from flaky_detector.stages.init.dependencies import dependencies
from flaky_detector.stages.init.expressions import unresolved
from flaky_detector.stages.init.installing import Installing
from flaky_detector.stages.init.records import Checkout, Pairs, Step
from flaky_detector.stages.init.unfolding import inside
from flaky_detector.stages.init.walking import Found

THE_COMMAND = "the command that installs what the tests need"
WHAT_INSTALLS = f"{THE_COMMAND}, such as `pip install -r requirements.txt`"
OF_PYTHON = re.compile(r"\b(pip3?|uv|poetry|pdm|pipenv|setup\.py)\b")


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Lines for `install`, where they come from, and what a person must fill in."""

    lines: tuple[str, ...] = ()
    source: str = ""
    unknown: Pairs = ()


def provision(line: Found, installed: Installing, checkout: Checkout) -> Way:
    """The way for one pytest line.

    Args:
        line: with all that the job says.
        installed: what its commands install.
        checkout: whose files are asked where the job says nothing.
    """
    job = f"{line.job.path}, job {line.job.id}"
    found = dependencies(checkout, line.pytest.folder)
    reason = _reason(line, installed)
    if reason:
        hint = f" ({'; '.join(found.lines)} is what {_names(found, line)} would have)" if found else ""
        return Way(unknown=(("install", f"{THE_COMMAND}: {reason}{hint}"),))
    strange = unresolved("\n".join(installed.lines))
    if strange:
        known_there = f"{THE_COMMAND}, which stands below: only {line.job.path} knows {', '.join(dict.fromkeys(strange))}"
        return Way(lines=installed.lines, source=job, unknown=(("install", known_there),))
    if any(OF_PYTHON.search(each) for each in installed.lines):
        return Way(lines=installed.lines, source=job)
    if found:
        return Way(lines=(*installed.lines, *found.lines), source=" and ".join((*([job] if installed.lines else []), _names(found, line))))
    return Way(lines=installed.lines, source=job if installed.lines else "", unknown=(("install", WHAT_INSTALLS),))


def _names(found: InFiles, line: Found) -> str:
    return " and ".join(inside(line.pytest.folder, file) for file in found.files)


def _reason(line: Found, installed: Installing) -> str:
    """Why what the job does is of no use in the action's container; "" where it is."""
    if line.pytest.via == "docker":
        return f"{line.job.path} runs the tests in a container of its own, which was not looked into"
    if installed.conda or any(re.search(r"miniconda|micromamba", step.uses) for step in line.actions):
        return f"{line.job.path} installs with conda, which the action's container has not"
    return ""


def tool_versions(actions: Sequence[Step]) -> dict[str, str]:
    """Versions of poetry and pdm, where an action sets them up and is given one."""
    found = {}
    for step in actions:
        for tool, pattern in (("poetry", r"poetry"), ("pdm", r"setup-pdm")):
            if re.search(pattern, step.uses):
                given = dict(step.inputs)
                version = given.get("poetry-version") or given.get("version", "")
                found[tool] = version if re.fullmatch(r"\d+(\.\d+)*", version) else ""
    return found
