"""GitHub, through PyGithub: the sticky comment, an issue for each cause, the artifacts of a run, and who may ask for a hunt.

The only package that imports PyGithub.
"""

from flaky_detector.adapters.github.artifacts import download_artifacts
from flaky_detector.adapters.github.comment import Note, Posted, keep_comment
from flaky_detector.adapters.github.connection import Patience, Target
from flaky_detector.adapters.github.issues import IssueNote, keep_issues
from flaky_detector.adapters.github.pulls import find_pull_request
from flaky_detector.adapters.github.request import Verdict, react, weigh
from flaky_detector.adapters.github.tending import Tended, Tending, Wish, tend_issues

__all__ = [
    "IssueNote",
    "Note",
    "Patience",
    "Posted",
    "Target",
    "Tended",
    "Tending",
    "Verdict",
    "Wish",
    "download_artifacts",
    "find_pull_request",
    "keep_comment",
    "keep_issues",
    "react",
    "tend_issues",
    "weigh",
]
