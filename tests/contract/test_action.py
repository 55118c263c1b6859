"""action.yml, the settings, the outputs, README, Dockerfile and entrypoint agree."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flaky_detector.model import Result
from flaky_detector.pipeline.action import MODES, OWN_INPUTS
from flaky_detector.pipeline.publish import outputs
from flaky_detector.settings import BY_NAME, INPUT_NAMES, Settings, from_inputs

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()

NOT_INPUTS = {"rootdir": "working-directory is it", "color": "a log has none", "quiet": "a log is read only when something is wrong"}
"""Settings that are no inputs, and why."""


def settings_as_inputs() -> set[str]:
    renamed = {name: given for given, name in INPUT_NAMES.items()}
    return {renamed.get(name, name) for name in BY_NAME if name not in NOT_INPUTS}


def test_every_setting_is_an_input_and_every_input_is_a_setting_or_our_own():
    assert set(ACTION["inputs"]) == settings_as_inputs() | set(OWN_INPUTS)


def test_every_input_is_described_and_none_is_required():
    assert [name for name, about in ACTION["inputs"].items() if not about.get("description")] == []
    assert [name for name, about in ACTION["inputs"].items() if about.get("required")] == []


def test_only_these_inputs_have_defaults_since_a_default_would_hide_what_the_configuration_file_says():
    assert {name: about["default"] for name, about in ACTION["inputs"].items() if "default" in about} == {
        "mode": "hunt",
        "working-directory": ".",
        "fail-on": "never",
        "github-token": "${{ github.token }}",
        "comment": "auto",
    }


def test_the_settings_accept_the_defaults_as_the_runner_passes_them():
    inputs = {f"INPUT_{name.upper()}": str(about.get("default", "")) for name, about in ACTION["inputs"].items()}
    assert from_inputs({"GITHUB_ACTIONS": "true", **inputs}) == {"fail_on": "never", "comment": "auto"}


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in NOT_INPUTS])
def test_the_description_names_the_settings_default(name):
    field = BY_NAME[name].field
    default = getattr(Settings(), field)
    told = ACTION["inputs"][{"python": "python-versions"}.get(name, name)]["description"]
    expected = {
        "runs": "(8, and up to 16 of a quick suite)",
        "budget_seconds": "(30m)",
        "run_timeout_seconds": "(1h)",
        "confirm": "(true for hunt, false for analyze)",
        "python": "default is the container's Python",
        "install": "",
        "pytest_args": "",
        "seeds": "(chosen ahead, so that each run shows most)",
        "changed_since": "(in a pull request its base;",
        "fail_on": "",
        "comment": "",
    }
    text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default).lower()
    assert expected.get(field, f"({text})") in told


def test_every_mode_is_named_in_the_description():
    assert [mode for mode in MODES if mode not in ACTION["inputs"]["mode"]["description"]] == []


def test_what_is_written_is_declared():
    written = set(outputs(Result(), Settings(), {}, "")) | {"matrix", "plan", "commit", "base", "depth"}
    assert set(ACTION["outputs"]) == written


def test_the_image_is_built_from_the_dockerfile_at_the_root():
    assert ACTION["runs"] == {"using": "docker", "image": "Dockerfile"}


def test_the_image_starts_the_entrypoint_and_the_entrypoint_is_tiny():
    assert re.search(r'^ENTRYPOINT \[".*/python", "-I", "/opt/flaky-detector/entrypoint\.py"\]$', DOCKERFILE, re.MULTILINE)
    assert len((ROOT / "entrypoint.py").read_text().splitlines()) <= 20
    assert "\nUSER " not in DOCKERFILE  # the runner's contract: root


def test_git_trusts_a_workspace_of_another_owner():
    assert "git config --system --add safe.directory '*'" in DOCKERFILE


def test_what_the_dockerfile_copies_is_there_and_in_the_build_context():
    allowed = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]]
    assert copied != []
    assert [name for name in copied if not (ROOT / name).exists() or name.split("/")[0] not in allowed] == []


def test_locked_requirements_name_hashes_and_no_index():
    for name in ("runtime.txt", "build.txt", "uv.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE)
        assert len(pins) >= 1
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(pins)


def test_the_runtime_lock_has_every_dependency():
    import tomllib  # noqa: PLC0415

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.match(r"[a-z0-9-]+", each)[0] for each in declared}  # type: ignore[index]
    locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE))
    assert names - locked == set()


def test_every_example_in_the_readme_gives_inputs_and_outputs_that_exist():
    text = (ROOT / "README.md").read_text()
    for block in re.findall(r"^```ya?ml\n(.+?)^```", text, re.MULTILINE | re.DOTALL):
        for step in _steps(yaml.safe_load(block)):
            if re.search(r"flaky-detector(@|$)", str(step.get("uses", ""))) or step.get("uses") == "./":
                assert set(step.get("with", {})) - set(ACTION["inputs"]) == set()


def _steps(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node] * ("uses" in node) + [step for child in node.values() for step in _steps(child)]
    return [step for child in node for step in _steps(child)] if isinstance(node, list) else []


def test_workflows_pin_foreign_actions_by_commit_and_give_ours_inputs_that_exist():
    for file in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        for step in _steps(yaml.safe_load(file.read_text())):
            if step["uses"] in {"./", "./.flaky-detector-action"}:
                assert set(step.get("with", {})) - set(ACTION["inputs"]) == set()
            else:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]) or step["uses"].startswith("./.github/workflows/")
