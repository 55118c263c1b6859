"""GitHub, through PyGithub: the sticky comment, an issue for each cause, what a run left, and who may ask for a hunt.

The only package that imports PyGithub, and not before something of it is used: that takes longer than reading a small run's artefacts.
Whoever uses it names it whole (`github.keep_comment`).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flaky_detector.adapters.github.artifacts import download_artifacts
    from flaky_detector.adapters.github.comment import Note, Posted, keep_comment
    from flaky_detector.adapters.github.connection import Patience, Target
    from flaky_detector.adapters.github.issues import IssueNote, keep_issues
    from flaky_detector.adapters.github.past_run import Fetched, Past, fetch_run
    from flaky_detector.adapters.github.pulls import find_pull_request
    from flaky_detector.adapters.github.request import Verdict, react, weigh
    from flaky_detector.adapters.github.tending import Tended, Tending, Wish, tend_issues

__all__ = [
    "Fetched",
    "IssueNote",
    "Note",
    "Past",
    "Patience",
    "Posted",
    "Target",
    "Tended",
    "Tending",
    "Verdict",
    "Wish",
    "download_artifacts",
    "fetch_run",
    "find_pull_request",
    "keep_comment",
    "keep_issues",
    "react",
    "tend_issues",
    "weigh",
]

_HOMES = {
    "artifacts": ("download_artifacts",),
    "comment": ("Note", "Posted", "keep_comment"),
    "connection": ("Patience", "Target"),
    "issues": ("IssueNote", "keep_issues"),
    "past_run": ("Fetched", "Past", "fetch_run"),
    "pulls": ("find_pull_request",),
    "request": ("Verdict", "react", "weigh"),
    "tending": ("Tended", "Tending", "Wish", "tend_issues"),
}


def __getattr__(name: str) -> Any:
    """https://peps.python.org/pep-0562/"""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(name)
