"""What goes over the wire to and from the GitHub on loopback, and what can go wrong on the way.

Owns the records of one exchange and the choice of the failure that meets it. Must not know what any operation does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Call:
    """One request as it came in, and the code that answered it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: Any
    code: int = 0


@dataclass(frozen=True)
class Reply:
    """What goes back, and how: late, cut off in the middle of the body, or not at all."""

    code: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    slow_seconds: float = 0
    cut: bool = False
    hang_up: bool = False


@dataclass
class Trouble:
    """A failure to meet one request with; `carried_out` does the work first and fails only then, as a proxy that gives up does.

    `route` is the end of an operation's path, "" for any; `skip` lets so many fitting requests pass before. `slow_seconds` and `cut` leave
    the answer as it is where `code` is 0.
    """

    method: str
    code: int
    message: str = ""
    route: str = ""
    skip: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    carried_out: bool = False
    hang_up: bool = False
    slow_seconds: float = 0
    cut: bool = False

    def fits(self, method: str, template: str) -> bool:
        """Whether it meets this request, were it the next one to fail."""
        return self.method == method and template.endswith(self.route)

    def reply(self, worked: Reply) -> Reply:
        """The answer instead of `worked`."""
        document, code, headers = worked.document, worked.code, worked.headers
        if self.code:
            document, code, headers = error(self.message), self.code, self.headers
        return Reply(code, document, headers, slow_seconds=self.slow_seconds, cut=self.cut, hang_up=self.hang_up)


class Troubles:
    """The failures still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Trouble] = []

    def add(self, trouble: Trouble) -> None:
        """One more."""
        self._waiting.append(trouble)

    def meeting(self, method: str, template: str) -> Trouble | None:
        """The failure that this request meets; it is gone then."""
        for trouble in self._waiting:
            if trouble.fits(method, template):
                if trouble.skip == 0:
                    self._waiting.remove(trouble)
                    return trouble
                trouble.skip -= 1
                return None
        return None


def error(message: str, **more: Any) -> dict[str, Any]:
    """The form of GitHub's own refusals."""
    return {"message": message, "documentation_url": DOCUMENTATION, **more}


def pattern(path: str) -> re.Pattern[str]:
    """`/repos/{owner}/{repo}` as an expression with its names; a path or a ref may hold slashes."""
    return re.compile(re.sub(r"\{(\w+)\}", lambda name: f"(?P<{name[1]}>{'.+' if name[1] in {'path', 'ref'} else '[^/]+'})", path) + "$")
