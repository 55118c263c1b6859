"""`init` on real folders: what is printed, what is written, and that the linters of workflows have nothing to say about it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flaky_detector.cli import main
from tests.support import repositories

ACTION = "acme/flaky-detector@" + "1" * 40
NAMES = ("flaky-detector.yml", "flaky-detector-nightly.yml", "flaky-detector-comment.yml")
ALL_THREE = ", ".join(f".github/workflows/{name}" for name in NAMES)


def init(folder: Path, *options: str) -> int:
    return main(["init", "--rootdir", str(folder), "--action", ACTION, *options], {})


def written(folder: Path) -> dict[str, str]:
    return {name: path.read_text() for name in NAMES if (path := folder / ".github/workflows" / name).is_file()}


def test_without_write_the_difference_is_shown_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, repositories.UV)
    assert init(tmp_path) == 0
    said = capsys.readouterr()
    assert said.out.startswith("--- /dev/null\n+++ b/.github/workflows/flaky-detector.yml\n@@ -0,0 +1,")
    assert "\n+          install: uv sync --locked --group test\n" in said.out
    assert said.err.splitlines() == [
        (
            "read     .github/workflows/ci.yml, job test: `uv run --locked --group test coverage "
            "run -m pytest tests/unit` on Python 3.11, 3.13"
        ),
        f"nothing was written; --write writes {ALL_THREE}",
    ]
    assert written(tmp_path) == {}


def test_what_is_shown_is_a_patch_that_git_applies_and_init_then_finds_nothing_to_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repositories.make(tmp_path, repositories.DJANGO_POSTGRES)
    (tmp_path / ".git").rmdir()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    init(tmp_path)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, check=True, input=capsys.readouterr().out, text=True)
    assert list(written(tmp_path)) == list(NAMES)
    assert init(tmp_path) == 0
    assert capsys.readouterr().out == "nothing to change: the workflows that call flaky-detector are as init would write them\n"


def test_with_write_they_are_written_and_a_second_time_nothing_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, repositories.TOX)
    assert init(tmp_path, "--write") == 0
    assert capsys.readouterr().err.endswith(f"written: {ALL_THREE}\n")
    before = written(tmp_path)
    assert init(tmp_path, "--yes", "--quiet") == 0
    assert capsys.readouterr().out.startswith("nothing to change")
    assert written(tmp_path) == before
    assert [path.name for path in (tmp_path / ".github/workflows").iterdir() if path.name.startswith(".")] == []


def test_a_file_that_somebody_changed_is_shown_before_it_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, repositories.TOX)
    init(tmp_path, "--write", "--quiet")
    path = tmp_path / ".github/workflows/flaky-detector.yml"
    path.write_text(path.read_text().replace("tests --strict-markers", "tests/mine"))
    capsys.readouterr()
    assert init(tmp_path) == 0
    shown = capsys.readouterr().out
    assert "--- a/.github/workflows/flaky-detector.yml\n" in shown
    assert "\n-          pytest-args: tests/mine\n+          pytest-args: tests --strict-markers\n" in shown
    assert "pytest-args: tests/mine" in path.read_text()
    init(tmp_path, "--write")
    assert "\n-          pytest-args: tests/mine\n" in capsys.readouterr().out
    assert "pytest-args: tests --strict-markers" in path.read_text()


def test_a_change_of_comments_alone_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, repositories.TOX)
    init(tmp_path, "--write", "--quiet")
    path = tmp_path / ".github/workflows/flaky-detector.yml"
    path.write_text("# ours\n" + path.read_text())
    init(tmp_path, "--write")
    assert path.read_text().startswith("# ours\n")


def test_a_subfolder_belongs_to_the_repository_above_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, repositories.MONOREPO)
    assert init(tmp_path / "services/api", "--write") == 0
    made = yaml.safe_load(written(tmp_path)["flaky-detector.yml"])
    assert made["jobs"]["hunt"]["steps"][1]["with"]["working-directory"] == "services/api"


def test_what_must_be_filled_in_is_said_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, {"README.md": ""})
    assert init(tmp_path, "--write") == 0
    told = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("fill in  "))
    path, number, _ = told.removeprefix("fill in  ").split(":", 2)
    line = (tmp_path / path).read_text().splitlines()[int(number) - 1]
    assert line.strip() == "# FILL IN: the command that installs what the tests need, such as `pip install -r requirements.txt`"


def test_a_folder_that_is_no_repository_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, "--write") == 2
    said = capsys.readouterr()
    assert (said.out, list(tmp_path.iterdir())) == ("", [])
    assert said.err == (
        f"flaky-detector: {str(tmp_path)!r} is no repository: no .git and no .github in it or above it, and no pyproject.toml or the like\n"
        "  give the folder of a checkout to --rootdir\n"
    )


def test_where_no_workflow_can_be_read_that_is_told_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, {".github/workflows/ci.yml": "on: push\njobs: {\n", "requirements.txt": "pytest\n"})
    assert init(tmp_path, "--write") == 2
    assert capsys.readouterr().err == (
        "flaky-detector: no workflow can be read: .github/workflows/ci.yml is no YAML at line 3: "
        "expected the node content, but found '<stream end>'\n"
        "  mend the file, then run init again\n"
    )
    assert written(tmp_path) == {}


def test_one_broken_workflow_is_told_and_the_rest_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, {**repositories.UV, ".github/workflows/broken.yml": "on: [\n"})
    (tmp_path / ".github/workflows/binary.yml").write_bytes(b"\xff\xfe\x00")
    assert init(tmp_path) == 0
    said = capsys.readouterr()
    assert "not read .github/workflows/broken.yml is no YAML at line 2: " in said.err
    assert "not read .github/workflows/binary.yml cannot be read: it is no text of a bearable size\n" in said.err
    assert "install: uv sync" in said.out


def test_a_file_of_ours_that_cannot_be_read_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, repositories.UV)
    path = tmp_path / ".github/workflows/flaky-detector.yml"
    path.write_bytes(b"\xff\xfe")
    assert init(tmp_path, "--write") == 2
    assert "flaky-detector.yml is there and is no text that can be read" in capsys.readouterr().err
    assert path.read_bytes() == b"\xff\xfe"
    assert list(written_names(tmp_path)) == ["flaky-detector.yml"]


def written_names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".github/workflows").iterdir() if path.name in NAMES)


def test_workflows_that_lead_out_of_the_repository_are_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    top = repositories.make(tmp_path / "repository", {"requirements.txt": "pytest\n", ".github/x": ""})
    (top / ".github/workflows").symlink_to(outside)
    assert init(top, "--write") == 2
    assert "leads out of the repository" in capsys.readouterr().err
    assert list(outside.iterdir()) == []


def test_a_name_of_the_action_that_uses_could_not_take_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repositories.make(tmp_path, repositories.UV)
    assert main(["init", "--rootdir", str(tmp_path), "--action", "flaky-detector"], {}) == 2
    assert capsys.readouterr().err == (
        "flaky-detector: bad value 'flaky-detector' for the option --action\n  give OWNER/NAME@COMMIT, as `uses:` takes it\n"
    )


@pytest.mark.parametrize(("answer", "is_written"), [("y", True), ("yes", True), ("", False), ("n", False)])
def test_in_a_terminal_it_asks(tmp_path: Path, answer: str, is_written: bool) -> None:
    repositories.make(tmp_path, repositories.UV)
    ours, theirs = pty.openpty()
    command = (sys.executable, "-m", "flaky_detector", "init", "--rootdir", str(tmp_path), "--action", ACTION)
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        said = b""
        while b"? [y/N] " not in said:
            said += os.read(ours, 4096)
        assert process.wait() == 0
    os.close(ours)
    assert (written(tmp_path) != {}) is is_written


@pytest.fixture(scope="session")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files that are written for every shape of repository."""
    folder = tmp_path_factory.mktemp("shapes")
    for name, files in repositories.SHAPES.items():
        main(["init", "--rootdir", str(repositories.make(folder / name, files)), "--write", "--quiet"], {})
    return sorted(folder.glob("*/.github/workflows/flaky-detector*.yml"))


def test_every_draft_fits_githubs_schema_of_workflows(drafted: list[Path]) -> None:
    assert len(drafted) == 3 * len(repositories.SHAPES)
    ended = tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, drafted))
    assert (ended.returncode, ended.stdout) == (0, "ok -- validation done\n")


def test_an_auditor_of_workflows_finds_nothing_in_any_draft(drafted: list[Path]) -> None:
    ended = tool("zizmor", "--offline", "--quiet", "--color", "never", *map(str, drafted))
    assert (ended.returncode, ended.stdout.partition("!")[0]) == (0, "No findings to report. Good job")


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        pytest.skip(f"{name} is not installed here")
    return subprocess.run((program, *arguments), capture_output=True, text=True, check=False)
