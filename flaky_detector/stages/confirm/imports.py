"""Pollution at import: a file that changes the process when it is collected, whether or not a test of it runs.

Owns the telling apart of importing a file and running its tests. Where such a file is collected the victim fails in every run, in every
order; it passes only when nothing but its own file is collected.

    alone           collects test_v.py                          passes
    import          collects test_x.py, test_v.py, runs v       fails: no test of test_x.py ran
"""

from flaky_detector.model import path_of
from flaky_detector.stages.confirm.bench import Bench, Cast
from flaky_detector.stages.confirm.minimise import minimise


def importing_does_it(bench: Bench, cast: Cast) -> str:
    """The file whose import is enough, where the cast is a single test of another file; else empty."""
    if cast.others or len(cast.own) != 1:
        return ""
    path = path_of(cast.own[0])
    if path == path_of(bench.victim):
        return ""
    tally = bench.ledger.attempt([bench.importing((path,))], "search")[0]
    if not tally.same:
        return ""
    question = bench.importing((path,), anew=bool(tally.collections))
    return path if bench.holds(question, bench.alone(), lambda: bench.policy.repeats, "after-import") else ""


def search_imports(bench: Bench) -> Cast | None:
    """The first test of the file whose import is enough; None where importing everything does not make the victim fail.

    Asked only of a victim that failed in every run.
    """
    if bench.docket.symptom.passing:
        return None
    files = [path for path in dict.fromkeys(map(path_of, bench.docket.everything)) if path != path_of(bench.victim)]
    if not files or not bench.asks(bench.importing(files), 1):
        return None
    smallest = minimise(
        list(reversed(range(len(files)))), lambda chosen: bench.asks(bench.importing([files[index] for index in chosen]), 1)
    )
    if smallest is None or len(smallest) != 1:
        return None
    return first_of(bench, files[smallest[0]])


def first_of(bench: Bench, path: str) -> Cast | None:
    """Which test of such a file is named does not matter, so it is the same each time: the first in the suite's own order."""
    return next((Cast(own=(test,)) for test in bench.docket.everything if path_of(test) == path), None)
