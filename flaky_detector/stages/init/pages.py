"""The workflow files, drawn from templates.

Owns their names and how values are written in YAML. Must not decide what stands in them: that is `suites`'.
"""

import json
import re
from collections.abc import Sequence
from functools import cache

import jinja2
import msgspec
import yaml
from msgspec.structs import replace

from flaky_detector.stages.init.answers import Kept, keep, kept
from flaky_detector.stages.init.records import Checkout, Page, Pairs, Suite

FOLDER = ".github/workflows"
PULL_REQUEST, NIGHTLY, COMMENT = (f"{FOLDER}/{name}.yml" for name in ("flaky-detector", "flaky-detector-nightly", "flaky-detector-comment"))
PATHS = (PULL_REQUEST, NIGHTLY, COMMENT)

PINS = {
    "checkout": "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "upload": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
    "download": "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0",
}
FILL_IN = "# FILL IN: "
NOBODY = "OWNER/flaky-detector@" + "0" * 40
"""Stands where it is not known which repository holds the action: it has the form of a pin, so that only this is left to do."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What `uses:` says for our action, and what a person must fill in there."""

    uses: str = NOBODY
    unknown: str = "the repository and the commit of flaky-detector, as in OWNER/flaky-detector@COMMIT (or say --action to init)"


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How the jobs of one file differ from those of the other."""

    timeout_minutes: int
    permissions: Pairs
    inputs: Pairs
    newest_python_only: bool = False
    remembers: bool = False

    def pythons(self, suite: Suite) -> tuple[str, ...]:
        """The Pythons to hunt on."""
        return suite.pythons[-1:] if self.newest_python_only else suite.pythons

    def pythons_note(self, suite: Suite) -> str:
        """A comment where there are more than that."""
        return (
            f" # the newest of {', '.join(suite.pythons)}; the nightly hunt takes them all" if self.pythons(suite) != suite.pythons else ""
        )


KINDS = {
    PULL_REQUEST: Kind(
        timeout_minutes=60,
        permissions=(("pull-requests", "for the comment"),),
        inputs=(("budget", "20m"),),
        newest_python_only=True,
    ),
    NIGHTLY: Kind(
        timeout_minutes=240,
        permissions=(("issues", "for an issue per polluter"),),
        inputs=(("budget", "2h"), ("issue", "on-findings"), ("history", "flaky-history/nights.sqlite")),
        remembers=True,
    ),
}


class _Drawn(Suite, frozen=True, kw_only=True):
    """A suite as the template takes it."""

    @property
    def install_is_a_hint(self) -> bool:
        """Whether the lines cannot be taken as they stand."""
        return any(name == "install" for name, _ in self.unknown) and "${{" in "\n".join(self.install)

    @property
    def install_text(self) -> str:
        return "" if self.install_is_a_hint else "\n".join(self.install)


def pages(suites: Sequence[Suite], action: Action, filters: Sequence[tuple[str, tuple[str, ...]]], checkout: Checkout) -> tuple[Page, ...]:
    """The files, with what stands there now.

    Args:
        suites: at least one.
        action: what our action is called.
        filters: those of the pull_request trigger.
        checkout: where files of an earlier draft are read from; what a person filled in or tuned there is kept.
    """
    made = []
    for path in PATHS:
        before = checkout.read(path)
        answers = kept(before, path)
        after = _drawn(path, suites, _action(action, answers), tuple(filters), answers)
        is_kept = before is not None and _mean_the_same(before, after)
        made.append(Page(path=path, before=before, after=before if is_kept and before is not None else after, asks=_asked(after)))
    return tuple(made)


def _asked(text: str) -> tuple[str, ...]:
    """What is to be filled in; a comment that only stayed behind in a file that is kept asks for nothing."""
    lines = (line.partition(FILL_IN) for line in text.splitlines())
    return tuple(question for before, found, question in lines if found and not before.strip())


def _action(action: Action, answers: Kept) -> Action:
    return Action(uses=answers.uses, unknown="") if action.unknown and answers.uses not in ("", NOBODY) else action


def _drawn(path: str, suites: Sequence[Suite], action: Action, filters: tuple[tuple[str, tuple[str, ...]], ...], answers: Kept) -> str:
    kind = KINDS.get(path)
    if kind is not None and answers.tuned:
        kind = replace(kind, inputs=tuple((dict(kind.inputs) | dict(answers.tuned)).items()))
    own = [_Drawn(**msgspec.structs.asdict(keep(suite, answers))) for suite in suites]
    text = (
        _environment()
        .get_template(f"{path.rpartition('/')[2]}.j2")
        .render(
            suites=own,
            action=action,
            kind=kind,
            filters=filters,
            pins=PINS,
            sources=list(dict.fromkeys(suite.source for suite in suites if suite.source)),
        )
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _mean_the_same(before: str, after: str) -> bool:
    """Whether only comments and layout differ: then the file is left as it is."""
    try:
        return bool(yaml.load(before, yaml.BaseLoader) == yaml.load(after, yaml.BaseLoader))  # noqa: S506 -- makes text, lists and mappings only
    except yaml.YAMLError:
        return False


@cache
def _environment() -> jinja2.Environment:
    """Delimiters of its own, since `{{ }}` is GitHub's."""
    environment = jinja2.Environment(  # noqa: S701 -- YAML, not HTML: every value goes through a filter that writes it as a scalar
        loader=jinja2.PackageLoader("flaky_detector.stages.init", "templates"),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "yaml": scalar,
        "quoted": _quoted,
        "block": _block,
        "labels": _labels,
        "flow": lambda values: f"[{', '.join(values)}]",
        "options": _options,
        "line": _line,
        "sentence": lambda text: _line(text[:1].upper() + text[1:]) + ".",
        "base": lambda path: path.rpartition("/")[2],
        "about": lambda unknown, name: [text for key, text in unknown if key == name],
        "names": dict,
        "history": lambda suite: "flaky-history" if suite.key == "hunt" else f"flaky-history-{suite.key}",
        "unpinned": _unpinned,
    }
    return environment


def scalar(text: str) -> str:
    """A YAML scalar that every parser reads as this text: plain where nothing can be mistaken, else in double quotes."""
    return text if re.fullmatch(r"[A-Za-z/._$].*|\d+[smh]", text) and text.isprintable() and _is_plain(text) else _quoted(text)


def _is_plain(text: str) -> bool:
    try:
        return bool(yaml.safe_load(f"k: {text}") == {"k": text} == yaml.load(f"k: {text}", yaml.BaseLoader))  # noqa: S506 -- as above
    except yaml.YAMLError:
        return False


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _block(text: str, indent: int) -> str:
    """A scalar over several lines; one line stays one."""
    lines = [line.rstrip() for line in text.splitlines()]
    if len(lines) < 2 or lines[0].startswith((" ", "\t")) or not all(line.replace("\t", "").isprintable() for line in lines):
        return scalar(text)
    return "|\n" + "\n".join(" " * indent + line if line else "" for line in lines)


def _labels(labels: Sequence[str]) -> str:
    return scalar(labels[0]) if len(labels) == 1 else f"[{', '.join(_quoted(label) for label in labels)}]"


def _options(text: str) -> str:
    """Options of `docker create`, one a line where there are several."""
    parts = re.split(r"\s+(?=--[a-z])", text)
    if len(parts) < 2 or any(line.startswith((" ", "#")) for line in parts):
        return scalar(text)
    return ">-\n" + "\n".join(" " * 10 + part for part in parts)


def _line(text: str) -> str:
    """One line for a comment."""
    return "".join(character if character.isprintable() else "�" for character in " ".join(text.split()))


def _unpinned(image: str) -> str:
    """Said beside an image that the project itself has not pinned: it is not ours to choose one."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "" if "@" in image or tag not in ("", "latest") else " # zizmor: ignore[unpinned-images] as in the project's own workflow"
