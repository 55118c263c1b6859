"""The sentences that every voice says, from the digest: plain text, code between backticks.

Owns wording and grammar, and the rule that *polluter* is said of proven tests only. Must not know Markdown or HTML.
"""

import shlex
from collections.abc import Iterable, Sequence

from flaky_detector.model import Finding, Remedy, RunSummary, TestId, function_of, path_of
from flaky_detector.model.words import enumerated, leaves, tick
from flaky_detector.stages.report.digest import Cause, Digest, Suspicion, Tally, TestSet, by_function
from flaky_detector.stages.report.names import Names, params_of
from flaky_detector.stages.report.neutral import plain

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ARRANGED = {
    "own": "your own order",
    "front-loaded": "the tests that leave something behind first, then your own order",
    "across-workers": "the tests that leave something behind on one worker, then the others on another",
    "shuffled": "shuffled",
    "reversed": "your own order backwards",
    "forced": "a forced order",
}
LONGEST_COMMAND = 4000
NOT_HERE = "not here:"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 test`, `3 tests`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def spelt(number: int) -> str:
    """`Three`, `14`."""
    return NUMBERS[number].capitalize() if number < len(NUMBERS) else str(number)


def share(tally: Tally) -> str:
    """`0 of 3`."""
    return f"{tally.failed} of {tally.attempts}"


def clock(seconds: float) -> str:
    """`8 s`, `3 min 10 s`, `1 h 02 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


# The headline


def headline(digest: Digest) -> str:
    """`5 tests pollute 7 others · 2 causes · proven by re-running`."""
    parts = [*_proven_parts(digest), *_suspected_parts(digest)]
    if parts:
        return " · ".join(parts)
    if not digest.result.runs:
        return "Nothing found, for there was no run to judge by"
    if digest.others:
        return f"No polluter found · {count(len(_tests(digest.others)), 'failing test')}, nobody is accused"
    return "No order-dependent test found"


def _proven_parts(digest: Digest) -> list[str]:
    polluting = [cause for cause in digest.causes if cause.kind == "polluter"]
    brittle = [cause for cause in digest.causes if cause.kind == "state-setter"]
    parts = []
    if polluting:
        polluters = {test for cause in polluting for test in cause.polluters}
        victims = {victim.finding.test for cause in polluting for victim in cause.victims}
        verb = "pollutes" if len(polluters) == 1 else "pollute"
        parts.append(f"{count(len(polluters), 'test')} {verb} {count(len(victims), 'other')}")
        parts += [f"{len(polluting)} causes"] if len(polluting) > 1 else []
    if brittle:
        tests = {victim.finding.test for cause in brittle for victim in cause.victims}
        parts.append(f"{count(len(tests), 'test passes', 'tests pass')} only after another")
    return [*parts, "proven by re-running"] if parts else []


def _suspected_parts(digest: Digest) -> list[str]:
    tests = _tests(finding for suspicion in digest.suspicions for finding in suspicion.findings)
    if not tests:
        return []
    if digest.causes:
        return [f"{len(tests)} more with suspects only"]
    return [count(len(tests), "failing test"), "suspects only, nothing proven"]


def _tests(findings: Iterable[Finding]) -> set[TestId]:
    return {finding.test for finding in findings}


def notices(digest: Digest) -> list[str]:
    """What a reader must know before the rest."""
    told = []
    if digest.result.status == "budget-exhausted":
        told.append("The time budget was used up. What follows is what was found until then; a larger `--budget` may find more.")
    if digest.result.status == "interrupted":
        told.append("The hunt was interrupted. What follows is what was found until then.")
    if digest.gaps and not digest.causes and not digest.suspicions:
        told.append(f"Not everything could be judged: there {_are(len(digest.gaps))} in the evidence, told below.")
    return told


def _are(gaps: int) -> str:
    return f"{'is' if gaps == 1 else 'are'} {count(gaps, 'gap')}"


# A cause


def where(digest: Digest) -> str:
    """How processes are called in this suite."""
    return "on the same xdist worker" if any(run.workers for run in digest.result.runs) else "in the same process"


def alert(cause: Cause, digest: Digest, names: Names) -> tuple[list[str], str]:
    """The tests that an alert names in bold, and the sentence that goes on after them."""
    head = [names(test) for test in cause.head]
    victims = count(len(cause.victims), "test")
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
    if len(cause.victims) > 1:
        told[-1] += f"; so {'does' if len(cause.victims) == 2 else 'do'} {count(len(cause.victims) - 1, 'more test')}"
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


def failure(finding: Finding, most: int = 110) -> str:
    """`SystemExit: 1`, `DuplicateTable: relation "a" already exists`: the exception and the first line of its message."""
    exception = finding.signature.exception
    lines = finding.message.strip().splitlines()
    message = lines[0].strip() if lines else ""
    bare = exception.split(":", 1)[0]
    if not message or message in exception or not bare:
        return plain(exception or message or "failed", most)
    return plain(f"{bare}: {message}", most)


def about(finding: Finding, most: int = 3) -> str:
    """The contested things where the failure's own text does not name them."""
    resources = [resource for resource in finding.signature.resources if resource.lower() not in failure(finding).lower()]
    named = [tick(plain(resource, 80)) for resource in resources[:most]]
    return enumerated(named + ([f"{len(resources) - most} more"] if len(resources) > most else []))


def phases(finding: Finding) -> str:
    """`setup, teardown`; empty for a failure in the call alone."""
    return "" if finding.phases in ((), ("call",)) else ", ".join(finding.phases)


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
    return ". ".join(told) + "."


def arranged(run: RunSummary) -> str:
    """`shuffled with seed 3, --dist worksteal on 2 workers`."""
    order = ARRANGED.get(run.arrangement, plain(run.arrangement, 40))
    order += f" with seed {run.seed}" if run.seed is not None and run.arrangement == "shuffled" else ""
    if not run.workers or run.arrangement == "across-workers":
        return order if run.workers else f"{order}, in one process"
    return f"{order}, `--dist {run.distribution}` on {count(run.workers, 'worker')}"


def ways(cause: Cause) -> str:
    """The remedies in a sentence: `Give it a plain object, where it makes no query. Or: define it elsewhere.`"""
    told: list[str] = []
    for remedy in cause.remedies[:3]:
        if not remedy.fits.startswith(NOT_HERE):
            first = remedy.title[:1].lower() if told else remedy.title[:1]
            fits = f", where {remedy.fits}" if remedy.fits else ""
            told.append(f"{'Or ' if told else ''}{first}{remedy.title[1:]}{fits}.")
    return " ".join(told)


def fits(remedy: Remedy) -> str:
    """`Fits where …`, or why it does not; empty where the rule does not say."""
    if remedy.fits.startswith(NOT_HERE):
        return f"It does not fit here: {remedy.fits.removeprefix(NOT_HERE).strip()}."
    return f"Fits where {remedy.fits}." if remedy.fits else ""


def mending(cause: Cause) -> str:
    """What a chain needs to hear before its own remedies, or where nothing is known."""
    if cause.earlier:
        enough = any(place == 1 and not tally.failed for place, tally in cause.without)
        told = "Step 1 is mended as above" + (", and without it nothing fails here either." if enough else ".")
        return told + (" Beside that:" if cause.remedies else "")
    if not cause.remedies and cause.kind == "state-setter":
        return "Let the test, or a fixture that it asks for, set up what it needs, so that it passes alone."
    if not cause.remedies:
        return "No remedy is known for this kind of failure: make the test undo what it changes, whatever its outcome."
    return ""


def example_of(remedy: Remedy) -> tuple[str, str]:
    """The example or patch with its language."""
    shown = remedy.patch or remedy.example
    is_diff = any(line.startswith(("+", "-", "@@")) for line in shown.splitlines())
    return shown, "diff" if is_diff else "python"


def command(finding: Finding) -> str:
    """The command to paste, a line for each option; empty where it is too long to be of use here."""
    told = plain(finding.reproduce)
    if not told or len(told) > LONGEST_COMMAND:
        return ""
    try:
        words = shlex.split(told)
    except ValueError:
        return told
    if shlex.join(words) != told or len(told) <= 100:
        return told
    lines: list[list[str]] = [[]]
    for word in words:
        if word.startswith("--") and lines[-1]:
            lines.append([])
        lines[-1].append(word)
    return " \\\n  ".join(shlex.join(line) for line in lines)


# Suspicions, and what else was seen


def suspicion_alert(suspicion: Suspicion) -> str:
    """What is known of tests that fail in some orders, and that nobody is proven to cause it."""
    first, victims = suspicion.first, len(suspicion.findings)
    runs = f"failed in {first.failed_in} of {count(first.seen_in, 'run')}" if first.failed_in and first.seen_in else "failed"
    more = f", and so did {count(victims - 1, 'more test')} in the same way" if victims > 1 else ""
    sure = "Two kinds of evidence agree on a suspect, but no" if first.confidence == "likely" else "There are suspects, but no"
    return f"{runs}{more}. {sure} proof."


def untold(suspicion: Suspicion) -> list[str]:
    """What this evidence cannot tell."""
    first = suspicion.first
    told = []
    if suspicion.tied > 1:
        what = "The first" if suspicion.tied < len(suspicion.suspects) else "All"
        told.append(f"{what} {suspicion.tied} suspects score alike: this evidence does not tell them apart.")
    if not first.trials:
        told.append("No order was re-run, so nobody here is more than a suspect.")
    elif first.notes:
        told.append("Tried by re-running, without proof: " + "; ".join(first.notes) + ".")
    return told


def kinds_of_others(digest: Digest) -> list[tuple[str, list[Finding]]]:
    """Findings that accuse nobody, by what is known of them."""
    groups: dict[str, list[Finding]] = {}
    for finding in digest.others:
        groups.setdefault(finding.kind, []).append(finding)
    order = ("non-deterministic", "environment", "cross-worker", "broken")
    return sorted(
        ((_told_of(kind, len(found)), found) for kind, found in groups.items()),
        key=lambda group: order.index(group[1][0].kind) if group[1][0].kind in order else len(order),
    )


def _told_of(kind: str, number: int) -> str:
    fails = count(number, "test fails", "tests fail")
    return {
        "non-deterministic": f"{fails} at random, whatever the order",
        "environment": f"{fails} on some Pythons only, whatever the order",
        "cross-worker": f"{fails} only while tests on other workers run",
        "broken": f"{fails} in every run",
    }.get(kind, f"{fails} in a way that nothing explains yet")


def also_seen(digest: Digest) -> str:
    """`1 test fails at random, whatever the order · 3 tests leave state behind that broke nothing`; empty for nothing."""
    parts = [told for told, _ in kinds_of_others(digest)]
    if digest.latent:
        parts.append(f"{count(len(digest.latent), 'test leaves', 'tests leave')} state behind that broke nothing so far")
    if digest.gaps:
        parts.append(f"{count(len(digest.gaps), 'gap')} in the evidence")
    return " · ".join(parts)


def tried(digest: Digest) -> str:
    """For a clean result: what was run."""
    runs = digest.result.runs
    failed = sum(run.failed for run in runs)
    ended = "and every test passed or was skipped in each of them" if not failed else f"with {count(failed, 'failure')} in all"
    arrangements = count(len({arranged(run) for run in runs}), "arrangement")
    return f"{count(len(runs), 'run')} of {count(digest.tests, 'test')} in {arrangements}, {ended}."


def arrangements(digest: Digest) -> list[str]:
    """Every way in which the suite was run, with its Pythons, in the order of the runs."""
    pythons: dict[str, list[str]] = {}
    for run in digest.result.runs:
        pythons.setdefault(arranged(run), []).append(run.python)
    told = {way: [python for python in dict.fromkeys(used) if python] for way, used in pythons.items()}
    return [way + (f" · Python {', '.join(map(plain, used))}" if used else "") for way, used in told.items()]


def footer(digest: Digest) -> list[str]:
    """What it took: runs, Pythons, tests, distributions, trials, time."""
    result = digest.result
    distributions = {run.distribution for run in result.runs if run.workers}
    parts = [count(len(result.runs), "run"), count(len(digest.pythons), "Python"), count(digest.tests, "test")]
    parts += [count(len(distributions), "distribution")] if distributions else []
    parts += [count(result.cost.trials, "trial")] if result.cost.trials else []
    parts += [clock(result.cost.wall_seconds)] if result.cost.wall_seconds else []
    return parts
