"""In which orders a failure can happen: under the project's own settings, or only where its sort is undone.

Owns that judgement, from the runs in which it was seen and from the smallest order that shows it. Pure; must not change what is accused.

    own           seen in the project's own order, in one process
    distribution  seen under xdist in that order, or a worker can receive the tests so
    unsorted      the smallest order turns round what the project's plugins sort (pytest-django: database tests, then those with a
                  transactional database, then the rest), and no run that kept the sort showed it
    unknown       the evidence does not tell

A forced order (front-loaded, a trial) says nothing by itself: its tests are looked up in the project's own order.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from flaky_detector.model import Arrangement, Finding, Orders, RunRecord, RunSpec, TestId, on_one_worker, short_name
from flaky_detector.model.footprint import own_order
from flaky_detector.model.sorts import SORTED, kept_ranks

SHUFFLES = (Arrangement.SHUFFLED, Arrangement.REVERSED)
REORDERING = (
    "`--dist loadscope`, `loadfile` and `worksteal` may hand them out so, and so does a shuffle or another order on the command line"
)


class Outlook(msgspec.Struct, frozen=True):
    """What is known of the project's own order.

    `places` is where each test stands in it, `classes` its rank in pytest-django's sort, empty where the own order is not sorted so.
    `is_shuffled` tells that the project itself shuffles (pytest-randomly), so that every order that keeps the sort is its own.
    """

    runs: Mapping[str, RunRecord]
    places: Mapping[TestId, int]
    classes: Mapping[TestId, int]
    is_shuffled: bool = False


def outlook(records: Sequence[RunRecord], *, is_shuffled: bool = False) -> Outlook:
    """Read once for all findings."""
    own = own_order([record for record in records if record.spec.arrangement not in SHUFFLES])
    return Outlook(
        runs={record.spec.id: record for record in records},
        places={test: place for place, test in enumerate(own)},
        classes=kept_ranks(records, own),
        is_shuffled=is_shuffled,
    )


def orders_of(finding: Finding, seen: Outlook) -> tuple[Orders, str]:
    """The word, and a sentence without a full stop; the sentence is empty where there is nothing to say."""
    runs = [seen.runs[run].spec for run in finding.failing_runs if run in seen.runs and seen.runs[run].has_order]
    own = [spec for spec in runs if spec.arrangement is Arrangement.OWN]
    if any(not spec.workers for spec in own):
        return "own", "it fails in the project's own order, in one process"
    if own:
        return "distribution", f"it fails in the project's own order under {_distribution(own[0])}"
    if finding.kind == "cross-worker" and finding.counterparts:
        return "distribution", "it takes two workers at the same time, so one process does not show it"
    turned = _turned_round(finding, seen)
    if turned and not any(spec.arrangement in SHUFFLES and spec.keep_sort for spec in runs):
        return "unsorted", turned
    if finding.confidence == "proven" and finding.minimal_order and finding.test in seen.places:
        return _by_the_proof(finding, seen)
    if runs and seen.is_shuffled and all(spec.arrangement in SHUFFLES and spec.keep_sort for spec in runs):
        return ("distribution" if all(spec.workers for spec in runs) else "own"), "it fails in orders that the project's own shuffle makes"
    return "unknown", "it was seen in shuffled orders only" if runs and all(spec.arrangement in SHUFFLES for spec in runs) else ""


def _distribution(spec: RunSpec) -> str:
    told = f"`--dist {spec.distribution}`" if spec.distribution else "xdist"
    return f"{told} on {spec.workers} worker{'' if spec.workers == 1 else 's'}"


def _turned_round(finding: Finding, seen: Outlook) -> str:
    """How the smallest order, or the first suspect before the test, breaks the sort on one worker; empty where it does not."""
    order = finding.minimal_order or on_one_worker((*(suspect.test for suspect in finding.suspects[:1]), finding.test))
    steps = [step for step in order if step.test not in finding.warm_up and step.test in seen.classes]
    for earlier, later in pairwise(steps):
        if earlier.worker == later.worker and seen.classes[earlier.test] > seen.classes[later.test]:
            return (
                f"only an order that undoes the project's sort does this: `{short_name(earlier.test)}` is {_class(earlier.test, seen)},"
                f" `{short_name(later.test)}` is {_class(later.test, seen)}, and those run first; on one worker they can meet so only where"
                " xdist steals work"
            )
    return ""


def _class(test: TestId, seen: Outlook) -> str:
    return SORTED[seen.classes[test]]


def _by_the_proof(finding: Finding, seen: Outlook) -> tuple[Orders, str]:
    if finding.kind == "brittle":
        return (
            "distribution",
            "in the project's own order the test that it needs runs first; it fails alone, or on a worker that does not run that one",
        )
    steps = [step for step in finding.minimal_order if step.test not in finding.warm_up]
    if len({step.worker for step in steps}) > 1:
        return "distribution", "it takes two workers at least, so one process does not show it"
    places = [seen.places[step.test] for step in steps if step.test in seen.places]
    if len(places) < len(steps):
        return "unknown", ""
    if places == sorted(places):
        return "distribution", (
            "in the project's own order the victim comes after what breaks it, so an xdist worker, or a part of the suite, may meet it;"
            " in one process the whole suite did not"
        )
    if seen.is_shuffled:
        return "own", "the project shuffles its tests, and this order is one of those"
    return "distribution", f"in the project's own order the victim runs before what breaks it: {REORDERING}"


def with_orders(findings: Sequence[Finding], seen: Outlook) -> list[Finding]:
    """The findings, each with the orders in which it can happen."""
    told = []
    for finding in findings:
        orders, note = orders_of(finding, seen)
        told.append(msgspec.structs.replace(finding, orders=orders, orders_note=note))
    return told
