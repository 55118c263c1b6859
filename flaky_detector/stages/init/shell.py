r"""Shell scripts cut into simple commands.

Owns as much of the shell's grammar as `run:` scripts use: quotes, continued lines, comments, here-documents, `&&`, `;`, subshells, words
that stand before a command. Must not know what a command does.

    set -e                                 ("set", "-e")
    cd api && DEBUG=1 pytest -k "a b" \    ("cd", "api")   ("pytest", "-k", "a b", "-x") with DEBUG=1
      -x 2>&1 | tee log
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from flaky_detector.stages.init.records import Pairs

QUOTED = r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|\$\{\{.*?\}\}|\$\([^()]*\)"
PIECE = re.compile(
    rf"""
    (?P<continued> \\\r?\n\s* )
    | (?P<heredoc> <<-?\s*(?P<quote>['"]?)(?P<word>\w+)(?P=quote)[^\n]*\n(?:.*?\n)??[ \t]*(?P=word)(?=\s*(?:\n|\Z)) )
    | (?P<quoted> {QUOTED} )
    | (?P<comment> (?<![^\s;&|(])\#[^\n]* )
    | (?P<end> \n | ;;? | && | \|\| | (?<![<>&])&(?![>&]) )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
WORD = re.compile(rf"(?:{QUOTED}|[^\s'\"\\|<>()])+|[|<>()]", re.DOTALL)
PART = re.compile(rf"{QUOTED}|.", re.DOTALL)
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
REST_OF_CONTROL = frozenset(("fi", "done", "esac", "}", "[", "[[", "test", ";;"))
VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")

CONTROL = frozenset(("if", "elif", "while", "until", "for", "case", "function"))
BEFORE = frozenset((*CONTROL, "then", "do", "else", "{", "(", "!", "time", "exec", "command", "nohup", "export"))
WRAPPERS = {"sudo": 0, "env": 0, "nice": 0, "xvfb-run": 0, "timeout": 1, "ddtrace-run": 0, "catchsegv": 0}
"""Commands that run the command after them, and how many arguments of their own they take beside options."""
WITH_VALUE = frozenset(("-u", "-n", "-s", "-k", "--signal", "--kill-after", "-C"))


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One simple command: as it stands, its words, and the variables set for it (`exported`: for those after it, too)."""

    text: str
    words: tuple[str, ...]
    env: Pairs = ()
    exported: bool = False


def commands(script: str) -> tuple[Command, ...]:
    """The simple commands of a script, in sequence; a pipe counts as its first command."""
    found: list[Command] = []
    for text in _pieces(script):
        raw = _words(text)
        env, words = _bare(raw)
        if words and words[0] in REST_OF_CONTROL:
            continue
        if len(words) > 2 and words[0] in ("bash", "sh") and words[1].endswith("c") and words[1].startswith("-"):
            found += commands(words[2])
        elif words or env:
            found.append(Command(text=text, words=words, env=env, exported="export" in raw[:2]))
    return tuple(found)


def has_control_flow(script: str) -> bool:
    """Whether commands depend on one another, so that none can be taken out alone."""
    return any((_words(text) or ("",))[0] in CONTROL for text in _pieces(script))


def _pieces(script: str) -> Iterator[str]:
    piece = ""
    for match in PIECE.finditer(script):
        kind = match.lastgroup if match.lastgroup != "word" else "heredoc"
        if kind == "end":
            if piece.strip():
                yield piece.strip()
            piece = ""
        elif kind != "comment":
            piece += "" if kind == "continued" and piece.endswith(" ") else " " if kind == "continued" else match[0]
    if piece.strip():
        yield piece.strip()


def _words(text: str) -> tuple[str, ...]:
    """Unquoted words up to the first pipe, redirection or closing bracket."""
    words: list[str] = []
    for match in WORD.finditer(text):
        if match[0] in "|<>)":
            if match[0] in "<>" and words and words[-1].isdecimal() and text[match.start() - 1].isdecimal():
                words.pop()
            break
        words.append(unquoted(match[0]))
    return tuple(words)


def unquoted(word: str) -> str:
    """A word as the command sees it; `$NAME` and `$(…)` stay."""
    return "".join(_unquoted_part(match[0]) for match in PART.finditer(word))


def _unquoted_part(part: str) -> str:
    if part[0] == "'":
        return part.strip("'") if len(part) > 1 else part
    if part[0] == '"' and len(part) > 1:
        return re.sub(r'\\(["\\$`])', r"\1", part[1:-1])
    return part[1:] if part[0] == "\\" and len(part) > 1 else part


def expanded(words: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Words with the variables that are known put in, as a shell would: one that stands alone may become several words."""
    found: list[str] = []
    for word in words:
        alone = VARIABLE.fullmatch(word)
        value = variables.get(alone[1] or alone[2]) if alone else None
        if value is not None and "${{" not in value:
            found += value.split()
        else:
            found.append(VARIABLE.sub(lambda match: variables.get(match[1] or match[2], match[0]), word))
    return tuple(found)


def _bare(words: tuple[str, ...]) -> tuple[Pairs, tuple[str, ...]]:
    """Variables set for the command, and the command itself without what only wraps it."""
    env: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        name = rest[0]
        if name in BEFORE:
            del rest[0]
        elif ASSIGNMENT.match(name) and name.endswith("=") and rest[1:2] == ["("]:
            return (), ()  # an array
        elif ASSIGNMENT.match(name):
            variable, _, value = rest.pop(0).partition("=")
            env.append((variable, value))
        elif name in WRAPPERS:
            rest = _unwrapped(rest[1:], WRAPPERS[name])
        else:
            break
    return tuple(env), tuple(rest)


def _unwrapped(rest: list[str], own: int) -> list[str]:
    while rest and rest[0].startswith("-"):
        del rest[: 2 if rest[0] in WITH_VALUE else 1]
        if rest and rest[0] == "--":
            del rest[0]
    return rest[own:]
