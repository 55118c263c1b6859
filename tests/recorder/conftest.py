"""Fixtures that run suites with the guest in them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.recorder.inner import Ran, Run, run_in, write

PACKAGE = Path(__file__).parents[2] / "flaky_detector"


@pytest.fixture(scope="session")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing of ours but the guest, as the house hands it to a suite."""
    folder = tmp_path_factory.mktemp("guest")
    shutil.copytree(PACKAGE / "recorder", folder / "flaky_detector" / "recorder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PACKAGE / "__init__.py", folder / "flaky_detector")
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, guest: Path) -> Run:
    """`run({"test_a.py": source}, "-n", "2", env={...})` in a fresh folder, with the recorder at work; `order` makes an order file."""

    def run(files: Mapping[str, str], *args: str, env: Mapping[str, str] | None = None, order: list[list[Any]] | None = None) -> Ran:
        folder = tmp_path_factory.mktemp("suite")
        write(folder, {"pytest.ini": "[pytest]\n", **files})
        wishes = dict(env or {})
        if order is not None:
            (folder / "order.json").write_text(json.dumps({"v": 1, "steps": order}), "utf-8")
            wishes["FLAKY_DETECTOR_ORDER"] = str(folder / "order.json")
        return run_in(folder, guest, *args, env=wishes)

    return run
