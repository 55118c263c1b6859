"""Draws the Markdown voices from the digest, in as much room as there is.

Owns the fitting: a page is drawn again with less until it fits, causes are folded, then told in short, then counted, and Markdown is
never cut in the middle. Must not word anything: sentences are `telling`'s, the layout is the templates'.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import jinja2
import msgspec
from msgspec.structs import replace

from flaky_detector.model import Location, path_of
from flaky_detector.model.words import leaves
from flaky_detector.stages.report import bytecode, earlier, neutral, telling
from flaky_detector.stages.report.digest import NOBODY, Cause, Digest, Tally
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.neutral import Md
from flaky_detector.stages.report.pages import Context


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How much of everything a page may show."""

    causes: int = 60
    brief: int = 1000
    inline_victims: int = 3
    victims: int = 60
    alternatives: int = 6
    examples: bool = True
    suspicions: int = 20
    suspects: int = 10
    others: int = 30
    notes: int = 4
    runs: int = 500


def rooms(room: Room) -> Iterator[Room]:
    """The room, and smaller and smaller ones."""
    yield room
    yield (room := replace(room, victims=20, others=15, suspicions=10))
    yield (room := replace(room, victims=8, others=6, suspicions=6, suspects=5, alternatives=3, runs=100))
    yield (room := replace(room, examples=False, victims=3, others=3, suspicions=4, notes=1))
    for causes in (30, 15, 8, 4, 2, 1):
        yield (room := replace(room, causes=causes, brief=60, suspicions=min(causes, 4), runs=30))
    yield replace(room, brief=5, victims=1, suspicions=1, suspects=2, others=1, notes=0, alternatives=1, runs=5)
    yield replace(room, causes=0, brief=0, victims=0, suspicions=0, others=0, notes=0, runs=0)


def draw(template: str, digest: Digest, context: Context, fits: Callable[[str], bool], room: Room | None = None) -> str:
    """The page by its template, in the largest room that fits."""
    page = ""
    for smaller in rooms(room or Room()):
        page = _tidy(_environment().get_template(template).render(_words(digest, context, smaller)))
        if fits(page):
            break
    return page


def draw_whole(template: str, digest: Digest, context: Context, words: Mapping[str, Any]) -> str:
    """A short page that needs no fitting, with words of its own."""
    return _tidy(_environment().get_template(template).render({**_words(digest, context, Room()), **words}))


def _tidy(page: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", page).strip("\n") + "\n"


@cache
def _environment() -> jinja2.Environment:
    """Plain strings go through `neutral.text`, whichever template prints them; only `Md` passes as it is."""
    environment = bytecode.environment(finalize=lambda value: value if isinstance(value, Md) else neutral.text(value))
    environment.filters.update(
        code=neutral.code,
        cell=neutral.cell,
        prose=neutral.prose,
        prose_cell=neutral.prose_cell,
        unbroken=neutral.unbroken,
        html_code=neutral.html_code,
        html_prose=neutral.html_prose,
        block=neutral.block,
    )
    environment.globals.update(telling=telling, counted=telling.count, clock=telling.clock, left=leaves, nobody=NOBODY)
    return environment


def _words(digest: Digest, context: Context, room: Room) -> dict[str, Any]:
    causes = digest.causes
    remembered = earlier.since(context.earlier, digest, context.commit)
    gone = earlier.gone(remembered, digest)
    also = telling.also_seen(digest)
    return {
        "digest": digest,
        "room": room,
        "names": Names(digest.result),
        "key": Md(re.sub(r"[^A-Za-z0-9_.-]", "-", context.key)),
        "headline": telling.gone_headline(gone) if gone and not digest.accuses and not digest.others else telling.headline(digest),
        "gone": gone,
        "gone_introduction": telling.gone_introduction(digest, context.commit) if gone else "",
        "memory": Md(earlier.remember(remembered)),
        "notices": [*([telling.OF_OTHERS] if context.of_others else []), *telling.notices(digest)],
        "causes": causes[: room.causes],
        "brief": causes[room.causes : room.causes + room.brief],
        "omitted": len(causes[room.causes + room.brief :]),
        "suspicions": digest.suspicions[: room.suspicions],
        "conflicts": digest.conflicts[: max(room.others, 1)],
        "asides": digest.asides[: room.others],
        "suspicions_omitted": len(digest.suspicions[room.suspicions :]),
        "also": also,
        "clean": telling.tried(digest) if digest.result.runs and not digest.accuses else "",
        "arrangements": telling.arrangements(digest)[: room.others],
        "runs": digest.result.runs,
        "cost": digest.result.cost,
        "footer": telling.footer(digest),
        "run_link": _run_link(context),
        "commit": context.commit[:7],
        "version": context.version,
        "misses_comment": context.wants_comment and not context.can_comment,
        "place": lambda location: place(location, context),
        "tally": tally,
        "common_file": common_file,
        "issue_link": issue_link,
        "control_text": control_text,
    }


def issue_link(url: str) -> Md:
    """`#7`, a link; empty where it is no address of an issue."""
    number = re.search(r"^https?://.+/(\d+)$", url)
    return neutral.link(neutral.text(f"#{number[1]}"), url) if number else Md("")


def _run_link(context: Context) -> Md:
    if not re.match(r"https?://", context.run_url):
        return Md("")
    return Md(f'<a href="{html.escape(context.run_url)}">full report</a>')


def place(location: Location | None, context: Context) -> Md:
    """`tests/test_a.py:19`, a link where the repository is on the web; empty for no location."""
    if location is None:
        return Md("")
    label = neutral.code(f"{location.path}:{location.line}", 100)
    return neutral.link(label, line_url(location, context))


def line_url(location: Location, context: Context) -> str:
    """Address of a line at the commit; empty where either is not known."""
    if not (context.repository_url and context.commit):
        return ""
    path = neutral.plain(f"{context.folder}/{location.path}" if context.folder else location.path)
    return f"{context.repository_url.rstrip('/')}/blob/{context.commit}/{path}#L{location.line}"


def tally(counted: Tally, *, bold: bool = False) -> Md:
    """`0 / 3`; a dash where nothing was tried."""
    if not counted.attempts:
        return Md("–")
    told = f"{counted.failed}\u00a0/\u00a0{counted.attempts}"
    return Md(f"**{told}**" if bold and counted.failed else told)


def common_file(cause: Cause) -> str:
    """The file that all victims stand in; empty where there are several."""
    paths = {path_of(victim.finding.test) for victim in cause.victims}
    return paths.pop() if len(paths) == 1 else ""


def control_text(cause: Cause) -> str:
    """`alone 0 of 3 fail, after them 3 of 3 each · without step 1: 0 of 3`: the proof in a line."""
    return " · ".join(told for told in (telling.proof(cause), telling.controls(cause)) if told)
