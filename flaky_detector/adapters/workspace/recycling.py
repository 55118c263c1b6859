"""A copy that is used again: brought back to its first state instead of being removed and made anew.

Owns the proof that it is in its first state. Worth it because making thousands of files costs seconds where thousands were just removed
(ext4 passes over every inode that was freed lately), and comparing them costs a few milliseconds.

Every change of a file, a link or a mode moves its ctime, which no program can set. So what has the ctime that it had when the copy was made
is untouched, and everything else is made anew from the template. Git's objects are shared between copies, and links to them move the ctime:
those are compared by size, time and mode.
"""

import contextlib
from pathlib import Path

from flaky_detector.adapters.workspace.bytecode import CACHE
from flaky_detector.adapters.workspace.copying import Filler, copy_file, copy_tree, dress, make_link, share
from flaky_detector.adapters.workspace.removal import remove
from flaky_detector.adapters.workspace.survey import LEFT_OUT_NAMES, Entry, Survey, look_at

OBJECTS = ".git/objects/"
NO_MATTER = LEFT_OUT_NAMES | {".benchmarks", ".hypothesis"}
"""What no test looks for when it appears. pytest-benchmark makes its folder at the start, long before it may have to save anything;
hypothesis makes its own while files are collected, and again wherever one is missing."""


class Recycled:
    """One copy of a template.

    Args:
        found: the survey that the template was made from.
        template: the template's tree.
        tree: where the copy goes; must not exist.
    """

    def __init__(self, found: Survey, template: Path, tree: Path) -> None:
        self.found = found
        self.template = template
        self.tree = tree
        self.known = {entry.path: entry for entry in found.entries}
        self.stamps: dict[str, Entry] = {}
        self.filler = Filler()

    def refresh(self) -> bool:
        """Make the copy, or bring it back to its first state; whether it was made anew, as a folder of its own."""
        is_anew = not self.stamps or not self._is_brought_back()
        if is_anew:
            remove(self.tree)
            copy_tree(self.found, self.template, self.tree, shares_git=True)
        self.stamps = {entry.path: entry for entry in look_at(self.tree, asks_git=False).entries}
        return is_anew

    def changes(self) -> list[str]:
        """Paths that are not as they were when the copy was last made or brought back; what a copy goes without does not count."""
        now = look_at(self.tree, asks_git=False)
        there = {entry.path: entry for entry in now.entries}
        appeared = {*there, *now.left_out} - set(self.known)
        changed = [path for path in self.known if self._differs(path, there.get(path))]
        return changed + sorted(path for path in appeared if NO_MATTER.isdisjoint(path.split("/")))

    def _is_brought_back(self) -> bool:
        try:
            now = look_at(self.tree, asks_git=False)
            self._clear({entry.path for entry in now.entries} | now.left_out)
            self._restore({entry.path: entry for entry in now.entries})
        except OSError:
            return False
        return True

    def _clear(self, there: set[str]) -> None:
        """Remove what appeared, but for compiled modules beside their sources."""
        for path in sorted(there - set(self.known)):
            folder, _, name = path.rpartition("/")
            if name == CACHE and (not folder or folder in self.known) and (self.tree / path).is_dir():
                continue
            if not remove(self.tree / path):
                (self.tree / path).parent.chmod(0o700)
                if not remove(self.tree / path):
                    raise PermissionError(path)

    def _restore(self, now: dict[str, Entry]) -> None:
        changed = [entry for path, entry in self.known.items() if self._differs(path, now.get(path))]
        for entry in changed:
            parent = (self.tree / entry.path).parent
            parent.chmod(0o700)
            remove(self.tree / entry.path)
            self._make(entry)
            if entry.path.endswith(".py"):
                _forget_compiled(self.tree / entry.path)
        for path, entry in reversed(self.known.items()):
            if entry.is_folder:
                with contextlib.suppress(OSError):
                    dress(f"{self.tree}/{path}", entry)

    def _differs(self, path: str, now: Entry | None) -> bool:
        stamp = self.stamps.get(path)
        if now is None or stamp is None:
            return now is not stamp
        if self.known[path].is_folder and now.is_folder:
            return False
        if OBJECTS in path:
            return now._replace(ctime_ns=0) != stamp._replace(ctime_ns=0)
        return now != stamp

    def _make(self, entry: Entry) -> None:
        source, target = f"{self.template}/{entry.path}", f"{self.tree}/{entry.path}"
        with contextlib.suppress(FileNotFoundError):  # what could not be copied into the template is not in it
            if entry.is_folder:
                Path(target).mkdir()
            elif entry.is_link:
                make_link(self.found, self.tree, entry)
            elif OBJECTS not in entry.path or not share(source, target):
                copy_file(source, target, entry, self.filler)


def _forget_compiled(source: Path) -> None:
    """Python compares size and time in whole seconds only, which a changed source may have by chance."""
    with contextlib.suppress(OSError):
        for compiled in (source.parent / CACHE).iterdir():
            if compiled.name.startswith(f"{source.stem}."):
                remove(compiled)
