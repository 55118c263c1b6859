"""GitHub, through PyGithub: the sticky comment, and the artifacts of a run.

The only package that imports PyGithub.
"""

from flaky_detector.adapters.github.artifacts import download_artifacts
from flaky_detector.adapters.github.comment import Note, Posted, keep_comment
from flaky_detector.adapters.github.connection import Patience, Target

__all__ = ["Note", "Patience", "Posted", "Target", "download_artifacts", "keep_comment"]
