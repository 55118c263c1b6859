"""GitHub, through PyGithub: the sticky comment, an issue for each cause, and the artifacts of a run.

The only package that imports PyGithub.
"""

from flaky_detector.adapters.github.artifacts import download_artifacts
from flaky_detector.adapters.github.comment import Note, Posted, keep_comment
from flaky_detector.adapters.github.connection import Patience, Target
from flaky_detector.adapters.github.issues import IssueNote, keep_issues

__all__ = ["IssueNote", "Note", "Patience", "Posted", "Target", "download_artifacts", "keep_comment", "keep_issues"]
