"""Kinds of state that the recorder looks at between tests, one a file, in an explicit tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaky_detector.recorder.probes.cwd import CwdProbe
from flaky_detector.recorder.probes.django_apps import DjangoAppsProbe
from flaky_detector.recorder.probes.environ import EnvironProbe
from flaky_detector.recorder.probes.files import FilesProbe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    from flaky_detector.recorder.probes.probe import Probe
    from flaky_detector.recorder.tree import Tree

PROBES = (DjangoAppsProbe, FilesProbe, EnvironProbe, CwdProbe)

NONE = "none"
DEEP = "deep"


def choose(names: str, tree: Tree, note: Callable[[str], None]) -> Sequence[Probe]:
    """The probes that `FLAKY_DETECTOR_PROBES` asks for.

    Args:
        names: comma-separated names; empty for the light ones, `deep` for all, `none` for none.
        tree: the part of the file system that the files probe watches.
        note: told of names that do not exist.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [probe.name for probe in PROBES]
    for name in wanted:
        if name not in known and name not in (NONE, DEEP):
            note("there is no probe %r; there are %s" % (name, ", ".join(known)))
    chosen = [probe for probe in PROBES if DEEP in wanted or probe.name in wanted or not (wanted or probe.is_deep)]
    return [probe(tree, note) for probe in chosen if NONE not in wanted]
