"""The scores of many suites as tables in Markdown.

Owns the sums and their looks. Must not score.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from bench.accuracy.score import Score, Scored

T = TypeVar("T")

HEAD = "| {} | truths | found | kind right | all named | state named | falsely accused |\n|---|--:|--:|--:|--:|--:|--:|"


def table(scores: Sequence[Score]) -> str:
    """Per kind of plant, per carrier of state, and per kind of suite."""
    return "\n\n".join((_totals(scores), _per_plant(scores), _per_carrier(scores), _per_suite(scores)))


def counted(scores: Iterable[Score]) -> list[Scored]:
    """The truths that count: all, but one of each group, the best told."""
    alone: list[Scored] = []
    for score in scores:
        alone += [truth for truth in score.truths if not truth.group]
        grouped = sorted((truth for truth in score.truths if truth.group), key=lambda truth: truth.group)
        alone += [max(group, key=_worth) for _, group in groupby(grouped, key=lambda truth: truth.group)]
    return alone


def _worth(truth: Scored) -> tuple[bool, bool, bool]:
    return truth.found, truth.kind_right, bool(truth.state_named)


def share(part: Sequence[bool | None]) -> str:
    """How many of those that can be either are true: `9/10`; a dash where there are none."""
    asked = [value for value in part if value is not None]
    return f"{sum(asked)}/{len(asked)}" if asked else "–"


def percent(part: Sequence[bool | None]) -> str:
    """The same with its percentage."""
    asked = [value for value in part if value is not None]
    return f"{sum(asked)} of {len(asked)}, {100 * sum(asked) / len(asked):.1f} %" if asked else "–"


def _totals(scores: Sequence[Score]) -> str:
    truths = counted(scores)
    trials, wall = sum(score.trials for score in scores), sum(score.wall_seconds for score in scores)
    lines = [
        f"- suites: {len(scores)}, planted truths: {len(truths)}",
        f"- found: {percent([truth.found for truth in truths])}",
        f"- false accusations: {sum(len(score.false_accusations) for score in scores)}",
        f"- kind right: {percent([truth.kind_right for truth in truths])}",
        f"- all alternatives named: {percent([truth.all_named for truth in truths])}",
        f"- state named: {percent([truth.state_named for truth in truths])}",
        f"- latent polluters named: {sum(score.latent_named for score in scores)} of {sum(score.latent for score in scores)}",
        f"- trials: {trials} ({trials / max(len(truths), 1):.1f} a truth), wall time: {wall / 60:.0f} min",
    ]
    return "\n".join(lines)


def _row(name: str, truths: Sequence[Scored], accused: int | str) -> str:
    cells = [share([getattr(truth, column) for truth in truths]) for column in ("kind_right", "all_named", "state_named")]
    return f"| {name} | {len(truths)} | {sum(truth.found for truth in truths)} | {' | '.join(cells)} | {accused} |"


def _per_plant(scores: Sequence[Score]) -> str:
    accused = [plant for score in scores for plant in score.false_plants]
    groups = _grouped(counted(scores), lambda truth: truth.plant)
    rows = [_row(plant, truths, accused.count(plant)) for plant, truths in groups]
    rows += [f"| innocents | – | – | – | – | – | {accused.count('innocent')} |"]
    return "\n".join([HEAD.format("kind of order dependence"), *rows])


def _per_carrier(scores: Sequence[Score]) -> str:
    groups = _grouped([truth for truth in counted(scores) if truth.carrier], lambda truth: truth.carrier)
    return "\n".join([HEAD.format("state that carries it"), *(_row(carrier, truths, "") for carrier, truths in groups)])


def _per_suite(scores: Sequence[Score]) -> str:
    lines = ["| suites | number | truths | found | falsely accused | trials a truth | wall time a hunt |", "|---|--:|--:|--:|--:|--:|--:|"]
    for kind, group in _grouped(scores, lambda score: score.name.rpartition("-")[0]):
        truths = counted(group)
        accused, trials = sum(len(score.false_accusations) for score in group), sum(score.trials for score in group)
        wall = sum(score.wall_seconds for score in group) / len(group)
        each = f"{trials / len(truths):.1f}" if truths else "–"
        lines.append(
            f"| {kind} | {len(group)} | {len(truths)} | {sum(truth.found for truth in truths)} | {accused} | {each} | {wall:.0f} s |"
        )
    return "\n".join(lines)


def _grouped(items: Iterable[T], key: Callable[[T], str]) -> list[tuple[str, list[T]]]:
    return [(name, list(group)) for name, group in groupby(sorted(items, key=key), key=key)]


def misses(scores: Sequence[Score]) -> str:
    """Every truth that was not found or not told in full, and every false accusation, one a line."""
    lines = [f"FALSE {score.name} {text}" for score in scores for text in score.false_accusations]
    for score in scores:
        best = {truth.group for truth in score.truths if truth.group and truth.found}
        for truth in score.truths:
            if not truth.found and truth.group not in best:
                lines.append(f"MISS  {score.name} [{truth.plant}; {truth.carrier or '-'}] {truth.test}: {truth.told}")
            elif truth.found and truth.all_named is False:
                lines.append(f"PART  {score.name} [{truth.plant}; {truth.carrier or '-'}] {truth.test}: {truth.told}")
            elif truth.found and truth.state_named is False:
                lines.append(f"STATE {score.name} [{truth.plant}; {truth.carrier or '-'}] {truth.test}: {truth.told}")
    return "\n".join(lines)
