"""A whole report about hostile tests, drawn by GitHub's own Markdown parser: it shows them and obeys nothing."""

import re
from typing import Any

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from lxml import html as lxml_html

from flaky_detector.stages.report import Context, Pages, report
from tests.support import shop_result
from tests.support.poison import poisoned

HOSTILE = (
    "`</code></summary></details><script>alert(1)</script>\n\n# owned\n\n@octocat #1 GH-2 https://evil.example www.evil.example "
    "![x](https://evil.example/x.png) [y](javascript:alert(1)) | a | b |\n::set-output name=a::b\n<!-- flaky-detector:default -->"
    "``` ~~~ *b* _i_ $m$ <img src=x onerror=alert(1)> \u202e \x1b[31m \ud83d"
)
ALLOWED_TAGS = {
    *("h2", "h3", "p", "strong", "em", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "ol", "ul", "li"),
    *("a", "hr", "details", "summary", "sub", "blockquote"),
}
OURS = "https://github.com/acme/shop"
CONTEXT = Context(commit="1a2b3c4d", repository_url=OURS, run_url=f"{OURS}/actions/runs/7", version="1", can_comment=False)


@pytest.fixture(params=["shop", "suspects_only", "brittle", "clean", "nightly"])
def pages(request: pytest.FixtureRequest) -> Pages:
    result = getattr(shop_result, request.param)()
    return report(poisoned(result, HOSTILE), CONTEXT)


def test_the_pages_are_about_hostile_tests_indeed(pages: Pages) -> None:
    assert "alert(1)" in pages.comment
    assert "octocat" in pages.html


@pytest.mark.parametrize("page", ["comment", "summary"])
def test_markdown_pages_show_hostile_text_and_obey_none_of_it(pages: Pages, page: str) -> None:
    text = getattr(pages, page)
    drawn = lxml_html.fromstring(f"<div>{cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)}</div>")
    elements = [element for element in drawn.iter() if isinstance(element.tag, str)][1:]
    assert {element.tag for element in elements} <= ALLOWED_TAGS
    assert {name for element in elements for name in element.attrib} <= {"href", "align", "lang", "start"}
    assert all(element.get("href", "").startswith(OURS) for element in elements if element.tag == "a")
    assert not [heading for heading in drawn.iter("h1", "h2", "h3") if heading.text_content().startswith("owned")]
    told = "\n".join(_outside_of_code(drawn))
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.", told), told


def _outside_of_code(element: Any) -> list[str]:
    if not isinstance(element.tag, str) or element.tag in ("code", "pre"):
        return []
    texts = [element.text or ""]
    for child in element:
        texts += [*_outside_of_code(child), child.tail or ""]
    return texts


@pytest.mark.parametrize("page", ["comment", "summary"])
def test_no_line_is_a_workflow_command_and_the_marker_is_ours_alone(pages: Pages, page: str) -> None:
    text = getattr(pages, page)
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    lines = text.splitlines()
    ours = {0: "<!-- flaky-detector:default -->", len(lines) - 1: "<!-- flaky-detector:told:"} if page == "comment" else {}
    hidden = {number: line for number, line in enumerate(lines) if "<!--" in line}
    assert set(hidden) <= set(ours)
    assert all(line.startswith(ours[number]) and line.count("<!--") == line.count("-->") == 1 for number, line in hidden.items())


def test_every_table_row_has_the_cells_of_its_head(pages: Pages) -> None:
    drawn = lxml_html.fromstring(f"<div>{cmarkgfm.github_flavored_markdown_to_html(pages.comment, options=Options.CMARK_OPT_UNSAFE)}</div>")
    for table in drawn.iter("table"):
        widths = {len(row) for row in table.iter("tr")}
        assert len(widths) == 1
    assert "\n| a | b |" not in pages.comment


def test_the_page_has_no_script_no_handler_and_nothing_from_elsewhere(pages: Pages) -> None:
    drawn = lxml_html.fromstring(pages.html)
    assert not list(drawn.iter("script", "img", "iframe", "link", "object"))
    attributes = [(name, value) for element in drawn.iter() if isinstance(element.tag, str) for name, value in element.attrib.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name == "src"]
    assert all(value.startswith((OURS, "#")) for name, value in attributes if name == "href")


def test_annotations_are_single_lines_without_control_characters(pages: Pages) -> None:
    for note in pages.annotations:
        assert not re.search(r"[\x00-\x1f\x7f]", note.path + note.title + note.message)


def test_every_page_can_be_written_as_utf_8(pages: Pages) -> None:
    for text in (pages.comment, pages.summary, pages.html, pages.findings_json):
        text.encode("utf-8")
