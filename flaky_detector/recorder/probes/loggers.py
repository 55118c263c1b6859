"""The logging tree, where a test left it different: levels, handlers, filters, `disabled`, `propagate`, and what holds for all of it.

Owns the kind `logging`. Handlers of pytest do not count. A logger that did not exist before is held against a
new one. Cost: 50 ns a logger where the dicts of instances have versions, else 100 ns.
"""

from __future__ import annotations

import logging
from itertools import chain
from operator import itemgetter
from typing import Any

from flaky_detector.recorder import plain, versions, wire
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.reading import Reading, Same

NEW = {"level": 0, "handlers": (), "filters": (), "disabled": False, "propagate": True}
_LOGGING = vars(logging)
_manager, _root = logging.Logger.manager, logging.root
_state = itemgetter("level", "disabled", "propagate", "handlers", "filters")


class LoggersProbe(Reading):
    """Compares tuples of what loggers hold; describes them all only where one differs."""

    name = "logging"
    kind = wire.LOGGING

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._untouched = versions.Untouched(())
        self._image: Any = None
        self._dicts: list[dict[str, Any]] = []
        self._lists: list[Any] = []
        self._held: list[Any] = []
        self._row: Any = None
        self._within: Any = None
        self._known: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """`logger.attribute` → value, of loggers that are not as new."""
        if self._untouched.holds():
            within = self._read_within()
            if within != self._within:
                self._within, self._known = within, self._described()
            return self._known
        self._untouched.renew()
        self._find()
        row = (*chain.from_iterable(map(_state, self._dicts)), vars(_manager).get("_disable"), _LOGGING.get("_loggerClass"))
        if image(row) != self._row:
            self._row, self._held[2:] = image(row), row
            self._lists = [each for found in self._dicts for each in (found["handlers"], found["filters"]) if type(each) is list]
            self._within = None
        within = self._read_within()
        if within != self._within:
            self._within, self._known = within, self._described()
        return self._known

    def _find(self) -> None:
        """The loggers that there are, and where they keep what they hold; new ones are few."""
        kept = _manager.loggerDict
        loggers = tuple(kept.values())
        those = image(loggers)
        if those != self._image or kept is not self._held[0]:
            self._image, self._held[:2], self._row = those, [kept, loggers], None
            found = [plain.attributes(logger) for logger in (_root, *loggers) if plain.is_a(logger, logging.Logger)]
            self._dicts = [each for each in found if len(each.keys() & NEW.keys()) == len(NEW) and type(each.get("name")) is str]
            self._untouched = versions.Untouched((vars(_manager), _LOGGING, kept, *self._dicts), of_instances=True)

    def _read_within(self) -> Any:
        """Which lists of handlers and filters are not empty, and what is in them, for the lists themselves stay the same."""
        full = tuple(filter(None, self._lists))
        return image(full), [image(tuple(each)) for each in full]

    def _described(self) -> dict[str, Any]:
        told: dict[str, Any] = {"logging.disable": vars(_manager).get("_disable", 0)}
        told["logging.loggerClass"] = Same(_LOGGING.get("_loggerClass"))
        for found in self._dicts:
            for attribute, fresh in NEW.items():
                value = found[attribute]
                if attribute in ("handlers", "filters"):
                    value = tuple(id(each) for each in value if _counts(each)) if type(value) is list else id(value)
                elif type(value) is not int and type(value) is not bool:
                    value = id(value)
                if value != fresh:
                    told["%s.%s" % (found["name"], attribute)] = value
        return told

    def origin(self, value: Any) -> str:
        """A logger class's."""
        return plain.origin(value.value) if type(value) is Same else ""


def _counts(handler: Any) -> bool:
    return not plain.is_of_pytest(plain.module_of(type(handler)))
