"""Text that must not be seen.

Owns how a token is carried about. Must not know what it is for.
"""


class Secret:
    """Text that is shown only to who asks for it by name: not in a repr, a log line, an f-string or JSON."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for the one call that needs it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"
