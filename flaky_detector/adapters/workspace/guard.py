"""A run in the user's own tree, with everything put back afterwards.

Owns the snapshot, the comparison and the way back. Must never destroy work: what a run changed, and what appeared and is not large, is
moved aside for a week rather than removed, for it may have been the user who was at work meanwhile.

The snapshot lies outside the tree, in a folder that depends on the tree's path alone, so that the next start finds what a killed one left:

    <state>/<digest of the path>/lock        held while a run is under way; a kill sets it free
                                 beat        touched every second: when we were last alive
                                 survey.json what the tree held; written last, so a snapshot that has one is whole
                                 tree/       the contents
                                 aside-*/    what was moved out of the tree, kept for a week

After a kill only what changed until the last beat is put back: what changed later is the user's own work.
"""

import contextlib
import filecmp
import hashlib
import json
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from flaky_detector.adapters.workspace.copying import copy_tree, dress
from flaky_detector.adapters.workspace.removal import remove
from flaky_detector.adapters.workspace.survey import LEFT_OUT_NAMES, Entry, Survey, look_at, size_of, survey
from flaky_detector.adapters.workspace.template import Copy
from flaky_detector.errors import SuiteError
from flaky_detector.model import Gap

with contextlib.suppress(ImportError):  # Windows has none, and no suite is run there
    import fcntl

BEAT_SECONDS = 1.0
SLACK_SECONDS = 3.0
ASIDE_SECONDS = 7 * 86400
MAX_ASIDE_BYTES = 1 << 20
"""Larger things that appeared are removed: they are not what a person writes within a run."""

Tell = Callable[[Gap], None]


@contextlib.contextmanager
def guarded(rootdir: Path, exclude: Sequence[Path] = (), *, state: Path | None = None, tell: Tell | None = None) -> Iterator[Copy]:
    """Let a run happen in the user's own tree; afterwards files that appeared are gone, changed and vanished ones are back.

    Environments, caches and `.git` are not looked at. What an earlier, killed run left is put back first.

    Args:
        rootdir: the project.
        exclude: folders that are ours (the report), neither saved nor put back.
        state: where snapshots are kept; by default the user's state folder.
        tell: called for each thing that could not be put back, and for the folder of what was moved aside.

    Raises:
        SuiteError: another run is under way in this tree, or the snapshot cannot be written.
    """
    found = _surveyed(survey(rootdir, exclude))
    place = _place(found.tree, state)
    with _locked(place):
        _tell_all(_put_back_left_over(found.tree, place), tell)
        _prune(place)
        found = _surveyed(survey(rootdir, exclude))
        snapshot = place / "tree"
        gaps = copy_tree(found, found.tree, snapshot, shares_git=False)
        _write_survey(place / "survey.json", found, exclude)
        with _beating(place / "beat"):
            try:
                yield Copy(rootdir.resolve(), found.tree, rootdir.resolve(), found.tree, found.gaps + gaps)
            finally:
                _tell_all(_put_back(found, exclude, place, alive_until=None), tell)
                _forget(place)


def restore_left_over(rootdir: Path, *, state: Path | None = None) -> tuple[Gap, ...]:
    """Put back what a killed run left in the tree around `rootdir`; says what was done. Cheap where there is nothing to do.

    Raises:
        SuiteError: another run is under way in this tree.
    """
    found = rootdir.resolve()
    for tree in (found, *found.parents):
        place = _place(tree, state)
        if (place / "survey.json").exists():
            with _locked(place):
                return _put_back_left_over(tree, place)
    return ()


def _tell_all(gaps: Sequence[Gap], tell: Tell | None) -> None:
    if tell is not None:
        for gap in gaps:
            tell(gap)


def _prune(place: Path) -> None:
    for folder in place.glob("aside-*"):
        if folder.stat().st_mtime < time.time() - ASIDE_SECONDS:
            remove(folder)


def _surveyed(found: Survey) -> Survey:
    """Without `.git`: the user may commit while a run is under way."""
    entries = tuple(entry for entry in found.entries if entry.path != ".git" and not entry.path.startswith(".git/"))
    return found._replace(entries=entries, left_out=found.left_out | {".git"})


def _place(tree: Path, state: Path | None) -> Path:
    if state is None:
        base = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
        state = Path(base) / "flaky-detector" / "in-place"
    return state / hashlib.sha256(os.fsencode(tree)).hexdigest()[:16]


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = (place / "lock").open("ab")
    except OSError as error:
        raise SuiteError(f"cannot write to {place}: {error.strerror}", "set XDG_STATE_HOME to a writable folder") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SuiteError("another run is under way in this tree", "wait for it, or end it") from None
        yield


@contextlib.contextmanager
def _beating(beat: Path) -> Iterator[None]:
    stop = threading.Event()

    def touch() -> None:
        while not stop.wait(BEAT_SECONDS):
            beat.touch()

    beat.touch()
    thread = threading.Thread(target=touch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _write_survey(path: Path, found: Survey, exclude: Sequence[Path]) -> None:
    text = json.dumps({"entries": found.entries, "left_out": sorted(found.left_out), "exclude": [str(path.resolve()) for path in exclude]})
    half = path.with_suffix(".half")
    half.write_text(text, encoding="utf-8", errors="surrogateescape")
    half.rename(path)


def _put_back_left_over(tree: Path, place: Path) -> tuple[Gap, ...]:
    saved = place / "survey.json"
    gaps: tuple[Gap, ...] = ()
    if saved.exists():
        raw = json.loads(saved.read_text(encoding="utf-8", errors="surrogateescape"))
        found = Survey(tree, tuple(Entry(*row) for row in raw["entries"]), frozenset(raw["left_out"]), ())
        gaps = _put_back(found, [Path(path) for path in raw["exclude"]], place, alive_until=(place / "beat").stat().st_mtime)
    _forget(place)
    return gaps


def _forget(place: Path) -> None:
    """The survey first: without it a snapshot is worth nothing."""
    (place / "survey.json").unlink(missing_ok=True)
    remove(place / "tree")
    remove(place / "beat")


def _put_back(found: Survey, exclude: Sequence[Path], place: Path, *, alive_until: float | None) -> tuple[Gap, ...]:
    """Make the tree what the survey says, from the snapshot.

    Args:
        found: the tree as it was.
        exclude: folders that are ours.
        place: where the snapshot is.
        alive_until: leave alone what changed later than this (seconds since the epoch).
    """
    latest_ns = None if alive_until is None else int((alive_until + SLACK_SECONDS) * 1e9)
    ours = [os.path.relpath(path.resolve(), found.tree) for path in exclude]
    return _Restorer(found, _surveyed(look_at(found.tree, exclude)), ours, place, latest_ns).run()


class _Restorer:
    """Compares the tree before and after, and goes back."""

    def __init__(self, before: Survey, after: Survey, ours: Sequence[str], place: Path, latest_ns: int | None) -> None:
        self.before = {entry.path: entry for entry in before.entries}
        self.after = {entry.path: entry for entry in after.entries}
        self.appeared = {*self.after, *after.left_out} - {*self.before, *before.left_out}
        self.ours = ours
        self.tree = before.tree
        self.snapshot = place / "tree"
        self.place = place
        self.latest_ns = latest_ns
        self.aside: Path | None = None
        self.gaps: list[Gap] = []

    def run(self) -> tuple[Gap, ...]:
        for path in sorted(self.appeared):
            self._take_away(path)
        for path, entry in self.before.items():
            self._restore(path, entry)
        for path, entry in reversed(self.before.items()):
            if entry.is_folder and (self.tree / path).is_dir():
                with contextlib.suppress(OSError):
                    dress(f"{self.tree}/{path}", entry)
        if self.aside is not None:
            self.gaps.append(Gap("workspace", f"what the run in place had changed was moved to {self.aside}"))
        return tuple(self.gaps)

    def _take_away(self, path: str) -> None:
        full = self.tree / path
        if not os.path.lexists(full) or any(f"{ours}/".startswith(f"{path}/") for ours in self.ours):
            return
        if full.name in LEFT_OUT_NAMES:
            remove(full)
        elif self._happened_in_time(path, full):
            if size_of(str(full), MAX_ASIDE_BYTES) > MAX_ASIDE_BYTES:
                remove(full)
            else:
                self._set_aside(path)

    def _restore(self, path: str, entry: Entry) -> None:
        full, saved = self.tree / path, self.snapshot / path
        if not self._differs(path, entry):
            return
        if not os.path.lexists(saved):
            self.gaps.append(Gap("workspace", f"{path} was changed by the run and could not be put back: it had not been saved"))
            return
        if not self._happened_in_time(path, full):
            return
        if os.path.lexists(full):
            if entry.is_folder and full.is_dir() and not full.is_symlink():
                return
            self._set_aside(path)
        self._bring_back(full, saved, entry)

    def _bring_back(self, full: Path, saved: Path, entry: Entry) -> None:
        try:
            if entry.is_folder:
                full.mkdir(exist_ok=True)
            elif entry.is_link:
                full.symlink_to(entry.link)
                os.utime(full, ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=False)
            else:
                shutil.copyfile(saved, full)
                dress(str(full), entry)
        except OSError as error:
            self.gaps.append(Gap("workspace", f"{entry.path} could not be put back: {error.strerror}"))

    def _differs(self, path: str, entry: Entry) -> bool:
        now = self.after.get(path)
        if now is None or stat.S_IFMT(now.mode) != stat.S_IFMT(entry.mode):
            return True
        if entry.is_folder or now.ctime_ns == entry.ctime_ns:
            return False
        if (now.mode, now.size, now.mtime_ns, now.link) != (entry.mode, entry.size, entry.mtime_ns, entry.link):
            return True
        full, saved = self.tree / path, self.snapshot / path
        return not entry.is_link and os.path.lexists(saved) and not filecmp.cmp(full, saved, shallow=False)

    def _happened_in_time(self, path: str, full: Path) -> bool:
        """Whether the change happened while we were alive, as far as times tell."""
        if self.latest_ns is None:
            return True
        for where in (full, full.parent):
            with contextlib.suppress(OSError):
                if os.lstat(where).st_ctime_ns <= self.latest_ns:
                    return True
                break
        self.gaps.append(Gap("workspace", f"{path} changed after the run in place had been killed, and was left as it is"))
        return False

    def _set_aside(self, path: str) -> None:
        if self.aside is None:
            self.aside = Path(tempfile.mkdtemp(prefix=f"aside-{time.strftime('%Y%m%d-%H%M%S')}-", dir=self.place))
        target = self.aside / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self.tree / path, target)
        except OSError as error:
            self.gaps.append(Gap("workspace", f"{path} could not be moved out of the tree: {error.strerror}"))
