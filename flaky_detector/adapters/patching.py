"""Applies a patch to a private copy.

Owns the call of git. Must never be given the user's own tree, unless a guard restores it.
"""

import os
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

SECONDS = 30.0
CHANGED = re.compile(r"^\+\+\+ (?:b/)?(.+?)\t?$", re.MULTILINE)
TESTS = ("test_*.py", "*_test.py", "tests.py")


def changed_files(patch: str) -> tuple[str, ...]:
    """Paths of the files that it changes or makes, relative to the folder that it is for."""
    return tuple(CHANGED.findall(patch))


def changes_tests_only(patch: str) -> bool:
    """Whether nothing but test modules is changed, by their names."""
    names = [path.rpartition("/")[2] for path in changed_files(patch)]
    return bool(names) and all(any(fnmatch(name, pattern) for pattern in TESTS) for name in names)


def apply(patch: str, rootdir: Path) -> bool:
    """Whether the unified diff, whose paths are relative to `rootdir`, could be applied; nothing is changed where it could not.

    A repository around the folder is hidden from git, which would take the paths for relative to its top.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ["GIT_CEILING_DIRECTORIES"] = str(rootdir.parent)
    inside = rootdir / ".git"
    command = ["git", "apply", "--whitespace=nowarn", "-"] if not inside.exists() else ["git", "-C", str(rootdir), "apply", "-"]
    try:
        ended = subprocess.run(command, cwd=rootdir, env=environ, input=patch, text=True, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
