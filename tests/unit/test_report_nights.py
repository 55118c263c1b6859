"""How nights are told: signs, sentences, what an issue hears, and hostile names that stay names."""

import pytest
from msgspec.structs import replace

from flaky_detector.model import CauseNight, Nights, Remembered, Result
from flaky_detector.model import TestId as Id
from flaky_detector.stages.report import Context, digest, issue_comment, report, telling
from flaky_detector.stages.report.names import Names
from tests.support import shop_result

P, V, W = Id("t.py::p"), Id("t.py::v"), Id("t.py::w")
CONTEXT = Context(version="1.2.3", commit="1a2b3c4d5e", run_url="https://github.com/acme/shop/actions/runs/7")
DATES = ("2025-01-01", "2025-01-02", "2025-01-03")
CAUSE = Remembered(
    kind="polluter",
    heads=(P,),
    tests=(V,),
    fingerprints=("f",),
    verdict="quiet",
    note="re-run: 0 of 3 attempts at its order fail, alone 0 of 3",
    first_seen="2025-01-01",
    last_seen="2025-01-01",
    nights_seen=1,
    row=1,
    trend=(CauseNight("2025-01-01", "proven"), CauseNight("2025-01-03", "quiet")),
)


def nights(*causes: Remembered) -> Nights:
    return Nights(date="2025-01-03", cured_after=3, dates=DATES, causes=causes)


def known(cause: Remembered) -> str:
    return telling.known(cause, Names(Result(nights=nights(cause))))


def test_a_cause_is_told_in_a_clause() -> None:
    assert known(CAUSE) == "`p` makes `v` fail"
    assert known(replace(CAUSE, heads=(P, W), tests=(V,))) == "`p`, then `w` make `v` fail"
    many = tuple(Id(f"t.py::v{number}") for number in range(6))
    assert known(replace(CAUSE, tests=many)) == "`p` makes `v0`, `v1`, `v2` and 3 more fail"
    assert known(replace(CAUSE, kind="state-setter")) == "`v` passes only after `p`"


def test_each_night_has_a_sign_also_one_of_which_nothing_is_known() -> None:
    assert telling.trend(CAUSE, DATES) == "●·○"


@pytest.mark.parametrize(
    ("verdict", "row", "told"),
    [
        ("proven", 2, "proven"),
        ("seen", 1, "failed"),
        ("quiet", 1, "not seen tonight; cured after 2 more nights"),
        ("quiet", 2, "not seen tonight; cured after 1 more night"),
        ("cured", 4, "cured: 4 nights in a row"),
        ("gone", 1, "gone, which is not cured"),
        ("unclear", 1, "could not be judged"),
        ("untried", 1, "nobody looked"),
    ],
)
def test_tonight_is_told_in_words(verdict: str, row: int, told: str) -> None:
    cause = replace(CAUSE, verdict=verdict, row=row, note="")  # type: ignore[arg-type]
    assert telling.tonight(cause, nights()) == told
    assert telling.tonight(replace(cause, note="why"), nights()) == f"{told} (why)"


def test_the_headline_counts_by_verdict() -> None:
    assert telling.nights_headline(nights()) == "No cause is known from earlier nights"
    assert telling.nights_headline(nights(CAUSE, CAUSE, replace(CAUSE, verdict="proven"))) == "3 known causes: 1 proven, 2 not seen"


def test_the_nights_are_counted_one_by_one() -> None:
    assert telling.by_night(nights(CAUSE, CAUSE)) == [
        ("2025-01-01", 2, 0, 0, 0),
        ("2025-01-02", 0, 0, 0, 0),
        ("2025-01-03", 0, 0, 2, 0),
    ]


def comment(**more: object) -> str:
    return issue_comment(replace(CAUSE, **more), digest(shop_result.clean()), CONTEXT)


def test_what_an_issue_hears_when_it_is_closed() -> None:
    said = comment(verdict="cured", row=3)
    assert said.split("\n")[0] == (
        "**Cured.** For 3 nights in a row `v` was re-run in the order that used to fail, every attempt passed, and no run of those nights"
        " met the failure. The last one, re-run: 0 of 3 attempts at its order fail, alone 0 of 3. Should it be back, this issue is opened"
        " again."
    )
    assert '<a href="https://github.com/acme/shop/actions/runs/7">full report</a> · commit <code>1a2b3c4</code>' in said


def test_what_an_issue_hears_when_its_tests_are_gone_and_when_it_is_back() -> None:
    assert "For 3 nights in a row its order could not be run: why. Closed as not planned" in comment(verdict="gone", row=3, note="why")
    assert comment(verdict="proven", last_seen="2025-01-03", nights_seen=2, note="").startswith(
        "**It is back.** Proven again on 2025-01-03; it failed on 2 nights since 2025-01-01, last on 2025-01-03."
    )


def test_hostile_names_and_notes_stay_text_in_what_an_issue_hears() -> None:
    said = comment(verdict="gone", tests=(Id("t.py::v[`*x*`]"),), note="<img src=x> @ann closes #1")
    assert "&lt;img src=x&gt; @\u2060ann closes \\#\u20601" in said


def test_an_address_that_is_none_of_an_issue_is_no_link() -> None:
    pages = report(replace(shop_result.clean(), nights=nights(replace(CAUSE, issue="javascript:alert(1)/7"))), CONTEXT)
    assert "javascript" not in pages.summary + pages.html
    pages = report(replace(shop_result.clean(), nights=nights(replace(CAUSE, issue="https://ghe.example/acme/shop/issues/7"))), CONTEXT)
    assert "(https://ghe.example/acme/shop/issues/7)" in pages.summary
    assert '<a href="https://ghe.example/acme/shop/issues/7">#7</a>' in pages.html


def test_thousands_of_known_causes_make_a_summary_that_github_takes() -> None:
    long = tuple(Id(f"t.py::{'x' * 500}[{number}]") for number in range(50))
    pages = report(replace(shop_result.clean(), nights=nights(*([replace(CAUSE, heads=long, tests=long)] * 3000))), CONTEXT)
    assert len(pages.summary.encode()) <= 1_000_000
    assert "more known causes" in pages.summary
