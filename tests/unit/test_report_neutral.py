"""Hostile text, filter by filter."""

import pytest

from flaky_detector.stages.report.neutral import Md, block, cell, code, html_code, html_prose, link, plain, prose, shortened, text

J = "\u2060"


def test_a_plain_line_has_no_newlines_and_nothing_unseen() -> None:
    assert plain("a\r\nb\tc\x00d\u202ee\ud800f\u200bg") == "a b c\ufffdd\ufffde\ufffdf\ufffdg"


def test_a_long_name_is_cut_in_the_middle() -> None:
    assert shortened("test_x[aaaaaaaaaaaaaaaaaaaa-b]", 20) == "test_x[aaaaaa…aaa-b]"
    assert shortened("test_x", 20) == "test_x"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("*bold* _it_ ~~no~~ `x`", "\\*bold\\* \\_it\\_ \\~\\~no\\~\\~ \\`x\\`"),
        ("<script>alert(1)</script> & co", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co"),
        ("[click](https://evil.example)", f"\\[click\\](https:{J}//evil.example)"),
        ("![](x)", "\\!\\[\\](x)"),
        ("@octocat and team@corp.example", f"@{J}octocat and team@{J}corp.example"),
        ("#1, GH-12, acme/shop#3", f"\\#{J}1, GH-{J}12, acme/shop\\#{J}3"),
        ("www.evil.example", f"www{J}.evil.example"),
        ("a | b", "a \\| b"),
        ("$x$", "\\$x\\$"),
        ("\\", "\\\\"),
    ],
)
def test_prose_shows_every_sign_as_itself(hostile: str, shown: str) -> None:
    assert text(hostile) == shown


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("test_a[x]", "`test_a[x]`"),
        ("test_a[`]", "``test_a[`]``"),
        ("`", "`` ` ``"),
        ("``a", "``` ``a ```"),
        ("", "` `"),
        ("a\n\n# heading", "`a # heading`"),
        ("<!-- flaky-detector:default -->", f"`<{J}!-- flaky-detector:default -->`"),
    ],
)
def test_a_code_span_ends_where_it_should(hostile: str, shown: str) -> None:
    assert code(hostile) == shown


def test_a_pipe_is_escaped_in_a_table_only() -> None:
    assert code("a|b") == "`a|b`"
    assert cell("a|b") == "`a\\|b`"


def test_prose_marks_what_stands_between_backticks_and_escapes_the_rest() -> None:
    assert prose("leaves `analytics.*` behind, *really*") == "leaves `analytics.*` behind, \\*really\\*"


def test_a_lone_backtick_in_prose_is_only_a_sign() -> None:
    assert prose("a `b") == "a \\`b"


def test_html_is_escaped_inside_a_line_of_html() -> None:
    assert html_code("</summary><img src=x>'") == "<code>&lt;/summary&gt;&lt;img src=x&gt;&#x27;</code>"
    assert html_prose("it's `<b>` by @me") == f"it's <code>&lt;b&gt;</code> by @{J}me"


def test_a_block_cannot_be_ended_from_inside() -> None:
    assert block("a\n```\nb") == "````\na\n```\nb\n````"


def test_a_block_holds_no_workflow_command() -> None:
    assert block("::set-env name=A::b\n  ::error::x") == f"```\n:{J}:set-env name=A::b\n  :{J}:error::x\n```"


def test_a_long_block_is_cut_at_a_line() -> None:
    assert block("aaaa\nbbbb\ncccc", most=11) == "```\naaaa\nbbbb\n…\n```"


def test_a_link_goes_to_the_web_or_nowhere() -> None:
    assert link(Md("x"), "javascript:alert(1)") == "x"
    assert link(Md("x"), "https://a.example/b) [y](z") == "[x](https://a.example/b%29%20%5By%5D%28z)"
