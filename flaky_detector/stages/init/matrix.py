"""The combinations of a job's matrix, as GitHub makes them.

Owns axes, `include` and `exclude` (docs.github.com, "Workflow syntax": jobs.<job_id>.strategy.matrix). Must not choose among them.

    python: ["3.11", "3.12"]                     3.11 sqlite · 3.12 sqlite · 3.12 postgres
    include:
      - {db: sqlite}                             added to all: it contradicts none
      - {python: "3.12", db: postgres}           a combination of its own: the first one gave 3.12 its db
"""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import yaml

from flaky_detector.stages.init.expressions import evaluate
from flaky_detector.stages.init.records import Pairs

MOST_COMBINATIONS = 256


def combinations(matrix: object, known: Mapping[str, str]) -> tuple[tuple[Pairs, ...], bool]:
    """All combinations, at least one (which may be empty), and whether they are known: a matrix can come from an expression.

    Names are as after `matrix.`; of a value that is a mapping each member has one (`config.python`). `known` are values by name, such as
    those of `inputs.NAME`.
    """
    if isinstance(matrix, str):
        matrix = _from_json(matrix, known)
        if not isinstance(matrix, dict):
            return ((),), False
    if not isinstance(matrix, dict):
        return ((),), True
    axes = {name: _values(value, known) for name, value in matrix.items() if name not in ("include", "exclude")}
    include = _values(matrix.get("include", []), known)
    is_known = all(values is not None for values in (*axes.values(), include))
    usable = {name: values for name, values in axes.items() if values}
    crossed = [dict(zip(usable, values, strict=True)) for values in product(*usable.values())] if usable else []
    kept = [each for each in crossed[:MOST_COMBINATIONS] if not any(_matches(each, rule) for rule in _tables(matrix.get("exclude")))]
    made = _included(kept, _tables(include))
    return tuple(tuple(_flat(each)) for each in made) or ((),), is_known


def _values(value: object, known: Mapping[str, str]) -> list[Any] | None:
    """A list, also where it is written as JSON within an expression; None where it is not known."""
    found = value if isinstance(value, list) else _from_json(str(value), known)
    return found if isinstance(found, list) else None


def _from_json(text: str, known: Mapping[str, str]) -> Any:
    """What `${{ fromJSON(…) }}` gives, scalars as text; None where that is not known."""
    called = re.fullmatch(r"\$\{\{\s*fromJSON\((.*)\)\s*\}\}", text.strip(), re.DOTALL | re.IGNORECASE)
    literal = evaluate(called[1], known) if called else None
    try:
        return yaml.load(literal, yaml.BaseLoader) if literal else None  # noqa: S506 -- makes text, lists and mappings only
    except yaml.YAMLError:
        return None


def _tables(values: object) -> list[dict[str, Any]]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _matches(combination: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    return all(combination.get(name) == value for name, value in rule.items())


def _included(crossed: list[dict[str, Any]], include: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each entry is added to every combination of the axes whose own values it would not change, else it is one of its own."""
    added: list[dict[str, Any]] = [dict(each) for each in crossed]
    own: list[dict[str, Any]] = []
    for entry in include:
        fitting = [at for at, original in enumerate(crossed) if all(original.get(name, value) == value for name, value in entry.items())]
        for at in fitting:
            added[at].update(entry)
        if not fitting:
            own.append(dict(entry))
    return [*added, *own]


def _flat(combination: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, str]]:
    for name, value in combination.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, str):
            yield f"{before}{name}", value
        elif isinstance(value, list):
            yield f"{before}{name}", json.dumps(value)
