"""Finds the test that makes other tests fail, and proves it.

This file is executed inside the user's test process (it is the parent of the recorder), so it imports nothing.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
