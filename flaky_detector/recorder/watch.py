"""All probes together: when they look, and on whose account a change is booked.

Owns the account: `function`, or the wider fixture scope that is being set up or torn down. pytest tells when a fixture's setup starts
and ends; when teardown passes from the test to its class, module, package and session is told by finalizers that are put on these
collectors just before, which run before their own fixtures' finalizers.

    setup     session fixture ── mark ──  module fixture ── mark ──  test's fixtures
    call
    teardown  test's fixtures ── mark ──  class's, module's ── mark ──  session's ── mark, settle

Must not raise; a probe that fails is noted and dropped.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.probes.django_database import DjangoDatabaseProbe
from flaky_detector.recorder.probes.files import FilesProbe
from flaky_detector.recorder.signs import SignsOfAll
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flaky_detector.recorder.probes.probe import Probe

FUNCTION = "function"


class Watch:
    """Drives the probes; `claims` tells what the last test claimed.

    `cost` maps each probe to the seconds that it took after tests; what took the place of probes that were not asked is `signs_seconds`.
    """

    def __init__(self, probes: Sequence[Probe], note: Callable[[str], None]) -> None:
        self._probes = tuple(probes)
        self._note = note
        self._account = FUNCTION
        self._has_started = False
        self._is_at_imports = False
        self._files = [probe for probe in probes if isinstance(probe, FilesProbe)]
        self._databases = [probe for probe in probes if isinstance(probe, DjangoDatabaseProbe)]
        self.claims: Callable[[], list[str]] = list
        self._signs = SignsOfAll(probes)
        self._is_pending = True
        self.cost = {probe.name: 0.0 for probe in probes}
        self.signs_seconds = 0.0
        for files in self._files:
            files.account = lambda: self._account

    @property
    def names(self) -> list[str]:
        """Names of the probes at work."""
        return [probe.name for probe in self._probes]

    def begin(self, item: Any) -> None:
        """A test is about to be set up."""
        self.start()
        self._account = FUNCTION
        for files in self._files:
            files.forget()
        self._tell_databases(lambda probe: probe.expect(item))

    def start(self) -> None:
        """Before the first test all is taken for granted: outside of any phase, in which pytest has hooks and handlers of its own."""
        if self._is_at_imports:
            self._is_at_imports = False
            self.settle()
        if self._has_started:
            return
        self._has_started = True
        for probe in self._probes:
            try:
                probe.start()
            except Exception as error:
                self._drop(probe, error)

    def look_at_import(self) -> list[dict[str, Any]]:
        """What differs from the last look, while files are being imported; what the first test finds is taken for granted nevertheless."""
        if not self._has_started:
            self.start()
            self._is_at_imports = True
            return []
        return self.settle()

    def settle(self) -> list[dict[str, Any]]:
        """What the test that was just torn down left different."""
        changes: list[dict[str, Any]] = []
        ticks, cost, account = World.ticks, self.cost, self._account
        started = ticks()
        asked = self._asked()
        ended = ticks()
        self.signs_seconds += ended - started
        for probe in asked:
            started = ended
            try:
                if probe.mark(account):
                    changes += probe.settle()
            except Exception as error:
                self._drop(probe, error)
            ended = ticks()
            cost[probe.name] += ended - started
        if asked is self._probes:
            self._is_pending = False
            self._signs.renew()
            self.signs_seconds += ticks() - ended
        self._account = FUNCTION
        return changes

    def _asked(self) -> Sequence[Probe]:
        """The probes that have to look: all where one of the signs differs, or where something is booked and not settled yet."""
        if self._is_pending:
            return self._probes
        if self._signs.are_same():
            return self._signs.asked
        self._signs.blame()
        return self._probes

    def enter(self, scope: str) -> str:
        """Book what has changed so far, and everything from now on as `scope`'s; returns the scope before."""
        previous, self._account = self._account, scope
        if self._has_started and previous != scope:
            asked = self._asked()
            for probe in asked:
                try:
                    if probe.mark(previous):
                        self._is_pending = True
                except Exception as error:
                    self._drop(probe, error)
            if asked is self._probes and not self._is_pending:
                self._signs.renew()
        return previous

    def databases_made(self, names: Mapping[str, str]) -> None:
        """The test databases, by alias."""
        self._tell_databases(lambda probe: probe.made(names))

    def follow_teardown(self, collectors: Iterable[Any]) -> None:
        """Open each collector's account when its teardown starts.

        pytest asserts that a collector was set up; one whose tests were all skipped by a mark was not, and has nothing to tear down.
        """
        for collector in collectors:
            try:
                collector.addfinalizer(partial(self.enter, scope_of(collector)))
            except AssertionError:
                continue

    def _tell_databases(self, tell: Callable[[DjangoDatabaseProbe], None]) -> None:
        for probe in self._databases:
            started = World.ticks()
            try:
                tell(probe)
            except Exception as error:
                self._drop(probe, error)
            self.cost[probe.name] += World.ticks() - started

    def _drop(self, probe: Probe, error: Exception) -> None:
        self._probes = tuple(other for other in self._probes if other is not probe)
        self._databases = [other for other in self._databases if other is not probe]
        self._signs = SignsOfAll(self._probes)
        self._is_pending = True
        self._note("the probe %s failed and is not used any more: %r" % (probe.name, error))


def scope_of(collector: Any) -> str:
    """The fixture scope that ends with a collector, told by the names of its class's ancestors."""
    names = [base.__name__ for base in type(collector).__mro__]
    for name, scope in (("Class", "class"), ("Package", "package"), ("Module", "module"), ("Directory", "package")):
        if name in names:
            return scope
    return "session"
