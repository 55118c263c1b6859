"""Whatever a test prints, is called, or leaves in a findings.json: GitHub's own Markdown parser shows it and obeys none of it."""

import json
import re
from typing import Any

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from flaky_detector.errors import SettingsError
from flaky_detector.pipeline.foreign import retold
from flaky_detector.stages.report import Context, neutral, read_findings, report
from flaky_detector.stages.report.comment import LIMIT_CHARACTERS
from tests.support import shop_result
from tests.support.poison import poisoned

FRAGMENTS = [
    *(
        "`",
        "``",
        "```",
        "~~~",
        "|",
        "\\",
        "\n",
        "\r",
        "\t",
        " ",
        "    ",
        "*",
        "_",
        "[",
        "]",
        "(",
        ")",
        "!",
        "#",
        "-",
        "+",
        ">",
        "<",
        "&",
        "$",
    ),
    *("<!--", "-->", "<script>", "</code>", "</summary>", "</details>", "<img src=x onerror=alert(1)>", "<a href='https://evil.example'>"),
    *("@octocat", "@acme/team", "#1", "GH-1", "acme/shop#1", "https://evil.example", "www.evil.example", "mailto:a@evil.example"),
    *("![x](https://evil.example/x.png)", "[y](javascript:alert(1))", "<https://evil.example>", "[z]: https://evil.example"),
    *("::error::x", "::set-output name=a::b", "##[error]x", "<!-- flaky-detector:default -->", "<!-- flaky-detector:told:AAAA -->"),
    *(
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2060",
        "\x00",
        "\x1b[31m",
        "\ud83d",
        "\U000e0041",
        "\u2028",
        "\ufeff",
        "é",
        "🧪",
        "a",
        "test_x[1-2]",
    ),
    *("&lt;", "&#60;", "&commat;", "\\`", "\\<", "1. ", "# owned", "| a | b |\n|---|---|", "{{ 7*7 }}", "{% raw %}", "$`x`$", ":tada:"),
]
hostile = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=12).map("".join)
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ALLOWED = {
    *("h3", "p", "strong", "em", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "ol", "ul", "li", "a", "hr", "details"),
    *("summary", "sub", "blockquote", "br"),
}
OURS = "https://github.com/acme/shop"
CONTEXT = Context(commit="1a2b3c4d", repository_url=OURS, run_url=f"{OURS}/actions/runs/7", version="1", of_others=True)
SOUGHT = re.compile(r"@\w|#\d|GH-\d|://|www\.", re.IGNORECASE)


def drawn(markdown: str) -> Any:
    page = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    return lxml_html.fromstring(f"<div>{page}</div>")


def tags(tree: Any) -> list[str]:
    return [element.tag for element in tree.iter() if isinstance(element.tag, str)][1:]


def outside_of_code(element: Any) -> str:
    if not isinstance(element.tag, str) or element.tag in ("code", "pre"):
        return ""
    return (element.text or "") + "".join(outside_of_code(child) + (child.tail or "") for child in element)


@QUICK
@given(hostile)
def test_a_code_span_is_one_element_that_shows_the_text(said: str) -> None:
    tree = drawn(f"before {neutral.code(said)} after")
    assert tags(tree) == ["p", "code"]
    assert outside_of_code(tree).split() == ["before", "after"]


@QUICK
@given(hostile, hostile)
def test_a_cell_stays_in_its_column(said: str, more: str) -> None:
    tree = drawn(f"| a | b |\n|---|---|\n| {neutral.cell(said)} | {neutral.prose_cell(more)} |")
    assert [len(row) for row in tree.iter("tr")] == [2, 2]
    assert set(tags(tree)) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@QUICK
@given(hostile)
def test_prose_is_one_paragraph_that_links_and_mentions_nothing(said: str) -> None:
    tree = drawn(f"x {neutral.text(said)} y {neutral.prose(said)} z")
    assert set(tags(tree)) <= {"p", "code"}
    assert tags(tree).count("p") == 1
    assert not SOUGHT.search(outside_of_code(tree))


@QUICK
@given(hostile)
def test_a_line_of_html_stays_one(said: str) -> None:
    tree = drawn(f"<details><summary>{neutral.html_prose(said)} {neutral.html_code(said)}</summary>\n\nx\n\n</details>")
    assert set(tags(tree)) <= {"details", "summary", "code", "p"}
    assert [tags(tree).count(tag) for tag in ("details", "summary", "p")] == [1, 1, 1]
    assert not SOUGHT.search(outside_of_code(tree))


@QUICK
@given(hostile)
def test_a_block_ends_where_it_should_and_holds_no_command(said: str) -> None:
    block = neutral.block(said, "console")
    tree = drawn(f"before\n{block}\n\nafter")
    assert tags(tree) == ["p", "pre", "code", "p"]
    assert not re.search(r"^\s*::", block, re.MULTILINE)


@QUICK
@given(hostile)
def test_nothing_unseen_is_left_anywhere(said: str) -> None:
    for told in (neutral.text(said), neutral.code(said), neutral.prose(said), neutral.html_code(said), neutral.block(said)):
        assert not set(told) & {"\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\ud83d", "\U000e0041", "\u2028", "\ufeff", "\r"}
        told.encode()


@QUICK
@given(hostile)
def test_a_link_goes_where_we_say(said: str) -> None:
    tree = drawn(f"({neutral.link(neutral.code(said), f'{OURS}/blob/{said}')})")
    assert all(element.get("href").startswith(f"{OURS}/blob/") for element in tree.iter("a"))
    assert set(tags(tree)) <= {"p", "a", "code"}


@SLOW
@given(hostile, st.sampled_from(["shop", "suspects_only", "brittle", "clean"]))
def test_a_comment_on_hostile_tests_shows_them_and_obeys_none(said: str, kind: str) -> None:
    pages = report(retold(poisoned(getattr(shop_result, kind)(), said)), CONTEXT)
    assert pages.redraw is not None
    for comment in (pages.comment, pages.redraw(pages.comment)):
        page = drawn(comment)
        assert set(tags(page)) <= ALLOWED
        assert {name for element in page.iter() for name in element.attrib} <= {"href", "align", "lang", "start"}
        assert all(element.get("href", "").startswith(OURS) for element in page.iter("a"))
        assert not SOUGHT.search(outside_of_code(page))
        assert not re.search(r"^\s*(::|##\[)", comment, re.MULTILINE)
        assert [number for number, line in enumerate(comment.splitlines()) if "<!--" in line][1:] in ([], [len(comment.splitlines()) - 1])
        assert len(comment.encode("utf-16-le")) // 2 <= LIMIT_CHARACTERS


leaves = hostile | st.integers() | st.floats() | st.none() | st.booleans() | st.builds(list) | st.builds(dict)


def paths(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(tree, dict):
        return [at, *(path for key, value in tree.items() for path in paths(value, (*at, key)))]
    if isinstance(tree, (list, tuple)):
        return [at, *(path for key, value in enumerate(tree[:3]) for path in paths(value, (*at, key)))]
    return [at]


SHOP = json.loads(report(shop_result.shop(), CONTEXT).findings_json)
PLACES = [path for path in paths(SHOP) if path]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), leaves), min_size=1, max_size=4))
def test_findings_that_somebody_made_up_are_refused_or_told_and_never_a_crash(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    tree = json.loads(json.dumps(SHOP))
    for path, value in changes:
        at = tree
        for key in path[:-1]:
            at = (
                at[key] if (isinstance(at, dict) and key in at) or (isinstance(at, list) and isinstance(key, int) and key < len(at)) else {}
            )
        if isinstance(at, dict) or (isinstance(at, list) and isinstance(path[-1], int) and path[-1] < len(at)):
            at[path[-1]] = value
    try:
        result = read_findings(json.dumps(tree))
    except SettingsError:
        return
    pages = report(retold(result), CONTEXT)
    assert set(tags(drawn(pages.comment))) <= ALLOWED
