"""A tree as it was at one moment, and the copies that runs get of it.

Owns where copies lie, who has them, and when they go. Must not know how a file is copied.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from flaky_detector.adapters.workspace.bytecode import Bytecode
from flaky_detector.adapters.workspace.copying import copy_tree
from flaky_detector.adapters.workspace.recycling import Recycled
from flaky_detector.adapters.workspace.removal import remove
from flaky_detector.adapters.workspace.survey import Survey, survey
from flaky_detector.errors import FULL_DISK, NoSpaceError, SuiteError
from flaky_detector.model import Gap


class Copy(NamedTuple):
    """Where a run happens. `tree` is the copied tree and `rootdir` the project's folder in it; the originals are the user's own."""

    rootdir: Path
    tree: Path
    original_rootdir: Path
    original_tree: Path
    gaps: tuple[Gap, ...] = ()


class Template:
    """A tree as it was at one moment, from which any number of copies can be made; the user's later edits do not matter.

    A context manager; its folder is removed at the end.
    """

    def __init__(self, found: Survey, rootdir: Path, folder: Path) -> None:
        self.found = found
        self.original_rootdir = rootdir.resolve()
        self.gaps = found.gaps
        self.folder = folder
        self.tree = folder / "template" / found.tree.name
        self.bytecode = Bytecode(found)
        self.idle: list[Recycled] = []

    @classmethod
    def of(cls, rootdir: Path, folder: Path, exclude: Sequence[Path] = ()) -> "Template":
        """Copy the tree around `rootdir` to a fresh folder under `folder`; `folder` and `exclude` are left out of it.

        Raises:
            SuiteError: the copy cannot be written.
            NoSpaceError: the disk is full.
        """
        found = survey(rootdir, (*exclude, folder))
        template = cls(found, rootdir, _fresh(folder, "template-"))
        try:
            template.gaps += copy_tree(found, found.tree, template.tree, shares_git=False)
            template.bytecode.hand_on(found.tree, template.tree)
        except BaseException:
            remove(template.folder)
            raise
        return template

    @contextlib.contextmanager
    def lend(self) -> Iterator[Copy]:
        """A copy as good as fresh, for one run at a time: one that was lent before and is back in its first state, or a new one.

        Copies have the modules that earlier runs compiled. Any number may be lent at once, to threads too.
        """
        loan = self.take()
        yield loan.copy
        self.give_back(loan)

    def take(self) -> "Loan":
        """The same for longer, to be given back."""
        try:
            recycled = self.idle.pop()
        except IndexError:
            recycled = Recycled(self.found, self.tree, _fresh(self.folder, "copy-") / self.tree.name)
        loan = Loan(self, recycled)
        loan.renew()
        return loan

    def tidy(self) -> None:
        """Bring copies that nobody has back to their first state now: what was written into them takes room."""
        for _ in range(len(self.idle)):
            try:
                recycled = self.idle.pop(0)
            except IndexError:  # another thread took it
                return
            recycled.refresh()
            self.idle.append(recycled)

    def give_back(self, loan: "Loan") -> None:
        """For the next."""
        self.idle.append(loan.recycled)

    @contextlib.contextmanager
    def copy(self, folder: Path) -> Iterator[Copy]:
        """A fresh copy under `folder`, removed at the end."""
        place = _fresh(folder, "copy-")
        try:
            tree = place / self.tree.name
            copy_tree(self.found, self.tree, tree, shares_git=True)
            self.bytecode.hand_on(self.tree, tree, os.link)
            yield self.as_copy(tree)
        finally:
            remove(place)

    def itself(self) -> Copy:
        """The template as a copy, where there is to be only one."""
        return self.as_copy(self.tree)

    def as_copy(self, tree: Path) -> Copy:
        inside = self.original_rootdir.relative_to(self.found.tree)
        return Copy(tree / inside, tree, self.original_rootdir, self.found.tree, self.gaps)

    def put_back(self, paths: Sequence[Path]) -> int:
        """Make these files of the user's own tree what they were when the template was made; how many were different.

        For a run that was meant for a copy and wrote to the original all the same. Paths outside the tree are left alone.
        """
        count = 0
        for path in paths:
            with contextlib.suppress(ValueError, OSError):
                kept = self.tree / path.relative_to(self.found.tree)
                if kept.is_file() and (not path.is_file() or kept.read_bytes() != path.read_bytes()):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(kept, path)
                    count += 1
                elif not kept.exists() and path.is_file():
                    path.unlink()
                    count += 1
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        remove(self.folder)


class Loan:
    """A copy that is kept for several runs, one after the other."""

    def __init__(self, template: Template, recycled: Recycled) -> None:
        self.template = template
        self.recycled = recycled
        self.copy = template.as_copy(recycled.tree)

    def renew(self) -> bool:
        """Bring it back to its first state; False where only another folder in the same place would do."""
        is_anew = self.recycled.refresh()
        bytecode, tree = self.template.bytecode, self.template.tree
        bytecode.hand_on(self.recycled.tree, tree, os.link)  # what the last run compiled, now that no source is a changed one
        bytecode.hand_on(tree, self.recycled.tree, os.link)
        return not is_anew

    def changes(self) -> list[str]:
        """Paths that are not in their first state."""
        return self.recycled.changes()


@contextlib.contextmanager
def private_copy(rootdir: Path, folder: Path, exclude: Sequence[Path] = ()) -> Iterator[Copy]:
    """A copy of the tree around `rootdir` in a fresh folder under `folder`, removed at the end."""
    with Template.of(rootdir, folder, exclude) as template:
        yield template.itself()


def _fresh(folder: Path, prefix: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=folder.resolve()))
    except OSError as error:
        kind = NoSpaceError if error.errno in FULL_DISK else SuiteError
        raise kind(f"cannot write to {folder}: {error.strerror}", "give a writable folder with enough space") from None
