"""Holds a version against what the checkout says of itself: 0 where all agree, 1 with a line for each thing that does not.

    python scripts/check_release.py v1.2.3

A pre-release (v1.2.3rc1) may still have its changes under Unreleased.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def disagreements(tag: str, root: Path) -> list[str]:
    """What does not agree with the tag that is to be."""
    version = tag.removeprefix("v")
    package = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    told = re.search(r'^__version__ = "(.+)"$', (root / "flaky_detector" / "__init__.py").read_text(), re.MULTILINE)
    changes = (root / "CHANGELOG.md").read_text()
    action = (root / "action.yml").read_text()
    tags = subprocess.run(["git", "tag", "--list", tag], cwd=root, capture_output=True, text=True, check=False).stdout.split()
    found = {
        f"{tag} is no tag of a release, such as v1.2.3": not re.fullmatch(r"v\d+\.\d+\.\d+(rc\d+)?", tag),
        f"pyproject.toml says {package}": package != version,
        f"flaky_detector/__init__.py says {told[1] if told else 'nothing'}": not told or told[1] != version,
        f"CHANGELOG.md has no section ## [{version}]": "rc" not in version and f"\n## [{version}]" not in changes,
        "action.yml does not build the Dockerfile: this tree is a release's own": "\n  image: Dockerfile\n" not in action,
        f"the tag {tag} is there already: a release never changes": bool(tags),
    }
    return [text for text, wrong in found.items() if wrong]


def main(argv: Sequence[str]) -> int:
    """Print what does not agree."""
    wrong = disagreements(argv[0] if argv else "", ROOT)
    print(*wrong, sep="\n", end="\n" * bool(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
