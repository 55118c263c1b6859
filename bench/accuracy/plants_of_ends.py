"""Plants whose victim does not fail but takes its process with it, or never ends.

Owns kinds 24 and 25 of the list in kinds.py. Must not know where they will stand; a suite has one of them.
"""

from bench.accuracy.maker import Maker, truth
from bench.accuracy.pieces import Plant, indented
from bench.accuracy.truth import Check

WAYS = ("os._exit(3)", "os.kill(os.getpid(), signal.SIGSEGV)", "os.kill(os.getpid(), signal.SIGKILL)", "os.abort()")


def crash(m: Maker) -> Plant:
    """The process dies with the victim."""
    return _end(m, "crash", m.rng.choice(WAYS), ("import os", "import signal"))


def hang(m: Maker) -> Plant:
    """The victim waits for what never comes."""
    return _end(m, "hang", m.rng.choice(("time.sleep(3600)", "threading.Event().wait(3600)")), ("import threading", "import time"))


def _end(m: Maker, kind: str, line: str, imports: tuple[str, ...]) -> Plant:
    c = m.carried(stays=True)
    lines = (f"if {c.has[0]}:", *indented((line,)))
    victim = m.piece("victim", lines, c, imports=imports)
    seconds = 6.0 if kind == "hang" else 120.0
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(m.piece("polluter", c.put[0], c), victim),
        truths=(truth(kind, c, ("polluter",), all_named=True),),
        checks=(
            Check(order=("victim",), outcomes={"victim": "passed"}, private=True),
            Check(order=("polluter", "victim"), outcomes={"victim": "crashed"}, private=True, seconds=seconds),
        ),
        sequences=(("victim", "polluter"),) if m.rng.random() < 0.7 else (("polluter", "victim"),),
        places=m.places(c),
    )
