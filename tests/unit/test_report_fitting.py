"""Pages fit what GitHub takes, by leaving whole things out and counting them, never by cutting Markdown."""

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from lxml import html as lxml_html
from msgspec.structs import replace

from flaky_detector.model import Finding, Gap, Result, StateChange, TestId
from flaky_detector.stages.report import Context, report
from flaky_detector.stages.report.comment import LIMIT_CHARACTERS
from flaky_detector.stages.report.summary import LIMIT_BYTES
from tests.support import shop_result


def many(causes: int, victims: int, length: int = 20) -> Result:
    """A result with so many causes, so many victims each, in tests with names of such a length."""
    findings = [_finding(cause, victim, length) for cause in range(causes) for victim in range(victims)]
    gaps = tuple(Gap(f"bundle-{number}", "x" * length) for number in range(causes))
    return Result(runs=shop_result.RUNS, findings=tuple(findings), gaps=gaps, cost=shop_result.COST)


def _finding(cause: int, victim: int, length: int) -> Finding:
    polluter = TestId(f"tests/test_{cause}.py::test_polluter_{cause}_{'p' * length}")
    return replace(
        shop_result.check_finding(),
        test=TestId(f"tests/test_{cause}.py::test_victim_{victim}_{'v' * length}"),
        polluters=((polluter,),),
        state=(StateChange(kind="environ", key=f"KEY_{cause}", after="0"),),
    )


@pytest.mark.parametrize(("causes", "victims", "length"), [(1, 400, 60), (40, 3, 40), (500, 1, 40), (400, 1, 1500), (3, 200, 3000)])
def test_a_comment_fits_and_every_block_in_it_is_whole(causes: int, victims: int, length: int) -> None:
    comment = report(many(causes, victims, length), Context()).comment
    assert len(comment) <= LIMIT_CHARACTERS
    assert comment.startswith("<!-- flaky-detector:default -->\n### 🧪 ")
    shown, _, hidden = comment.rstrip().rpartition("\n")
    assert hidden.startswith("<!-- flaky-detector:told:")
    assert hidden.endswith(" -->")
    assert shown.endswith("</sub>")
    assert comment.count("<details>") == comment.count("</details>")
    drawn = lxml_html.fromstring(f"<div>{cmarkgfm.github_flavored_markdown_to_html(comment, options=Options.CMARK_OPT_UNSAFE)}</div>")
    assert "\n```" not in "\n".join(paragraph.text_content() for paragraph in drawn.iter("p"))


def test_what_does_not_fit_is_counted() -> None:
    comment = report(many(400, 1), Context()).comment
    assert "400 tests pollute 400 others · 400 causes" in comment
    assert "more causes did not fit here; the full report has them" in comment


def test_a_summary_fits() -> None:
    assert len(report(many(150, 2, 3000), Context()).summary.encode()) <= LIMIT_BYTES


def test_an_emoji_counts_as_two() -> None:
    comment = report(many(400, 1), replace(Context(), version="🧪" * 100)).comment
    assert len(comment.encode("utf-16-le")) // 2 <= LIMIT_CHARACTERS


def test_at_most_ten_annotations() -> None:
    assert len(report(many(30, 1), Context()).annotations) == 10
