"""What becomes of the issues night after night, over real HTTP: GitHub on loopback holds every exchange against its own description.

Results are made by hand; whole nights with real suites are in test_nightly.py.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from flaky_detector.adapters.github import IssueNote, Patience, Target, Tended, Wish, tend_issues
from flaky_detector.adapters.history import Opened, read
from flaky_detector.cli import main
from flaky_detector.model import History, KnownIssue, Recheck, Result
from flaky_detector.model.secret import Secret
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.nightly import Memory, recall, save, with_tonight
from flaky_detector.pipeline.tending import MOST_NEW, MOST_WISHES, Night, tend
from flaky_detector.settings import Settings
from flaky_detector.stages.report import Context, report, write_findings
from tests.support import shop_result
from tests.support.github import BOT, COMMENTS, TOKEN, FakeGitHub

QUICK = Patience(pause_seconds=0, write_pause_seconds=0)
LABELS = ["flaky-detector"]
FINGERPRINT = "<!-- flaky-detector:fingerprint:f{} -->\n"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake
    assert fake.violations == []


# The adapter: one wish.


def carry_out(github: FakeGitHub, *wishes: Wish) -> Sequence[Tended]:
    target = Target(api_url=github.url, repository="acme/shop", token=Secret(TOKEN))
    tending = tend_issues(target, wishes, QUICK, lambda seconds: None)
    assert tending.trouble is None
    return tending.kept


def wish(key: int = 1, body: str = "It leaves a model behind.", **more: object) -> Wish:
    note = IssueNote(title=f"p{key} makes 1 test fail", body=body, fingerprints=(f"f{key}",))
    return Wish(**{"key": key, "note": note, "comment": "Why.", "event": "cured-2020-01-01", "since": "2020-01-01", **more})  # type: ignore[arg-type]


def closed_by(github: FakeGitHub, who: str, reason: str, number: int = 1001) -> None:
    github.issues[number] |= {"state": "closed", "state_reason": reason, "closed_by": github.author(who)}


def test_an_issue_is_closed_with_a_word_and_said_once_even_if_the_answer_to_it_is_lost(github):
    carry_out(github, wish())
    github.fail("POST", 502, route=COMMENTS, carried_out=True)
    (told,) = carry_out(github, wish(number=1001, close="completed"))
    assert told == Tended(key=1, done="closed", number=1001, url="https://github.com/acme/shop/issues/1001")
    assert [comment["body"] for comment in github.comments_on(1001)] == ["<!-- flaky-detector:cured-2020-01-01 -->\nWhy."]
    assert (github.issues[1001]["state"], github.issues[1001]["state_reason"]) == ("closed", "completed")


def test_what_is_closed_already_is_not_closed_again(github):
    carry_out(github, wish())
    closed_by(github, "ann", "completed")
    assert carry_out(github, wish(number=1001, close="completed"))[0].done == "absent"
    assert github.comments_on(1001) == []


@pytest.mark.parametrize("number", [1001, 0])
def test_an_issue_that_a_person_closed_as_mended_is_opened_again_with_its_new_text(github, number):
    carry_out(github, wish())
    closed_by(github, "ann", "completed")
    (told,) = carry_out(github, wish(body="It is back.", number=number, event="reopened-2020-01-02"))
    assert (told.done, told.number) == ("reopened", 1001)
    assert (github.issues[1001]["state"], github.issues[1001]["body"]) == ("open", FINGERPRINT.format(1) + "It is back.")
    assert len(github.comments_on(1001)) == 1


@pytest.mark.parametrize("number", [1001, 0])
@pytest.mark.parametrize("reason", ["not_planned", "duplicate"])
def test_what_a_person_does_not_want_is_left_alone_and_no_other_is_opened(github, number, reason):
    carry_out(github, wish())
    closed_by(github, "ann", reason)
    (told,) = carry_out(github, wish(number=number))
    assert (told.done, told.number) == ("declined", 1001)
    assert (github.issues[1001]["state"], len(github.issues), github.comments_on(1001)) == ("closed", 1, [])


def test_what_we_closed_as_not_planned_ourselves_is_opened_again(github):
    carry_out(github, wish())
    closed_by(github, BOT, "not_planned")
    assert carry_out(github, wish(number=1001))[0].done == "reopened"


def test_an_issue_whose_label_was_taken_off_or_that_was_deleted_is_left_alone(github):
    carry_out(github, wish(1), wish(2))
    github.issues[1001]["labels"] = []
    del github.issues[1002]
    assert [told.done for told in carry_out(github, wish(1, number=1001), wish(2, number=1002))] == ["declined", "declined"]
    assert len(github.issues) == 1


def test_two_causes_never_share_an_issue(github):
    github.add_issue(BOT, FINGERPRINT.format(1) + FINGERPRINT.format(2) + "both", LABELS)
    first, second = carry_out(github, wish(1), wish(2))
    assert (first.done, first.number, second.done, second.number) == ("updated", 1001, "opened", 1002)


def test_without_a_wish_nothing_is_asked(github):
    assert carry_out(github) == ()
    assert github.calls == []


def test_a_night_of_many_causes_takes_few_calls(github):
    carry_out(github, *(wish(number) for number in range(8)))
    before = len(github.calls)
    carry_out(github, *(wish(number, body="another night", number=1001 + number) for number in range(8)))
    methods = github.methods()[before:]
    assert methods[:2] == ["GET issues 200", "GET user 403"]
    assert [each.split()[0] for each in methods[2:]] == ["PATCH"] * 8


# The decision: nights.


class Nights:
    """A memory and a GitHub."""

    def __init__(self, github: FakeGitHub, folder: Path, cured_after: int = 2) -> None:
        self.github = github
        self.folder = folder
        self.memory = Memory(folder / "nights.sqlite", Opened(), "", cured_after)
        self.said: list[str] = []

    def night(self, date: str, result: Result, outcome: str = "", **more: str) -> list[str]:
        """What was done with the issue of each known cause; all known orders end with `outcome` tonight."""
        memory = self.memory = Memory(self.folder / "nights.sqlite", Opened(history=self.memory.history), date, self.memory.cured_after)
        dossier = Dossier()
        if outcome:
            dossier.rechecks = {
                cause.number: tuple(Recheck(order=order, outcome=outcome, attempts=3) for order in cause.orders)  # type: ignore[arg-type]
                for cause in memory.history.causes
            }
        settings = Settings(issue=more.pop("issue", "on-findings"))
        result = with_tonight(result, dossier, memory)
        before = len(self.github.calls)
        tend(Night(memory, result, report(result, Context()), settings, self.environ(**more)), self.said.append, QUICK)
        self.calls = self.github.methods()[before:]
        return [memory.done.get(cause.number, "") for cause in memory.history.causes]

    def environ(self, **more: str) -> dict[str, str]:
        return {"GITHUB_API_URL": self.github.url, "GITHUB_REPOSITORY": "acme/shop", "INPUT_GITHUB-TOKEN": TOKEN, **more}

    def issue(self, place: int = 0) -> KnownIssue:
        issue = self.memory.history.causes[place].issue
        assert issue is not None
        return issue


@pytest.fixture
def nights(github: FakeGitHub, tmp_path: Path) -> Nights:
    return Nights(github, tmp_path)


SHOP, CLEAN = shop_result.shop(), shop_result.clean()


def test_each_cause_gets_an_issue_and_is_told_once_a_day(nights, github):
    assert nights.night("2025-01-01", SHOP) == ["opened", "opened"]
    assert [nights.issue(place).number for place in (0, 1)] == [1001, 1002]
    assert nights.night("2025-01-01", SHOP) == ["", ""]
    assert nights.calls == []
    assert nights.night("2025-01-02", SHOP) == ["updated", "updated"]
    assert (nights.issue().written, len(github.issues)) == ("2025-01-02", 2)


def test_a_person_who_opens_a_closed_issue_again_is_not_argued_with(nights, github):
    nights.night("2025-01-01", SHOP)
    assert nights.night("2025-01-02", CLEAN, "passed") == ["", ""]
    assert nights.night("2025-01-03", CLEAN, "passed") == ["closed", "closed"]
    github.issues[1001]["state"] = "open"
    assert nights.night("2025-01-04", CLEAN, "passed") == ["", ""]
    assert (nights.calls, github.issues[1001]["state"], nights.issue().closed) == ([], "open", "2025-01-03")


def test_what_is_back_on_the_day_on_which_it_was_closed_is_opened_again(nights, github):
    nights.night("2025-01-01", SHOP)
    nights.night("2025-01-02", CLEAN, "passed")
    nights.night("2025-01-03", CLEAN, "passed")
    assert nights.night("2025-01-03", SHOP) == ["reopened", "reopened"]
    assert nights.issue().closed == ""


def test_a_known_order_that_fails_again_opens_the_issue_without_any_run_that_meets_it(nights, github):
    nights.night("2025-01-01", SHOP)
    body = github.issues[1001]["body"]
    nights.night("2025-01-02", CLEAN, "passed")
    nights.night("2025-01-03", CLEAN, "passed")
    assert nights.night("2025-01-04", CLEAN, "proven") == ["reopened", "reopened"]
    assert (github.issues[1001]["state"], github.issues[1001]["body"]) == ("open", body)


def test_what_only_seems_to_be_back_changes_nothing(nights, github):
    nights.night("2025-01-01", SHOP)
    nights.night("2025-01-02", CLEAN, "passed")
    nights.night("2025-01-03", CLEAN, "passed")
    assert nights.night("2025-01-04", CLEAN, "seen") == ["", ""]
    assert (nights.calls, github.issues[1001]["state"]) == ([], "closed")


def test_what_a_person_declined_is_asked_for_once_and_remembered(nights, github):
    nights.night("2025-01-01", SHOP)
    closed_by(github, "ann", "not_planned")
    assert nights.night("2025-01-02", SHOP) == ["declined", "updated"]
    assert nights.night("2025-01-03", SHOP) == ["", "updated"]
    assert nights.issue().is_declined
    assert github.issues[1001]["state"] == "closed"


def test_a_history_of_another_repository_brings_no_issues_along(nights, github):
    nights.night("2025-01-01", SHOP)
    other = nights.environ(GITHUB_REPOSITORY="acme/other")
    causes = tuple(
        replace(cause, issue=KnownIssue(repository="acme/other", number=1001, written="2025-01-01"))
        for cause in nights.memory.history.causes
    )
    nights.memory.history = History(causes=causes, nights=nights.memory.history.nights)
    assert other["GITHUB_REPOSITORY"] != "acme/shop"
    assert nights.night("2025-01-02", SHOP) == ["updated", "updated"]
    assert [nights.issue(place).repository for place in (0, 1)] == ["acme/shop", "acme/shop"]


def flood(number: int) -> Result:
    """So many causes, each with a polluter, a victim and a thing left behind of its own."""
    (finding, *_) = shop_result.shop().findings
    findings = tuple(
        replace(
            finding,
            test=f"t.py::v{n}",
            polluters=((f"t.py::p{n}",),),
            minimal_order=(),
            fingerprint=f"f{n}",
            state=(),
            diagnosis=None,
            trials=(),
        )
        for n in range(number)
    )
    return Result(findings=findings)  # type: ignore[arg-type]


def test_one_night_opens_a_few_issues_and_says_that_more_wait(nights, github):
    result = flood(35)
    done = nights.night("2025-01-01", result)
    assert (done.count("opened"), MOST_NEW, len(github.issues)) == (10, 10, 10)
    assert nights.memory.notes == [
        "Known causes whose issues wait for the next night: 25. One night opens 10 issues at most, and touches 30."
    ]
    done = nights.night("2025-01-02", result)
    assert (done.count("opened"), done.count("updated"), len(github.issues)) == (10, 10, 20)
    nights.night("2025-01-03", result)
    done = nights.night("2025-01-04", result)
    assert (len(github.issues), done.count("opened"), done.count("updated"), MOST_WISHES) == (35, 5, 25, 30)
    nights.night("2025-01-05", result)
    assert {cause.issue.written for cause in nights.memory.history.causes} == {"2025-01-04", "2025-01-05"}  # nobody waits for ever


def test_a_refusal_is_a_note_and_what_was_done_before_it_is_remembered(nights, github):
    github.fail("POST", 422, "Validation Failed", skip=1)
    assert nights.night("2025-01-01", SHOP) == ["opened", ""]
    assert nights.memory.notes[0].startswith(
        "Of tonight's 2 issues 1 could not be tended: could not open an issue on acme/shop: GitHub says 422"
    )
    assert nights.night("2025-01-02", SHOP) == ["updated", "opened"]
    assert nights.said[0] == "issue opened: https://github.com/acme/shop/issues/1001"


def test_an_issue_that_cannot_be_written_does_not_stand_in_the_way_of_the_others(nights, github):
    nights.night("2025-01-01", SHOP)
    github.fail("PATCH", 403, "Conversation is locked")
    assert nights.night("2025-01-02", SHOP) == ["", "updated"]
    assert nights.memory.notes[0].startswith("Of tonight's 2 issues 1 could not be tended: could not change the issue on acme/shop: GitHub")


def test_a_token_that_may_not_write_is_tried_three_times_and_no_more(nights, github):
    github.forbid_writing()
    nights.night("2025-01-01", flood(8))
    assert nights.calls.count("POST issues 403") == 3
    assert nights.memory.notes[0].startswith("Of tonight's 8 issues 8 could not be tended: could not open an issue on acme/shop: GitHub")
    assert "`issues: write` for issues" in nights.memory.notes[0]


@pytest.mark.parametrize("more", [{"issue": "off"}, {"GITHUB_REF": "refs/pull/7/merge"}, {"INPUT_GITHUB-TOKEN": ""}])
def test_where_no_issue_is_asked_for_or_may_be_none_is(nights, github, more):
    nights.night("2025-01-01", SHOP, **more)
    assert github.calls == []
    assert nights.memory.notes == (["No issue was tended: the input `github-token` is empty."] if "INPUT_GITHUB-TOKEN" in more else [])


# Told by another job, which runs no test and has the token.


def handed_over(nights: Nights, folder: Path, date: str, result: Result) -> list[str]:
    """The hunt writes its history and its findings, a job of its own tells; what findings.json then says was done."""
    memory = recall(Settings(history=folder / "nights.sqlite"), {}, lambda: datetime.fromisoformat(date).replace(tzinfo=UTC))
    assert memory is not None
    result = with_tonight(result, Dossier(), memory)
    save(memory)
    (folder / "findings.json").write_text(write_findings(result, "1"))
    return told_by_another_job(nights, folder)


def told_by_another_job(nights: Nights, folder: Path) -> list[str]:
    argv = ["report", str(folder / "findings.json"), "--output", str(folder / "report"), "--history", str(folder / "nights.sqlite")]
    place = nights.environ(GITHUB_ACTIONS="true", INPUT_ISSUE="on-findings", INPUT_COMMENT="off")
    before = len(nights.github.calls)
    assert main([*argv, "--fail-on", "never", "--quiet"], place) == 0
    nights.calls = nights.github.methods()[before:]
    return [cause["done"] for cause in json.loads((folder / "report" / "findings.json").read_text())["nights"]["causes"]]


def test_a_job_that_runs_no_test_tends_the_issues_by_the_history_that_the_hunt_wrote(nights, github, tmp_path):
    assert handed_over(nights, tmp_path, "2025-01-01", SHOP) == ["opened", "opened"]
    assert told_by_another_job(nights, tmp_path) == ["", ""]
    assert nights.calls == []
    assert handed_over(nights, tmp_path, "2025-01-02", SHOP) == ["updated", "updated"]
    assert len(github.issues) == 2
    assert [cause.issue.number for cause in read(tmp_path / "nights.sqlite", "").history.causes] == [1001, 1002]


def test_a_history_that_does_not_hold_the_night_of_the_findings_is_left_as_it_is(nights, github, tmp_path):
    handed_over(nights, tmp_path, "2025-01-01", SHOP)
    earlier = (tmp_path / "nights.sqlite").read_bytes()
    handed_over(nights, tmp_path, "2025-01-02", SHOP)
    (tmp_path / "nights.sqlite").write_bytes(earlier)
    told_by_another_job(nights, tmp_path)
    assert (nights.calls, (tmp_path / "nights.sqlite").read_bytes() == earlier) == ([], True)
    assert "does not hold the night of 2025-01-02: no issue was tended" in (tmp_path / "report" / "summary.md").read_text()


def test_findings_without_a_memory_are_told_as_before(nights, github, tmp_path):
    (tmp_path / "findings.json").write_text(write_findings(CLEAN, "1"))
    argv = ["report", str(tmp_path / "findings.json"), "--output", str(tmp_path / "report"), "--history", str(tmp_path / "nights.sqlite")]
    assert main([*argv, "--quiet"], nights.environ(GITHUB_ACTIONS="true", INPUT_ISSUE="on-findings", INPUT_COMMENT="off")) == 0
    assert not (tmp_path / "nights.sqlite").exists()
