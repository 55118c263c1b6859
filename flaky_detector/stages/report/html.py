"""report.html: one page that holds everything, needs nothing from elsewhere and works without JavaScript.

Owns what the page is drawn from; escaping is Jinja's autoescape, on for every value. Must not word anything: sentences are `telling`'s.
"""

import re
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from flaky_detector.model import Location, Suspect, Trial
from flaky_detector.model.words import leaves
from flaky_detector.stages.report import bytecode, telling
from flaky_detector.stages.report.digest import NOBODY, Digest
from flaky_detector.stages.report.markdown import common_file, line_url
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.neutral import CODE, HALF, UNSEEN, plain
from flaky_detector.stages.report.pages import Context
from flaky_detector.stages.report.timeline import timeline

MOST_STEPS = 6
MOST_CAUSES, MOST_FINDINGS, MOST_TRIALS = 300, 2000, 60


def html(digest: Digest, context: Context) -> str:
    """The page."""
    names = Names(digest.result)
    words: dict[str, Any] = {
        "digest": digest,
        "context": context,
        "names": names,
        "headline": telling.headline(digest),
        "notices": telling.notices(digest),
        "clean": telling.tried(digest) if digest.result.runs and not digest.accuses else "",
        "tone": "proven" if digest.causes or digest.conflicts else "suspected" if digest.suspicions else "clean",
        "tiles": _tiles(digest),
        "footer": telling.footer(digest),
        "timeline": lambda cause: timeline(cause, names),
        "trials": lambda finding: sorted(finding.trials, key=lambda trial: ROLES.get(trial.role, len(ROLES)))[:MOST_TRIALS],
        "order": lambda trial: _order(trial, names),
        "web": lambda url: re.match(r"https?://.+/\d+$", url),
        "place_url": lambda location: _place_url(location, context),
        "run_url": context.run_url if re.match(r"https?://", context.run_url) else "",
    }
    page = _environment().get_template("report.html.j2").render(words)
    return re.sub(r"(>)\n{2,}(<)", r"\1\n\2", page).rstrip() + "\n"


ROLES = {"alone": 0, "after-polluter": 1, "after-state-setter": 1, "without": 2, "after-cleaner": 3, "replay": 4, "search": 5}


@cache
def _environment() -> jinja2.Environment:
    environment = bytecode.environment(autoescape=True, finalize=lambda value: value if isinstance(value, Markup) else plain(value))
    environment.filters.update(prose=_prose, listing=_listing, percent=_percent)
    environment.globals.update(
        telling=telling,
        counted=telling.count,
        clock=telling.clock,
        left=leaves,
        nobody=NOBODY,
        common_file=common_file,
        most=MOST_FINDINGS,
        most_causes=MOST_CAUSES,
    )
    return environment


def _prose(value: object) -> Markup:
    """Sentences with code between backticks."""
    parts = CODE.split(plain(value))
    return Markup("").join(Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts))


def _listing(value: object) -> Markup:
    """A text of several lines for `<pre>`, with the lines of a diff coloured by class."""
    lines = [HALF.sub("\ufffd", UNSEEN.sub("\ufffd", line)) for line in str(value).strip("\n").splitlines()]
    kinds = {"+": "added", "-": "removed", "@": "hunk"} if any(line.startswith("@@") for line in lines) else {}
    drawn = [
        Markup('<span class="{}">{}</span>').format(kinds[line[0]], line) if line and line[0] in kinds else escape(line) for line in lines
    ]
    return Markup("\n").join(drawn)


def _percent(suspect: Suspect) -> int:
    """Width of the bar of a score; at least a sliver."""
    return min(max(round(suspect.score * 100), 2), 100)


def _tiles(digest: Digest) -> list[tuple[str, str]]:
    """Figures at the top, with their names."""
    result = digest.result
    victims = {victim.finding.test for cause in digest.causes for victim in cause.victims}
    tiles = [
        (str(len(digest.causes)), "proven cause" if len(digest.causes) == 1 else "proven causes"),
        (str(len(victims)), "victim" if len(victims) == 1 else "victims"),
        (str(len(digest.suspicions)), "unproven"),
        (str(len(result.runs)), "run" if len(result.runs) == 1 else "runs"),
        (str(result.cost.trials), "trial" if result.cost.trials == 1 else "trials"),
        (telling.clock(result.cost.wall_seconds), "in all"),
    ]
    if result.cost.suite_seconds:
        tiles.append(
            (f"{result.cost.wall_seconds / result.cost.suite_seconds:.1f} ×", f"one suite run ({telling.clock(result.cost.suite_seconds)})")
        )
    return tiles


def _order(trial: Trial, names: Names) -> list[tuple[str, str, str]]:
    """Worker, short name and full id of each step; long orders keep their first and last steps."""
    several = len({step.worker for step in trial.order}) > 1
    steps = [(f"gw{step.worker}" if several else "", names(step.test), plain(step.test)) for step in trial.order]
    if len(steps) <= MOST_STEPS:
        return steps
    return [*steps[:2], ("", f"… {len(steps) - 4} more …", ""), *steps[-2:]]


def _place_url(location: Location | None, context: Context) -> str:
    url = line_url(location, context) if location else ""
    return url if re.match(r"https?://", url) else ""
