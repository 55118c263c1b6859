"""What single pieces of a workflow say: matrix, expressions, Pythons, pytest's arguments, services."""

from typing import Any

import pytest

from flaky_detector.stages.init.expressions import evaluate, is_true, resolve, unresolved
from flaky_detector.stages.init.matrix import combinations
from flaky_detector.stages.init.options import arguments
from flaky_detector.stages.init.pythons import asked_for, versions
from flaky_detector.stages.init.records import Service, Step
from flaky_detector.stages.init.services import reach
from flaky_detector.stages.init.unfolding import Ground

KNOWN = {"matrix.os": "ubuntu-latest", "matrix.python-version": "3.12", "inputs.extra": "", "matrix.*": ""}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("matrix.os", "ubuntu-latest"),
        ("matrix['python-version']", "3.12"),
        ("matrix.none", ""),
        ("'it''s'", "it's"),
        ("inputs.extra || 'test'", "test"),
        ("matrix.os == 'Ubuntu-Latest'", "true"),
        ("matrix.os != 'windows-latest' && matrix.python-version", "3.12"),
        ("matrix.os == 'x' && 'a' || 'b'", "b"),
        ("!(matrix.os == 'x')", "true"),
        ("secrets.TOKEN", None),
        ("inputs.extra || secrets.TOKEN", None),
        ("false && secrets.TOKEN", "false"),
        ("startsWith(matrix.os, 'ubuntu')", "true"),
        ("contains(matrix.os, 'windows')", "false"),
        ("startsWith(github.ref, 'refs/tags')", None),
        ("runner.os", "Linux"),
    ],
)
def test_an_expression_is_known_or_none(expression: str, value: str | None) -> None:
    assert evaluate(expression, KNOWN) == value


def test_what_is_known_is_put_in_and_the_rest_stays() -> None:
    assert resolve("py${{ matrix.python-version }}-${{ steps.x.outputs.y }}", KNOWN) == "py3.12-${{ steps.x.outputs.y }}"


def test_expressions_that_mean_the_same_elsewhere_are_no_question() -> None:
    text = "${{ secrets.A }} ${{ vars.B }} ${{ github.repository }} ${{ hashFiles('x') }} ${{ github.head_ref }} ${{ needs.a.outputs.b }}"
    assert unresolved(text) == ("${{ github.head_ref }}", "${{ needs.a.outputs.b }}")  # the first is chosen by whoever opens a pull request


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("", True),
        ("runner.os == 'Windows'", False),
        ("${{ matrix.os == 'ubuntu-latest' }}", True),
        ("always()", True),
        ("github.x", None),
    ],
)
def test_a_condition_holds_or_not_or_is_not_known(condition: str, holds: bool | None) -> None:
    assert is_true(condition, KNOWN) is holds


@pytest.mark.parametrize(
    ("matrix", "made"),
    [
        (None, [{}]),
        ({"py": ["3.11", "3.12"], "db": ["a", "b"]}, ["3.11 a", "3.11 b", "3.12 a", "3.12 b"]),
        ({"py": ["3.11", "3.12"], "db": ["a", "b"], "exclude": [{"py": "3.11", "db": "b"}]}, ["3.11 a", "3.12 a", "3.12 b"]),
        ({"include": [{"py": "3.9"}, {"py": "3.12"}]}, ["3.9", "3.12"]),
        (
            {"py": ["3.11", "3.12"], "include": [{"db": "a"}, {"py": "3.12", "db": "b"}, {"py": "3.13", "db": "c"}]},
            ["3.11 a", "3.12 b", "3.13 c"],
        ),
        ({"py": "${{ fromJSON('[\"3.11\", 3.10]') }}"}, ["3.11", "3.10"]),
    ],
)
def test_a_matrix_makes_the_combinations_that_github_makes(matrix: Any, made: list[Any]) -> None:
    found, is_known = combinations(matrix, {})
    assert is_known
    assert [" ".join(value for _, value in each) for each in found] == [each or "" for each in made]


def test_a_matrix_from_another_job_is_not_known_and_members_of_mappings_have_names() -> None:
    assert combinations("${{ fromJSON(needs.a.outputs.b) }}", {}) == (((),), False)
    assert combinations({"py": "${{ fromJSON(needs.a.outputs.b) }}"}, {}) == (((),), False)
    assert combinations({"py": "${{ fromJSON(inputs.list) }}"}, {"inputs.list": "['3.9']"}) == (((("py", "3.9"),),), True)
    assert combinations({"config": [{"python": "3.9", "tox": {"env": "py39"}}]}, {})[0] == (
        (("config.python", "3.9"), ("config.tox.env", "py39")),
    )


@pytest.mark.parametrize(
    ("texts", "found", "notes"),
    [
        (["3.12", "3.10", "3.9"], ("3.9", "3.10", "3.12"), 0),
        (["3.11\n3.12\n"], ("3.11", "3.12"), 0),
        (["3.12.4", "3.12"], ("3.12",), 0),
        (["3.1"], (), 1),
        (["3.x"], ("3.12",), 1),
        (["pypy-3.10", "3.14-dev", "3.13t", "2.7", "3.7"], (), 5),
        ([">=3.10,<3.13"], ("3.12",), 1),
        (["^3.11"], ("3.13",), 1),
        (["latest"], (), 1),
    ],
)
def test_versions_are_read_as_setup_python_takes_them(texts: list[str], found: tuple[str, ...], notes: int) -> None:
    made, said = versions(texts)
    assert (made, len(said)) == (found, notes)


def test_what_an_unquoted_3_10_becomes_is_said() -> None:
    assert versions(["3.1"])[1] == ("Python 3.1 was left out: that is what YAML makes of an unquoted 3.10",)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        (".python-version", "3.12.4\n", ("3.12.4",)),
        (".tool-versions", "nodejs 20\npython 3.11.2 3.10\n", ("3.11.2",)),
        ("api/pyproject.toml", '[project]\nrequires-python = ">=3.11"\n', (">=3.11",)),
        ("api/pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.10"\n', ("^3.10",)),
        ("runtime.txt", "python-3.11.4\n", ("3.11.4",)),
    ],
)
def test_the_file_that_names_the_python_is_read(name: str, text: str, found: tuple[str, ...]) -> None:
    step = Step(uses="actions/setup-python@v5", inputs=(("python-version-file", name),))
    assert asked_for((step,), Ground(read={name: text}.get)) == found


@pytest.mark.parametrize(
    ("line", "kept", "workers", "dist", "left"),
    [
        (["tests", "-m", "not slow"], "tests -m 'not slow'", "", "", ()),
        (["-n", "4", "tests"], "tests", "4", "", ()),
        (["-nauto", "--dist=loadfile"], "", "auto", "loadfile", ()),
        (["--numprocesses=logical", "--dist", "worksteal", "a"], "a", "auto", "worksteal", ()),
        (["-n0", "a"], "a", "", "", ()),
        (["--cov=app", "--cov-report", "xml", "tests"], "tests", "", "", ("--cov=app", "--cov-report xml")),
        (["--cov", "app", "tests"], "tests", "", "", ("--cov app",)),
        (["--cov", "tests"], "tests", "", "", ("--cov",)),
        (
            ["-x", "--maxfail", "2", "--junitxml=a.xml", "--durations=5", "-v"],
            "-v",
            "",
            "",
            ("-x", "--maxfail 2", "--junitxml=a.xml", "--durations=5"),
        ),
        (["-p", "no:warnings", "--ds=app.settings", "--reruns", "2"], "-p no:warnings --ds=app.settings --reruns 2", "", "", ()),
    ],
)
def test_of_pytests_arguments_a_hunt_takes_what_it_does_not_set_itself(
    line: list[str], kept: str, workers: str, dist: str, left: tuple[str, ...]
) -> None:
    made = arguments(line)
    assert (made.text, made.workers, made.dist, made.left_out, made.unknown) == (kept, workers, dist, left, ())


def test_words_that_only_a_shell_can_tell_are_asked_for() -> None:
    made = arguments(["$ARGS", "tests", "$(cat list)", "${{ steps.a.outputs.b }}", "--cost=5$"])
    assert (made.words, made.unknown) == (("tests", "--cost=5$"), ("$ARGS", "$(cat list)", "${{ steps.a.outputs.b }}"))


DB = Service(name="db", image="postgres:16", ports=(("5433", "5432"),))
CACHE = Service(name="cache", image="redis:7", ports=(("", "6379"),))


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("DATABASE_URL", "postgres://u:p@localhost:5433/x", "postgres://u:p@db:5432/x"),
        ("REDIS_URL", "redis://127.0.0.1:6379/1", "redis://cache:6379/1"),
        ("POSTGRES_HOST", "localhost", "db"),
        ("REDIS_HOST", "127.0.0.1", "cache"),
        ("PGPORT", "5433", "5432"),
        ("REDIS_PORT", "6379", "6379"),
        ("PORT", "8000", "8000"),
        ("ALLOWED_HOSTS", "localhost,127.0.0.1", "localhost,127.0.0.1"),
        ("SITE_URL", "http://localhost:8000", "http://localhost:8000"),
        ("GREETING", "hello", "hello"),
        ("NAME", "my-localhost-thing", "my-localhost-thing"),
    ],
)
def test_an_address_of_a_service_becomes_its_name_and_its_own_port(name: str, value: str, made: str) -> None:
    reached = reach((DB, CACHE), ((name, value),))
    assert (reached.env, reached.unknown) == (((name, made),), ())


def test_a_host_and_its_port_are_told_apart_by_the_port() -> None:
    other = Service(name="replica", image="postgres:16", ports=(("5434", "5432"),))
    env = (("MAIN_HOST", "localhost"), ("MAIN_PORT", "5433"), ("COPY_HOST", "localhost"), ("COPY_PORT", "5434"))
    assert reach((DB, other), env).env == (("MAIN_HOST", "db"), ("MAIN_PORT", "5432"), ("COPY_HOST", "replica"), ("COPY_PORT", "5432"))


def test_a_host_that_may_be_either_service_is_asked_for_and_left_as_it_is() -> None:
    reached = reach((DB, CACHE), (("BACKEND_HOST", "localhost"),))
    assert reached.env == (("BACKEND_HOST", "localhost"),)
    assert reached.unknown == ("BACKEND_HOST is localhost, and it is not clear which of the services db, cache that is",)


def test_without_services_nothing_is_rewritten() -> None:
    assert reach((), (("DATABASE_URL", "postgres://localhost:5432/x"),)).renamed == ()
