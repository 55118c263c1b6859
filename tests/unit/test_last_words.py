"""The line of pytest's output that says most."""

from pathlib import Path

import pytest

from flaky_detector.pipeline.launch import last_words

COLLECTION = """\
==================================== ERRORS ====================================
_________________________ ERROR collecting test_a.py __________________________
test_a.py:1: in <module>
    import no_such_module
E   ModuleNotFoundError: No module named 'no_such_module'
=========================== short test summary info ============================
ERROR test_a.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
"""
USAGE = """\
ERROR: usage: __main__.py [options] [file_or_dir] [file_or_dir] [...]
__main__.py: error: unrecognized arguments: --no-such
  inifile: /project/pytest.ini
"""

INTERNAL = """\
INTERNALERROR> Traceback (most recent call last):
INTERNALERROR>   File "/v/pytest_asyncio/plugin.py", line 306, in pytest_configure
INTERNALERROR>     warnings.warn(PytestDeprecationWarning(UNSET))
INTERNALERROR> pytest.PytestDeprecationWarning: The option "scope" is unset.
INTERNALERROR> The scope will default to that of the fixture.
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (COLLECTION, "ModuleNotFoundError: No module named 'no_such_module'"),
        (USAGE, "unrecognized arguments: --no-such"),
        ("ERROR: file or directory not found: tests/x\n\n", "ERROR: file or directory not found: tests/x"),
        ("ImportError while loading conftest '/p/conftest.py'.\nE   KeyError: 'X'\nE   more\n", "KeyError: 'X'"),
        ("collecting\n===== no tests ran in 0.01s =====\n\n", "no tests ran in 0.01s"),
        ("Killed\n=======\n", "Killed"),
        (INTERNAL, 'pytest.PytestDeprecationWarning: The option "scope" is unset.'),
        ("=====\n", ""),
        ("", ""),
        ("E   " + "x" * 400, "x" * 300),
        ("\x1b[1m\x1b[31mE   KeyError: 'X'\x1b[0m\n", "KeyError: 'X'"),
    ],
)
def test_the_first_error_is_told_else_the_last_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "console.log").write_text(text)
    assert last_words(tmp_path / "console.log") == words


def test_of_a_long_log_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "console.log").write_bytes(b"E   ValueError: long ago\n" + "ä".encode() * 40000 + b"\nthe end\n")
    assert last_words(tmp_path / "console.log") == "the end"


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "console.log").write_bytes(b"E   KeyError: \xff\n")
    assert last_words(tmp_path / "console.log") == "KeyError: \ufffd"


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert last_words(tmp_path / "console.log") == ""
