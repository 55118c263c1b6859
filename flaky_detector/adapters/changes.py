"""Which files changed since a commit: asked of git, read only.

Owns the question. Must not fail: a checkout without git, without history (`actions/checkout` fetches one commit only) or without that
commit is told in words.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TIMEOUT_SECONDS = 60.0
MERGED_INTO = "HEAD^1"
"""In a merge that was made for a pull request: what it is merged into."""

SHORT = 12


class Changes(NamedTuple):
    """Paths of Python files relative to the folder asked about, since when, and why nothing is known (then there are no files)."""

    files: tuple[str, ...] = ()
    since: str = ""
    trouble: str = ""


def changed_since(folder: Path, revisions: Sequence[str], head: str = "") -> Changes:
    """What changed since the branch that HEAD is on left the first of these revisions that is there; what is not committed counts too.

    Args:
        folder: inside the checkout; files elsewhere are left out.
        revisions: commits or branches, the best one first.
        head: the pull request's newest commit, "" where it is not known. Only a merge of that commit was made for the pull request: a
            branch may end in a merge of its own.
    """
    merged = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^2")
    for revision in (*revisions, *([MERGED_INTO] if merged and head in {"", merged} else [])):
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        base = _git(folder, "merge-base", commit, "HEAD") if commit else None
        told = base and _git(folder, "diff", "--name-only", "-z", "--relative", "--no-ext-diff", "--no-renames", "--diff-filter=d", base)
        if commit and base and told is not None:
            new = _git(folder, "ls-files", "-z", "--others", "--exclude-standard") or ""
            files = sorted({path for path in (told + "\0" + new).split("\0") if path.endswith(".py")})
            return Changes(tuple(files), commit[:SHORT] if commit == revision else revision)
    return Changes(trouble=_why_not(folder, revisions))


def _why_not(folder: Path, revisions: Sequence[str]) -> str:
    if _git(folder, "rev-parse", "--git-dir") is None:
        return "this is no checkout that git can read"
    missing = f"{' or '.join(revisions)} is not in this checkout, or has no commit in common with it"
    is_shallow = _git(folder, "rev-parse", "--is-shallow-repository") == "true"
    return missing + ("; it holds the newest commits only: give `fetch-depth: 0` to actions/checkout" if is_shallow else "")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git printed; None where it failed or is not there."""
    command = ("git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments)
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", timeout=TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None
