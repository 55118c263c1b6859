"""Hostile text made harmless: what a test, an error message or a foreign findings.json says is shown, never obeyed.

Owns every filter between data and Markdown. Must not lay anything out.

Test ids, messages and paths can hold Markdown, HTML, @mentions, links, issue numbers, pipes, newlines, our own marker or workflow commands,
on purpose or not. Inside a code span GitHub links, mentions and formats nothing, so data goes into code spans; the fence is longer than any
run of backticks inside. Where prose must carry data, each sign that means something is escaped, and a word joiner breaks what only
GitHub's own filters would see (`@name`, `#1`, `https://`).

A template prints plain strings through `text`; what is already Markdown has the type `Md`. So forgetting a filter is ugly, not dangerous.
"""

import html
import re
from urllib.parse import quote

JOINER = "\u2060"
"""Word joiner: invisible, no width, no line break."""

# Control characters, separators of lines and paragraphs, marks that turn the direction of text, tags and other invisible ones, halves of
# surrogate pairs.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
HALF = re.compile("[\ud800-\udfff]")
SIGNS = re.compile(r"([\\`*_\[\]|~!$<>&#])")
SOUGHT = re.compile(r"(@|#|GH-(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.))", re.IGNORECASE)
DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
CODE = re.compile(r"`([^`]+)`")
ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
COMMAND = re.compile(r"^(\s*)(:(?=:)|#(?=#\[))", re.MULTILINE)
"""What the runner takes for a command at the beginning of a line: `::error::`, and of old `##[error]`."""


class Md(str):
    """Text that is Markdown already."""

    __slots__ = ()


def plain(value: object, most: int = 0) -> str:
    """One line without anything unseen; cut in the middle to `most` characters where that is not 0."""
    text = HALF.sub("\ufffd", UNSEEN.sub("\ufffd", " ".join(str(value).split())))
    return shortened(text, most) if most else text


def shortened(text: str, most: int) -> str:
    """`test_x[aaaaaaaaaaaa-b]` → `test_x[aaa…-b]`: two thirds of the room for the beginning, one for the end."""
    if len(text) <= most:
        return text
    tail = max((most - 1) // 3, 1)
    return text[: most - 1 - tail] + "…" + text[-tail:]


def text(value: object) -> Md:
    """Prose that shows every sign as itself."""
    return _escaped(plain(value))


def _escaped(line: str) -> Md:
    escaped = SIGNS.sub(lambda match: ENTITIES.get(match[1], "\\" + match[1]), line)
    return Md(SOUGHT.sub(lambda match: match[1] + JOINER, escaped))


def code(value: object, most: int = 160) -> Md:
    """A code span, fit for a table cell as well."""
    inside = plain(value, most).replace("<!--", f"<{JOINER}!--")
    if not inside.strip("`"):
        inside = inside or " "
    ticks = max((len(run) for run in re.findall("`+", inside)), default=0) + 1
    fence = "`" * ticks
    padded = f" {inside} " if inside.startswith("`") or inside.endswith("`") else inside
    return Md(fence + padded + fence)


def cell(value: object, most: int = 160) -> Md:
    """A code span inside a table, where a pipe must be escaped even in code."""
    return Md(code(value, most).replace("|", "\\|"))


def prose(value: object) -> Md:
    """Our own sentences with data between backticks: `leaves the file "a.py"`, the data in code spans, the rest escaped."""
    parts = CODE.split(plain(value))
    return Md("".join(code(part) if index % 2 else _escaped(part) for index, part in enumerate(parts)))


def prose_cell(value: object) -> Md:
    """As `prose`, inside a table."""
    parts = CODE.split(plain(value))
    return Md("".join(cell(part) if index % 2 else _escaped(part) for index, part in enumerate(parts)))


def unbroken(value: object) -> Md:
    """Our own words with dates in a narrow column of a table: none is broken after its year."""
    return Md(DATE.sub(lambda found: found[0].replace("-", "\u2011"), _escaped(plain(value))))


def html_code(value: object, most: int = 160) -> Md:
    """`<code>` inside a line of HTML, such as a summary."""
    return Md(f"<code>{html.escape(plain(value, most))}</code>")


def html_prose(value: object) -> Md:
    """As `prose`, inside a line of HTML. Backticks and stars would mean nothing there, mentions would."""
    parts = CODE.split(plain(value))
    return Md(
        "".join(
            html_code(part) if index % 2 else SOUGHT.sub(lambda match: match[1] + JOINER, html.escape(part, quote=False))
            for index, part in enumerate(parts)
        )
    )


def block(value: object, language: str = "", most: int = 6000) -> Md:
    """A fenced block; lines keep, what a runner would take for a command does not."""
    lines = [HALF.sub("\ufffd", UNSEEN.sub("\ufffd", line.replace("\t", "    "))) for line in str(value).strip("\n").splitlines()]
    inside = COMMAND.sub(rf"\1\2{JOINER}", "\n".join(lines)).replace("<!--", f"<{JOINER}!--")
    if len(inside) > most:
        inside = inside[:most].rsplit("\n", 1)[0] + "\n…"
    fence = "`" * max(max((len(run) for run in re.findall("`+", inside)), default=0) + 1, 3)
    return Md(f"{fence}{language}\n{inside}\n{fence}")


def link(label: Md, url: str) -> Md:
    """A link whose address cannot end early; the label alone where there is no address on the web."""
    if not re.match(r"https?://", url):
        return label
    return Md(f"[{label}]({quote(HALF.sub(chr(0xFFFD), url), safe=':/?#=&%@+,;~-._')})")
