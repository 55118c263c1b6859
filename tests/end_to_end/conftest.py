"""What the end-to-end tests share."""

from tests.support.postgres import postgres, server

__all__ = ["postgres", "server"]
