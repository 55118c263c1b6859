"""Why it happens, where, and how it is mended: from the proof and the source, and nothing that they do not hold."""

import pytest
from msgspec.structs import replace

from flaky_detector.model import Diagnosis, Finding, Location, Signature, StateChange, Step, TestId, short_name
from flaky_detector.stages.diagnose import diagnose
from tests.support.shop_result import (
    CHECK,
    LEFT_BEHIND,
    MAKE,
    MIGRATION_TESTS,
    NAMED,
    READS,
    ROUTERS,
    check_finding,
    migration_finding,
    sources,
)

VICTIM = TestId("tests/test_v.py::test_v")
POLLUTER = TestId("tests/test_p.py::TestMode::test_p[a::b]")


def finding(*changes: StateChange, **members: object) -> Finding:
    given = {"polluters": ((POLLUTER,),), "state": changes, **members}
    return Finding(
        test=VICTIM,
        kind="victim",
        confidence="proven",
        signature=Signature(rule="other-failure", exception="AssertionError"),
        **given,  # type: ignore[arg-type]
    )


def diagnosed(source: str | None, *changes: StateChange, path: str = "tests/test_p.py", **members: object) -> Diagnosis:
    files = {path: source}
    told = diagnose(finding(*changes, **members), {POLLUTER: changes}, files.get)
    assert told is not None
    return told


def environ(key: str = "SHOP_MODE") -> StateChange:
    return StateChange(kind="environ", key=key, after="00")


def model(origin: str, key: str = "shop.Phantom") -> StateChange:
    return StateChange(kind="django-model", key=key, after="00", origin=origin)


UNSPOKEN = " The failure itself does not speak of that: if it stays once that is mended, the test leaves something else as well."


def test_that_the_failure_does_not_speak_of_what_was_left_is_said() -> None:
    known, unknown = (diagnose(finding(environ()), {}, lambda path: None, is_spoken_of=spoken) for spoken in (True, False))
    assert known
    assert unknown
    assert unknown.cause == known.cause + UNSPOKEN
    unseen = diagnose(finding(), {}, lambda path: None, is_spoken_of=False)
    assert unseen
    assert UNSPOKEN not in unseen.cause


SETS_A_VARIABLE = """\
import os

import pytest


class TestMode:
    @pytest.mark.parametrize("x", ["a::b"])
    def test_p(self, x):
        value = x
        os.environ["SHOP_MODE"] = value


def test_p():
    pass
"""

LOCAL_MODEL = """\
from django.db import models


class TestMode:
    def test_p(self, x):
        if x:
            class Phantom(models.Model):
                {body}
        {use}
"""


def test_a_finding_that_names_nobody_has_no_diagnosis() -> None:
    assert diagnose(replace(finding(), polluters=()), {}, lambda path: None) is None


def test_the_line_of_an_inline_model_is_found_through_its_origin() -> None:
    told = check_finding().diagnosis
    assert told is not None
    assert told.location == Location(ROUTERS, 11)
    assert told.cause == (
        "The test defines `class ReadModel(models.Model)` with `app_label = label` (here `analytics`). Defining a model registers it in"
        " Django's apps registry for the life of the process; nothing takes it out again."
    )
    assert told.steps == ()


def test_a_chain_over_workers_is_told_step_by_step() -> None:
    told = migration_finding(MIGRATION_TESTS[1]).diagnosis
    assert told is not None
    assert told.location == Location(MAKE, 14)
    assert told.steps == (
        f"`gw0` · `{short_name(READS)}` leaves the Django model `analytics.ReadModel` behind",
        "`gw0` · `test_a_migration_with_a_name_may_be_made` writes the file `shop/analytics/migrations/0005_visit_rollup.py`",
        "`gw1` · `test_slugs_can_be_taken_back` runs next, and after it the table `analytics_readmodel` is there",
        '`gw1` · `test_visits_get_their_day` fails: `ProgrammingError: relation "analytics_readmodel" already exists`',
    )


def test_without_any_source_cause_and_steps_are_told_and_no_place() -> None:
    told = diagnose(check_finding(), LEFT_BEHIND, lambda path: None)
    assert told is not None
    assert told.location is None
    assert told.cause.startswith("The test leaves the Django model `analytics.ReadModel` behind.")
    assert all(remedy.patch is None for remedy in told.remedies)


def test_a_variable_is_found_at_the_line_that_sets_it_in_the_method_of_its_class() -> None:
    told = diagnosed(SETS_A_VARIABLE, environ())
    assert told.location == Location("tests/test_p.py", 10)
    assert told.cause == (
        "The test sets the environment variable `SHOP_MODE`. Environment variables belong to the process, not to the test: the value stays"
        " when the test ends."
    )
    assert [remedy.title for remedy in told.remedies] == ["Set environment variables through `monkeypatch`"]


def test_a_name_that_the_source_does_not_hold_is_placed_where_such_changes_are_made() -> None:
    assert diagnosed(SETS_A_VARIABLE, environ("OTHER")).location == Location("tests/test_p.py", 10)


def test_a_change_that_no_line_speaks_of_is_placed_at_the_tests_definition() -> None:
    assert diagnosed(SETS_A_VARIABLE.replace("os.environ", "x"), environ()).location == Location("tests/test_p.py", 8)


def test_a_source_that_does_not_parse_is_as_good_as_none() -> None:
    assert diagnosed("def test_p(:", environ()).location is None
    assert diagnosed("\0", environ()).location is None


def test_state_that_no_probe_saw_is_said_to_be_unseen() -> None:
    told = diagnosed(SETS_A_VARIABLE)
    assert told.location == Location("tests/test_p.py", 8)
    assert "what it leaves behind is of a kind that no probe watches" in told.cause
    assert told.remedies == ()


def test_only_what_the_proof_holds_against_a_test_is_told() -> None:
    both = {POLLUTER: (environ("TERM"), environ())}
    told = diagnose(finding(environ()), both, {"tests/test_p.py": SETS_A_VARIABLE}.get)
    assert told is not None
    assert "TERM" not in told.cause


def test_nobody_is_told_to_have_left_what_only_another_polluter_left() -> None:
    other, file = TestId("tests/test_p.py::test_p"), StateChange(kind="temporary-file", key="<tmp>/a", after="00")
    members = {"polluters": ((POLLUTER,), (other,)), "left_by": {POLLUTER: (), other: (0, 1)}}
    told = diagnose(finding(environ(), file, **members), {}, {"tests/test_p.py": SETS_A_VARIABLE}.get)
    assert told is not None
    assert "what it leaves behind is of a kind that no probe watches" in told.cause
    told = diagnose(replace(finding(environ(), file, **members), left_by={POLLUTER: (1,), other: (0,)}), {}, lambda path: None)
    assert told is not None
    assert told.cause.startswith("The test writes the temporary file `<tmp>/a`.")


def test_a_model_made_by_a_helper_is_placed_in_the_helper() -> None:
    helper = "from django.db import models\n\n\ndef make_model():\n    class Phantom(models.Model):\n        pass\n"
    told = diagnosed(helper, model("tests.helpers:make_model.<locals>.Phantom"), path="tests/helpers.py")
    assert told.location == Location("tests/helpers.py", 5)
    assert told.cause.startswith(
        "The test (through `make_model` in `tests/helpers.py`) defines `class Phantom(models.Model)` under the app label `shop`."
    )


def test_a_module_named_without_its_folder_is_found_beside_the_test() -> None:
    source = LOCAL_MODEL.format(body="pass", use="pass")
    assert diagnosed(source, model("test_p:TestMode.test_p.<locals>.Phantom")).location == Location("tests/test_p.py", 7)


def test_an_origin_cannot_lead_out_of_the_tree() -> None:
    asked: list[str] = []
    changes = (model("../../etc/passwd:x"), model("/etc/passwd:x"))
    diagnose(finding(*changes), {POLLUTER: changes}, asked.append)
    assert all(".." not in path and not path.startswith("/") for path in asked)


def test_the_patch_puts_plain_objects_in_the_place_of_every_class_of_every_polluter() -> None:
    told = check_finding().diagnosis
    assert told is not None
    patch = told.remedies[0].patch
    assert patch is not None
    added = [line for line in patch.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert added == [
        "+",
        "+from types import SimpleNamespace",
        "+    ReadModel = SimpleNamespace(_meta=SimpleNamespace(app_label=label))",
        "+    WrittenModel = SimpleNamespace(_meta=SimpleNamespace(app_label=label))",
        "+    LeftModel = SimpleNamespace(_meta=SimpleNamespace(app_label=left))",
        "+    RightModel = SimpleNamespace(_meta=SimpleNamespace(app_label=right))",
    ]
    assert not told.remedies[0].patch_verified


def test_a_label_from_parameters_makes_a_throwaway_label_the_last_choice() -> None:
    told = check_finding().diagnosis
    assert told is not None
    assert told.remedies[-1].fits == "not here: the label comes from the test's own parameters, so it is what the test is about"


def drift(source: str) -> Diagnosis:
    change = model("tests.test_p:TestMode.test_p.<locals>.Phantom")
    signature = Signature(rule="migration-drift", resources=("shop.Phantom",), exception="SystemExit: 1")
    told = diagnose(replace(finding(change), signature=signature), {POLLUTER: (change,)}, {"tests/test_p.py": source}.get)
    assert told is not None
    return told


META = 'class Meta:\n                    app_label = "shop"'


def test_a_model_that_is_only_handed_over_gets_a_patch() -> None:
    assert drift(LOCAL_MODEL.format(body=META, use="route(Phantom)")).remedies[0].patch


def test_a_model_that_is_used_as_one_is_to_be_isolated_and_gets_no_patch() -> None:
    for use in ("Phantom()", "Phantom.objects.all()", "isinstance(x, Phantom)"):
        told = drift(LOCAL_MODEL.format(body=META, use=use))
        assert told.remedies[0].title == "Define the model under `isolate_apps`"
        assert all(remedy.patch is None for remedy in told.remedies)


def test_a_model_with_fields_gets_no_patch() -> None:
    told = drift(LOCAL_MODEL.format(body="name = models.TextField()\n                " + META, use="route(Phantom)"))
    assert all(remedy.patch is None for remedy in told.remedies)


def test_two_tests_needed_together_are_told_as_steps_without_workers() -> None:
    other = TestId("tests/test_p.py::test_q")
    order = (Step(0, other), Step(0, POLLUTER), Step(0, VICTIM))
    told = diagnose(finding(polluters=((other, POLLUTER),), minimal_order=order, state=(environ(),)), {POLLUTER: (environ(),)}, sources)
    assert told is not None
    assert told.steps == (
        "`test_q` is needed as well; what it leaves behind was not seen by any probe",
        "`test_p[a::b]` sets the environment variable `SHOP_MODE`",
        "`test_v` fails: `AssertionError`",
    )
    assert told.cause.startswith("No single one of these tests is enough.")


def test_of_the_chain_the_file_is_told_and_the_warm_ups_are_not() -> None:
    told = migration_finding(MIGRATION_TESTS[0]).diagnosis
    assert told is not None
    assert told.cause.startswith("It takes more than one test: the model stays in the registry of its process")
    assert NAMED.rsplit("::", 1)[-1] in told.steps[1]
    assert READS.rsplit("::", 1)[-1] in told.steps[0]
    assert CHECK not in " ".join(told.steps)
    assert "test_a_visit_is_counted" not in " ".join(told.steps)


GLOBALS = """import time
import shop

def test_p():
    basket = shop.make()
    shop.BASKET.append(basket)
    time.sleep = None
    logging.getLogger("shop").setLevel(10)
"""


@pytest.mark.parametrize(
    ("kind", "key", "line"),
    [
        ("module-global", "shop.BASKET", 6),
        ("module-attribute", "time.sleep", 7),
        ("logging", "shop.level", 8),
        ("umask", "umask", 4),
    ],
)
def test_what_changes_in_the_process_is_found_at_the_line_that_speaks_of_it(kind: str, key: str, line: int) -> None:
    told = diagnosed(GLOBALS, StateChange(kind=kind, key=key, before="a", after="b"))
    assert told.location
    assert told.location.line == line
    assert "for all later tests" in told.cause or "process" in told.cause


IMPORTED = """\
import os

from shop import tills


class TestMode:
    def test_p(self):
        os.environ["SHOP_MODE"] = "in the test"


if os.name:
    os.environ["SHOP_MODE"] = "at the top"
tills.OPEN = True
"""


def test_what_an_import_does_is_told_of_the_file_at_its_top_level_line() -> None:
    told = diagnosed(IMPORTED, environ(), imported=("tests/test_p.py",))
    assert told.location == Location("tests/test_p.py", 12)
    assert told.cause == (
        "pytest imports every file that it collects, before the first test runs. This one sets the environment variable `SHOP_MODE`."
        " Environment variables belong to the process, not to the test: the value stays when the test ends."
    )
    assert [remedy.title for remedy in told.remedies] == ["Move it from the file's top level into a fixture"]


def test_an_import_of_which_no_line_is_found_is_told_with_the_file_alone() -> None:
    unseen = diagnosed(IMPORTED, imported=("tests/test_p.py",))
    assert unseen.location == Location("tests/test_p.py", 1)
    assert unseen.cause.endswith("This one changes something that no probe watches.")
    assert diagnosed(None, environ(), imported=("tests/test_p.py",)).location is None


def test_what_was_seen_in_trials_only_is_told_of_a_single_polluter() -> None:
    told = diagnose(finding(environ()), {}, {"tests/test_p.py": SETS_A_VARIABLE}.get)
    assert told is not None
    assert told.location == Location("tests/test_p.py", 10)
    assert [remedy.title for remedy in told.remedies] == ["Set environment variables through `monkeypatch`"]


def test_a_set_with_an_imported_file_in_it_is_told_as_a_set() -> None:
    other = TestId("tests/test_o.py::test_o")
    told = diagnosed(IMPORTED, environ(), imported=("tests/test_o.py",), polluters=((POLLUTER, other),))
    assert told.cause.startswith("No single one of these tests is enough.")


def title_for(source: str, methods: dict[TestId, bool] | None = None) -> str:
    told = diagnose(finding(environ()), {POLLUTER: (environ(),)}, {"tests/test_p.py": source}.get, methods or {})
    assert told is not None
    return told.remedies[0].title


FOR_FUNCTIONS, FOR_METHODS = "Set environment variables through `monkeypatch`", "Set environment variables through `mock.patch.dict`"
IN_A_CLASS = "class TestMode({base}):\n    def test_p(self):\n        os.environ['SHOP_MODE'] = '1'\n"
OWN_BASE = "class Base(django.test.TransactionTestCase):\n    pass\n\n\n"


@pytest.mark.parametrize(
    ("source", "title"),
    [
        (SETS_A_VARIABLE, FOR_FUNCTIONS),
        (IN_A_CLASS.format(base="object"), FOR_FUNCTIONS),
        (IN_A_CLASS.format(base="TestMode"), FOR_FUNCTIONS),
        (IN_A_CLASS.format(base="unittest.TestCase"), FOR_METHODS),
        (IN_A_CLASS.format(base="Mixin, ShopTestCase"), FOR_METHODS),
        (OWN_BASE + IN_A_CLASS.format(base="Base"), FOR_METHODS),
    ],
)
def test_a_method_of_unittest_gets_remedies_that_need_no_fixture(source: str, title: str) -> None:
    assert title_for(source) == title


def test_what_the_recorder_saw_goes_before_the_names_of_classes() -> None:
    assert title_for(IN_A_CLASS.format(base="Elsewhere"), {POLLUTER: True}) == FOR_METHODS
    assert title_for(IN_A_CLASS.format(base="NotReallyATestCase"), {POLLUTER: False}) == FOR_FUNCTIONS
