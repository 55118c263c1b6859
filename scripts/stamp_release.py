"""Makes a released tree of the checkout: the action starts a published image, and reusable workflows know which release they are of.

    python scripts/stamp_release.py --image docker://ghcr.io/OWNER/NAME@sha256:… --repository OWNER/NAME --version v1.2.3

On main `action.yml` builds the Dockerfile, so that a commit can be tried as it is; a release must neither build nor move. The release
workflow commits what this leaves on a commit of its own, which only tags point to. `--root` is another folder than this checkout.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGE = re.compile(r"docker://[a-z0-9./:_-]+(@sha256:[0-9a-f]{64})?")
VERSION = re.compile(r"v\d+\.\d+\.\d+([-.]?(a|b|rc)\d+)?")


def stamp(root: Path, image: str, repository: str, version: str) -> None:
    """Change `action.yml` and the reusable workflows in place; raises ValueError where they are not as main has them."""
    action = root / "action.yml"
    action.write_text(_once(action.read_text(), r"^  image: Dockerfile$", f"  image: {image}"))
    for workflow in sorted((root / ".github" / "workflows").glob("*.yml")):
        text = workflow.read_text()
        if "\n      action-repository:\n" in text:
            for name, value in (("action-repository", repository), ("action-ref", version)):
                text = _once(text, rf'^(      {name}:\n(?:        .*\n)*?        default: )""$', rf'\g<1>"{value}"')
            workflow.write_text(text)


def _once(text: str, pattern: str, replacement: str) -> str:
    changed, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{pattern!r} is there {count} times, not once: was this tree stamped already?")
    return changed


def main(argv: Sequence[str] | None = None) -> int:
    """0, or 2 where an argument or the tree is not as it should be."""
    parser = argparse.ArgumentParser(description="Make a released tree of the checkout.")
    parser.add_argument("--image", required=True)
    parser.add_argument("--repository", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--root", type=Path, default=ROOT)
    given = parser.parse_args(argv)
    if not IMAGE.fullmatch(given.image) or "@sha256:" not in given.image:
        parser.error(f"{given.image!r} is no image with a digest, such as docker://ghcr.io/owner/name@sha256:…")
    if not VERSION.fullmatch(given.version) or not re.fullmatch(r"[\w.-]+/[\w.-]+", given.repository):
        parser.error(f"{given.version!r} of {given.repository!r} is no version such as v1.2.3 of OWNER/NAME")
    try:
        stamp(given.root, given.image, given.repository, given.version)
    except ValueError as trouble:
        print(trouble, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
