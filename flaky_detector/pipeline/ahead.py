"""What the plan may know beside settings and runs, found out.

Owns the answers: which shuffles can be computed, what is still open, what a pull request changed. Must not plan.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version

from flaky_detector.adapters.actions import whereabouts
from flaky_detector.adapters.changes import Changes, changed_since
from flaky_detector.model import RunRecord, Suite
from flaky_detector.model.questions import Question
from flaky_detector.settings import OFF, Settings
from flaky_detector.stages.classify import classify
from flaky_detector.stages.correlate import Sources, lay_out, open_questions
from flaky_detector.stages.plan import Known, by_package, by_rootdir

RANDOMLY = "pytest-randomly"
PURE = Version("5")
"""From this release on its order is a function of seed and names that the plan knows."""

IMPORTLIB = "importlib"


def known(settings: Settings, suites: Sequence[Suite], sources: Sources, changes: Changes) -> Known:
    """For every plan of one hunt."""
    named = (by_package(lambda path: sources(path) is not None), by_rootdir)
    arguments = " ".join((*settings.pytest_args, *(word for suite in suites for word in suite.addopts)))
    return Known(
        computed=frozenset(suite.python for suite in suites if _is_computed(suite)),
        namings=named[::-1] if f"--import-mode={IMPORTLIB}" in arguments or f"--import-mode {IMPORTLIB}" in arguments else named,
        questions=lambda records: _open(records, sources),
        changed=changes.files,
        since=changes.since,
    )


def _is_computed(suite: Suite) -> bool:
    """By the version; where the environment has none it is presumed, and the first shuffled run tells."""
    version = next((plugin.version for plugin in suite.plugins if plugin.name == RANDOMLY), None)
    try:
        return version is None or Version(version) >= PURE
    except InvalidVersion:
        return False


def _open(records: Sequence[RunRecord], sources: Sources) -> tuple[Question, ...]:
    failed = [record for record in records if record.failed]
    return open_questions(classify(records), lay_out(records, sources)) if failed else ()


def changes_of(settings: Settings, environ: Mapping[str, str], rootdir: Path) -> Changes:
    """Since what the user says, else since the base of the pull request that the runner tells of; nothing elsewhere."""
    if settings.changed_since == OFF:
        return Changes()
    if settings.changed_since:
        return changed_since(rootdir, (settings.changed_since,))
    place = whereabouts(environ)
    return changed_since(rootdir, place.base, place.head_sha) if place.base else Changes()
