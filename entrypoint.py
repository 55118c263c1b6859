"""The way in of both actions, the container and its composite twin; what it does is in flaky_detector/pipeline/action.py.

The twin gives the version of the job's Python.
"""

import os
import sys

from flaky_detector.cli import main
from flaky_detector.pipeline.action import act

if __name__ == "__main__":
    sys.exit(act(os.environ, main, *sys.argv[1:2]))
