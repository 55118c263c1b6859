"""From pytest lines to suites: what a hunt of each needs, and which of many lines are the same suite.

Owns the choice: pull requests' workflows before others, the newest Python's combination for each suite. Whatever is chosen among several is
said in the suite's notes. Must not render anything.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from flaky_detector.stages.init.dependencies import dependencies
from flaky_detector.stages.init.expressions import unresolved
from flaky_detector.stages.init.installing import installing
from flaky_detector.stages.init.options import arguments
from flaky_detector.stages.init.provision import WHAT_INSTALLS, provision, tool_versions
from flaky_detector.stages.init.pythons import of_files, versions
from flaky_detector.stages.init.records import Checkout, Pairs, Suite, Workflow
from flaky_detector.stages.init.services import reach
from flaky_detector.stages.init.unfolding import Ground
from flaky_detector.stages.init.unknowns import of_services, of_the_rest, portable, portable_services, pythons_of
from flaky_detector.stages.init.walking import Found, walk

MOST_SUITES = 6
CHECKOUT_INPUTS = ("submodules", "lfs", "fetch-depth", "fetch-tags")
BY_RANK = ("pull_request", "push", "workflow_call", "merge_group", "workflow_dispatch", "schedule")


def suites(workflows: Sequence[Workflow], checkout: Checkout) -> tuple[tuple[Suite, ...], tuple[str, ...]]:
    """The suites that the workflows run, best known first, and what is said about those that were left out."""
    found: list[tuple[int, Suite]] = []
    for workflow in workflows:
        for lines in _by_job(workflow, checkout):
            found += [(_rank(workflow), suite) for suite in _of_job(lines, checkout)]
    found = [(rank, suite) for rank, suite in found if not checkout.folder or _is_in(suite.folder, checkout.folder)]
    best = min((rank for rank, _ in found), default=0)
    usual = max(best, BY_RANK.index("push"))
    in_sequence = sorted(found, key=lambda pair: (pair[0], not pair[1].services))
    chosen: dict[tuple[str, str], Suite] = {}
    said: list[str] = []
    for rank, suite in in_sequence:
        same = chosen.get((suite.folder, suite.pytest_args))
        where = f"{suite.source}, job {suite.job}: `{suite.pytest_line}`"
        if same is not None:
            if (same.source, same.job) != (suite.source, suite.job):
                said.append(f"{where}: the same tests as job {same.job} of {same.source}")
        elif rank > usual or len(chosen) == MOST_SUITES:
            why = "its workflow does not run on pull requests or pushes" if rank > usual else f"a draft holds {MOST_SUITES} suites at most"
            said.append(f"{where}: {why}")
        else:
            chosen[suite.folder, suite.pytest_args] = suite
    return _keyed(tuple(chosen.values())), tuple(said)


def suite_of_files(checkout: Checkout, folder: str) -> Suite:
    """The suite of a folder for which no workflow tells anything."""
    found = dependencies(checkout, folder)
    pythons, notes, file = of_files(Ground(read=checkout.read, folder=folder))
    return Suite(
        folder=folder,
        pytest_line="pytest",
        install=found.lines if found else (),
        install_from=" and ".join(found.files) if found else "",
        pythons=pythons[-1:],
        notes=(*notes, *((f"the Python is that of {file}",) if file else ())),
        unknown=() if found else (("install", WHAT_INSTALLS),),
        key="hunt",
    )


def _by_job(workflow: Workflow, checkout: Checkout) -> Iterable[list[Found]]:
    """The pytest lines of each job; one that calls a reusable workflow several times is still one."""
    found: dict[str, list[Found]] = {}
    for job in workflow.jobs:
        found.setdefault(job.id, []).extend(walk(job, checkout))
    return found.values()


def _rank(workflow: Workflow) -> int:
    triggers = ["pull_request" if each == "pull_request_target" else each for each in workflow.triggers]
    return min((BY_RANK.index(each) for each in triggers if each in BY_RANK), default=len(BY_RANK))


def _is_in(folder: str, outer: str) -> bool:
    return folder == outer or folder.startswith(f"{outer}/")


def _of_job(lines: Sequence[Found], checkout: Checkout) -> list[Suite]:
    """One suite for each way that pytest is called, over all combinations of the job's matrix."""
    groups: dict[tuple[str, str], list[Found]] = {}
    for line in lines:
        made = arguments(line.pytest.words[1:])
        groups.setdefault((line.pytest.folder, made.text), []).append(line)
    return [_suite(group, checkout) for group in groups.values()]


def _suite(group: Sequence[Found], checkout: Checkout) -> Suite:
    best = max(enumerate(group), key=lambda pair: (not _is_experiment(pair[1]), *_newest(pair[1], checkout), pair[0]))[1]
    job, leaf = best.job, best.pytest
    ground = Ground(read=checkout.read)
    pythons, python_notes = versions(text for each in group for text in pythons_of(each, ground))
    given = arguments(leaf.words[1:])
    installed = installing(best.before, leaf.folder, tool_versions(best.actions))
    way = provision(best, installed, checkout)
    env, lost = portable(leaf.env)
    services, asked = portable_services(best.services)
    reached = reach(() if job.container else services, env)
    strange = unresolved(leaf.folder)
    return Suite(
        source=job.path,
        job=job.id,
        pytest_line=" ".join(leaf.text.split()),
        runs_on=("ubuntu-latest",) if not best.runs_on or unresolved(" ".join(best.runs_on)) else best.runs_on,
        folder="" if strange else leaf.folder,
        install=way.lines,
        install_from=way.source,
        pythons=pythons,
        pytest_args=given.text,
        left_out=given.left_out,
        workers=given.workers,
        dist=given.dist,
        env=reached.env,
        renamed=reached.renamed,
        services=services,
        checkout=_checkout(best),
        not_carried=installed.not_carried,
        notes=(*python_notes, *_chosen_of_matrix(best)),
        unknown=(
            *(("working-directory", f"the folder of the project, which is {leaf.folder} there") for _ in strange[:1]),
            *(*way.unknown, *lost, *asked, *of_services(services, reached), *of_the_rest(best, given, pythons)),
        ),
        via=leaf.via,
    )


def _is_experiment(line: Found) -> bool:
    return any(
        name in ("experimental", "allow-failure", "allowed-failure", "continue-on-error") and value == "true"
        for name, value in line.combination
    )


def _newest(line: Found, checkout: Checkout) -> tuple[int, ...]:
    found, _ = versions(pythons_of(line, Ground(read=checkout.read)))
    return tuple(map(int, found[-1].split("."))) if found else (0, 0)


def _checkout(line: Found) -> Pairs:
    step = next((each for each in line.actions if each.uses.startswith("actions/checkout@")), None)
    given = step.inputs if step else ()
    return tuple((name, value) for name, value in given if name in CHECKOUT_INPUTS and value)


def _chosen_of_matrix(line: Found) -> tuple[str, ...]:
    """What is said of each name of the matrix that has several values, the Pythons and runners apart."""
    said = []
    for name, value in line.combination:
        values = list(dict.fromkeys(each for one in line.job.combinations for key, each in one if key == name))
        is_told_elsewhere = re.search(r"python|^py$|^os$|runs-on|runner|experimental", name, re.IGNORECASE)
        if len(values) > 1 and not is_told_elsewhere and len(value) < 60:
            said.append(f"of its matrix, {name} is {value} here (others: {', '.join(each for each in values if each != value)[:120]})")
    return tuple(said)


def _keyed(chosen: tuple[Suite, ...]) -> tuple[Suite, ...]:
    """Each with a job id of its own."""
    if len(chosen) == 1:
        return (replace(chosen[0], key="hunt"),)
    bases = [_slug(suite.job) for suite in chosen]
    many = {base for base, count in Counter(bases).items() if count > 1}
    taken: list[str] = []
    for suite, base in zip(chosen, bases, strict=True):
        key = f"hunt-{base}" + (f"-{_slug(suite.folder or _what_is_chosen(suite.pytest_args))}" if base in many else "")
        key = key[:48].rstrip("-")
        taken.append(key if key not in taken else f"{key}-{len(taken) + 1}")
    return tuple(replace(suite, key=key) for suite, key in zip(chosen, taken, strict=True))


def _what_is_chosen(pytest_args: str) -> str:
    """The paths, markers and keywords among the arguments."""
    words = shlex.split(pytest_args)
    return " ".join(
        word
        for before, word in zip(["", *words], words, strict=False)
        if before in ("-m", "-k") or (not word.startswith("-") and not before.startswith("-"))
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "tests"
