"""What is remembered from night to night, in a SQLite file.

The only package that imports sqlite3.
"""

from flaky_detector.adapters.history.file import Opened, read, write

__all__ = ["Opened", "read", "write"]
