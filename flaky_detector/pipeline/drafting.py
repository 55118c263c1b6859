"""`init`: the workflow files that call the action, shown as a difference first and written only when that is asked for.

Owns the sequence of showing, asking and writing. Must not decide what stands in the files.
"""

import difflib
import re
from collections.abc import Mapping

from flaky_detector.adapters import origin, repository, sources
from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import SettingsError
from flaky_detector.settings import Settings
from flaky_detector.stages.init import NOBODY, Action, Checkout, Draft, Page, init

USES = re.compile(r"[\w.-]+/[\w.-]+(/[\w./-]+)?@[\w./-]+")


def draft(settings: Settings, named: str, voice: Voice, *, write: bool) -> int:
    """Show what would be written, and write it where that is wanted; the exit code.

    Args:
        settings: the rootdir.
        named: what the user calls the action, `owner/name@ref`, or "".
        voice: the difference goes to stdout, all else to stderr.
        write: write without asking.
    """
    action = _action(named)
    top, folder = repository.top_of(settings.rootdir)
    checkout = Checkout(paths=repository.files_of(top), read=sources.reader(top), folder=folder)
    made = init(checkout, action)
    _nothing_readable(made)
    repository.check_writable(top, {page.path: page.before is not None for page in made.pages})
    for line in made.read:
        voice.say(f"read     {line}")
    for line in (*made.broken, *made.gaps):
        voice.say(f"not read {line}")
    for line in made.left_out:
        voice.say(f"left out {line}")
    changed = [page for page in made.pages if page.is_new_or_changed]
    voice.result("".join(_difference(page) for page in changed))
    for line in made.unknown:
        voice.say(f"fill in  {line}")
    _conclude(changed, voice, lambda texts: repository.write(top, texts), write=write)
    return 0


def _action(named: str) -> Action:
    if named and not USES.fullmatch(named):
        raise SettingsError(f"bad value {named!r} for the option --action", "give OWNER/NAME@COMMIT, as `uses:` takes it")
    if named:
        return Action(uses=named, unknown="")
    name, commit = origin.origin()
    if name and commit:
        return Action(uses=f"{name}@{commit}", unknown="")
    if name:
        return Action(
            uses=f"{name}@{NOBODY.partition('@')[2]}",
            unknown=f"the commit of {name} to use: the one that init was run from is not on GitHub",
        )
    return Action()


def _nothing_readable(made: Draft) -> None:
    """Where none of several workflows can be read, a draft would be made of air."""
    if made.broken and not made.workflows:
        raise SettingsError(f"no workflow can be read: {'; '.join(made.broken)}", "mend the file, then run init again")


def _difference(page: Page) -> str:
    """A unified difference, as `git apply` takes it."""
    before = page.before or ""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        page.after.splitlines(keepends=True),
        "/dev/null" if page.before is None else f"a/{page.path}",
        f"b/{page.path}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _conclude(changed: list[Page], voice: Voice, put, *, write: bool) -> None:  # type: ignore[no-untyped-def]
    names = ", ".join(page.path for page in changed)
    if not changed:
        voice.result("nothing to change: the workflows that call flaky-detector are as init would write them\n")
        return
    if not write and not voice.agrees(f"write {names}?"):
        voice.say(f"nothing was written; --write writes {names}")
        return
    texts: Mapping[str, str] = {page.path: page.after for page in changed}
    put(texts)
    voice.say(f"written: {names}")
