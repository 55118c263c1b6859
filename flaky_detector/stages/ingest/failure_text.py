"""pytest's own account of a failure, as JUnit files and console logs hold it → Failure.

Owns the reading of that text: exceptions with what they were raised from, where, and what was captured. Only what the text plainly says
is taken; the rest stays empty. Linear in the text, which is cut to a bound first.

    E   psycopg2.errors.DuplicateTable: relation "a_b" already exists        the first part: what it was raised from
    django/db/backends/utils.py:103: DuplicateTable                          where
    The above exception was the direct cause of the following exception:     parts go from the outermost cause to the exception itself
    E   django.db.utils.ProgrammingError: relation "a_b" already exists      the last part: the exception
    ----------------------------- Captured stdout call ---                   then what was captured
"""

import re

import msgspec

from flaky_detector.model import Failure, Phase, Raised
from flaky_detector.recorder import wire

READ = 400_000  # characters of one failure's text that are looked at
PARTS = re.compile(
    r"^(?:The above exception was the direct cause of the following exception:"
    r"|During handling of the above exception, another exception occurred:)$",
    re.MULTILINE,
)
CAPTURED = re.compile(r"^-{3,} Captured (?:stdout|stderr|log) (?:setup|call|teardown) -{3,}$", re.MULTILINE)
E_LINE = re.compile(r"^E {1,6}(.*)$|^E$", re.MULTILINE)
TYPED = re.compile(r"^([A-Za-z_][\w.]{0,200})(?:: ?(.*))?$", re.DOTALL)
PLACE = re.compile(r"^(?![E>] )(?P<path>[^\s:][^\n:]{0,400}?\.\w+):(?P<line>\d+): ?(?P<rest>[^\n]*)$", re.MULTILINE)
DEFINITION = re.compile(r"^[ >]\s*(?:async )?def (\w+)\(", re.MULTILINE)
INSTALLED = re.compile(r"^.*(?:site-packages|dist-packages|lib/python3\.\d+)/")
PHASED = re.compile(r'^failed on (setup|teardown) with "(.*)"$', re.DOTALL)
EXCEPTION_LIKE = re.compile(r"(?:Error|Exception|Exit|Warning|Interrupt|Failed|Group|DoesNotExist|[a-z]\.[A-Z]\w+)$")


class Placed(msgspec.Struct, frozen=True):
    """One frame of a traceback; `exception` is the bare type where the frame is the last."""

    path: str
    line: int
    function: str
    exception: str

    @property
    def is_foreign(self) -> bool:
        """Whether it lies outside the rootdir, as far as a path tells."""
        return self.path.startswith(("../", "/", "<")) or bool(INSTALLED.match(self.path))


def read_failure(message: str, text: str, phase: Phase | None = None, output: str = "") -> Failure:
    """One failure.

    Args:
        message: JUnit's `message` attribute, empty where there is none.
        text: pytest's long representation.
        phase: where it is known from elsewhere; else read from the message.
        output: what JUnit holds of captured output.
    """
    told_phase, message = _phase(message)
    captured = CAPTURED.search(text, 0, READ)
    traceback = text[: captured.start() if captured else READ]
    captured_text = text[captured.start() : captured.start() + READ] if captured else ""
    parts = PARTS.split(traceback)
    frames = _frames(parts[-1])
    last = frames[-1].exception if frames else ""
    own_words = _raised(parts[-1])
    causes = [raised for part in parts[:-1] if (raised := _raised(part)) is not None]
    cut = message.endswith("full report in element text]")
    outermost = (own_words if cut else None) or _from_message(message, last) or own_words or _without_exception(last, message or text)
    own = [frame for frame in frames if not frame.is_foreign]
    return Failure(
        phase=phase or told_phase,
        exception=outermost.type,
        message=outermost.message[: wire.MAX_MESSAGE],
        chain=tuple(reversed(causes)),
        raised_at=_at(frames[-1]) if frames else "",
        test_frame=_at(own[-1]) if own else "",
        line=own[-1].line if own else 0,
        text=traceback[-wire.MAX_TEXT :],
        output=(output + captured_text)[: wire.MAX_OUTPUT],
    )


def _phase(message: str) -> tuple[Phase, str]:
    phased = PHASED.match(message)
    if phased:
        return ("setup" if phased[1] == "setup" else "teardown"), phased[2]
    if message in ("test setup failure", "test teardown failure"):  # pytest before 6
        return ("setup" if "setup" in message else "teardown"), ""
    return "call", message


def _from_message(message: str, last: str) -> Raised | None:
    """`SystemExit: 1` → its type and message; a bare `assert 1 == 2` is an AssertionError."""
    if not message:
        return None
    if message.startswith("assert ") or (last == "AssertionError" and not message.startswith("AssertionError")):
        return Raised("AssertionError", message)
    head, colon, rest = message.partition(": ")
    if not colon and ":" in message:
        head, _, rest = message.partition(":")
    bare = head.strip().rsplit(".", 1)[-1]
    if re.fullmatch(r"[\w.]+", head.strip()) and (bare == last or EXCEPTION_LIKE.search(head.strip())):
        return Raised(head.strip(), rest)
    return None


def _without_exception(last: str, words: str) -> Raised:
    """As the recorder says it: a strict xfail that passed, or a failure that pytest reports without an exception."""
    if not words.strip():
        return Raised(last, "")
    return Raised("XPASS(strict)" if words.startswith("[XPASS(strict)]") else last or "Failed", words[:READ])


def _raised(part: str) -> Raised | None:
    """The exception of one part of a chained traceback, from its last block of E lines."""
    block: list[str] = []
    previous_end = -2
    for found in E_LINE.finditer(part):
        if found.start() > previous_end + 1:
            block = []
        block.append(found[1] or "")
        previous_end = found.end()
    if not block:
        return None
    text = "\n".join(block).strip()
    typed = TYPED.match(block[0].strip())
    if text.startswith("assert ") or typed is None or not EXCEPTION_LIKE.search(typed[1]):
        return Raised("AssertionError", text) if text.startswith("assert ") else None
    rest = [typed[2] or "", *(line.removeprefix("  ") for line in block[1:])]
    return Raised(typed[1], "\n".join(rest).strip())


def _frames(part: str) -> list[Placed]:
    frames: list[Placed] = []
    start = 0
    for found in PLACE.finditer(part):
        rest = found["rest"].strip()
        named = rest.removeprefix("in ").split(" ")[0] if rest.startswith("in ") else ""
        defined = DEFINITION.findall(part, start, found.start()) if not named else ()
        frames.append(
            Placed(
                path=found["path"],
                line=int(found["line"][:9]),
                function=named or (defined[-1] if defined else ""),
                exception="" if named else rest.split(" ")[0],
            )
        )
        start = found.end()
    return frames


def _at(frame: Placed) -> str:
    """`path:function`, without what differs between installations."""
    path = INSTALLED.sub("", frame.path)
    while path.startswith("../"):
        path = path[3:]
    return f"{path}:{frame.function}" if frame.function else f"{path}:"
