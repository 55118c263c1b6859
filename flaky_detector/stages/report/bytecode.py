"""Compiled templates, kept beside their sources as Python keeps its own modules: to compile them takes longer than to fill them.

Owns where the bytecode lies and when it is stale. Where it cannot be written, or Python is told to write none, templates are compiled
each time.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from contextlib import suppress
from functools import partial
from importlib.resources import files
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

TEMPLATES = Path(str(files("flaky_detector.stages.report"))) / "templates"


class Beside(BytecodeCache):
    """In `__pycache__`, a file for each template and version of Python; whatever its name, it is used for the very same source only."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """From the file, where there is one that fits."""
        with suppress(OSError), Path(bucket.key).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Whole or not at all."""
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            place = Path(bucket.key)
            place.parent.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(dir=place.parent)
            with os.fdopen(handle, "wb") as file:
                bucket.write_bytecode(file)
            Path(name).chmod(0o644)
            Path(name).replace(place)

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The file's place."""
        return importlib.util.cache_from_source(filename or str(TEMPLATES / name))

    def get_source_checksum(self, source: str) -> str:
        """Of the source and of what compiles it."""
        return hashlib.sha256(f"{jinja2.__version__}\n{source}".encode()).hexdigest()


environment = partial(
    jinja2.Environment,
    loader=jinja2.FileSystemLoader(TEMPLATES),
    bytecode_cache=Beside(),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
"""What all voices have in common."""
