"""Taking a folder away, whatever was made in it.

Owns removal. Must not raise because something resists: what is left is told.
"""

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any


def remove(path: Path) -> bool:
    """Remove a file, a link or a whole folder, read-only folders included; whether it is gone.

    Links are not followed. What belongs to another user (made by a container that ran as root) may stay.
    """
    try:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return True
        shutil.rmtree(path, onerror=_unlock)
    except (OSError, RecursionError):
        pass
    if os.path.lexists(path):  # deeper than Python can follow, or not ours
        with contextlib.suppress(OSError):
            subprocess.run(["rm", "-rf", "--", str(path)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return not os.path.lexists(path)


def _unlock(function: Callable[..., Any], path: str, error: object) -> None:
    """Make the folder and the one around it writable, then try again."""
    del error
    with contextlib.suppress(OSError):
        for folder in (str(Path(path).parent), path):
            if not Path(folder).is_symlink() and stat.S_ISDIR(os.lstat(folder).st_mode):
                Path(folder).chmod(0o700)
        if function in (os.unlink, os.rmdir):
            function(path)
        else:
            shutil.rmtree(path, ignore_errors=True)
