"""Kinds of state that the recorder looks at between tests, one a file, in an explicit tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaky_detector.recorder import audit
from flaky_detector.recorder.probes.builtin_names import BuiltinNamesProbe
from flaky_detector.recorder.probes.children import ChildrenProbe
from flaky_detector.recorder.probes.class_attributes import ClassAttributesProbe
from flaky_detector.recorder.probes.cwd import CwdProbe
from flaky_detector.recorder.probes.decimals import DecimalsProbe
from flaky_detector.recorder.probes.django_apps import DjangoAppsProbe
from flaky_detector.recorder.probes.django_caches import DjangoCachesProbe
from flaky_detector.recorder.probes.django_database import DjangoDatabaseProbe
from flaky_detector.recorder.probes.django_language import DjangoLanguageProbe
from flaky_detector.recorder.probes.django_settings import DjangoSettingsProbe
from flaky_detector.recorder.probes.django_signals import DjangoSignalsProbe
from flaky_detector.recorder.probes.django_timezone import DjangoTimezoneProbe
from flaky_detector.recorder.probes.django_urlconf import DjangoUrlconfProbe
from flaky_detector.recorder.probes.environ import EnvironProbe
from flaky_detector.recorder.probes.event_loop import EventLoopProbe
from flaky_detector.recorder.probes.files import FilesProbe
from flaky_detector.recorder.probes.import_path import ImportPathProbe
from flaky_detector.recorder.probes.interpreter import InterpreterProbe
from flaky_detector.recorder.probes.locales import LocalesProbe
from flaky_detector.recorder.probes.loggers import LoggersProbe
from flaky_detector.recorder.probes.module_attributes import ModuleAttributesProbe
from flaky_detector.recorder.probes.module_globals import ModuleGlobalsProbe
from flaky_detector.recorder.probes.modules import ModulesProbe
from flaky_detector.recorder.probes.signals import SignalsProbe
from flaky_detector.recorder.probes.socket_timeout import SocketTimeoutProbe
from flaky_detector.recorder.probes.stdio import StdioProbe
from flaky_detector.recorder.probes.temporary_files import TemporaryFilesProbe
from flaky_detector.recorder.probes.threads import ThreadsProbe
from flaky_detector.recorder.probes.time_zone import TimeZoneProbe
from flaky_detector.recorder.probes.umask import UmaskProbe
from flaky_detector.recorder.probes.warning_filters import WarningFiltersProbe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    from flaky_detector.recorder.probes.probe import Probe
    from flaky_detector.recorder.tree import Tree

PROBES = (
    DjangoAppsProbe,
    FilesProbe,
    EnvironProbe,
    CwdProbe,
    DjangoSettingsProbe,
    DjangoSignalsProbe,
    DjangoUrlconfProbe,
    DjangoLanguageProbe,
    DjangoTimezoneProbe,
    DjangoCachesProbe,
    DjangoDatabaseProbe,
    TemporaryFilesProbe,
    ModulesProbe,
    ImportPathProbe,
    BuiltinNamesProbe,
    LoggersProbe,
    WarningFiltersProbe,
    LocalesProbe,
    TimeZoneProbe,
    DecimalsProbe,
    UmaskProbe,
    SignalsProbe,
    ThreadsProbe,
    ChildrenProbe,
    StdioProbe,
    InterpreterProbe,
    SocketTimeoutProbe,
    EventLoopProbe,
    ModuleGlobalsProbe,
    ClassAttributesProbe,
    ModuleAttributesProbe,
)

NONE = "none"
DEEP = "deep"


def choose(names: str, tree: Tree, note: Callable[[str], None]) -> Sequence[Probe]:
    """The probes that `FLAKY_DETECTOR_PROBES` asks for.

    Args:
        names: comma-separated names; empty for the light ones, `deep` for all, `none` for none.
        tree: the part of the file system that the files probe watches.
        note: told of names that do not exist.
    """
    audit.silence()
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [probe.name for probe in PROBES]
    for name in wanted:
        if name not in known and name not in (NONE, DEEP):
            note("there is no probe %r; there are %s" % (name, ", ".join(known)))
    chosen = [probe for probe in PROBES if DEEP in wanted or probe.name in wanted or not (wanted or probe.is_deep)]
    return [probe(tree, note) for probe in chosen if NONE not in wanted]
