"""The container action's way in; what it does is in flaky_detector/pipeline/action.py."""

import os
import sys

from flaky_detector.cli import main
from flaky_detector.pipeline.action import act

if __name__ == "__main__":
    sys.exit(act(os.environ, main))
