"""`python -m flaky_detector`."""

import sys

from flaky_detector.cli import main

if __name__ == "__main__":
    sys.exit(main())
