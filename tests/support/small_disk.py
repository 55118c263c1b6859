"""A disk of a few megabytes, for tests of what happens when one is full."""

import shutil
import subprocess
from pathlib import Path

import pytest

IN_A_NAMESPACE = 'mount -t tmpfs -o size=12m tmpfs "$1" && mkdir "$1/tmp" "$1/report" && shift && exec "$@"'


def on_small_disk(folder: Path, *command: str) -> list[str]:
    """The command, for which `folder` is a small file system of its own that nobody else sees, with `tmp` and `report` in it.

    Skips the test where this user may not mount anything, not even in a namespace.
    """
    folder.mkdir(exist_ok=True)
    within = ["unshare", "--map-root-user", "--mount", "--", "sh", "-c", IN_A_NAMESPACE, "sh", str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here: neither as root nor in a user namespace")
    return [*within, *command]
