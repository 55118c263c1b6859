"""Taking a folder away, whatever was made in it.

Owns removal. Must not raise because something resists: whether it is gone is the answer.
"""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

HARDER = (("chmod", "-R", "u+rwx"), ("rm", "-rf"))
"""For read-only folders, and for folders deeper than Python can follow."""


def remove(path: Path) -> bool:
    """Remove a file, a link or a whole folder, read-only folders included; whether it is gone.

    Links are not followed. What belongs to another user (made by a container that ran as root) may stay.
    """
    if path.is_symlink() or not path.is_dir():
        with contextlib.suppress(OSError):
            path.unlink()
        return not os.path.lexists(path)
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):
        for command in HARDER:
            with contextlib.suppress(OSError):
                subprocess.run((*command, "--", str(path)), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return not os.path.lexists(path)
