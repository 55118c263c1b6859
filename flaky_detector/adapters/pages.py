"""Writes what the report says into the output folder.

Owns the names of the files there, and that each is whole or not there at all. Must not know what stands in them.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from flaky_detector.errors import SettingsError

MARKER = "flaky-detector.folder"


def prepare(output: Path) -> Path:
    """The output folder, made where it is missing; an earlier report of ours in it is removed, anything else is left alone.

    Raises:
        SettingsError: it is a file, or cannot be written to.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        if (output / "runs" / MARKER).is_file():
            shutil.rmtree(output / "runs", ignore_errors=True)
        (output / "runs").mkdir(exist_ok=True)
        (output / "runs" / MARKER).write_text("made by flaky-detector; removed when the next report is written\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"cannot write to the output folder {str(output)!r}: {error.strerror}", "give another to --output") from None
    return output.resolve()


def write(output: Path, texts: Mapping[str, str]) -> None:
    """Each text into the file of that name, through a temporary file beside it, so that a reader never sees half of one."""
    for name, text in texts.items():
        part = output / f".{name}.part"
        try:
            part.write_text(text, encoding="utf-8")
            os.replace(part, output / name)  # noqa: PTH105 -- the atomic one
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SettingsError(
                f"cannot write {str(output / name)!r}: {error.strerror}", "make room or give another folder to --output"
            ) from None
