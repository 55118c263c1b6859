"""What is answered where a hunt was asked for in a comment and there is no report to show.

Owns the wording. Must not know who asked.
"""

import re

from flaky_detector.stages.report.neutral import Md, code, link, text


def request_failed(why: str, run_url: str, commit: str) -> str:
    """The hunt left nothing to tell."""
    return f"### 🧪 The hunt that was asked for{_at(commit)} left no report\n\n{text(why)}. {_run(run_url)} tells more.\n"


def request_met(run_url: str, commit: str) -> str:
    """In the place of the above, once a later hunt was well."""
    headline = f"### 🧪 The hunt that was asked for{_at(commit)} was made"
    return f"{headline}\n\nWhat it found is in the other comment. {_run(run_url)} has the report.\n"


def _at(commit: str) -> Md:
    return Md(f" at {code(commit[:7])}") if re.fullmatch("[0-9a-f]{7,40}", commit) else Md("")


def _run(run_url: str) -> Md:
    return link(Md("Its run"), run_url)
