"""Whatever stands in a workflow, a draft comes out that parses, and the next one changes nothing."""

import copy
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaky_detector.stages.init import Action, Checkout, init
from tests.support.repositories import SHAPES

ACTION = Action(uses="acme/flaky-detector@" + "1" * 40, unknown="")
JUNK = st.sampled_from(
    (
        *(
            None,
            "",
            [],
            {},
            "x",
            ["a"],
            {"a": "b"},
            [[]],
            {"include": "x"},
            "${{ matrix.x }}",
            "${{",
            "&&",
            "'",
            '"',
            "[",
            "a: b",
            "{a: [}",
        ),
        *("\x00", "# x", "${{ fromJSON( }}", "<<EOF", "cd", "tox -e", "make -C", "pytest -n", "hatch run", "uv run --with", "nox -s"),
        *('pytest "', "bash -c", "poe", "timeout"),
    )
)


def paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from paths(child, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, str]:
    """A repository with a few values of its YAML replaced by something else."""
    files = dict(SHAPES[draw(st.sampled_from(sorted(SHAPES)))])
    name = draw(st.sampled_from(sorted(path for path in files if path.endswith((".yml", ".yaml")))))
    content = copy.deepcopy(yaml.load(files[name], yaml.BaseLoader))
    for _ in range(draw(st.integers(1, 4))):
        found = sorted(paths(content), key=str)
        if not found:
            break
        *way, last = draw(st.sampled_from(found))
        node = content
        for key in way:
            node = node[key]
        node[last] = copy.deepcopy(draw(JUNK))
    return {**files, name: yaml.safe_dump(content)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoilt())
def test_a_draft_of_anything_parses_and_is_stable(files: dict[str, str]) -> None:
    pages = init(Checkout(paths=tuple(sorted(files)), read=files.get), ACTION).pages
    for page in pages:
        assert yaml.safe_load(page.after)["jobs"]
    after = {**files, **{page.path: page.after for page in pages}}
    again = init(Checkout(paths=tuple(sorted(after)), read=after.get), ACTION).pages
    assert [page.path for page in again if page.is_new_or_changed] == []
