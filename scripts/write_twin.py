"""Writes composite/action.yml from action.yml: the same inputs and outputs, and another way to start.

    python scripts/write_twin.py            or: make twin

A test fails where both do not agree; this mends it.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OTHER_WORDS = (
    (
        "The container has nothing of what earlier steps installed.",
        "Without it the job's own Python runs the suite, with what earlier steps installed.",
    ),
    ("The default is the container's Python.", "The default is the job's Python."),
)
"""Of the container, and of the job."""

HEAD = """\
# The same as the container action one folder up, in the job's own environment: for runners of any system, jobs in a container, and
# wherever the suite's services and dependencies are the job's. Written by scripts/write_twin.py from action.yml.
name: flaky-detector (composite)
description: Finds the test that makes other tests fail, proves it by re-running, and says so on the pull request.
author: flaky-detector contributors

"""
RUNS = """\
runs:
  using: composite
  steps:
    - id: start
      # The one shell that every runner has and that a suite in Python needs anyway.
      shell: python
      env:
        FLAKY_DETECTOR_INPUTS: ${{ toJSON(inputs) }}
      # Not github.action_path, which is wrong in a job's container: https://github.com/actions/runner/issues/2185
      run: |
        import os, runpy
        runpy.run_path(os.path.join(os.environ["GITHUB_ACTION_PATH"], "start.py"), run_name="__main__")
"""


def twin(action: str) -> str:
    """The composite action's text, from the container action's."""
    inputs, outputs = (re.search(rf"^{part}:\n(?:  .*\n|\n)+", action, re.MULTILINE) for part in ("inputs", "outputs"))
    assert inputs
    assert outputs
    taken = inputs[0]
    for ours, theirs in OTHER_WORDS:
        assert ours in taken, ours
        taken = taken.replace(ours, theirs)
    with_value = r"  \1:\n\2    value: ${{ steps.start.outputs.\1 }}\n"
    given = re.sub(r"^  ([a-z-]+):\n((?:    .*\n)+)", with_value, outputs[0], flags=re.MULTILINE)
    return HEAD + taken + given + RUNS


if __name__ == "__main__":
    (ROOT / "composite" / "action.yml").write_text(twin((ROOT / "action.yml").read_text()))
    sys.stdout.write("composite/action.yml\n")
