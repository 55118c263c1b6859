"""The recorder in the job's own pytest runs: switched on for the steps that follow, and off again for ours.

Owns the variables that do it. The recorder alone is packed up: it needs nothing but the suite's own pytest, on any Python from 3.8, so
nothing is installed into the job's environment. Must not know how a bundle is read.
"""

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from flaky_detector.adapters.interpreters import pack_guest
from flaky_detector.recorder import wire

PYTHON_PATH = "PYTHONPATH"
PLUGINS = "PYTEST_PLUGINS"
GUEST = "recorder"
RECORDED = "recorded"


def switched_on(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Variables by which every pytest of the following steps writes a bundle of its own below `folder/recorded`.

    Args:
        environ: as it is; what is in it already stays.
        folder: absolute; the recorder is put there.
    """
    guest = pack_guest(folder / GUEST)
    (folder / RECORDED).mkdir(parents=True, exist_ok=True)
    return {
        wire.RECORD: str(folder / RECORDED / f"run-{wire.PROCESS}"),
        PYTHON_PATH: os.pathsep.join([str(guest), *_others(environ, PYTHON_PATH, os.pathsep, str(guest))]),
        PLUGINS: ",".join([wire.PLUGIN, *_others(environ, PLUGINS, ",", wire.PLUGIN)]),
    }


def recorded(environ: Mapping[str, str]) -> Path | None:
    """The folder of the bundles; None where nothing was switched on."""
    path = environ.get(wire.RECORD, "")
    return Path(path).parent if path.endswith(wire.PROCESS) else None


def switch_off(environ: MutableMapping[str, str]) -> None:
    """Runs of ours are recorded in their own way."""
    folder = recorded(environ)
    if folder is None:
        return
    guest = str(folder.parent / GUEST)
    del environ[wire.RECORD]
    for name, separator, ours in ((PYTHON_PATH, os.pathsep, guest), (PLUGINS, ",", wire.PLUGIN)):
        others = _others(environ, name, separator, ours)
        environ.pop(name, None)
        if others:
            environ[name] = separator.join(others)


def _others(environ: Mapping[str, str], name: str, separator: str, ours: str) -> list[str]:
    return [part for part in environ.get(name, "").split(separator) if part and part != ours]
