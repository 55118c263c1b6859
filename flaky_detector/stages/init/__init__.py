"""A repository's workflows and pytest settings in, the workflow files that call the action out.

Owns what is read and in which sequence. Must not read or write a file: the checkout is handed in, and so are the pages out.

    workflow files     → workflows    YAML as text, every scalar as it stands
    calls in them      → calling      composite actions and reusable workflows of this repository put in place
    jobs               → walking      each combination of the matrix, step by step, up to each pytest line
    commands           → unfolding    make, tox, nox, hatch, tasks and shell scripts looked through
    pytest lines       → suites       one for each way that pytest is called: install, Pythons, arguments, services, variables
    suites             → pages        the files, from templates

What cannot be known (how dependencies get there, what an expression comes to) is not guessed: it stands in the file as `FILL IN`.
"""

from collections.abc import Iterable, Sequence

from flaky_detector.model import Gap
from flaky_detector.stages.init.calling import workflows as read_workflows
from flaky_detector.stages.init.dependencies import dependencies
from flaky_detector.stages.init.pages import FILL_IN, NOBODY, PATHS, Action, pages
from flaky_detector.stages.init.pytest_settings import pytest_settings
from flaky_detector.stages.init.records import Checkout, Draft, Page, Suite, Workflow
from flaky_detector.stages.init.suites import MOST_SUITES, suite_of_files, suites
from flaky_detector.stages.init.unfolding import Ground
from flaky_detector.stages.init.walking import other_runners
from flaky_detector.stages.init.workflows import Source, load

__all__ = ["NOBODY", "PATHS", "Action", "Checkout", "Draft", "Page", "init"]

LONGEST_COMMAND = 120
PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "manage.py", "tox.ini")


def init(checkout: Checkout, action: Action) -> Draft:
    """The files that a repository needs to call the action.

    Args:
        checkout: the repository.
        action: what the action is called in `uses:`.
    """
    read = [load(path, checkout.read(path)) for path in checkout.paths if _is_workflow(path)]
    sources = [each for each in read if isinstance(each, Source)]
    gaps = [each for each in read if isinstance(each, Gap)]
    found, more = read_workflows(sources, checkout.read)
    chosen, left_out = suites(found, checkout)
    if not chosen:
        chosen = tuple(suite_of_files(checkout, folder) for folder in _folders(checkout))
    made = pages(chosen, action, _filters(chosen, found), checkout)
    return Draft(
        pages=made,
        workflows=tuple(source.path for source in sources),
        broken=tuple(f"{gap.source} {gap.text}" for gap in gaps),
        read=tuple(_told(chosen, found, checkout)),
        gaps=tuple(f"{gap.source}: {gap.text}" for gap in more),
        left_out=left_out,
        unknown=tuple(_to_fill_in(made)),
    )


def _is_workflow(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder == ".github/workflows" and name.endswith((".yml", ".yaml")) and path not in PATHS


def _filters(chosen: Sequence[Suite], found: Iterable[Workflow]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Those of the pull_request trigger, where all suites come from one workflow."""
    paths = {suite.source for suite in chosen}
    by_path = {workflow.path: workflow.filters for workflow in found}
    return by_path.get(next(iter(paths)), ()) if len(paths) == 1 else ()


def _folders(checkout: Checkout) -> tuple[str, ...]:
    """Folders with tests, where no workflow names one: the whole repository, else each folder that has pytest settings of its own."""
    if checkout.folder or _has_tests(checkout, ""):
        return (checkout.folder,)
    candidates = dict.fromkeys(path.rpartition("/")[0] for path in checkout.paths if path.rpartition("/")[2] in PROJECT_FILES)
    having = [folder for folder in candidates if folder and folder.count("/") < 2 and _has_tests(checkout, folder)]
    return tuple(having[:MOST_SUITES]) or ("",)


def _has_tests(checkout: Checkout, folder: str) -> bool:
    inside = [path[len(folder) :].lstrip("/") for path in checkout.paths if not folder or path.startswith(f"{folder}/")]
    has_files = any(path.startswith(("tests/", "test/", "test_")) or path == "conftest.py" for path in inside)
    return pytest_settings(Ground(read=checkout.read, folder=folder)) is not None or (
        has_files and dependencies(checkout, folder) is not None
    )


def _told(chosen: Sequence[Suite], found: Sequence[Workflow], checkout: Checkout) -> Iterable[str]:
    if not found:
        yield "there are no workflows in .github/workflows"
    elif not any(suite.source for suite in chosen):
        where = f" in {checkout.folder}" if checkout.folder else ""
        yield f"no pytest{where} was found in {', '.join(workflow.path for workflow in found)}"
        yield from _other_runners(found, checkout)
    for suite in chosen:
        yield _about(suite)
    for folder in dict.fromkeys(suite.folder for suite in chosen):
        settings = pytest_settings(Ground(read=checkout.read, folder=folder))
        if settings:
            yield f"{settings.file}: " + (
                ", ".join(f"{name} {value}" for name, value in settings.values) or "pytest settings that change nothing here"
            )


def _other_runners(found: Sequence[Workflow], checkout: Checkout) -> Iterable[str]:
    for workflow in found:
        for job in workflow.jobs:
            for command in other_runners(job, checkout):
                yield f"{workflow.path}, job {job.id} runs tests by `{_short(command)}`, which is not pytest (pytest-django can run those)"


def _about(suite: Suite) -> str:
    where = f"{suite.source}, job {suite.job}" if suite.source else suite.folder or "the repository"
    pythons = f" on Python {', '.join(suite.pythons)}" if suite.pythons else ""
    services = f", with {', '.join(service.name for service in suite.services)}" if suite.services else ""
    folder = f" in {suite.folder}" if suite.folder and suite.source else ""
    is_from_files = suite.install_from and suite.source not in suite.install_from.split(",")
    install = f", installed from {suite.install_from}" if is_from_files else ""
    via = f" (through {suite.via})" if suite.via else ""
    return f"{where}: `{_short(suite.pytest_line)}`{via}{folder}{pythons}{services}{install}"


def _short(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= LONGEST_COMMAND else f"{line[:LONGEST_COMMAND]}…"


def _to_fill_in(made: Sequence[Page]) -> Iterable[str]:
    """The questions, each once, with the file and the line where it stands first."""
    told: set[str] = set()
    for page in made:
        for question in page.asks:
            if question not in told:
                told.add(question)
                lines = [number for number, line in enumerate(page.after.splitlines(), 1) if line.strip() == FILL_IN + question]
                yield f"{page.path}{f':{lines[0]}' if lines else ''}: {question}"
