"""findings.json there and back."""

import json

import pytest
from msgspec.structs import replace

from flaky_detector.errors import SettingsError
from flaky_detector.model import Finding, Result, Signature, Step, TestId, Trial
from flaky_detector.stages.report import read_findings, write_findings
from tests.support import shop_result


@pytest.mark.parametrize("name", ["shop", "suspects_only", "brittle", "clean"])
def test_what_was_written_is_read_back(name: str) -> None:
    result = getattr(shop_result, name)()
    assert read_findings(write_findings(result, "1")) == result


def test_trials_are_summed_by_role_and_searches_left_out() -> None:
    finding = json.loads(write_findings(shop_result.shop(), "1"))["findings"][1]
    assert finding["trials"] == {"alone": "0/3", "after_polluter": "6/6", "without": "0/6"}


def test_an_order_over_two_workers_is_told_with_and_without_them() -> None:
    finding = json.loads(write_findings(shop_result.shop(), "1"))["findings"][1]
    assert finding["minimal_order"][-1] == finding["test"]
    assert finding["minimal_steps"][-1] == [1, finding["test"]]
    assert json.loads(write_findings(shop_result.shop(), "1"))["findings"][0]["minimal_steps"] == []


def test_a_name_that_is_no_utf_8_does_not_stop_the_writing() -> None:
    signature = Signature(rule="other-failure", exception="E")
    finding = Finding(test=TestId("a.py::test[\udc80]"), kind="unknown", confidence="suspected", signature=signature)
    assert read_findings(write_findings(Result(findings=(finding,)), "1")).findings[0].test == "a.py::test[?]"


def test_published_fields_alone_are_enough_to_read() -> None:
    tree = json.loads(write_findings(shop_result.shop(), "1"))
    for finding in tree["findings"]:
        del finding["details"], finding["minimal_steps"]
        finding["signature"] = {name: finding["signature"][name] for name in ("rule", "resource", "exception")}
    del tree["settings"], tree["tests"]
    first = read_findings(json.dumps(tree)).findings[0]
    assert first.trials[0] == Trial(order=(), role="alone", passed=3)
    assert first.signature == shop_result.check_finding().signature
    assert first.diagnosis is not None
    assert first.diagnosis.location is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the findings do not parse as JSON"),
        ("{" * 100_000, "the findings do not parse as JSON"),
        ("[]", "the findings hold no schema_version, so they are no findings.json"),
        ('{"schema_version": 2}', "the findings have schema version 2, this program reads 1"),
        ('{"schema_version": 1}', "the findings are not as the schema says: Object missing required field `tool`"),
    ],
)
def test_what_is_no_findings_json_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_findings(text)
    assert raised.value.message.startswith(message)
    assert "\n" not in str(raised.value)


def test_a_wrong_value_is_named_with_its_place() -> None:
    text = write_findings(shop_result.shop(), "1").replace('"kind": "victim"', '"kind": "guilty"', 1)
    with pytest.raises(SettingsError, match=r"Invalid enum value 'guilty' - at `\$\.findings\[0\]\.kind`"):
        read_findings(text)


def test_a_trial_of_a_test_that_is_not_there_is_refused() -> None:
    tree = json.loads(write_findings(shop_result.shop(), "1"))
    tree["tests"] = tree["tests"][:2]
    with pytest.raises(SettingsError, match="refer to a test"):
        read_findings(json.dumps(tree))


def test_the_order_of_a_long_search_costs_little() -> None:
    tests = tuple(TestId(f"tests/test_long_name_of_a_file.py::test_{number}") for number in range(3000))
    trial = Trial(order=tuple(Step(0, test) for test in tests), role="search", same=1)
    finding = replace(shop_result.check_finding(), trials=(trial,) * 10)
    assert len(write_findings(Result(findings=(finding,)), "1")) < 500_000
