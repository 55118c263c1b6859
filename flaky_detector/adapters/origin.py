"""Where this copy of flaky-detector comes from: the repository on GitHub and the commit, as `uses:` names them.

Owns the reading of what pip noted when it installed us (PEP 610), and of the checkout where it was installed from one. Whatever is not
certain is left empty: a commit that was never pushed would name nothing.
"""

import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

GITHUB = re.compile(r"(?:https?://(?:[^@/]+@)?|ssh://git@|git@)github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")


def origin() -> tuple[str, str]:
    """`owner/name` and the commit, each "" where it is not known."""
    try:
        noted: Any = json.loads(distribution("flaky-detector").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return "", ""
    return origin_of(noted)


def origin_of(noted: Any) -> tuple[str, str]:
    """The same from what pip noted."""
    url = str(noted.get("url", "")) if isinstance(noted, dict) else ""
    if url.startswith("file://"):
        return _of_checkout(Path(unquote(urlparse(url).path)))
    commit = noted.get("vcs_info", {}).get("commit_id", "") if isinstance(noted, dict) else ""
    return repository_of(url), commit if re.fullmatch(r"[0-9a-f]{40}", str(commit)) else ""


def repository_of(url: str) -> str:
    """`owner/name` of an address of GitHub's, "" for any other."""
    match = GITHUB.fullmatch(url.removeprefix("git+"))
    return f"{match[1]}/{match[2]}" if match else ""


def _of_checkout(folder: Path) -> tuple[str, str]:
    repository = repository_of(_git(folder, "remote", "get-url", "origin"))
    commit = _git(folder, "rev-parse", "HEAD")
    return (repository, commit if repository and _git(folder, "branch", "--remotes", "--contains", commit) else "")


def _git(folder: Path, *arguments: str) -> str:
    if not (folder / ".git").exists():
        return ""
    ended = subprocess.run(("git", "-C", str(folder), *arguments), capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else ""
