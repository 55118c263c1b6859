"""asyncio's event loop of the main thread and its policy, where a test left them different.

Owns the kind `event-loop`. Whether there is a loop, none any more (as `asyncio.run` leaves it, after which `get_event_loop` raises), or a
closed one; not which one, for plugins make one for each test. Looks only when asyncio has been imported. Cost: a few attributes.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.reading import Reading
from flaky_detector.recorder.signs import Signs

UNTOUCHED = {"asyncio.loop": "untouched", "asyncio.policy": "default"}


class EventLoopProbe(Reading):
    """Reads what asyncio keeps, and calls nothing: asking for a loop would make one."""

    name = "event-loop"
    kind = wire.EVENT_LOOP

    def read(self) -> dict[str, Any]:
        """The loop's condition, and the policy's class."""
        events = plain.namespace(sys.modules.get("asyncio.events"))
        policy = events.get("_event_loop_policy")
        if policy is None:
            return UNTOUCHED
        return {"asyncio.loop": _condition(policy), "asyncio.policy": _named(type(policy))}

    def signs(self) -> Signs | None:
        """That asyncio is not there, or has no policy yet; none where it has one."""
        module = sys.modules.get("asyncio.events")
        there = (partial(sys.modules.get, "asyncio.events"), module)
        names = plain.namespace(module)
        if names.get("_event_loop_policy") is not None or self._last != UNTOUCHED:
            return None
        return Signs(objects=[there, (partial(names.get, "_event_loop_policy"), None)])


def _named(policy: type) -> str:
    """asyncio's own policies are the default ones, on their systems."""
    module = plain.module_of(policy)
    return "default" if module.partition(".")[0] == "asyncio" else "%s.%s" % (module, plain.name_of(policy))


def _condition(policy: Any) -> str:
    local = plain.attributes(policy).get("_local")
    found = _of_this_thread(local)
    loop = found.get("_loop")
    if loop is None:
        return "none" if found.get("_set_called") else "untouched"
    return "closed" if plain.attributes(loop).get("_closed") is True else "open"


def _of_this_thread(local: Any) -> dict[str, Any]:
    """The attributes of asyncio's own `threading.local`, which has plain attributes only."""
    if local is None or plain.module_of(type(local)).partition(".")[0] != "asyncio":
        return {}
    return dict(vars(local))
