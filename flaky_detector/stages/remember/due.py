"""Which known causes are re-run tonight, and in which sequence.

Must not know how long that takes: whoever re-runs stops when the time is up, and what was left out comes first the next night.
"""

from flaky_detector.model import History, KnownCause

MOST_AT_REST = 10


def due(history: History) -> tuple[KnownCause, ...]:
    """Causes that are about, those first that nobody has looked at for longest; then some that are cured or gone, should they be back."""
    with_orders = [cause for cause in history.causes if cause.orders]
    about = [cause for cause in with_orders if cause.verdict not in ("cured", "gone")]
    at_rest = [cause for cause in with_orders if cause.verdict in ("cured", "gone")]
    return (*sorted(about, key=_last_looked_at), *sorted(at_rest, key=_last_looked_at)[:MOST_AT_REST])


def _last_looked_at(cause: KnownCause) -> tuple[str, int]:
    return max((night.date for night in cause.nights if night.verdict != "untried"), default=""), cause.number
