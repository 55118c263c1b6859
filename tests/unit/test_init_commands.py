"""Commands looked through: make, tox, nox, hatch, tasks, scripts; and which of them go into `install`."""

import pytest

from flaky_detector.stages.init.dependencies import dependencies
from flaky_detector.stages.init.installing import installing
from flaky_detector.stages.init.records import Checkout, Leaf
from flaky_detector.stages.init.unfolding import Ground, unfold
from tests.support import repositories


def leaves(script: str, files: dict[str, str], python: str = "", folder: str = "") -> tuple[Leaf, ...]:
    return tuple(unfold(script, Ground(read=files.get, folder=folder, python=python)))


def lines(script: str, files: dict[str, str], python: str = "") -> list[str]:
    return [" ".join(leaf.words) for leaf in leaves(script, files, python)]


def test_a_target_of_make_is_its_recipe_after_those_that_it_needs() -> None:
    files = {
        "Makefile": (
            "PYTEST ?= pytest -q\nopts =\n.PHONY: test\n\ndeps:\n\t@pip install -r dev.txt\n\n"
            "test: deps  # run\n\t-$(PYTEST) $(opts) \\\n\t  tests\n"
        )
    }
    assert lines("make test opts='-x -v'", files) == ["pip install -r dev.txt", "pytest -q -x -v tests"]
    assert lines("make nothing", files) == ["make nothing"]
    assert [leaf.folder for leaf in leaves("make -C api test", {"api/Makefile": "test:\n\tpytest\n"})] == ["api"]


def test_functions_of_make_are_not_known_and_nothing_stands_in_their_place() -> None:
    files = {
        "Makefile": "PYTHON ?= $(shell for p in a b; do command -v $$p && { echo $$p; }; done)\nBIN := .venv/bin\n"
        "t:\n\t$(PYTHON) $(BIN)/pytest -k 'a$$'\n"
    }
    assert lines("make t", files) == ["pytest -k a$"]


def test_tox_runs_the_commands_of_the_environment_for_the_python_with_its_own_factors() -> None:
    tox = repositories.TOX
    assert lines("tox", tox, python="3.9") == [
        "pip install -r requirements/test.txt importlib-metadata<8",
        "pip install .[testing]",
        "pytest tests --strict-markers",
    ]
    assert lines("tox -e py312 -- -k one", tox)[-1] == "pytest -k one"
    assert lines("tox -e lint", tox) == ["tox -e lint"]
    (*_, last) = leaves("tox", tox, python="3.12")
    assert (last.via, last.pythons) == ("tox -e py312", ("3.9", "3.12", "3.13"))
    assert dict(last.env)["PYTHONDEVMODE"] == "1"


def test_a_name_of_which_only_a_part_is_known_chooses_those_that_have_the_part() -> None:
    files = {
        "tox.ini": (
            "[tox]\nenv_list = py3{11,12}-{tests,mypy}\n[testenv]\nskip_install = true\ncommands =\n  tests: pytest t\n  mypy: mypy\n"
        )
    }
    assert lines("tox run -e py$(echo $V | tr -d .)-tests", files) == ["pytest t"]


def test_toxs_own_toml_is_read() -> None:
    files = {
        "pyproject.toml": '[tool.tox]\nenv_list = ["3.12"]\n[tool.tox.env_run_base]\ndependency_groups = ["test"]\npackage = "skip"\n'
        'commands = [["pytest", { replace = "posargs", default = ["tests"], extend = true }]]\n'
    }
    assert lines("tox run", files) == ["pip install --group test", "pytest tests"]


def test_sessions_of_nox_are_read_and_never_executed() -> None:
    found = leaves("nox -s tests", repositories.NOX)
    assert [leaf.words for leaf in found] == [("pip", "install", "-r", "requirements/dev.txt", "."), ("pytest", "--cov=pkg")]
    assert (found[-1].pythons, found[-1].env) == (("3.10", "3.12"), (("PYTHONHASHSEED", "0"),))
    unknown = leaves(
        "nox", {"noxfile.py": "import nox\n@nox.session\ndef t(session):\n    session.install(*pick())\n    session.run('pytest')\n"}
    )
    assert unknown[-1].unknown == ("`*pick()` in `pip install …` of noxfile.py, session t",)
    assert lines("nox", {"noxfile.py": "def ("}) == ["nox"]


def test_scripts_of_hatch_and_what_their_environment_has() -> None:
    assert lines("hatch run test:cov", repositories.HATCH) == ["pip install .[cli] pytest>=8 pytest-cov", "pytest --cov"]
    assert lines("hatch run test:run tests/unit", repositories.HATCH)[-1] == "pytest tests/unit"
    assert lines("hatch test -a", repositories.HATCH)[-1] == "pytest tests"


@pytest.mark.parametrize(
    ("script", "pyproject", "found"),
    [
        ("pdm run test -x", '[tool.pdm.scripts]\ntest = "pytest tests"\n', ["pdm install", "pytest tests -x"]),
        (
            "poetry run poe check",
            '[tool.poe.tasks]\ncheck = ["a", "test"]\na = "ruff check"\ntest.cmd = "pytest"\n',
            ["poetry install", "ruff check", "pytest"],
        ),
        ("uv run task test", '[tool.taskipy.tasks]\ntest = {cmd = "pytest -q"}\n', ["uv sync", "pytest -q"]),
    ],
)
def test_named_tasks_are_looked_up(script: str, pyproject: str, found: list[str]) -> None:
    assert lines(script, {"pyproject.toml": pyproject}) == found


def test_shell_scripts_of_the_repository_are_looked_through_with_their_arguments_and_variables() -> None:
    files = {
        "scripts/test": (
            '#!/bin/sh -e\nexport PREFIX=""\nif [ -d venv ]; then\n  export PREFIX="venv/bin/"\nfi\n${PREFIX}coverage run -m pytest "$@"\n'
        ),
        "scripts/x.py": "#!/usr/bin/env python\npytest\n",
    }
    assert lines("scripts/test -k one", files) == ["pytest -k one"]
    assert lines("bash scripts/test", files) == ["pytest"]
    assert lines("scripts/x.py", files) == ["scripts/x.py"]


def test_what_calls_itself_ends() -> None:
    assert lines("make a", {"Makefile": "a:\n\tmake a\n"}) == ["make a"]
    assert lines("scripts/a.sh", {"scripts/a.sh": "scripts/a.sh\n"}) == ["scripts/a.sh"]


def installed(
    script: str, files: dict[str, str] | None = None, folder: str = "", versions: dict[str, str] | None = None
) -> tuple[str, ...]:
    return installing(leaves(script, files or {}, folder=folder), folder, versions or {}).lines


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("python -m pip install -U pip\npip install -r a.txt", ("python -m pip install -U pip", "pip install -r a.txt")),
        (".venv/bin/pip install x", ("pip install x",)),
        ("python -m venv .venv\nsource .venv/bin/activate\npip install x", ("pip install x",)),
        ("sudo apt-get install libpq-dev", ("apt-get update", "apt-get install --yes libpq-dev")),
        ("sudo apt-get update && sudo apt-get install -y a", ("apt-get update", "apt-get install -y a")),
        ("uv venv\nuv pip install --system -r a.txt", ("uv pip install -r a.txt",)),
        ("pipx install poetry\npoetry install --with dev", ("pip install poetry", "poetry install --with dev")),
        ("curl -sSL https://install.python-poetry.org | python3 -\npoetry install", ("pip install poetry", "poetry install")),
        ("poetry config virtualenvs.create false\npoetry install", ("pip install poetry", "poetry install")),
        ("poetry run pip install extra", ("pip install extra",)),
        ("pip install tox tox-gh-actions", ()),
        ("pip install --upgrade pip tox", ()),
        ("pip install 'django~=5.2' \"$EXTRA\"", ("pip install 'django~=5.2' \"$EXTRA\"",)),
        ("cp .env.example .env\necho A=1 >> .env\nmkdir -p log", ("cp .env.example .env", "echo A=1 >> .env", "mkdir -p log")),
        ("echo X=1 >> $GITHUB_ENV\nruff check .", ()),
        ("sudo rm -rf /etc/apt/x\nrm -rf src", ()),
        ("uv pip sync --python .venv/bin/python a.txt\ntouch .venv/.installed", ("uv pip sync a.txt",)),
    ],
)
def test_commands_that_install_are_taken_in_the_containers_form(script: str, found: tuple[str, ...]) -> None:
    assert installed(script) == found


def test_what_a_runner_installs_by_itself_counts_only_right_before_pytest_and_where_nothing_else_did() -> None:
    assert installed("uv run --group test true") == ()  # it is not pytest that follows
    implied = Leaf(text="uv sync --group test", words=("uv", "sync", "--group", "test"), implied=True)
    before = leaves("uv sync --group test", {})
    assert installing((implied,), "", {}).lines == ("uv sync --group test",)
    assert installing((*before, implied), "", {}).lines == ("uv sync --group test",)
    assert installing((*leaves("uv sync", {}), implied), "", {}).lines == ("uv sync", "uv sync --group test")


def test_a_command_of_another_folder_runs_there_and_poetry_has_the_version_that_its_action_was_given() -> None:
    before = (*leaves("pip install -e .", {}, folder="lib"), *leaves("poetry install", {}, folder="api"))
    assert installing(before, "api", {"poetry": "1.8.3"}).lines == (
        "pip install poetry==1.8.3",
        "(cd ../lib && pip install -e .)",
        "poetry install",
    )


def test_what_stands_before_pytest_and_installs_nothing_is_told() -> None:
    made = installing(leaves("python manage.py migrate\nflake8 .\npsql -c 'create extension x'\nconda install gdal", {}), "", {})
    assert (made.not_carried, made.conda) == (("python manage.py migrate", "psql -c 'create extension x'", "conda install gdal"), True)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"requirements-dev.txt": "pytest\n", "requirements.txt": "django\n"}, "pip install -r requirements.txt -r requirements-dev.txt"),
        ({"requirements/test.txt": "-r base.txt\n", "requirements/base.txt": "pytest==8\n"}, "pip install -r requirements/test.txt"),
        ({"requirements.txt": "pytest-django\n", "setup.py": ""}, "pip install -r requirements.txt -e ."),
        ({"requirements.txt": "django\n"}, None),
        ({"uv.lock": "", "pyproject.toml": '[dependency-groups]\ndev = ["pytest"]\n'}, "uv sync"),
        ({"uv.lock": "", "pyproject.toml": '[dependency-groups]\ntests = ["pytest"]\n'}, "uv sync --group tests"),
        ({"uv.lock": "", "pyproject.toml": '[project.optional-dependencies]\ntest = ["pytest"]\n'}, "uv sync --extra test"),
        ({"uv.lock": "", "pyproject.toml": "[project]\nname = 'a'\n"}, None),
        (
            {"poetry.lock": "", "pyproject.toml": '[tool.poetry.group.dev.dependencies]\npytest = "^8"\n'},
            "pip install poetry\npoetry install",
        ),
        (
            {
                "poetry.lock": "",
                "pyproject.toml": '[tool.poetry.group.t]\noptional = true\n[tool.poetry.group.t.dependencies]\npytest = "*"\n',
            },
            "pip install poetry\npoetry install --with t",
        ),
        ({"pdm.lock": "", "pyproject.toml": '[dependency-groups]\ntest = ["pytest"]\n'}, "pip install pdm\npdm install"),
        ({"Pipfile": '[dev-packages]\npytest = "*"\n'}, "pip install pipenv\npipenv install --dev"),
        ({"pyproject.toml": '[build-system]\n[project.optional-dependencies]\ntest = ["pytest"]\n'}, "pip install -e '.[test]'"),
        ({"pyproject.toml": '[build-system]\n[dependency-groups]\ntest = ["pytest"]\n'}, "pip install --group test -e ."),
        ({"setup.cfg": "[options.extras_require]\ntesting =\n  pytest\n"}, "pip install -e '.[testing]'"),
        ({"setup.py": "setup(extras_require={'test': ['pytest']})"}, "pip install -e '.[test]'"),
        ({"setup.py": "setup(extras_require=read())", "README.md": "pytest"}, None),
        ({"pyproject.toml": "not toml"}, None),
        ({}, None),
    ],
)
def test_where_no_workflow_tells_the_files_that_name_pytest_do(files: dict[str, str], found: str | None) -> None:
    made = dependencies(Checkout(paths=tuple(files), read=files.get), "")
    assert (None if made is None else "\n".join(made.lines)) == found
