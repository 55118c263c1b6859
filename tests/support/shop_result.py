"""Results made by hand that resemble a hunt of examples/shop, for tests of what a person sees.

The sources are the part of the example's tests that matters, kept here so that the pages do not change with the example.
"""

from collections.abc import Callable

from msgspec.structs import replace

from flaky_detector.model import (
    CauseNight,
    Cost,
    Evidence,
    Finding,
    Gap,
    LatentPolluter,
    Nights,
    Order,
    Remembered,
    Result,
    RunSummary,
    Signature,
    StateChange,
    Step,
    Suspect,
    TestId,
    Trial,
)
from flaky_detector.stages.diagnose import diagnose

ROUTERS = "tests/test_routers.py"
MAKE = "tests/test_makemigrations.py"
READS = TestId(f"{ROUTERS}::test_reads_of_a_model_go_where_its_app_belongs[analytics-warehouse]")
WRITES = TestId(f"{ROUTERS}::test_writes_of_a_model_go_where_its_app_belongs[analytics-warehouse]")
JOINED = TestId(f"{ROUTERS}::test_models_are_joined_within_analytics[analytics-analytics-True]")
JOINED_NONE = TestId(f"{ROUTERS}::test_models_are_joined_within_analytics[analytics-elsewhere-None]")
CHECK = TestId(f"{MAKE}::test_no_migration_is_missing")
NAMED = TestId(f"{MAKE}::test_a_migration_with_a_name_may_be_made")
WARM_UP = TestId("tests/test_visits.py::test_a_visit_is_counted")
OTHER_WARM_UP = TestId("tests/test_orders.py::test_an_order_has_a_reference")
MIGRATION_TESTS = tuple(
    TestId(test)
    for test in (
        "tests/test_migrations_analytics.py::test_visits_by_the_newsletter_get_their_source",
        "tests/test_migrations_analytics.py::test_visits_get_their_day",
        "tests/test_migrations_orders.py::test_an_order_without_lines_costs_nothing",
        "tests/test_migrations_orders.py::test_orders_get_their_total",
        "tests/test_migrations_orders.py::test_products_get_their_slug",
        "tests/test_migrations_orders.py::test_slugs_that_are_there_stay",
    )
)
FIRST_MIGRATION_TEST = TestId("tests/test_migrations_orders.py::test_slugs_can_be_taken_back")
WRITTEN = "shop/analytics/migrations/0005_visit_rollup.py"

SOURCES = {
    ROUTERS: '''"""Which database a model belongs to. No database is needed to ask."""

import pytest
from django.db import models

from shop.analytics.routers import AnalyticsRouter


@pytest.mark.parametrize(("label", "alias"), [("analytics", "warehouse"), ("elsewhere", None)])
def test_reads_of_a_model_go_where_its_app_belongs(label, alias):
    class ReadModel(models.Model):
        class Meta:
            app_label = label

    assert AnalyticsRouter().db_for_read(ReadModel) == alias


@pytest.mark.parametrize(("label", "alias"), [("analytics", "warehouse"), ("elsewhere", None)])
def test_writes_of_a_model_go_where_its_app_belongs(label, alias):
    class WrittenModel(models.Model):
        class Meta:
            app_label = label

    assert AnalyticsRouter().db_for_write(WrittenModel) == alias


@pytest.mark.parametrize(("left", "right", "allowed"), [("analytics", "analytics", True), ("analytics", "elsewhere", None)])
def test_models_are_joined_within_analytics(left, right, allowed):
    class LeftModel(models.Model):
        class Meta:
            app_label = left

    class RightModel(models.Model):
        class Meta:
            app_label = right

    assert AnalyticsRouter().allow_relation(LeftModel, RightModel) is allowed
''',
    MAKE: '''"""`makemigrations`: nothing is missing, and a new migration needs a name."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check_changes=True)


@pytest.mark.django_db
def test_a_migration_with_a_name_may_be_made(capsys):
    call_command("makemigrations", "analytics", name="visit_rollup")
    assert "analytics" in capsys.readouterr().out
''',
}


def sources(path: str) -> str | None:
    """The reader that diagnose is given."""
    return SOURCES.get(path)


def model(name: str, function: str) -> StateChange:
    """A model that a router test left in the registry."""
    origin = f"tests.test_routers:{function}.<locals>.{name}"
    return StateChange(kind="django-model", key=f"analytics.{name}", after="1f0c", origin=origin)


READ = model("ReadModel", "test_reads_of_a_model_go_where_its_app_belongs")
WRITTEN_MODEL = model("WrittenModel", "test_writes_of_a_model_go_where_its_app_belongs")
LEFT = model("LeftModel", "test_models_are_joined_within_analytics")
RIGHT = model("RightModel", "test_models_are_joined_within_analytics")
FILE = StateChange(kind="file", key=WRITTEN, after="9b1d")
LEFT_BEHIND = {READS: (READ,), WRITES: (WRITTEN_MODEL,), JOINED: (LEFT, RIGHT), JOINED_NONE: (LEFT,), NAMED: (FILE,)}


def trial(role: str, *steps: tuple[int, TestId], same: int = 0, passed: int = 0, other: int = 0) -> Trial:
    """One order with its answers."""
    return Trial(order=tuple(Step(worker, test) for worker, test in steps), role=role, same=same, passed=passed, other=other)


def diagnosed(finding: Finding, read: Callable[[str], str | None] = sources) -> Finding:
    """The finding with its diagnosis."""
    return replace(finding, diagnosis=diagnose(finding, LEFT_BEHIND, read))


def check_finding() -> Finding:
    """`makemigrations --check` after any one of four params of the router tests."""
    polluters = (READS, WRITES, JOINED, JOINED_NONE)
    after = [trial("after-polluter", (0, WARM_UP), (0, test), (0, CHECK), same=3) for test in polluters]
    search = [trial("search", (0, WARM_UP), (0, test), (0, CHECK), same=1) for test in polluters]
    return diagnosed(
        Finding(
            test=CHECK,
            kind="victim",
            confidence="proven",
            signature=Signature(
                rule="migration-drift",
                resources=("analytics.LeftModel", "analytics.ReadModel", "analytics.RightModel", "analytics.WrittenModel"),
                exception="SystemExit: 1",
            ),
            polluters=tuple((test,) for test in polluters),
            suspects=(
                Suspect(
                    test=READS,
                    score=0.31,
                    evidence=(
                        Evidence("order", "ran before it on its worker in 2 of 2 failing and 0 of 4 passing executions"),
                        Evidence("state", "leaves behind the Django model `analytics.ReadModel`, which is what the failure is about"),
                    ),
                ),
            ),
            state=(READ, WRITTEN_MODEL, LEFT, RIGHT),
            minimal_order=(Step(0, WARM_UP), Step(0, READS), Step(0, CHECK)),
            warm_up=(WARM_UP,),
            reproduce=f"flaky-detector confirm {CHECK} --suspect '{READS}'",
            trials=(trial("alone", (0, CHECK), passed=3), *search, *after),
            pythons=("3.11", "3.12"),
            phases=("call",),
            message="1",
            failed_in=2,
            seen_in=6,
            failing_runs=("02-3.11-front-loaded", "06-3.12-shuffled-seed2-worksteal-2"),
            notes=("4 suspects singly before it",),
            fingerprint="5f0d1c2b3a495867",
        )
    )


def chain_order(victim: TestId) -> Order:
    """The chain over two workers, warm-ups first."""
    return (
        Step(0, WARM_UP),
        Step(1, OTHER_WARM_UP),
        Step(0, READS),
        Step(0, NAMED),
        Step(1, FIRST_MIGRATION_TEST),
        Step(1, victim),
    )


def migration_finding(victim: TestId) -> Finding:
    """A migration test that finds its table there already, after a chain over another worker."""
    order = chain_order(victim)

    def without(left_out: TestId) -> Order:
        return tuple(step for step in order if step.test != left_out)

    substitute = tuple(Step(step.worker, WRITES if step.test == READS else step.test) for step in order)
    return diagnosed(
        Finding(
            test=victim,
            kind="victim",
            confidence="proven",
            signature=Signature(rule="duplicate-table", resources=("analytics_readmodel",), exception="ProgrammingError"),
            polluters=((READS, NAMED), (WRITES, NAMED)),
            state=(READ, WRITTEN_MODEL, FILE),
            minimal_order=order,
            warm_up=(WARM_UP, OTHER_WARM_UP),
            reproduce=(f"flaky-detector confirm {victim} --elsewhere '{READS}' --elsewhere {NAMED} --suspect {FIRST_MIGRATION_TEST}"),
            trials=(
                trial("alone", (0, victim), passed=3),
                Trial(order=order, role="search", same=1),
                Trial(order=order, role="after-polluter", same=3),
                Trial(order=without(READS), role="without", passed=3),
                Trial(order=without(NAMED), role="without", passed=3),
                Trial(order=substitute, role="after-polluter", same=3),
            ),
            pythons=("3.11",),
            phases=("call", "teardown") if "newsletter" in victim else ("call",),
            message='relation "analytics_readmodel" already exists\n',
            failed_in=1,
            seen_in=6,
            failing_runs=("03-3.11-across-workers",),
            fingerprint=f"{len(victim):016x}",
        )
    )


def run(id_: str, python: str, arrangement: str, **members: object) -> RunSummary:
    """One run of 92 tests; serial and green unless told otherwise."""
    given = {"seed": None, "distribution": "no", "workers": 0, "tests": 92, "failed": 0, "seconds": 9.2, **members}
    return RunSummary(id=id_, python=python, arrangement=arrangement, exit_code=1 if given["failed"] else 0, **given)  # type: ignore[arg-type]


RUNS = (
    run("01-3.11-own", "3.11.9", "own", seconds=11.2, why="the project's own order in one process"),
    run("02-3.11-front-loaded", "3.11.9", "front-loaded", failed=1, seconds=11.9, why="the 5 tests that left state behind first"),
    run(
        "03-3.11-across-workers",
        "3.11.9",
        "across-workers",
        distribution="load",
        workers=2,
        failed=6,
        seconds=14.0,
        why="the leavers on one worker, the others after",
    ),
    run("04-3.12-own-worksteal-2", "3.12.4", "own", distribution="worksteal", workers=2, why="the project's own order on Python 3.12"),
    run("05-3.11-shuffled-seed1-load-2", "3.11.9", "shuffled", seed=1, distribution="load", workers=2, why="shuffled with seed 1"),
    run(
        "06-3.12-shuffled-seed2-worksteal-2",
        "3.12.4",
        "shuffled",
        seed=2,
        distribution="worksteal",
        workers=2,
        failed=1,
        why="shuffled with seed 2",
    ),
)
COST = Cost(suite_seconds=11.2, wall_seconds=190.4, pytest_processes=44, trials=38, test_executions=803)
RANDOM = Finding(
    test=TestId("tests/test_checkout.py::test_a_basket_expires"),
    kind="non-deterministic",
    confidence="proven",
    signature=Signature(rule="other-failure", exception="AssertionError", where="tests/test_checkout.py"),
    trials=(trial("alone", (0, TestId("tests/test_checkout.py::test_a_basket_expires")), same=1, passed=2),),
    pythons=("3.12",),
    message="assert 1799 == 1800",
    failed_in=1,
    seen_in=6,
    notes=("alone it failed 1 times and passed 2 times",),
    fingerprint="00000000000000aa",
)
LATENT = LatentPolluter(
    test=TestId("tests/test_receipts.py::test_a_receipt_is_printed_in_local_time"),
    state=(StateChange(kind="environ", key="TZ", after="77aa"),),
)


def shop() -> Result:
    """Both clusters proven, something random, something latent, a gap."""
    return Result(
        runs=RUNS,
        findings=(check_finding(), *(migration_finding(test) for test in MIGRATION_TESTS), RANDOM),
        latent_polluters=(LATENT,),
        gaps=(Gap("04-3.12-own-worksteal-2/junit.xml", "ends in the middle of a testcase; 91 of 92 were read"),),
        cost=COST,
        settings={"runs": 6},
    )


def suspects_only() -> Result:
    """What artefacts alone allow to say: a victim, ranked suspects, no proof."""
    finding = check_finding()
    order = Evidence("order", "ran before it on its worker in 1 of 1 failing and 0 of 0 passing executions")
    name = Evidence("name", "its name holds `analytics`, as the error does")
    suspects = tuple(Suspect(test=test, score=0.24, evidence=(order, name)) for test in (READS, WRITES, JOINED, JOINED_NONE))
    rest = tuple(Suspect(test=TestId(f"tests/test_views.py::test_page_{number}"), score=0.004, evidence=(order,)) for number in range(9))
    bare = replace(
        finding,
        kind="unknown",
        confidence="suspected",
        polluters=(),
        suspects=(*suspects, *rest),
        state=(),
        minimal_order=(),
        warm_up=(),
        trials=(),
        diagnosis=None,
        notes=(),
        failed_in=1,
        seen_in=1,
        failing_runs=("console",),
        complete=False,
    )
    only = run("console", "", "own", tests=18, failed=1, seconds=40.0)
    gap = Gap("console.log", "the workers' order was read from the console; what tests left behind is not known")
    return Result(runs=(only,), findings=(bare,), gaps=(gap,))


def clean() -> Result:
    """Nothing found."""
    return Result(runs=tuple(replace(made, failed=0, exit_code=0) for made in RUNS), latent_polluters=(LATENT,), cost=COST)


def brittle() -> Result:
    """A test that passes only after another; nothing is known of what it needs."""
    test = TestId("tests/test_money.py::TestRounding::test_half_a_cent_goes_up")
    setter = TestId("tests/test_money.py::TestRounding::test_the_mode_is_chosen")
    finding = Finding(
        test=test,
        kind="brittle",
        confidence="proven",
        signature=Signature(rule="other-failure", exception="AssertionError", where="tests/test_money.py"),
        state_setters=((setter,),),
        minimal_order=(Step(0, setter), Step(0, test)),
        reproduce=f"flaky-detector confirm {test} --suspect {setter}",
        trials=(trial("alone", (0, test), same=3), trial("after-state-setter", (0, setter), (0, test), passed=3)),
        pythons=("3.11",),
        phases=("call",),
        message="assert 2 == 3",
        failed_in=2,
        seen_in=6,
        failing_runs=("05-3.11-shuffled-seed1-load-2", "06-3.12-shuffled-seed2-worksteal-2"),
        fingerprint="00000000000000bb",
    )
    diagnosis = diagnose(finding, {}, sources)
    return Result(runs=RUNS, findings=(replace(finding, diagnosis=diagnosis),), cost=COST, status="budget-exhausted")


def flood() -> Result:
    """Many failing tests of one suspected cause, and a proven cause that only an order can show which undoes the project's sort."""
    victims = tuple(TestId(f"tests/test_prices.py::test_price_{number}") for number in range(25))
    emptier = TestId("tests/test_migrations_orders.py::test_slugs_can_be_taken_back")
    reasons = (
        Evidence("order", "ran on gw0 before all 25 that fail so there, the first of them 12 tests later"),
        Evidence("time", "was skipped, yet took 4.8 s: something was set up before it skipped, and torn down after"),
    )
    pooled = Finding(
        test=victims[0],
        kind="unknown",
        confidence="suspected",
        signature=Signature(rule="fallback", exception="DoesNotExist: Price matching query does not exist."),
        suspects=(Suspect(test=emptier, score=0.61, evidence=reasons),),
        reproduce=f"flaky-detector confirm {victims[0]} --suspect {emptier}",
        pythons=("3.11",),
        phases=("call", "teardown"),
        message="Price matching query does not exist.",
        failed_in=1,
        seen_in=1,
        failing_runs=("console",),
        complete=False,
        notes=("these tests are told together, for on each worker they fail from some place of its order on (25 on gw0)",),
        victims=victims,
        victim_counts={"DoesNotExist": 20, "IntegrityError": 7},
        orders_note="it was seen in shuffled orders only",
        fingerprint="00000000000000cc",
    )
    unsorted = tuple(_unsorted(number, emptier) for number in range(2))
    conflict = Finding(
        test=TestId("tests/test_till.py::test_the_till_listens"),
        kind="cross-worker",
        confidence="proven",
        signature=Signature(rule="fallback", exception="OSError: [Errno #] Address already in use"),
        counterparts=(TestId("tests/test_kiosk.py::test_the_kiosk_listens"),),
        pythons=("3.11",),
        phases=("call",),
        message="[Errno 98] Address already in use",
        orders="distribution",
        orders_note="it takes two workers at the same time, so one process does not show it",
        fingerprint="00000000000000ee",
    )
    only = run("console", "3.11.7", "shuffled", seed=2, distribution="worksteal", workers=2, tests=180, failed=27, seconds=762.0)
    return Result(runs=(only,), findings=(pooled, *unsorted, conflict), cost=COST)


def _unsorted(number: int, polluter: TestId) -> Finding:
    test = TestId(f"tests/test_stock.py::test_stock_{number}")
    return Finding(
        test=test,
        kind="victim",
        confidence="proven",
        signature=Signature(rule="fallback", exception="DoesNotExist: Stock matching query does not exist."),
        polluters=((polluter,),),
        minimal_order=(Step(0, polluter), Step(0, test)),
        reproduce=f"flaky-detector confirm {test} --suspect {polluter}",
        trials=(trial("alone", (0, test), passed=3), trial("after-polluter", (0, polluter), (0, test), same=3)),
        pythons=("3.11",),
        phases=("call",),
        message="Stock matching query does not exist.",
        failed_in=1,
        seen_in=1,
        failing_runs=("console",),
        orders="unsorted",
        orders_note="only an order that undoes the project's sort does this: `test_slugs_can_be_taken_back` is a test with a transactional"
        f" database, `test_stock_{number}` is a database test, and those run first; on one worker they can meet so only where xdist steals"
        " work",
        fingerprint=f"00000000000000d{number}",
    )


def nightly() -> Result:
    """The shop on the fourth night that is remembered: one cause is proven again, others did not show, are cured, gone or in doubt."""
    dates = tuple(f"2025-01-{day:02d}" for day in range(1, 5))
    first, second, *_ = shop().findings
    here = "https://github.com/acme/shop/issues"

    def nights_of(*verdicts: str) -> tuple[CauseNight, ...]:
        return tuple(CauseNight(date, verdict) for date, verdict in zip(dates[-len(verdicts) :], verdicts, strict=True))  # type: ignore[arg-type]

    def known(verdict: str, trend: tuple[CauseNight, ...], **more: object) -> Remembered:
        told = {"kind": "polluter", "heads": (JOINED,), "tests": (NAMED,), "fingerprints": ("00",), "verdict": verdict, "trend": trend}
        days = {"first_seen": trend[0].date, "last_seen": trend[0].date, "nights_seen": 1, "row": 1}
        return Remembered(**{**told, **days, **more})  # type: ignore[arg-type]

    here_again = known(
        "proven",
        nights_of("proven", "seen", "quiet", "proven"),
        heads=first.polluters[0],
        tests=(first.test,),
        fingerprints=(first.fingerprint,),
        last_seen="2025-01-04",
        nights_seen=3,
        issue=f"{here}/12",
        done="updated",
    )
    is_new = known("proven", nights_of("proven"), heads=second.polluters[0], tests=MIGRATION_TESTS, fingerprints=(second.fingerprint,))
    causes = (
        here_again,
        replace(is_new, issue=f"{here}/15", done="opened"),
        known("unclear", nights_of("proven", "unclear"), note="re-run: it does not pass alone any more", issue=f"{here}/14"),
        known("untried", nights_of("proven", "quiet", "untried"), note="there was no time to re-run its order", done="declined"),
        known("quiet", nights_of("proven", "quiet", "quiet"), row=2, note="re-run: 0 of 3 attempts at its order fail, alone 0 of 3"),
        known("cured", nights_of("proven", "quiet", "quiet", "cured"), row=3, kind="state-setter", issue=f"{here}/9", done="closed"),
        known("gone", nights_of("proven", "gone"), note="`test_old` is not among the tests of tonight: renamed, removed or deselected"),
    )
    notes = ("Known causes whose issues wait for the next night: 2. One night opens 10 issues at most, and touches 30.",)
    return replace(shop(), nights=Nights(date=dates[-1], cured_after=3, dates=dates, causes=causes, notes=notes))
