"""Stand-ins for the actions of the marketplace that our workflow files use: composite actions of a few lines of bash.

Owns what they do. The job's containers see three folders: `/stand-ins/project` (flaky-detector as a release has it), `/stand-ins/caller`
(the repository that calls it) and `/stand-ins/artifacts`, which is the store.
"""

from pathlib import Path

import yaml

HEAD = "set -euo pipefail\nshopt -s nullglob\n"

SCRIPTS: dict[str, tuple[tuple[str, ...], str]] = {
    # Ours is asked for by its repository, or (in its own workflows) by the path that it goes to.
    "actions/checkout": (
        ("repository", "ref", "path", "persist-credentials", "fetch-depth"),
        """
from=/stand-ins/caller
case "$REPOSITORY $PATH_" in *flaky-detector*) from=/stand-ins/project ;; esac
mkdir -p "${PATH_:-.}"
cp -r "$from/." "${PATH_:-.}/"
""",
    ),
    "actions/setup-python": (("python-version",), "python --version"),
    "actions/upload-artifact": (
        ("name", "path", "if-no-files-found", "overwrite", "retention-days"),
        """
store=/stand-ins/artifacts/$NAME
if [ ! -e "$PATH_" ]; then echo "no files at $PATH_"; exit 0; fi
rm -rf "$store"; mkdir -p "$store"
if [ -d "$PATH_" ]; then cp -r "$PATH_/." "$store/"; else cp "$PATH_" "$store/"; fi
find "$store" -name '.*' -mindepth 1 -delete
chmod -R a+rX "$store"
""",
    ),
    # One by its name lies in the folder itself, several by a pattern in a folder each: v4's way.
    "actions/download-artifact": (
        ("name", "path", "pattern", "merge-multiple"),
        """
mkdir -p "$PATH_"
if [ -n "$NAME" ]; then cp -r "/stand-ins/artifacts/$NAME/." "$PATH_/"; exit; fi
for store in /stand-ins/artifacts/$PATTERN; do cp -r "$store" "$PATH_/"; done
""",
    ),
}

GH = """#!/bin/bash
# Stands for GitHub's command line, as far as the history of earlier nights is fetched with it: the store holds that of the night before.
case "$1 $2" in
  "api repos"*) [ ! -d /stand-ins/artifacts/flaky-history ] || echo 1 ;;
  "run download") cp -r /stand-ins/artifacts/flaky-history/. flaky-detector-history/ ;;
  *) echo "gh $*: not here"; exit 1 ;;
esac
"""


def write_gh(folder: Path) -> Path:
    """The command, to be mounted where a job looks for it."""
    place = folder / "gh"
    place.write_text(GH)
    place.chmod(0o755)
    return place


def write(folder: Path) -> dict[str, Path]:
    """The stand-ins, a folder each; by the names of the actions whose places they take."""
    written = {}
    for name, (inputs, script) in SCRIPTS.items():
        place = folder / name.replace("/", "-")
        place.mkdir(parents=True)
        (place / "action.yml").write_text(yaml.safe_dump(_action(name, inputs, script), sort_keys=False))
        written[name] = place
    return written


def _action(name: str, inputs: tuple[str, ...], script: str) -> dict[str, object]:
    variables = {_variable(each): f"${{{{ inputs.{each} }}}}" for each in inputs}
    step = {"shell": "bash", "env": variables, "run": HEAD + script}
    return {
        "name": name,
        "description": "stand-in",
        "inputs": {each: {"description": each, "default": ""} for each in inputs},
        "runs": {"using": "composite", "steps": [step]},
    }


def _variable(name: str) -> str:
    return {"path": "PATH_"}.get(name, name.upper().replace("-", "_"))
