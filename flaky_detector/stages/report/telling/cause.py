"""How a proven cause is told: who, what crosses over, step by step, who else does the same, and why only sometimes."""

from collections.abc import Sequence

from flaky_detector.model import TestId, function_of, path_of
from flaky_detector.model.words import enumerated, leaves, tick
from flaky_detector.stages.report.digest import Cause, Digest, TestSet, by_function
from flaky_detector.stages.report.names import Names, params_of
from flaky_detector.stages.report.neutral import plain
from flaky_detector.stages.report.telling.failure import failure
from flaky_detector.stages.report.telling.grammar import count, share, spelt
from flaky_detector.stages.report.telling.runs import arranged


def where(digest: Digest) -> str:
    """How processes are called in this suite."""
    return "on the same xdist worker" if any(run.workers for run in digest.result.runs) else "in the same process"


def alert(cause: Cause, digest: Digest, names: Names) -> tuple[list[str], str]:
    """The tests that an alert names in bold, and the sentence that goes on after them."""
    head = [names(test) for test in cause.head]
    victims = count(len(cause.broken), "test")
    if cause.kind == "state-setter":
        setters = enumerated([tick(name) for name in head])
        need = "needs what those set up" if len(head) > 1 else "needs what that test sets up"
        return [names(cause.first.test)], f"passes only after {setters}: it {need} and does not set up itself."
    if cause.across_workers:
        crossing = [change for change in cause.head_state if change.kind == "file"]
        what = f" What crosses over is {_things([change.key for change in crossing])}." if crossing else ""
        how = ", run in this order on one worker, make" if len(head) > 1 else " makes"
        return head, f"{how} {victims} on another worker fail.{what}"
    left = leaves(cause.head_state)
    if cause.imported:
        what = left or "changes something that was not seen by any probe,"
        return [
            plain(cause.imported)
        ], f"{what} when it is imported, whether or not a test of it runs. Whatever is collected with it sees that."
    if len(head) > 1:
        what = f" What is left: the last of them {left}." if left and len(cause.head_state) == 1 else ""
        return head, f", run in this order {where(digest)}, make {victims} fail that {_come(victims)} after them.{what}"
    if not left:
        return (
            head,
            f"makes {victims} fail that {_come(victims)} after it {where(digest)}. What it leaves behind was not seen by any probe.",
        )
    return head, f"{left}. Whatever runs after it {where(digest)} sees that."


def _come(victims: str) -> str:
    return "comes" if victims.startswith("1 ") else "come"


def _things(paths: Sequence[str]) -> str:
    shown = enumerated([tick(path) for path in paths[:3]] + ([f"{len(paths) - 3} more"] if len(paths) > 3 else []))
    return f"the file {shown}" if len(paths) == 1 else f"the files {shown}"


def steps(cause: Cause, names: Names) -> list[str]:
    """The chain as it is told; without a diagnosis from the order alone. Empty where one polluter is followed by one victim."""
    if cause.diagnosis and cause.diagnosis.steps:
        told = list(cause.diagnosis.steps)
    elif len(cause.steps) > 2:
        told = [f"`gw{step.worker}` · {tick(names(step.test))}" if cause.across_workers else tick(names(step.test)) for step in cause.steps]
        told[-1] += f" fails: {tick(failure(cause.first))}"
    else:
        return []
    if len(cause.broken) > 1:
        told[-1] += f"; so {'does' if len(cause.broken) == 2 else 'do'} {count(len(cause.broken) - 1, 'more test')}"
    return told


def proof(cause: Cause) -> str:
    """`alone 0 of 3 · after them 3 of 3 each`; empty where the victims differ."""
    alone = {victim.alone for victim in cause.victims}
    after = {victim.after for victim in cause.victims}
    if len(alone) > 1 or len(after) > 1:
        return ""
    them = "it" if len(cause.head) == 1 else "them"
    each = " each" if len(cause.victims) > 1 else ""
    return f"alone {share(alone.pop())} fail, after {them} {share(after.pop())}{each}"


def controls(cause: Cause) -> str:
    """`without step 1: 0 of 3 · without step 2: 0 of 3`."""
    return " · ".join(f"without step {place}: {share(tally)}" for place, tally in cause.without)


def alternatives(cause: Cause, names: Names, most: int = 6) -> str:
    """Who else does the same, and that any one is enough. Empty where nobody does."""
    if not cause.others:
        return ""
    witness = f" (re-run with {tick(names(cause.first.test))})" if len(cause.victims) > 1 else ""
    if len(cause.head) == 1 and all(len(tests) == 1 for tests in cause.others):
        others = [tests[0] for tests in cause.others]
        same_test = all(_same_function(test, cause.head[0]) for test in others)
        noun = ("more params of the same test do" if same_test else "more tests do") if len(others) > 1 else "more test does"
        return f"{spelt(len(others))} {noun} the same: {_listed(others, cause.head[0], names, most)}. Any one is enough{witness}."
    return " ".join([*_substitutes(cause, names, most), f"Any one is enough{witness}."])


def _substitutes(cause: Cause, names: Names, most: int) -> list[str]:
    swapped: dict[int, list[TestId]] = {}
    rest: list[TestSet] = []
    for tests in cause.others:
        places = [place for place, pair in enumerate(zip(tests, cause.head, strict=False)) if pair[0] != pair[1]]
        if len(tests) == len(cause.head) and len(places) == 1:
            swapped.setdefault(places[0], []).append(tests[places[0]])
        else:
            rest.append(tests)
    told = [
        f"In the place of {tick(names(cause.head[place]))}, {_listed(others, cause.head[place], names, most)} "
        f"{'does' if len(others) == 1 else 'do'} as well."
        for place, others in swapped.items()
    ]
    if rest:
        ways = [", then ".join(tick(names(test)) for test in tests) for tests in rest[:most]]
        told.append("So do " + enumerated(ways + ([f"{len(rest) - most} more"] if len(rest) > most else [])) + ".")
    return told


def _same_function(a: TestId, b: TestId) -> bool:
    return (path_of(a), function_of(a)) == (path_of(b), function_of(b))


def _listed(tests: Sequence[TestId], head: TestId, names: Names, most: int) -> str:
    """`[b]`, `test_g[d]` and `[e]` and `[f]` of `test_h`: params of the head's own function are told by themselves."""
    told: list[str] = []
    for group in by_function(tests[:most]).values():
        params = [tick(plain(params_of(test), 60)) for test in group if params_of(test)]
        if len(params) == len(group) and _same_function(group[0], head):
            told += params
        elif len(params) == len(group) > 1:
            told.append(f"{enumerated(params)} of {tick(function_of(group[0]))}")
        else:
            told += [tick(names(test)) for test in group]
    if len(tests) > most:
        told.append(f"{len(tests) - most} more")
    return "; ".join(told) if any(" of " in one for one in told) else enumerated(told)


def why_only_sometimes(cause: Cause, digest: Digest) -> str:
    """From evidence alone: in how many runs it was met, in which, and whether the project's own order is among them."""
    runs = digest.result.runs
    seen = cause.seen_in or len(runs)
    if not cause.failed_in or not seen:
        return ""
    told = [f"Of the {count(seen, 'run')} of this hunt, {cause.failed_in} met it" if seen > 1 else "The only run met it"]
    if cause.failing_runs:
        told[0] += ": " + "; ".join(dict.fromkeys(arranged(run) for run in cause.failing_runs[:4]))
        told[0] += f"; and {len(cause.failing_runs) - 4} more" if len(cause.failing_runs) > 4 else ""
        own = [run for run in runs if run.arrangement == "own"]
        met = [run for run in own if run in cause.failing_runs]
        if own and not met:
            told.append(f"Your own order did not, in {count(len(own), 'run')}")
    note = cause.first.orders_note
    if note and cause.first.orders != "own":
        told.append(f"{note[:1].upper()}{note[1:]}")
    return ". ".join(told) + "."
