"""`make demo`: hunts the polluters of examples/shop on a real PostgreSQL and posts the comment to a GitHub on loopback.

Needs the virtual environment that `make setup` makes; no token, no Docker, no running server. The report is in flaky-detector-report/.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flaky_detector.adapters.interpreters.environments import installed  # noqa: E402
from scripts.embedded_postgres import run_to_its_end, serving  # noqa: E402
from tests.support.github import HEAD, TOKEN, FakeGitHub  # noqa: E402

SHOP = ROOT / "examples" / "shop"
OUTPUT = ROOT / "flaky-detector-report"
SUPPORTED = ((3, 11), (3, 12), (3, 13))
"""Those for which the example's requirements have wheels."""


def pythons_at_hand(most: int) -> list[str]:
    """The newest supported Pythons of this machine, at most so many, oldest first."""
    found = {version.release[:2] for version, _ in installed() if version.release[:2] in SUPPORTED}
    return [f"{major}.{minor}" for major, minor in sorted(found)[-most:]]


def hunt(pythons: Sequence[str], runs: int, environ: dict[str, str]) -> int:
    """The command that a user would type; its exit code."""
    argv = [sys.executable, "-m", "flaky_detector", "hunt", "--rootdir", str(SHOP), "--output", str(OUTPUT), "--runs", str(runs)]
    argv += [
        "--python",
        ",".join(pythons),
        "--install",
        "uv pip install --quiet -r requirements.txt",
        "--repeats",
        "2",
        "--fail-on",
        "never",
    ]
    print("$ flaky-detector", *argv[3:], flush=True)
    return run_to_its_end(argv, environ)


def post(github: FakeGitHub, folder: Path) -> int:
    """What the action does after a hunt: the same report, posted on the pull request by PyGithub; its exit code."""
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": HEAD}}}), encoding="utf-8")
    summary = folder / "summary.md"
    environ = os.environ | {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "GITHUB_WORKSPACE": str(ROOT),
        "INPUT_GITHUB-TOKEN": TOKEN,
        "INPUT_FAIL-ON": "never",
    }
    argv = [
        sys.executable,
        "-m",
        "flaky_detector",
        "report",
        str(OUTPUT / "findings.json"),
        "--rootdir",
        str(SHOP),
        "--output",
        str(OUTPUT),
    ]
    ended = subprocess.run(argv, env=environ, check=False, capture_output=True, text=True)
    for line in ended.stdout.splitlines() + ended.stderr.splitlines():
        if ended.returncode or line.startswith("comment:"):
            print(line)
    return ended.returncode


def main() -> int:
    """Everything, in the order in which it happens; 0 when it went as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=6, help="runs of the suite (default 6)")
    parser.add_argument("--pythons", type=int, default=2, help="how many of the Pythons at hand (default 2)")
    options = parser.parse_args()
    started = time.monotonic()
    pythons = pythons_at_hand(options.pythons)
    with serving() as variables, FakeGitHub() as github, tempfile.TemporaryDirectory(prefix="flaky-detector-demo-") as folder:
        code = hunt(pythons, options.runs, os.environ | variables)
        code = code or post(github, Path(folder))
        posted, violations = github.bodies(), github.violations
    if code:
        return code
    print(f"posted to a GitHub on loopback: {len(posted)} comment, {len(violations)} violations of GitHub's own schema")
    print(f"report: {OUTPUT.relative_to(ROOT)}/report.html, comment.md, summary.md, findings.json")
    print(f"the demo took {time.monotonic() - started:.0f} s")
    return 1 if violations or len(posted) != 1 else 0


if __name__ == "__main__":
    sys.exit(main())
