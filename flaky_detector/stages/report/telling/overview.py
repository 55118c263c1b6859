"""The headline, and what is told without accusing anybody: suspects, random failures, notices."""

from collections.abc import Iterable

from flaky_detector.model import Finding, TestId
from flaky_detector.model.words import enumerated, tick
from flaky_detector.stages.report.digest import NOBODY, Aside, Digest, Suspicion
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.neutral import plain
from flaky_detector.stages.report.telling.failure import beside, failure
from flaky_detector.stages.report.telling.grammar import count


def headline(digest: Digest) -> str:
    """`5 tests pollute 7 others · 2 causes · proven by re-running`."""
    parts = [*_proven_parts(digest), *_suspected_parts(digest)]
    if parts:
        return " · ".join([*parts, *([aside_headline(digest)] if digest.asides else [])])
    if digest.asides:
        return f"No polluter in the orders that the project's own settings make · {aside_headline(digest)}"
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
    if digest.conflicts:
        tests = _tests(digest.conflicts)
        parts.append(f"{count(len(tests), 'test fails', 'tests fail')} only beside another on a second worker")
    return [*parts, "proven by re-running"] if parts else []


def _suspected_parts(digest: Digest) -> list[str]:
    tests = _tests(finding for suspicion in digest.suspicions for finding in suspicion.findings)
    if not tests:
        return []
    if digest.causes or digest.conflicts:
        return [f"{len(tests)} more with suspects only"]
    more = [f"{len(_tests(digest.others))} more without"] if digest.others else []
    groups = [f"in {count(len(digest.suspicions), 'group')}"] if 1 < len(digest.suspicions) < len(tests) else []
    return [f"{' '.join([count(len(tests), 'failing test'), *groups])} with suspects only", *more, "nothing proven"]


def _tests(findings: Iterable[Finding]) -> set[TestId]:
    return {test for finding in findings for test in finding.tests}


def conflict(finding: Finding, names: Names) -> str:
    """What an alert says of two tests that must not run at the same time, after the first one's name."""
    both = "Each is right alone" if len(finding.counterparts) == 1 else "Each of them is right alone"
    return f"fails only {beside(finding, names)}: {tick(failure(finding))}. {both}, and also one after the other: they share something."


def aside_headline(digest: Digest) -> str:
    """`2 causes in orders that undo its sort`; empty for none."""
    causes = count(len(digest.asides), "cause")
    return f"{causes} only in orders that undo the project's sort" if digest.asides else ""


def aside(one: Aside, names: Names) -> str:
    """One line: who, before whom, and how that shows."""
    heads = enumerated([tick(names(test)) for test in one.heads])
    more = f" and {count(len(one.tests) - 1, 'more test')}" if len(one.tests) > 1 else ""
    verb = "is suspected to break" if not one.is_proven else "breaks" if len(one.heads) == 1 else "together break"
    proven = ", proven by re-running" if one.is_proven else ""
    return f"{heads} {verb} {tick(names(one.first.test))}{more}{proven}: {tick(failure(one.first))}"


def aside_note(digest: Digest) -> str:
    """Why these are told apart: the project's own runs do not meet them."""
    told = "The project's own settings sort these tests so that they do not meet on one worker, except where xdist steals work."
    return told if digest.asides else ""


OF_OTHERS = (
    "This was measured by a run of the pull request's own code, and names, messages and patches are that run's."
    " The commands are put together here."
)


def notices(digest: Digest) -> list[str]:
    """What a reader must know before the rest."""
    told = []
    if digest.result.status == "budget-exhausted":
        told.append("The time budget was used up. What follows is what was found until then; a larger `--budget` may find more.")
    if digest.result.status == "interrupted":
        told.append("The hunt was interrupted. What follows is what was found until then.")
    if digest.gaps and not digest.accuses:
        told.append(f"Not everything could be judged: there {_are(len(digest.gaps))} in the evidence, told below.")
    return told


def _are(gaps: int) -> str:
    return f"{'is' if gaps == 1 else 'are'} {count(gaps, 'gap')}"


def suspicion_alert(suspicion: Suspicion) -> str:
    """What is known of tests that fail in some orders, and that nobody is proven to cause it."""
    first, victims = suspicion.first, len(suspicion.tests)
    runs = f"failed in {first.failed_in} of {count(first.seen_in, 'run')}" if first.failed_in and first.seen_in else "failed"
    way = "from the same place of a worker's order on" if first.victims else "in the same way"
    more = f", and so did {count(victims - 1, 'more test')} {way}" if victims > 1 else ""
    sure = "Two kinds of evidence agree on a suspect, but no" if first.confidence == "likely" else "There are suspects, but no"
    return f"{runs}{more}. {sure} proof."


def failing_ways(suspicion: Suspicion) -> str:
    """How the victims of one cause fail: `121 tests fail with an IntegrityError, 45 with a DoesNotExist`; empty where they fail alike."""
    counts: dict[str, int] = {}
    for finding in suspicion.findings:
        for way, number in finding.victim_counts.items():
            counts[way] = counts.get(way, 0) + number
    if len(counts) < 2:
        return ""
    first, *rest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{count(first[1], 'test fails', 'tests fail')} with {tick(plain(first[0], 80))}"]
    shown += [f"{number} with {tick(plain(way, 80))}" for way, number in rest[:4]]
    return enumerated(shown + ([f"{len(rest) - 4} more ways"] if len(rest) > 4 else []))


def untold(suspicion: Suspicion) -> list[str]:
    """What this evidence cannot tell."""
    first = suspicion.first
    told = _sentences([first.orders_note]) if first.orders_note and first.orders != "own" else []
    if suspicion.tied > 1 and (first.trials or not first.notes):
        what = "The first" if suspicion.tied < len(suspicion.suspects) else "All"
        told.append(f"{what} {suspicion.tied} suspects score alike: this evidence does not tell them apart.")
    if suspicion.far_behind:
        told.append(f"At least {count(suspicion.far_behind, 'more test')} ran before it as well, with far lower scores.")
    if not first.trials:
        told += [] if first.victims else _sentences(first.notes)
        told.append("No order was re-run, so nobody here is more than a suspect.")
    elif first.notes:
        told.append("Tried by re-running, without proof: " + "; ".join(first.notes) + ".")
    return told


def in_common(suspicion: Suspicion) -> list[str]:
    """What the victims of one suspected cause say together; empty where they are told one by one."""
    return _sentences(suspicion.first.notes) if suspicion.first.victims else []


def _sentences(notes: Iterable[str]) -> list[str]:
    return [f"{note[:1].upper()}{note[1:]}." for note in notes]


def kinds_of_others(digest: Digest) -> list[tuple[str, list[Finding]]]:
    """Findings that accuse nobody, by what is known of them; of each test the first."""
    groups: dict[str, dict[TestId, Finding]] = {}
    for finding in digest.others:
        kind = "no-suspect-stands-out" if finding.suspects and finding.kind not in NOBODY else finding.kind
        groups.setdefault(kind, {}).setdefault(finding.test, finding)
    order = [*NOBODY, "cross-worker", "no-suspect-stands-out"]
    kinds = sorted(groups, key=lambda kind: order.index(kind) if kind in order else len(order))
    return [(_told_of(kind, len(groups[kind])), list(groups[kind].values())) for kind in kinds]


def _told_of(kind: str, number: int) -> str:
    fails = count(number, "test fails", "tests fail")
    return {
        "non-deterministic": f"{fails} at random, whatever the order",
        "environment": f"{fails} on some Pythons only, whatever the order",
        "cross-worker": f"{fails} only while tests on other workers run",
        "broken": f"{fails} in every run",
        "no-suspect-stands-out": f"{count(number, 'failing test')} for which no suspect stands out",
    }.get(kind, f"{fails} in a way that nothing explains yet")


def also_seen(digest: Digest) -> str:
    """`1 test fails at random, whatever the order · 3 tests leave state behind that broke nothing`; empty for nothing."""
    parts = [told for told, _ in kinds_of_others(digest)]
    if digest.latent:
        parts.append(f"{count(len(digest.latent), 'test leaves', 'tests leave')} state behind that broke nothing so far")
    if digest.gaps:
        parts.append(f"{count(len(digest.gaps), 'gap')} in the evidence")
    return " · ".join(parts)
