"""A comment remembers what it accused, and says what is no longer seen: from evidence, and no more than that."""

import base64
import json
from typing import Any

import pytest
from msgspec.structs import replace

from flaky_detector.model import Finding, LatentPolluter, Result, RunSummary, Signature, StateChange, Suspect, TestId
from flaky_detector.stages.report import Context, report, tells_the_same
from flaky_detector.stages.report.comment import LIMIT_CHARACTERS
from flaky_detector.stages.report.earlier import LONGEST_LINE, MOST_TOLD, Told, recall, remember
from tests.support import shop_result

P, V, W = TestId("tests/test_b.py::test_p"), TestId("tests/test_a.py::test_v"), TestId("tests/test_a.py::test_w")
RUN = RunSummary(
    id="1", python="3.11", arrangement="own", seed=None, distribution="no", workers=0, tests=92, failed=0, seconds=1.0, exit_code=0
)


def victim(test: TestId = V, polluter: TestId = P, **more: Any) -> Finding:
    told = {"kind": "victim", "confidence": "proven", "signature": Signature(rule="fallback"), "polluters": ((polluter,),), **more}
    return Finding(test=test, fingerprint=f"print-of-{test}", **told)


def result(*findings: Finding, **more: Any) -> Result:
    return Result(**{"runs": (RUN,) * 6, "findings": findings, **more})


def at(commit: str) -> Context:
    return Context(commit=commit * 40)


def after(body: str, told: Result, commit: str) -> str:
    pages = report(told, at(commit))
    assert pages.redraw is not None
    return pages.redraw(body)


def first() -> str:
    return report(result(victim(V), victim(W)), at("a")).comment


def test_a_comment_remembers_what_it_accuses_in_its_last_line_and_shows_nothing_of_it():
    [told] = recall(first())
    assert (told.way, told.heads, told.victim, told.victims, told.seen, told.is_gone) == ("polluter", (P,), V, 2, "a" * 40, False)
    assert first().splitlines()[-1].startswith("<!-- flaky-detector:told:")


def test_a_clean_run_says_what_it_does_not_see_any_more_and_what_that_rests_on():
    told = after(first(), result(), "b")
    assert "### 🧪 Not seen any more: 1 cause told here before" in told
    assert "**No longer seen.** In 6 runs of 92 tests at `bbbbbbb` nothing was seen of what this comment told before." in told
    assert "That is no proof of a cure" in told
    assert "- `test_p` made `test_v` and 1 more fail, proven by re-running at `aaaaaaa`; not seen since `bbbbbbb`." in told
    assert "CAUTION" not in told


def test_it_goes_on_saying_so_with_the_commit_at_which_it_began_and_is_left_alone_when_asked_twice():
    told = after(first(), result(), "b")
    assert after(told, result(), "b") == told
    later = after(told, result(), "c")
    assert "proven by re-running at `aaaaaaa`; not seen since `bbbbbbb`." in later
    assert "In 6 runs of 92 tests at `ccccccc`" in later


def test_what_comes_back_is_an_accusation_like_any_other():
    again = after(after(first(), result(), "b"), result(victim()), "c")
    assert "No longer seen" not in again
    assert [(told.seen, told.is_gone) for told in recall(again)] == [("c" * 40, False)]


def test_of_two_causes_the_one_that_is_mended_is_told_beside_the_one_that_is_not():
    other = TestId("tests/test_c.py::test_q")
    both = report(result(victim(), victim(W, other)), at("a")).comment
    told = after(both, result(victim(W, other)), "b")
    assert "- `test_p` made `test_v` fail, proven by re-running at `aaaaaaa`; not seen since `bbbbbbb`." in told
    assert "> **`test_q`** makes" in told or "> **`test_q`**" in told
    assert "### 🧪 1 test pollutes 1 other · proven by re-running" in told


def test_a_polluter_that_still_leaves_something_behind_is_told_so():
    latent = LatentPolluter(test=P, state=(StateChange(kind="environ", key="TZ", before=None, after="1"),))
    told = after(first(), result(latent_polluters=(latent,)), "b")
    assert "not seen since `bbbbbbb`. It still sets the environment variable `TZ`." in told


def test_a_victim_that_fails_for_another_reason_now_is_no_sign_of_a_cure():
    broken = Finding(test=V, kind="broken", confidence="proven", signature=Signature(rule="other"), fingerprint="another")
    told = after(first(), result(broken), "b")
    assert "No longer seen" not in told
    assert [each.is_gone for each in recall(told)] == [False]


@pytest.mark.parametrize("more", [{"status": "interrupted"}, {"runs": ()}])
def test_a_run_that_saw_too_little_judges_nothing_and_forgets_nothing(more):
    told = after(first(), result(**more), "b")
    assert "No longer seen" not in told
    assert [(each.heads, each.is_gone) for each in recall(told)] == [((P,), False)]


def test_a_suspicion_is_told_as_one():
    suspect = Suspect(test=P, score=0.9, evidence=())
    told = after(report(result(victim(confidence="suspected", polluters=(), suspects=(suspect,))), at("a")).comment, result(), "b")
    assert "- `test_p` was thought to make `test_v` fail, suspected at `aaaaaaa`" in told
    assert "pollut" not in told


def test_a_finding_that_is_only_suspected_now_is_still_told():
    suspect = Suspect(test=P, score=0.9, evidence=())
    assert "No longer seen" not in after(first(), result(victim(confidence="suspected", polluters=(), suspects=(suspect,))), "b")


def test_a_hundred_causes_are_remembered_as_far_as_they_fit_and_the_page_still_fits():
    many = result(
        *(victim(TestId(f"tests/test_a.py::test_{n}[{'x' * 900}]"), TestId(f"tests/test_b.py::p_{n}[{'é' * 900}]")) for n in range(100))
    )
    page = report(many, at("a")).comment
    assert len(page.encode("utf-16-le")) // 2 <= LIMIT_CHARACTERS
    assert 1 <= len(recall(page)) <= MOST_TOLD
    assert len(page.splitlines()[-1]) <= LONGEST_LINE
    assert len(after(page, result(), "b").encode("utf-16-le")) // 2 <= LIMIT_CHARACTERS


@pytest.mark.parametrize(
    "line",
    [
        "",
        "<!-- flaky-detector:told: -->",
        "<!-- flaky-detector:told:!!! -->",
        "<!-- flaky-detector:told:AAAA -->",
        f"<!-- flaky-detector:told:{base64.urlsafe_b64encode(b'[' * 9000).decode()} -->",
        f"<!-- flaky-detector:told:{base64.urlsafe_b64encode(json.dumps([[1, 2]]).encode()).decode()} -->",
        f"<!-- flaky-detector:told:{base64.urlsafe_b64encode(b'{}').decode()} -->\nand more",
    ],
)
def test_a_memory_that_cannot_be_read_is_none(line):
    assert recall(f"<!-- flaky-detector:default -->\n# hello\n{line}") == ()


def test_a_memory_that_somebody_wrote_themselves_is_shown_and_not_obeyed():
    evil = "x`</code><script>alert(1)</script> @octocat #1 https://evil.example\n::error::x\n<!-- flaky-detector:default -->"
    told = (Told("polluter", (TestId(evil),), TestId(evil), 3, (), "`@octocat", "b" * 40, True),)
    page = after(f"<!-- flaky-detector:default -->\n{remember(told)}", result(), "c")
    assert "<script>" not in page.replace("``x`</code><script>alert(1)</script>", "")
    assert page.count("<!--") == 2
    assert "\n::error::" not in page


def test_two_comments_that_differ_in_what_the_runs_cost_tell_the_same():
    one = report(shop_result.shop(), at("a")).comment
    assert tells_the_same(one, one.replace("3 min 10 s", "4 min 11 s").replace("\n", "\r\n"))
    assert not tells_the_same(one, one.replace("<code>aaaaaaa</code>", "<code>bbbbbbb</code>"))
    assert not tells_the_same(one, one.replace("test_a_basket_expires", "test_a_basket_lives"))


def test_a_comment_that_is_drawn_again_over_nothing_is_the_comment():
    pages = report(shop_result.shop(), at("a"))
    assert pages.redraw is not None
    assert pages.redraw("") == pages.comment
    assert replace(pages, redraw=None).redraw is None
