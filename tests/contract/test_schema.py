"""findings.json, its published schema and CONTRACT agree.

Make the schema anew after a change of `stages/report/published.py`:

    REGENERATE_GOLDEN=1 python -m pytest tests/contract/test_schema.py
"""

import json
import os
from importlib import resources
from typing import Any

import jsonschema
import pytest

from flaky_detector.stages.report import schema, write_findings
from tests.support import shop_result

FILE = resources.files("flaky_detector") / "findings.schema.json"

# The shape that the contract shows, word for word.
EXAMPLE: dict[str, Any] = {
    "schema_version": 1,
    "tool": {"name": "flaky-detector", "version": "1.0"},
    "status": "complete",
    "runs": [
        {
            "id": "1",
            "python": "3.11.7",
            "arrangement": "own",
            "seed": 1,
            "distribution": "load",
            "workers": 2,
            "tests": 300,
            "failed": 3,
            "seconds": 12.3,
            "exit_code": 1,
        }
    ],
    "findings": [
        {
            "test": "tests/test_a.py::test_v",
            "kind": "victim",
            "confidence": "proven",
            "polluters": [["tests/test_b.py::test_p"]],
            "state_setters": [],
            "cleaners": [],
            "suspects": [{"test": "tests/test_b.py::test_p", "score": 0.97, "evidence": [{"kind": "state", "text": "…"}]}],
            "signature": {"rule": "migration-drift", "resource": "analytics.AnalyticsModel", "exception": "SystemExit: 1"},
            "state": [{"kind": "django-model", "key": "analytics.AnalyticsModel"}],
            "minimal_order": ["tests/test_b.py::test_p", "tests/test_a.py::test_v"],
            "reproduce": "…",
            "location": {"path": "tests/test_b.py", "line": 19},
            "remedy": {"title": "…", "text": "…", "patch": None, "patch_verified": False},
            "trials": {"alone": "0/3", "after_polluter": "3/3"},
            "pythons": ["3.11"],
            "fingerprint": "…",
        }
    ],
    "latent_polluters": [{"test": "…", "state": [{"kind": "…", "key": "…"}]}],
    "gaps": [{"source": "…", "text": "…"}],
    "cost": {"suite_seconds": 0.0, "wall_seconds": 0.0, "pytest_processes": 0, "trials": 0, "test_executions": 0},
}


def validator() -> jsonschema.Draft202012Validator:
    published = json.loads(FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    return jsonschema.Draft202012Validator(published)


def test_the_published_schema_is_that_of_the_code() -> None:
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("REGENERATE_GOLDEN"):
        with resources.as_file(FILE) as path:
            path.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text


def test_the_contracts_example_is_valid() -> None:
    validator().validate(EXAMPLE)


@pytest.mark.parametrize("name", ["shop", "suspects_only", "brittle", "clean", "nightly"])
def test_what_is_written_is_valid_and_holds_every_published_field(name: str) -> None:
    written = json.loads(write_findings(getattr(shop_result, name)(), "1"))
    validator().validate(written)
    assert set(EXAMPLE) <= set(written)
    for finding in written["findings"]:
        assert set(EXAMPLE["findings"][0]) <= set(finding)
    assert list(written["cost"]) == list(EXAMPLE["cost"])


@pytest.mark.parametrize("field", [name for name in EXAMPLE["findings"][0] if name != "test"])
def test_no_published_field_of_a_finding_may_be_missing(field: str) -> None:
    finding = {name: value for name, value in EXAMPLE["findings"][0].items() if name != field}
    with pytest.raises(jsonschema.ValidationError, match="is a required property"):
        validator().validate({**EXAMPLE, "findings": [finding]})


def test_unknown_fields_are_allowed_for_they_may_be_added() -> None:
    validator().validate({**EXAMPLE, "later": 1, "findings": [{**EXAMPLE["findings"][0], "later": 1}]})
