"""The suffix in names of databases, without Django."""

from flaky_detector.recorder.databases import with_suffix
from flaky_detector.recorder.sweep import is_ours

POSTGRESQL = "django.db.backends.postgresql"


def test_the_suffix_is_appended_with_one_underscore() -> None:
    assert with_suffix("test_shop", "fd1a2b", POSTGRESQL) == "test_shop_fd1a2b"
    assert with_suffix("test_shop", "_fd1a2b", POSTGRESQL) == "test_shop_fd1a2b"


def test_a_name_that_the_server_would_cut_is_shortened_in_front() -> None:
    one, other = (with_suffix("test_" + "x" * 60 + letter, "_fd1a2b3c4d", "django.contrib.gis.db.backends.postgis") for letter in "ab")
    assert len(one) == 57
    assert one.startswith("test_xxxx")
    assert one.endswith("_fd1a2b3c4d")
    assert one != other
    assert len(with_suffix("x" * 60, "_fd1a2b3c4d", "django.db.backends.sqlite3")) == 71


def test_only_names_that_hold_the_suffix_as_a_word_are_ours() -> None:
    assert is_ours("test_shop_fd1a2b", "fd1a2b")
    assert is_ours("test_shop_fd1a2b_gw0", "fd1a2b")
    assert is_ours("test_fd1a2b_gw12.sqlite3", "fd1a2b")
    assert not is_ours("test_shop_fd1a2bc", "fd1a2b")
    assert not is_ours("test_shop_xfd1a2b", "fd1a2b")
    assert not is_ours("fd1a2b", "fd1a2b")
    assert not is_ours("test_shop", "fd1a2b")
