"""Shell scripts cut into commands, and the layers that stand before the command that is meant."""

import pytest

from flaky_detector.stages.init.shell import commands, expanded, has_control_flow
from flaky_detector.stages.init.unfolding import peel


def words(script: str) -> list[tuple[str, ...]]:
    return [command.words for command in commands(script)]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("pytest", [("pytest",)]),
        ("cd api && pytest -x; echo done", [("cd", "api"), ("pytest", "-x"), ("echo", "done")]),
        ("pytest \\\n  -n 4 \\\n  tests\n", [("pytest", "-n", "4", "tests")]),
        ("pytest -m 'not slow' -k \"a and b\"", [("pytest", "-m", "not slow", "-k", "a and b")]),
        ("pytest 'a;b' # the rest; is a comment\nls", [("pytest", "a;b"), ("ls",)]),
        ("pip install git+https://x/y#egg=z", [("pip", "install", "git+https://x/y#egg=z")]),
        ("pytest 2>&1 | tee log.txt", [("pytest",)]),
        ("pytest > out.txt || true", [("pytest",), ("true",)]),
        ("(cd api && pytest tests)", [("cd", "api"), ("pytest", "tests")]),
        ("if [ -f x ]; then pytest a; else pytest b; fi", [("pytest", "a"), ("pytest", "b")]),
        ("sudo -E env A=1 timeout 10m xvfb-run -a pytest t", [("pytest", "t")]),
        ("bash -c 'pytest -q && ls'", [("pytest", "-q"), ("ls",)]),
        ("cat > .env <<EOF\nA=1\npytest not here\nEOF\npytest here", [("cat",), ("pytest", "here")]),
        ("pytest $(cat list) ${{ matrix.a && 'b' }}", [("pytest", "$(cat list)", "${{ matrix.a && 'b' }}")]),
        ("options=(--cov x)\npytest", [("pytest",)]),
        ("", []),
    ],
)
def test_a_script_is_cut_into_commands(script: str, found: list[tuple[str, ...]]) -> None:
    assert words(script) == found


def test_variables_before_a_command_are_its_own_and_exported_ones_are_told() -> None:
    first, second, third = commands("A=1 B='x y' pytest\nexport C=2\nD=3")
    assert (first.words, first.env, first.exported) == (("pytest",), (("A", "1"), ("B", "x y")), False)
    assert (second.words, second.env, second.exported) == ((), (("C", "2"),), True)
    assert (third.env, third.exported) == ((("D", "3"),), False)


def test_a_variable_alone_may_become_several_words_and_an_unknown_one_stays() -> None:
    known = {"OPTS": "-x --lf", "DIR": "tests"}
    assert expanded(("pytest", "$OPTS", "${DIR}/unit", "$MORE", "${MORE[@]}"), known) == (
        "pytest",
        "-x",
        "--lf",
        "tests/unit",
        "$MORE",
        "${MORE[@]}",
    )


@pytest.mark.parametrize(
    ("script", "depends"),
    [("a\nb", False), ("if a; then b; fi", True), ("for x in 1 2; do\npip install $x\ndone", True), ("x=if a", False)],
)
def test_control_flow_is_seen(script: str, depends: bool) -> None:
    assert has_control_flow(script) is depends


@pytest.mark.parametrize(
    ("line", "meant", "implied"),
    [
        ("pytest -x", "pytest -x", ()),
        ("python -m pytest tests", "pytest tests", ()),
        ("python3.12 -W error -X dev -m pytest -q", "pytest -q", ()),
        (".venv/bin/python -m pytest", "pytest", ()),
        ("coverage run --source app -m pytest -x", "pytest -x", ()),
        ("coverage run manage.py test", "coverage run manage.py test", ()),
        ("python -m coverage run -m pytest", "pytest", ()),
        ("python setup.py test -m x", "python setup.py test -m x", ()),
        ("poetry run pytest -x", "pytest -x", ("poetry install",)),
        ("pipenv run python -m pytest", "pytest", ("pipenv install --dev",)),
        ("pdm run -v pytest", "pytest", ("pdm install",)),
        ("uv run pytest", "pytest", ("uv sync",)),
        (
            "uv run --frozen --extra a --group=b --with 'x>1' --python 3.12 -- pytest t",
            "pytest t",
            ("uv sync --frozen --extra a --group b", "uv pip install 'x>1'"),
        ),
        ("uv run --no-project --with pytest pytest", "pytest", ("uv pip install pytest",)),
        ("uvx --with tox-uv tox -e py312", "tox -e py312", ()),
        ("uvx ruff check", "uvx ruff check", ()),
        ("pipx run nox -s tests", "nox -s tests", ()),
        ("doppler run -- pytest a", "pytest a", ()),
        ("conda run -n env pytest", "pytest", ()),
    ],
)
def test_runners_are_peeled_off_and_what_they_install_is_kept(line: str, meant: str, implied: tuple[str, ...]) -> None:
    (command,) = commands(line)
    peeled = peel(command.words)
    name, *rest = peeled.words
    assert (" ".join((name.rpartition("/")[2], *rest)), peeled.implied) == (meant, implied)
