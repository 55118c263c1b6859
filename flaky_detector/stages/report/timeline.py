"""The way from polluter to victim as a drawing: one lane a worker, time from left to right.

    gw0  ┌ warm-up ┐  ┌ polluter ┐──▶┌ polluter ┐
    gw1  ┌ warm-up ┐                            └──▶┌ needed ┐──▶┌ victim ┐

Owns the geometry, in SVG units. Colours are the page's.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from flaky_detector.model import Step
from flaky_detector.stages.report.digest import Cause
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.neutral import plain, shortened

LABEL, WIDTH, GAP, HEIGHT, LANE, TOP = 56, 204, 28, 64, 88, 8
LETTERS = 27
MOST_STEPS = 14


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """One test on its lane. `role` is also the class that colours it."""

    x: int
    y: int
    role: str
    word: str
    lines: tuple[str, ...]
    full: str


class Lane(msgspec.Struct, frozen=True):
    """One worker."""

    y: int
    name: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The drawing."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[str, ...]
    box_width: int = WIDTH
    box_height: int = HEIGHT


def timeline(cause: Cause, names: Names) -> Timeline | None:
    """The minimal order of a cause's first victim, None where it is not known or too long to draw."""
    order = cause.first.minimal_order
    if not 1 < len(order) <= MOST_STEPS:
        return None
    workers = sorted({step.worker for step in order})
    columns = _columns(cause, order)
    boxes = tuple(_box(cause, step, column, workers.index(step.worker), names) for column, step in zip(columns, order, strict=True))
    acting = [box for box in boxes if box.role != "warm-up"]
    return Timeline(
        width=LABEL + (max(columns) + 1) * (WIDTH + GAP),
        height=TOP + len(workers) * LANE,
        lanes=tuple(
            Lane(TOP + row * LANE + HEIGHT // 2, f"gw{worker}" if len(workers) > 1 else "one") for row, worker in enumerate(workers)
        ),
        boxes=boxes,
        arrows=tuple(_arrow(a, b) for a, b in pairwise(acting)),
    )


def _columns(cause: Cause, order: Sequence[Step]) -> list[int]:
    """A column each, but warm-ups of several workers stand at the same time."""
    seen: dict[int, int] = {}
    columns = []
    for step in order:
        if step.test in cause.first.warm_up:
            seen[step.worker] = seen.get(step.worker, -1) + 1
            columns.append(seen[step.worker])
        else:
            columns.append(max(columns, default=-1) + 1)
    return columns


def _lines(name: str) -> tuple[str, ...]:
    """A name on two lines, broken at an underscore where one is near."""
    if len(name) <= LETTERS:
        return (name,)
    at = max(name.rfind("_", 8, LETTERS), name.rfind("[", 8, LETTERS - 1)) if len(name) < 2 * LETTERS - 8 else LETTERS
    at = at if at > 0 and len(name) - at <= LETTERS else LETTERS
    return name[:at], name[at:]


def _box(cause: Cause, step: Step, column: int, row: int, names: Names) -> Box:
    role, word = _role(cause, step)
    return Box(
        x=LABEL + column * (WIDTH + GAP),
        y=TOP + row * LANE,
        role=role,
        word=word,
        lines=_lines(shortened(names(step.test), 2 * LETTERS - 1)),
        full=plain(step.test),
    )


def _role(cause: Cause, step: Step) -> tuple[str, str]:
    if step.test == cause.first.test:
        return ("setter", "passes") if cause.kind == "state-setter" else ("victim", "victim fails")
    if step.test in cause.first.warm_up:
        return "warm-up", "warm-up"
    if step.test in cause.polluters:
        return ("setter", "state-setter") if cause.kind == "state-setter" else ("polluter", "polluter")
    return "needed", "needed as well"


def _arrow(a: Box, b: Box) -> str:
    """An SVG path from one box to the next: straight on one lane, a curve to another."""
    x1, y1, x2, y2 = a.x + WIDTH, a.y + HEIGHT // 2, b.x - 4, b.y + HEIGHT // 2
    if y1 == y2 and x2 - x1 > GAP:  # other tests stand between: below them
        return f"M{x1} {y1 + 18} C{x1 + 24} {y1 + 44} {x2 - 24} {y1 + 44} {x2} {y1 + 18}"
    middle = (x1 + x2) // 2
    return f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"
