"""From the commands of a job to those that run in the end.

Owns the sequence: what stands before a command is peeled off, then make, tox, nox, hatch, named tasks and shell scripts of the repository
are looked through, `cd` is followed. Must not judge which of the commands matter.
"""

import re
import shlex
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from flaky_detector.stages.init.records import Leaf
from flaky_detector.stages.init.shell import Command, commands, expanded
from flaky_detector.stages.init.unfolding import hatch, makefile, nox, tasks, tox
from flaky_detector.stages.init.unfolding.ground import Ground, inside
from flaky_detector.stages.init.unfolding.peel import name_of, peel

__all__ = ["Ground", "inside", "name_of", "peel", "unfold"]

DEEPEST = 6


def unfold(script: str, ground: Ground, depth: int = 0) -> Iterator[Leaf]:
    """The commands of a script, one after another.

    Args:
        script: as in `run:`, expressions resolved.
        ground: where it is run.
        depth: how many tools have been looked through.
    """
    env, variables = ground.env, dict(ground.env)
    for each in commands(script):
        command = _filled(each, variables)
        here = replace(ground, env=env + command.env)
        if not command.words:
            variables |= dict(command.env)
            env += command.env if command.exported else ()
        elif command.words[0] in ("cd", "pushd") and len(command.words) > 1:
            ground = replace(ground, folder=inside(ground.folder, command.words[1]))
        else:
            yield from _command(command, here, depth)


def _filled(command: Command, variables: Mapping[str, str]) -> Command:
    """The command with the variables of its shell put in, as far as they are known."""
    words = expanded(command.words, variables)
    env = tuple((name, "".join(expanded((value,), variables)) if "$" in value else value) for name, value in command.env)
    if words == command.words or any("$" in word for word in words):
        return replace(command, words=words, env=env)
    is_plain = len(command.words) and not re.search(r"[|<>]", command.text)
    return replace(command, words=words, env=env, text=shlex.join(words) if is_plain else command.text)


def _command(command: Command, ground: Ground, depth: int) -> Iterator[Leaf]:
    peeled = peel(command.words)
    for text in peeled.implied:
        yield Leaf(text=text, words=tuple(shlex.split(text)), folder=ground.folder, implied=True)
    words = peeled.words or command.words
    inner = tuple(_inner(words, ground, peeled.implied, depth)) if words and depth < DEEPEST else ()
    if inner:
        yield from inner
    elif not words:
        return
    elif name_of(words) == "pytest":
        yield Leaf(
            text=command.text,
            words=("pytest", *words[1:]),
            env=ground.env,
            folder=ground.folder,
            pythons=(peeled.python,) if peeled.python else (),
        )
    elif name_of(words) in ("docker", "docker-compose", "podman") and "pytest" in words:
        yield Leaf(text=command.text, words=words[words.index("pytest") :], env=ground.env, folder=ground.folder, via="docker")
    else:
        yield Leaf(text=command.text, words=words, env=ground.env, folder=ground.folder)


def _inner(words: tuple[str, ...], ground: Ground, implied: tuple[str, ...], depth: int) -> Iterator[Leaf]:
    """What the command runs in its turn; nothing where it is none that can be looked through."""
    name = name_of(words)
    if name in ("tox", "nox", "hatch"):
        found = {"tox": tox.leaves, "nox": nox.leaves, "hatch": hatch.leaves}[name](words, ground)
        for leaf in found:
            for each in _command(Command(text=leaf.text, words=leaf.words, env=leaf.env), _at(ground, leaf), depth + 1):
                yield replace(each, via=leaf.via, pythons=each.pythons or leaf.pythons, unknown=each.unknown + leaf.unknown)
    elif name in ("make", "gmake"):
        made = makefile.script(words, ground)
        if made:
            yield from _marked(unfold(made[1], replace(ground, folder=made[0]), depth + 1), "make")
    elif name in ("poe", "task"):
        yield from unfold(tasks.script(name, words[1:], ground), ground, depth + 1)
    elif "pdm install" in implied:
        yield from unfold(tasks.script("pdm", words, ground), ground, depth + 1)
    else:
        yield from _marked(unfold(_shell_script(words, ground), ground, depth + 1), words[-1])


def _at(ground: Ground, leaf: Leaf) -> Ground:
    return replace(ground, folder=inside(ground.folder, leaf.folder), env=ground.env + leaf.env)


def _marked(leaves: Iterator[Leaf], via: str) -> Iterator[Leaf]:
    for leaf in leaves:
        yield replace(leaf, via=leaf.via or via)


def _shell_script(words: tuple[str, ...], ground: Ground) -> str:
    """The text of a shell script of the repository that the words run, "" where they run none."""
    given = words[1:] if name_of(words) in ("bash", "sh", "source", ".") else words
    given = tuple(word for at, word in enumerate(given) if at or not word.startswith("-"))
    if not given or not ("/" in given[0] or given[0].endswith(".sh")):
        return ""
    text = ground.file(given[0])
    first = (text or "").split("\n", 1)[0]
    if text is None or not (given[0].endswith((".sh", ".bash")) or (first.startswith("#!") and first.rstrip().endswith(("sh", "sh -e")))):
        return ""
    return re.sub(r"\"?\$(?:@|\*|\{@\}|\{\*\})\"?", lambda _: shlex.join(given[1:]), text)
