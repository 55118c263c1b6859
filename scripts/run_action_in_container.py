"""Builds the action's image and runs it twice on examples/shop, exactly as the Actions runner would, against a GitHub on loopback.

    python scripts/run_action_in_container.py [--must-run] [--folder DIR]

Owns the runner's contract: mounts, `INPUT_*`, file commands, a workspace of another owner. The GitHub holds every request and response
against GitHub's own description. With a Docker engine it uses that; else, as root on Debian, podman and a stand-in for the base image
(scripts/stand_in_image.sh). Where neither can be had it says so and ends with 0, or with `--must-run` with 1.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from embedded_postgres import serving  # noqa: E402 -- beside this file

from tests.support.github import HEAD, TOKEN, FakeGitHub  # noqa: E402 -- the tests' own

RUNNER = 1001
"""The user that owns the workspace on GitHub's machines."""
PROJECT = "services/shop"
SUMMARY_LIMIT_BYTES = 1024 * 1024
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
INPUTS = {
    "working-directory": PROJECT,
    "install": "pip install --quiet -r requirements.txt",
    "seeds": "1",
    "repeats": "2",
    "budget": "12m",
}


class Unavailable(Exception):  # noqa: N818 -- not an error: there is no engine here
    """No container can be run here, because …"""


@dataclass(frozen=True)
class Engine:
    """What runs containers, and the environment that it wants."""

    name: str
    environ: Mapping[str, str]
    build_arguments: tuple[str, ...] = ()

    def __call__(self, *arguments: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        environ = {**self.environ, **(more or {})}
        return subprocess.run(
            [self.name, *arguments], env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )


@dataclass(frozen=True)
class Step:
    """What the runner knows after the step."""

    exit_code: int
    log: str
    outputs: Mapping[str, str]
    summary: str


def engine(folder: Path) -> Engine:
    """Docker's, else podman with a stand-in."""
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0:
        return Engine("docker", os.environ)
    prepared = subprocess.run([str(ROOT / "scripts" / "stand_in_image.sh"), str(folder)], stderr=subprocess.PIPE, text=True, check=False)
    if prepared.returncode == 3:
        raise Unavailable(f"no Docker engine answers, and {prepared.stderr.strip().splitlines()[-1]}")
    if prepared.returncode:
        raise SystemExit(f"stand_in_image.sh ended with {prepared.returncode}: {prepared.stderr}")
    files = {"CONTAINERS_CONF": str(folder / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf")}
    return Engine("podman", os.environ | files, ("--build-arg", "PYTHONS="))  # an offline machine can download none


def build(run: Engine) -> str:
    """The image's name."""
    image = "localhost/flaky-detector:try"
    built = run("build", *run.build_arguments, "--tag", image, "--file", str(ROOT / ACTION["runs"]["image"]), str(ROOT))
    if built.returncode:
        raise SystemExit(f"the image does not build:\n{built.stdout[-4000:]}")
    return image


def check_out(workspace: Path) -> None:
    """The project as actions/checkout leaves it: a git repository that belongs to the runner's user."""
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache", "flaky-detector-report")
    shutil.copytree(ROOT / "examples" / "shop", workspace / PROJECT, ignore=ignored)
    identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    for arguments in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "-m", "The shop"]):
        subprocess.run(["git", *arguments], cwd=workspace, check=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{RUNNER}:{RUNNER}", str(workspace)], check=True)


def step(run: Engine, image: str, workspace: Path, inputs: Mapping[str, str], more: Mapping[str, str]) -> Step:
    """One `uses:`; what actions/runner's ContainerActionHandler does."""
    outside = Path(tempfile.mkdtemp(prefix="runner-"))
    mounts = {outside / f"_{name}": f"/github/{name}" for name in ("home", "workflow", "file_commands", "runner_temp")}
    for folder in mounts:
        folder.mkdir()
    event = {"pull_request": {"number": 7, "head": {"sha": HEAD, "repo": {"id": 1}}, "base": {"repo": {"id": 1}}}}
    (outside / "_workflow" / "event.json").write_text(json.dumps(event))
    files = {name: f"{name.lower()}_{uuid.uuid4()}" for name in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH", "STATE")}
    for name in files.values():
        (outside / "_file_commands" / name).touch()
    environ = {**more, **runner_environ(inputs), **{f"GITHUB_{key}": f"/github/file_commands/{name}" for key, name in files.items()}}
    volumes = [f"--volume={folder}:{inside}" for folder, inside in {**mounts, workspace: "/github/workspace"}.items()]
    names = [f"--env={name}" for name in environ]
    try:
        ended = run("run", "--rm", "--network=host", "--workdir=/github/workspace", *names, *volumes, image, more=environ)
        commands = outside / "_file_commands"
        summary = (commands / files["STEP_SUMMARY"]).read_text()
        return Step(ended.returncode, ended.stdout, file_command((commands / files["OUTPUT"]).read_text()), summary)
    finally:
        shutil.rmtree(outside)


def runner_environ(inputs: Mapping[str, str]) -> dict[str, str]:
    """Every input of action.yml, given or not, and the runner's own variables."""
    unknown = set(inputs) - set(ACTION["inputs"])
    assert not unknown, unknown
    defaults = {name: str(about.get("default", "")).replace("${{ github.token }}", TOKEN) for name, about in ACTION["inputs"].items()}
    environ = {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in {**defaults, **inputs}.items()}
    return environ | {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": "/github/workflow/event.json",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "42",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": "c" * 40,
        "GITHUB_WORKSPACE": "/github/workspace",
        "HOME": "/github/home",
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": "/github/runner_temp",
    }


def file_command(text: str) -> dict[str, str]:
    """Outputs, read as the runner reads them; it fails the step where a delimiter is not found."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if match := re.fullmatch(r"([^=<]+)<<(.+)", line):
            value: list[str] = []
            for each in lines:
                if each == match[2]:
                    break
                value.append(each)
            else:
                raise SystemExit(f"Invalid value. Matching delimiter not found '{match[2]}'")
            outputs[match[1]] = "\n".join(value)
        elif line:
            name, _, outputs[name] = line.partition("=")
    return outputs


def complaints(done: Step, workspace: Path, github: FakeGitHub) -> list[str]:
    """What is wrong after a step."""
    root_owned = [str(path.relative_to(workspace)) for path in workspace.rglob("*") if path.lstat().st_uid != workspace.stat().st_uid]
    annotated = re.findall(r"^::(?:error|warning|notice) file=([^,:]+)", done.log, re.MULTILINE)
    astray = [path for path in annotated if not (workspace / path).is_file()]
    found = {
        f"annotations of files that are not there: {astray}": bool(astray),
        f"exit code {done.exit_code}, not 0": done.exit_code != 0,
        f"{len(github.violations)} violations of GitHub's schema: {github.violations[:3]}": bool(github.violations),
        f"outputs that action.yml does not declare: {set(done.outputs) - set(ACTION['outputs'])}": set(done.outputs)
        > set(ACTION["outputs"]),
        f"outputs are missing: {done.outputs}": not {"findings", "findings-count", "comment-url"} <= set(done.outputs),
        "the summary is empty": not done.summary,
        "the summary is too long": len(done.summary.encode()) > SUMMARY_LIMIT_BYTES,
        f"files of root in the workspace: {root_owned[:3]}": bool(root_owned),
        "the token is in the log or the summary": TOKEN in done.log + done.summary,
        f"findings.json is not at {done.outputs.get('findings')}": not (workspace / done.outputs.get("findings", "missing")).is_file(),
    }
    return [text for text, wrong in found.items() if wrong]


def hunts(run: Engine, image: str, workspace: Path, inputs: Mapping[str, str]) -> list[str]:
    """Two hunts, one comment; everything that is wrong."""
    wrong: list[str] = []
    with serving(tcp=True) as database, FakeGitHub() as github:
        for number, (runs, write) in enumerate((("4", "POST comments 201"), ("3", "PATCH 1001 200")), 1):
            done = step(run, image, workspace, {**inputs, "runs": runs}, {**database, "GITHUB_API_URL": github.url})
            print(done.log, end="", flush=True)
            told = {name: value for name, value in done.outputs.items() if name != "matrix"}
            print(f"--- hunt {number}: exit code {done.exit_code}, GitHub: {', '.join(github.methods())}\n    {json.dumps(told)}")
            wrong += [f"hunt {number}: {text}" for text in complaints(done, workspace, github)]
            if github.writes()[-1:] != [write]:
                wrong.append(f"hunt {number}: the last write was {github.writes()[-1:]}, not {write}")
            if done.outputs.get("proven-count") in {None, "0"}:
                wrong.append(f"hunt {number}: nothing was proven")
        if len(github.bodies()) != 1:
            wrong.append(f"{len(github.bodies())} comments, not 1")
        print(*github.bodies(), sep="\n---\n")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Build, run twice, compare; 0 where all is as it should be."""
    parser = argparse.ArgumentParser(description="Runs the container action on examples/shop as the Actions runner would.")
    parser.add_argument("--must-run", action="store_true", help="fail where no container can be run")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/flaky-detector-container"), help="where podman keeps its images")
    options = parser.parse_args(argv)
    try:
        run = engine(options.folder.resolve())
    except Unavailable as why:
        print(f"container action: not run here: {why}")
        return int(options.must_run)
    print(f"container action: {run.name} builds the image", flush=True)
    image = build(run)
    with tempfile.TemporaryDirectory(prefix="workspace-") as folder:
        workspace = Path(folder)
        check_out(workspace)
        wrong = hunts(run, image, workspace, INPUTS)
    print(*(f"wrong: {text}" for text in wrong), f"container action: {'as it should be' if not wrong else 'not as it should be'}", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
