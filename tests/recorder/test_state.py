"""What tests leave behind: environment, working directory, files; and on whose account it is booked."""

import pytest

SUITE = """
import os, shutil, subprocess, sys
from pathlib import Path
import pytest

os.environ["AT_IMPORT"] = "1"
Path("at_import.txt").write_text("x")

def test_nothing(): pass
def test_sets(): os.environ["MODE"] = "secret"
def test_changes(): os.environ["MODE"] = "other"
def test_removes(): del os.environ["MODE"]
def test_restores(monkeypatch): monkeypatch.setenv("MODE", "x")
def test_sets_back(): os.environ["MODE"] = "x"; del os.environ["MODE"]
def test_moves(): os.chdir("sub")
def test_moves_back(): os.chdir("..")

def test_makes(): open("made.txt", "w").write("1")
def test_makes_again(): open("made.txt", "w").write("1")
def test_rewrites(): Path("made.txt").write_text("2")
def test_appends():
    with open("made.txt", "a") as file: file.write("3")
def test_reads(): open("made.txt").read()
def test_renames(): os.rename("made.txt", "moved.txt")
def test_deletes(): os.remove("moved.txt")
def test_makes_and_deletes(): open("gone.txt", "w").close(); os.remove("gone.txt")
def test_low_level():
    os.close(os.open("low.bin", os.O_CREAT | os.O_WRONLY))
def test_tree():
    os.makedirs("deep/er"); Path("deep/er/a.txt").write_text("a"); Path("deep/b.txt").write_text("b")
def test_renames_tree(): os.rename("deep", "shallow")
def test_removes_tree(): shutil.rmtree("shallow")
def test_brings_in(tmp_path):
    (tmp_path / "new").mkdir(); (tmp_path / "new" / "n.txt").write_text("n"); os.rename(tmp_path / "new", "brought")
def test_links(): os.symlink("sub", "link")
def test_chmods(): os.chmod("low.bin", 0o700)
def test_caches(): os.makedirs("__pycache__", exist_ok=True); open("__pycache__/x.pyc", "w").close(); open(".coverage.1", "w").close()
def test_outside(tmp_path): (tmp_path / "x").write_text("x")
def test_child(): subprocess.check_call([sys.executable, "-c", "open('child.txt', 'w').write('c'); open('low.bin', 'w').write('c')"])
def test_quiet_child(): subprocess.check_call([sys.executable, "-c", ""])
"""

SCOPES = """
import os
import pytest

@pytest.fixture(scope="session")
def whole():
    os.environ["WHOLE"] = "1"; open("whole.txt", "w").close()
    yield
    del os.environ["WHOLE"]; os.remove("whole.txt")

@pytest.fixture(scope="module")
def part(whole):
    os.environ["PART"] = "1"; open("part.txt", "w").close()
    yield
    del os.environ["PART"]; os.remove("part.txt")

@pytest.fixture
def own():
    os.environ["OWN"] = "1"
    yield
    os.environ["LATE"] = "1"

def test_first(part, own): os.environ["TEST"] = "1"
def test_second(part): pass

class TestClass:
    @classmethod
    def setup_class(cls): os.environ["CLASS"] = "1"
    @classmethod
    def teardown_class(cls): del os.environ["CLASS"]
    def test_in(self): os.environ["IN"] = "1"
"""


@pytest.fixture(scope="module")
def ran(run):
    ran = run({"test_a.py": SUITE, "sub/.keep": ""})
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.notes() == []
    return ran


@pytest.fixture(scope="module")
def scopes(run):
    return run({"test_a.py": SCOPES, "test_b.py": "def test_other(): pass\n"})


@pytest.mark.parametrize(
    ("test", "state"),
    [
        ("test_nothing", []),
        ("test_sets", [("environ", "MODE", "came")]),
        ("test_changes", [("environ", "MODE", "changed")]),
        ("test_removes", [("environ", "MODE", "went")]),
        ("test_restores", []),
        ("test_sets_back", []),
        ("test_moves", [("cwd", "cwd", "changed")]),
        ("test_moves_back", [("cwd", "cwd", "changed")]),
        ("test_makes", [("file", "made.txt", "came")]),
        ("test_makes_again", []),
        ("test_rewrites", [("file", "made.txt", "changed")]),
        ("test_appends", [("file", "made.txt", "changed")]),
        ("test_reads", []),
        ("test_renames", [("file", "made.txt", "went"), ("file", "moved.txt", "came")]),
        ("test_deletes", [("file", "moved.txt", "went")]),
        ("test_makes_and_deletes", []),
        ("test_low_level", [("file", "low.bin", "came")]),
        ("test_tree", [("file", "deep/er/a.txt", "came"), ("file", "deep/b.txt", "came")]),
        ("test_brings_in", [("file", "brought/n.txt", "came")]),
        ("test_links", [("file", "link", "came")]),
        ("test_chmods", [("file", "low.bin", "changed")]),
        ("test_caches", []),
        ("test_outside", []),
        ("test_child", [("file", "low.bin", "changed (scan)"), ("file", "child.txt", "came (scan)")]),
        ("test_quiet_child", []),
    ],
)
def test_a_test_is_charged_with_what_it_left_different(ran, test, state):
    assert sorted(ran.state(test)) == sorted(state)


def test_a_renamed_tree_goes_in_one_place_and_comes_in_another(ran):
    assert sorted(ran.state("test_renames_tree")) == [
        ("file", "deep/b.txt", "went"),
        ("file", "deep/er/a.txt", "went"),
        ("file", "shallow/b.txt", "came"),
        ("file", "shallow/er/a.txt", "came"),
    ]
    assert sorted(ran.state("test_removes_tree")) == [("file", "shallow/b.txt", "went"), ("file", "shallow/er/a.txt", "went")]


def test_values_never_leave_the_process(ran):
    text = (ran.folder / "record" / "journal-main.jsonl").read_text() + ran.junit()
    assert "secret" not in text.replace('os.environ[\\"MODE\\"] = \\"secret\\"', "")


def test_junit_carries_the_state(ran):
    assert "&quot;MODE&quot;" in ran.properties("test_sets")["state"]
    assert "state" not in ran.properties("test_nothing")


def test_what_wider_fixtures_change_is_booked_on_their_account(scopes):
    assert sorted(scopes.state("test_first")) == [
        ("environ", "LATE", "came"),
        ("environ", "OWN", "came"),
        ("environ", "PART", "came (module)"),
        ("environ", "TEST", "came"),
        ("environ", "WHOLE", "came (session)"),
        ("file", "part.txt", "came (module)"),
        ("file", "whole.txt", "came (session)"),
    ]
    assert scopes.state("test_second") == []


def test_teardown_passes_from_the_test_to_its_class_its_module_and_the_session(scopes):
    assert sorted(scopes.state("TestClass::test_in")) == [
        ("environ", "IN", "came"),
        ("environ", "PART", "went (module)"),
        ("file", "part.txt", "went (module)"),
    ]
    assert sorted(scopes.state("test_other")) == [("environ", "WHOLE", "went (session)"), ("file", "whole.txt", "went (session)")]


def test_probes_can_be_chosen(run):
    source = "import os\ndef test_a(): os.environ['MODE'] = '1'; os.chdir('/')\n"
    chosen = run({"test_a.py": source}, env={"FLAKY_DETECTOR_PROBES": "cwd, nonsense"})
    assert chosen.state("test_a") == [("cwd", "cwd", "changed")]
    (note,) = chosen.notes()
    assert note.startswith("there is no probe 'nonsense'; there are django-apps, files, environ, cwd")
    none = run({"test_a.py": source}, env={"FLAKY_DETECTOR_PROBES": "none"})
    assert none.state("test_a") == []
