"""What `make TARGET` runs.

Owns variables set to plain text, prerequisites and recipes of a Makefile. Functions, conditionals and included files are not looked
through.
"""

import re

from flaky_detector.stages.init.unfolding.ground import Ground, inside

NAMES = ("GNUmakefile", "makefile", "Makefile")
VARIABLE = re.compile(r"^(?:export\s+)?([\w.-]+)\s*[:?+]{0,2}=\s*(.*)$")
RULE = re.compile(r"^([^\s:#=][^:#=]*?)\s*::?(?!=)\s*([^=]*)$")
MOST_TARGETS = 30


def script(words: tuple[str, ...], ground: Ground) -> tuple[str, str] | None:
    """The folder and the script that `make` with these arguments comes to; None where there is no Makefile or no such target."""
    folder, targets, given = _arguments(words[1:])
    folder = inside(ground.folder, folder)
    text = next((found for name in NAMES if (found := ground.read(inside(folder, name))) is not None), None)
    if text is None:
        return None
    variables, rules = _parse(text)
    wanted = targets or [name for name in rules if not name.startswith(".")][:1]
    recipe = [line for target in _in_sequence(wanted, rules) for line in rules[target][1]]
    return (folder, "\n".join(_expanded(line, variables | given) for line in recipe)) if recipe else None


def _arguments(rest: tuple[str, ...]) -> tuple[str, list[str], dict[str, str]]:
    folder, targets, given = "", [], {}
    words = iter(rest)
    for word in words:
        if word in ("-C", "--directory"):
            folder = next(words, "")
        elif word in ("-f", "-j"):
            next(words, "")
        elif match := VARIABLE.match(word):
            given[match[1]] = match[2]
        elif not word.startswith("-"):
            targets.append(word)
    return folder, targets, given


def _parse(text: str) -> tuple[dict[str, str], dict[str, tuple[list[str], list[str]]]]:
    """Variables, and for each target its prerequisites and the lines of its recipe."""
    variables: dict[str, str] = {}
    rules: dict[str, tuple[list[str], list[str]]] = {}
    targets: list[str] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.startswith("\t"):
            for target in targets:
                rules[target][1].append(line.strip().lstrip("@-+ "))
        elif match := VARIABLE.match(line):
            variables[match[1]] = match[2].split(" #")[0].strip()
        elif match := RULE.match(line):
            targets = match[1].split()
            for target in targets:
                rules.setdefault(target, ([], []))[0].extend(match[2].split("#")[0].split(";")[0].replace("|", " ").split())
    return variables, rules


def _in_sequence(targets: list[str], rules: dict[str, tuple[list[str], list[str]]], done: tuple[str, ...] = ()) -> list[str]:
    """Targets after those that they need, each once."""
    found: list[str] = []
    for target in targets:
        if target in rules and target not in (*done, *found) and len(done) < MOST_TARGETS:
            found += [*_in_sequence(rules[target][0], rules, (*done, *found, target)), target]
    return found


def _expanded(line: str, variables: dict[str, str]) -> str:
    for _ in range(5):
        line = re.sub(r"\$[({]([\w.-]+)[)}]", lambda match: variables.get(match[1], ""), line)
    return _without_functions(line).replace("$$", "$")


def _without_functions(line: str) -> str:
    """`$(shell …)` and the like are not known: nothing stands in their place."""
    found, depth, at = "", 0, 0
    while at < len(line):
        if line.startswith("$$", at) and not depth:
            found += "$$"
            at += 2
            continue
        starts = bool(
            re.match(r"\$\((?:shell|foreach|if|or|and|call|wildcard|patsubst|subst|filter|eval|addprefix|firstword|info) ", line[at:])
        )
        depth += starts or (depth > 0 and line[at] == "(" and line[at - 1] != "$")
        if not depth:
            found += line[at]
        depth -= depth > 0 and line[at] == ")"
        at += 1
    return found
