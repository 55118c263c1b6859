"""How a pytest process is started: its arguments and its environment."""

import os

import msgspec
import pytest

from flaky_detector.model import Arrangement, Distribution, Provided, RunSpec, Step, Suite
from flaky_detector.model import TestId as Id
from flaky_detector.stages.run import Manner, Place, files_of, invocation, order_json

PLACE = Place(
    rootdir="/copy/api",
    tree="/copy",
    original_rootdir="/original/api",
    original_tree="/original",
    bundle="/bundle",
    scratch="/scratch",
    database_suffix="_fd1",
)
OURS = ["-p", "flaky_detector.recorder", "--junitxml=/bundle/junit.xml", "--maxfail=0", "--color=no"]


def suite(*plugins: str, **members: object) -> Suite:
    return Suite(
        python="3.12",
        executable="/py/bin/python",
        version="3.12.1",
        pytest_version="8.4.0",
        rootdir="/original/api",
        guest="/guest",
        plugins=tuple(Distribution(name, "1") for name in plugins),
        **members,  # type: ignore[arg-type]
    )


def spec(**members: object) -> RunSpec:
    return RunSpec(id="1", python="3.12", **members)  # type: ignore[arg-type]


def shuffled(**members: object) -> RunSpec:
    return spec(arrangement=Arrangement.SHUFFLED, seed=7, **members)


def arguments(run: RunSpec, of: Suite, *pytest_args: str, place: Place = PLACE, trial: bool = False) -> list[str]:
    """What follows `-m pytest`, without what every run gets."""
    call = invocation(run, of, place, Manner(pytest_args=pytest_args, trial=trial))
    assert call.argv[:3] == ("/py/bin/python", "-m", "pytest")
    words = list(call.argv[3:])
    at = words.index("flaky_detector.recorder") - 1
    assert words[at : at + len(OURS)] == OURS
    return words[:at] + words[at + len(OURS) :]


def environment(run: RunSpec, of: Suite, *, place: Place = PLACE, python_path: str = "") -> dict[str, str | None]:
    """What is set or taken away, without what every run gets."""
    env = invocation(run, of, place, Manner(python_path=python_path)).env
    assert {"FLAKY_DETECTOR_RECORD": "/bundle", "TMPDIR": "/scratch", "PYTHONUNBUFFERED": "1"}.items() <= env.items()
    return env


def test_the_own_order_without_plugins_adds_nothing_but_the_recorder() -> None:
    assert arguments(spec(), suite()) == []


def test_plugins_that_would_change_the_own_order_are_told_not_to() -> None:
    assert arguments(spec(), suite("pytest-randomly", "pytest-xdist", "pytest-cov")) == [
        "--no-cov",
        "--randomly-dont-reorganize",
        "--randomly-seed=1",
        "-n",
        "0",
        "--dist",
        "no",
    ]


def test_plugins_that_the_project_switches_off_stay_off_where_they_are_not_needed() -> None:
    assert arguments(spec(), suite("pytest-randomly", "pytest-xdist", addopts=("-p", "no:randomly", "-pno:xdist"))) == []


def test_plugins_that_the_project_switches_off_are_switched_on_where_they_are_needed() -> None:
    off = suite("pytest-randomly", "pytest-xdist", addopts=("-p", "no:randomly", "-pno:xdist"))
    assert arguments(shuffled(workers=2, distribution="loadfile"), off) == [
        "-p",
        "randomly",
        "--randomly-dont-reorganize",
        "--randomly-seed=7",
        "--randomly-dont-reset-seed",
        "-p",
        "xdist",
        "-n",
        "2",
        "--dist",
        "loadfile",
    ]


def test_plugins_that_the_user_switches_off_stay_off_where_they_are_not_needed() -> None:
    full = suite("pytest-randomly", "pytest-xdist", "pytest-cov", "pytest-rerunfailures")
    off = ("-p", "no:randomly", "-pno:xdist", "-p", "no:cov", "-p", "no:rerunfailures")
    assert arguments(spec(), full, *off, trial=True) == list(off)


def test_plugins_that_the_user_switches_off_are_switched_on_where_they_are_needed() -> None:
    assert arguments(shuffled(), suite("pytest-randomly"), "-p", "no:randomly") == [
        "-p",
        "no:randomly",
        "-p",
        "randomly",
        "--randomly-dont-reorganize",
        "--randomly-seed=7",
        "--randomly-dont-reset-seed",
    ]


def test_the_last_word_about_a_plugin_counts() -> None:
    off = suite("pytest-randomly", addopts=("-p", "no:randomly"))
    assert arguments(spec(), off, "-p", "pytest_randomly")[2:] == ["--randomly-dont-reorganize", "--randomly-seed=1"]


def test_without_autoload_nothing_is_said_to_plugins_that_nobody_asks_for() -> None:
    bare = suite("pytest-randomly", "pytest-xdist", addopts=("--disable-plugin-autoload", "-p", "xdist.plugin"))
    assert arguments(spec(), bare) == ["-n", "0", "--dist", "no"]
    assert arguments(shuffled(), bare)[:2] == ["-p", "randomly"]


def test_no_junit_is_asked_of_a_pytest_that_writes_none() -> None:
    call = invocation(spec(), suite(), PLACE, Manner(pytest_args=("-p", "no:junitxml")))
    assert not any(word.startswith("--junitxml") for word in call.argv)


def test_a_project_that_has_randomly_gets_its_seeds_too() -> None:
    assert arguments(shuffled(), suite("pytest-randomly")) == ["--randomly-dont-reorganize", "--randomly-seed=7"]


def test_a_project_without_randomly_is_shuffled_and_not_seeded() -> None:
    lent = suite(provided=(Provided("pytest-randomly", "/lent/randomly"), Provided("pytest-xdist", "/lent/xdist")))
    assert arguments(shuffled(), lent) == ["--randomly-dont-reorganize", "--randomly-seed=7", "--randomly-dont-reset-seed"]
    assert environment(shuffled(), lent)["PYTHONPATH"] == "/guest:/lent/randomly"
    assert environment(spec(workers=2), lent)["PYTHONPATH"] == "/guest:/lent/xdist"
    assert environment(spec(), lent)["PYTHONPATH"] == "/guest"


def test_reruns_are_off_in_trials_only() -> None:
    assert arguments(spec(), suite("pytest-rerunfailures"), trial=True) == ["--reruns=0"]
    assert arguments(spec(), suite("pytest-rerunfailures")) == []
    assert arguments(spec(), suite(), trial=True) == []


def test_the_users_arguments_come_first_so_that_ours_win() -> None:
    assert arguments(spec(workers=2, distribution="load"), suite("pytest-xdist"), "-n", "8", "-x") == [
        "-n",
        "8",
        "-x",
        "-n",
        "2",
        "--dist",
        "load",
    ]


@pytest.fixture
def place(tmp_path):
    """A place whose original has files: a path is told from other words by being there."""
    for name in ("api/tests", "api/slow"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "api/tests/test_a.py").write_text("")
    return msgspec.structs.replace(PLACE, original_rootdir=str(tmp_path / "api"), original_tree=str(tmp_path))


SELECTED = {"select": ("tests/test_b.py",)}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["tests"], []),
        (["tests/test_a.py::test_x[a::b]", "-v", "slow"], ["-v"]),
        (["-q", "tests"], ["-q"]),
        (["-k", "slow", "tests"], ["-k", "slow"]),
        (["-m", "slow"], ["-m", "slow"]),
        (["-kslow", "-p", "no:cov"], ["-kslow", "-p", "no:cov"]),
        (["--ignore", "slow", "tests"], ["--ignore", "slow"]),
        (["--ds=shop.settings", "tests"], ["--ds=shop.settings"]),
        (["/elsewhere/tests"], []),
        (["--pyargs", "shop.tests"], ["--pyargs", "shop.tests"]),
        (["not_there"], ["not_there"]),
    ],
)
def test_where_tests_are_selected_the_users_paths_give_way_and_options_stay(place: Place, given: list[str], kept: list[str]) -> None:
    assert arguments(spec(**SELECTED), suite(), *given, place=place) == [*kept, "tests/test_b.py"]


def test_without_a_selection_the_users_paths_stay(place: Place) -> None:
    assert arguments(spec(), suite(), "tests", "-k", "slow", place=place) == ["tests", "-k", "slow"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("/original/api/tests", "/copy/api/tests"),
        ("/original", "/copy"),
        ("/original/a.py::test_x[a//b/./c]", "/copy/a.py::test_x[a//b/./c]"),
        ("--rootdir=/original/api", "--rootdir=/copy/api"),
        ("--ignore=tests/a", "--ignore=tests/a"),
        ("/originals/api", "/originals/api"),
        ("tests/a.py", "tests/a.py"),
        ("-k=a", "-k=a"),
        ("a=/original", "a=/original"),
        ("", ""),
    ],
)
def test_a_path_of_the_users_tree_is_that_of_the_copy(given: str, told: str) -> None:
    assert arguments(spec(), suite(), given) == [told]


def test_the_process_runs_in_the_copy_and_knows_where_the_original_is() -> None:
    env = environment(spec(), suite())
    assert (env["FLAKY_DETECTOR_ORIGINAL"], env["PWD"], env["FLAKY_DETECTOR_DATABASE_SUFFIX"]) == ("/original", "/copy/api", "_fd1")
    assert invocation(spec(), suite(), PLACE, Manner()).cwd == "/copy/api"


def test_in_place_there_is_no_original_and_no_path_is_moved() -> None:
    here = msgspec.structs.replace(PLACE, rootdir="/original/api", tree="/original", database_suffix="")
    env = environment(spec(), suite(sys_path=("/original/src",)), place=here)
    assert (env["FLAKY_DETECTOR_ORIGINAL"], env["FLAKY_DETECTOR_DATABASE_SUFFIX"], env["PYTHONPATH"]) == (None, None, "/guest")
    assert "PWD" not in env
    assert arguments(spec(), suite(), "/original/api/tests", place=here) == ["/original/api/tests"]


def test_variables_of_an_outer_run_are_taken_away() -> None:
    env = environment(spec(), suite())
    assert {name: env[name] for name in ("FLAKY_DETECTOR_ORDER", "FLAKY_DETECTOR_SHUFFLE", "FLAKY_DETECTOR_SHUFFLE_LAST")} == {
        "FLAKY_DETECTOR_ORDER": None,
        "FLAKY_DETECTOR_SHUFFLE": None,
        "FLAKY_DETECTOR_SHUFFLE_LAST": None,
    }


def test_the_recorder_is_told_how_to_shuffle() -> None:
    assert environment(shuffled(), suite())["FLAKY_DETECTOR_SHUFFLE"] == "seed:7"
    assert environment(spec(arrangement=Arrangement.REVERSED), suite())["FLAKY_DETECTOR_SHUFFLE"] == "reversed"
    assert environment(shuffled(keep_sort=False), suite())["FLAKY_DETECTOR_SHUFFLE_LAST"] == "1"


def test_a_forced_order_goes_into_the_bundle() -> None:
    order = (Step(0, Id("a.py::test_ä")), Step(1, Id("b.py::test_b")))
    forced = spec(arrangement=Arrangement.FORCED, order=order)
    assert environment(forced, suite())["FLAKY_DETECTOR_ORDER"] == "/bundle/order.json"
    text = '{"v": 1, "steps": [[0, "a.py::test_ä"], [1, "b.py::test_b"]]}'
    assert invocation(forced, suite(), PLACE, Manner()).order_json == order_json(order) == text
    assert invocation(spec(), suite(), PLACE, Manner()).order_json == ""


def test_import_paths_below_the_users_tree_are_those_of_the_copy() -> None:
    installed = suite(sys_path=("/py/lib", "/original/src", "/original/api", "/original/.venv/lib/site-packages", "/original/lib"))
    given = os.pathsep.join(["/original/lib", "/elsewhere", ""])
    assert environment(spec(), installed, python_path=given)["PYTHONPATH"] == "/guest:/copy/lib:/elsewhere:/copy/src"


def test_all_that_an_order_needs_collected_are_its_files() -> None:
    order = tuple(Step(0, Id(test)) for test in ["b.py::test_1", "a.py::TestX::test_2[c.py::d]", "b.py::test_3"])
    assert files_of(order) == ("b.py", "a.py")


def test_workers_of_a_run_share_a_hash_seed_where_the_caller_has_none() -> None:
    given = invocation(spec(), suite(), PLACE, Manner(hash_seed="7"))
    assert given.env["PYTHONHASHSEED"] == "7"
    assert "PYTHONHASHSEED" not in invocation(spec(), suite(), PLACE, Manner()).env
