"""What a person sees while the program works."""

import io

import pytest

from flaky_detector.adapters.voice import Voice, clock


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("manner", "heard"),
    [
        ({}, "said\n"),
        ({"verbose": True}, "said\nin detail\n"),
        ({"quiet": True}, ""),
        ({"quiet": True, "verbose": True}, ""),
    ],
)
def test_how_much_is_said_is_the_users_choice(manner: dict[str, bool], heard: str) -> None:
    stream = io.StringIO()
    voice = Voice(stream=stream, **manner)
    voice.say("said")
    voice.detail("in detail")
    assert stream.getvalue() == heard


def test_a_line_stays_one_line_and_its_brackets_are_no_markup() -> None:
    stream = io.StringIO()
    line = "tests/test_a.py::test_b[red] [bold]:smile: " + "x" * 300
    Voice(stream=stream).say(line)
    assert stream.getvalue() == line + "\n"


def test_results_go_to_stdout_as_they_are_also_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Voice(quiet=True)
    voice.raw("::warning::[red]")
    voice.result("the answer")
    voice.say("nothing")
    assert tuple(capsys.readouterr()) == ("::warning::[red]\nthe answer", "")


@pytest.mark.parametrize("forced", ["", "1"])
def test_a_task_that_is_soon_over_is_not_mentioned_in_a_log(forced: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", forced)
    stream = io.StringIO()
    with Voice(stream=stream).task("run 1") as tick:
        tick(0.0)
        tick(1.0)
    assert stream.getvalue() == ""


def test_a_terminal_shows_the_task_and_how_long_it_will_take() -> None:
    stream = Terminal()
    with Voice(stream=stream, color=False).task("run 1", seconds=70) as tick:
        tick(0.0)
    assert "run 1" in stream.getvalue()


def test_a_quiet_task_shows_nothing_in_a_terminal() -> None:
    stream = Terminal()
    with Voice(stream=stream, quiet=True).task("run 1") as tick:
        tick(0.0)
    assert stream.getvalue() == ""


def test_trouble_within_a_task_comes_through() -> None:
    with pytest.raises(KeyError), Voice(stream=Terminal()).task("run 1"):
        raise KeyError


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (42.4, "42 s"),
        (59.6, "1 min 00 s"),
        (190, "3 min 10 s"),
        (7265, "121 min 05 s"),
    ],
)
def test_times_are_told_as_people_tell_them(seconds: float, told: str) -> None:
    assert clock(seconds) == told
