"""A project's pytest arguments, as the action takes them.

Owns which of them a hunt sets itself: workers and distribution become inputs of their own, coverage, reports and early ends are left out.
Must not know where the arguments come from.
"""

import re
import shlex
from collections.abc import Sequence

import msgspec

LEFT_OUT = re.compile(
    r"--(cov(-[a-z-]+)?|no-cov(-on-fail)?|junit-?xml|junit-prefix|html|self-contained-html|csv|json-report(-[a-z-]+)?|report-log|durations(-min|-path)?|"
    r"store-durations|maxfail|exitfirst|splits|group|splitting-algorithm|color|code-highlight|md-report[a-z-]*|github-report|alluredir|"
    r"failed-first|last-failed|lf|ff|nf|new-first|stepwise|sw|max-worker-restart|tx|codspeed|benchmark-[a-z-]+|result-log|splitting)"
)
# fmt: off
VALUED = frozenset((
    "--cov-report", "--cov-config", "--cov-fail-under", "--cov-context", "--junitxml", "--junit-xml", "--junit-prefix",
    "--html", "--csv", "--report-log", "--durations", "--durations-path", "--durations-min", "--maxfail", "--splits", "--group",
    "--splitting-algorithm", "--color", "--alluredir", "--max-worker-restart", "--tx", "--json-report-file",
    "--md-report-output", "--benchmark-json",
))
# fmt: on
"""Of the options that are left out, those whose value may stand in a word of its own. `--cov` takes one only after `=` or where it looks
like a name: see `_takes`."""


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """What remains, as words; what xdist was told; what was left out; and words that only a shell can tell."""

    words: tuple[str, ...] = ()
    workers: str = ""
    dist: str = ""
    left_out: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As `pytest-args` takes them."""
        return shlex.join(self.words)


def arguments(words: Sequence[str]) -> Arguments:
    """Sort the words after `pytest`."""
    kept: list[str] = []
    left: list[str] = []
    unknown: list[str] = []
    xdist = {"workers": "", "dist": ""}
    at = 0
    while at < len(words):
        word = words[at]
        following = words[at + 1] if at + 1 < len(words) else ""
        xdists = _xdist(word, following)
        if xdists:
            xdist[xdists[0]] = xdists[1]
            at += xdists[2]
        elif word == "-x" or LEFT_OUT.fullmatch(word.partition("=")[0]):
            count = 2 if _takes(word, following) else 1
            left.append(" ".join(words[at : at + count]))
            at += count
        else:
            (unknown if _is_for_a_shell(word) else kept).append(word)
            at += 1
    return Arguments(
        words=tuple(kept), workers=_workers(xdist["workers"]), dist=xdist["dist"], left_out=tuple(left), unknown=tuple(unknown)
    )


def _xdist(word: str, following: str) -> tuple[str, str, int] | None:
    """What xdist's option sets, to what, and how many words it takes; None for other options."""
    for pattern, key in ((r"(?:-n|--numprocesses)(?:=(.+))?|-n\s*(\w+)", "workers"), (r"--dist(?:=(.+))?", "dist")):
        match = re.fullmatch(pattern, word)
        if match:
            given = next((group for group in match.groups() if group), "")
            return key, given or following, 1 if given else 2
    return None


def _workers(text: str) -> str:
    """As the input `workers` takes it; "" leaves the choice to the hunt."""
    return "auto" if text in ("auto", "logical") else text if text.isdecimal() and int(text) > 0 else ""


def _takes(word: str, following: str) -> bool:
    if "=" in word or not following or following.startswith("-"):
        return False
    return word in VALUED or (word == "--cov" and "/" not in following and not following.endswith(".py") and following != "tests")


def _is_for_a_shell(word: str) -> bool:
    """Whether it holds a variable, a command or an expression that is not known here."""
    return bool(re.search(r"\$[A-Za-z_{(]|`|\$\{\{", word))
