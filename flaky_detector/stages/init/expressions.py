"""`${{ … }}` in workflows, as far as it can be known without running them.

Owns names, literals, `||`, `&&`, `==`, `!=`, `!` and tests of text. Whatever else an expression says
is not known, which is None and never a guess.
"""

import re
from collections.abc import Callable, Mapping

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
LITERAL = re.compile(r"'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?|true|false|null)")
NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+|\['[^']*'\]|\[\d+\])*")

ALWAYS_KNOWN = {"runner.os": "Linux", "runner.arch": "X64", "always()": "true", "success()": "true", "!cancelled()": "true"}
LASTS = re.compile(
    r"(?:secrets|vars)\.\w+|github\.(?:token|repository|repository_owner|sha|workspace|run_id|server_url|api_url)|hashFiles\([^()]*\)"
)
"""Expressions that mean the same in the workflow that we write. None of them can be chosen by the author of a pull request, since they may
come to stand in a command."""


def resolve(text: str, known: Mapping[str, str]) -> str:
    """The text with every expression replaced whose value is known."""

    def value(match: re.Match[str]) -> str:
        found = evaluate(match[1], known)
        return match[0] if found is None else found

    return EXPRESSION.sub(value, text)


def unresolved(text: str) -> tuple[str, ...]:
    """The expressions in a text that mean nothing in another workflow."""
    return tuple(match[0] for match in EXPRESSION.finditer(text) if not LASTS.fullmatch(match[1]))


def evaluate(expression: str, known: Mapping[str, str]) -> str | None:
    """The expression's value as text, None where it is not known. True is "true", false and null are "false" and "".

    `known` has values by name (`matrix.os`); `matrix.*` is that of every name of the matrix which has none of its own.
    """
    expression = expression.strip()
    for operator in ("||", "&&"):
        parts = _split(expression, operator)
        if len(parts) > 1:
            return _joined([evaluate(part, known) for part in parts], stops_at=operator == "||")
    for operator in ("==", "!="):
        sides = _split(expression, operator)
        if len(sides) == 2:
            left, right = (evaluate(side, known) for side in sides)
            return None if left is None or right is None else _as_text((left.lower() == right.lower()) is (operator == "=="))
    return _operand(expression, known)


def is_true(condition: str, known: Mapping[str, str]) -> bool | None:
    """What an `if:` comes to; None where that is not known."""
    if not condition.strip():
        return True
    whole = EXPRESSION.fullmatch(condition.strip())
    value = evaluate(whole[1] if whole else condition, known)
    return None if value is None else _truth(value)


def name_of(expression: str) -> str:
    """`matrix['python-version']` is `matrix.python-version`."""
    return re.sub(r"\['([^']*)'\]|\[(\d+)\]", lambda match: f".{match[1] or match[2]}", expression)


def _operand(expression: str, known: Mapping[str, str]) -> str | None:
    literal = LITERAL.fullmatch(expression)
    if literal:
        return "" if literal[2] == "null" else (literal[2] or (literal[1] or "").replace("''", "'"))
    if expression in ALWAYS_KNOWN:
        return ALWAYS_KNOWN[expression]
    if expression.startswith("!") and not expression.startswith("!="):
        value = evaluate(expression[1:], known)
        return None if value is None else _as_text(not _truth(value))
    if expression.startswith("(") and expression.endswith(")") and _split(expression, "||") == [expression]:
        return evaluate(expression[1:-1], known)
    called = re.fullmatch(r"(startsWith|endsWith|contains)\(([^()]*),([^()]*)\)", expression)
    if called:
        left, right = evaluate(called[2], known), evaluate(called[3], known)
        return None if left is None or right is None else _as_text(TESTS[called[1]](left.lower(), right.lower()))
    if not NAME.fullmatch(expression):
        return None
    name = name_of(expression)
    return known.get(name, known.get(f"{name.partition('.')[0]}.*"))


TESTS: Mapping[str, Callable[[str, str], bool]] = {"startsWith": str.startswith, "endsWith": str.endswith, "contains": str.__contains__}


def _as_text(truth: bool) -> str:  # noqa: FBT001 -- the value itself
    return "true" if truth else "false"


def _split(expression: str, operator: str) -> list[str]:
    """Parts between the operator, where it stands in no bracket and no quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(expression):
        quoted ^= character == "'"
        depth += 0 if quoted else (character == "(") - (character == ")")
        if not quoted and depth == 0 and expression.startswith(operator, at) and at >= start:
            parts.append(expression[start:at])
            start = at + len(operator)
    return [*parts, expression[start:]]


def _joined(values: list[str | None], *, stops_at: bool) -> str | None:
    """`a || b` is the first that is true, `a && b` the first that is false, else the last; unknown where an unknown one decides."""
    for value in values:
        if value is None or _truth(value) is stops_at:
            return value
    return values[-1]


def _truth(value: str) -> bool:
    return value not in {"", "false", "0"}
