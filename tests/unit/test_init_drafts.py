"""Whole repositories in, workflow files out: literal parts of what a person reads."""

from typing import Any

import pytest
import yaml

from flaky_detector.stages.init import Action, Checkout, Draft, init
from tests.support import repositories

ACTION = Action(uses="acme/flaky-detector@" + "1" * 40, unknown="")
PULL_REQUEST, NIGHTLY, COMMENT = (f".github/workflows/flaky-detector{name}.yml" for name in ("", "-nightly", "-comment"))


def draft(files: dict[str, str], folder: str = "", action: Action = ACTION) -> Draft:
    return init(Checkout(paths=tuple(sorted(files)), read=files.get, folder=folder), action)


def text(made: Draft, path: str = PULL_REQUEST) -> str:
    return next(page.after for page in made.pages if page.path == path)


def jobs(made: Draft, path: str = PULL_REQUEST) -> dict[str, Any]:
    """Read as GitHub reads it: all scalars as they stand."""
    found: dict[str, Any] = yaml.load(text(made, path), yaml.BaseLoader)["jobs"]
    return found


def step(made: Draft, path: str = PULL_REQUEST, job: str = "hunt") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in jobs(made, path)[job]["steps"] if "/flaky-detector@" in each.get("uses", ""))
    return found


def test_a_django_project_with_services_and_a_matrix() -> None:
    made = draft(repositories.DJANGO_POSTGRES)
    assert step(made) == {
        "uses": ACTION.uses,
        "env": {
            "DJANGO_SETTINGS_MODULE": "shop.settings.ci",
            "DATABASE_URL": "postgres://shop:secret@db:5432/shop",
            "REDIS_HOST": "cache",
            "REDIS_PORT": "6379",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "SENTRY_KEY": "${{ secrets.SENTRY_KEY }}",
            "PYTHONWARNINGS": "error",
        },
        "with": {
            "working-directory": "backend",
            "install": "apt-get update\napt-get install --yes libpq-dev\npython -m pip install --upgrade pip\n"
            'pip install -r requirements/test.txt "Django~=5.2.0"\n',
            "python-versions": "3.12",
            "pytest-args": "tests -m 'not slow'",
            "workers": "4",
            "dist": "loadscope",
            "budget": "20m",
        },
    }
    assert step(made, NIGHTLY)["with"]["python-versions"] == "3.10,3.11,3.12"
    job = jobs(made)["hunt"]
    assert job["runs-on"] == "ubuntu-22.04"
    assert job["services"] == {
        "db": {
            "image": "postgres:16",
            "env": {"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": "secret", "POSTGRES_DB": "shop"},
            "options": '--health-cmd "pg_isready -U shop" --health-interval 5s',
        },
        "cache": {"image": "redis:7"},
    }
    assert job["steps"][0]["with"] == {"persist-credentials": "false", "fetch-depth": "0", "submodules": "recursive"}


def test_what_was_changed_left_out_or_chosen_is_said_where_it_stands() -> None:
    made = draft(repositories.DJANGO_POSTGRES)
    for line in (
        (
            "    # The hunt runs in a container beside the services. It reaches each by its name "
            "and its own port, such as postgres:5432, where"
        ),
        "          DATABASE_URL: postgres://shop:secret@db:5432/shop # localhost:5433 in ci.yml",
        "        # FILL IN: BUILD, which is ${{ steps.build.outputs.name }} there",
        "          # Steps before pytest that are no part of it:",
        "          #   python manage.py migrate",
        "          # Of its matrix, django is 5.2 here (others: 4.2).",
        '          python-versions: "3.12" # the newest of 3.10, 3.11, 3.12; the nightly hunt takes them all',
        "          # Without --cov=shop --cov-report xml -x: a hunt sees to reports, coverage and early ends itself.",
    ):
        assert line in text(made).splitlines()
    assert made.unknown == (f"{PULL_REQUEST}:46: BUILD, which is ${{{{ steps.build.outputs.name }}}} there",)
    assert made.read == (
        (
            '.github/workflows/ci.yml, job test: `pytest tests -m "not slow" -n 4 --dist=loadscope --cov=shop --cov-report xml -x` '
            "in backend on Python 3.10, 3.11, 3.12, with db, cache"
        ),
        "backend/pyproject.toml: testpaths tests, addopts --reuse-db, DJANGO_SETTINGS_MODULE shop.settings.test",
    )


def test_each_file_starts_when_it_should_and_may_do_no_more_than_it_needs() -> None:
    made = draft(repositories.DJANGO_POSTGRES)
    read = {path: yaml.load(text(made, path), yaml.BaseLoader) for path in (PULL_REQUEST, NIGHTLY, COMMENT)}
    assert read[PULL_REQUEST]["on"] == {"pull_request": {"paths": ["backend/**", "!backend/docs/**"]}, "workflow_dispatch": ""}
    assert read[NIGHTLY]["on"] == {"schedule": [{"cron": "17 3 * * *"}], "workflow_dispatch": ""}
    assert read[COMMENT]["on"] == {"workflow_run": {"workflows": ["flaky-detector"], "types": ["completed"]}}
    assert [page["permissions"] for page in read.values()] == [{}, {}, {}]
    assert read[PULL_REQUEST]["jobs"]["hunt"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert read[NIGHTLY]["jobs"]["hunt"]["permissions"] == {"actions": "read", "contents": "read", "issues": "write"}
    assert read[COMMENT]["jobs"]["comment"]["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    assert read[COMMENT]["jobs"]["comment"]["steps"] == [
        {"uses": ACTION.uses, "with": {"mode": "report", "artifacts": "${{ github.event.workflow_run.id }}"}}
    ]


@pytest.mark.parametrize(
    ("files", "install", "pythons", "args"),
    [
        (
            repositories.TOX,
            "pip install -r requirements/test.txt 'greenlet>=3.1'\npip install '.[testing]'\n",
            "3.9,3.12,3.13",
            "tests --strict-markers",
        ),
        (repositories.POETRY, "pip install poetry==1.8.3\npoetry install --no-interaction --with test\n", "3.12", "-q tests/"),
        (repositories.UV, "uv sync --locked --group test", "3.11,3.13", "tests/unit"),
        (
            repositories.REQUIREMENTS,
            (
                "python -m pip install --upgrade pip\npip install flake8 pytest\n"
                "if [ -f requirements.txt ]; then pip install -r requirements.txt; fi\n"
            ),
            "3.10",
            None,
        ),
        (repositories.REUSABLE, 'pip install -e ".[test]"', "3.11,3.12", "tests/unit"),
        (repositories.INCLUDE, 'pip install "django~=5.2.0" -r requirements.txt', "3.9,3.12,3.13", None),
        (repositories.NOX, "pip install -r requirements/dev.txt .", "3.10,3.12", None),
        (repositories.HATCH, "pip install '.[cli]' 'pytest>=8' pytest-cov", "3.11,3.12", None),
        (repositories.CONTAINER, "pip install -r requirements.txt", "3.12", None),
    ],
)
def test_install_pythons_and_arguments_of_a_repository(files: dict[str, str], install: str, pythons: str, args: str | None) -> None:
    made = draft(files)
    given = step(made, NIGHTLY)["with"]
    assert (given["install"], given["python-versions"], given.get("pytest-args")) == (install, pythons, args)
    assert made.unknown == ()


def test_the_nights_are_remembered_apart_for_each_suite() -> None:
    made = draft(repositories.MONOREPO)
    recall, hunt, keep, _ = jobs(made, NIGHTLY)["hunt-api"]["steps"][1:]
    assert recall["working-directory"] == "services/api"
    assert 'gh run download "$run" --name flaky-history-hunt-api --dir flaky-history' in recall["run"]
    assert (hunt["with"]["history"], hunt["with"]["issue"]) == ("flaky-history/nights.sqlite", "on-findings")
    assert (keep["with"]["name"], keep["with"]["path"]) == ("flaky-history-hunt-api", "services/api/flaky-history")


def test_an_unquoted_3_10_stays_what_its_author_meant() -> None:
    files = {
        ".github/workflows/a.yml": "on: push\njobs:\n  t:\n    runs-on: x\n    strategy: {matrix: {p: [3.9, 3.10]}}\n    steps:\n"
        "      - uses: actions/setup-python@v5\n        with: {python-version: '${{ matrix.p }}'}\n"
        "      - run: pip install pytest\n      - run: pytest\n"
    }
    assert step(draft(files), NIGHTLY)["with"]["python-versions"] == "3.9,3.10"
    assert 'python-versions: "3.9,3.10"' in text(draft(files), NIGHTLY)


def test_each_suite_of_a_monorepo_is_hunted_in_its_folder_and_commented_on_apart() -> None:
    made = draft(repositories.MONOREPO)
    assert list(jobs(made)) == ["hunt-api", "hunt-worker"]
    assert step(made, job="hunt-worker")["with"] == {
        "working-directory": "services/worker",
        "install": "(cd ../.. && pip install -e libs/common)\npip install -e '.[test]'\n",
        "pytest-args": "tests",
        "budget": "20m",
        "comment-key": "hunt-worker",
    }
    (comment,) = jobs(made, COMMENT).values()
    assert comment["strategy"]["matrix"] == {"suite": ["hunt-api", "hunt-worker"]}
    assert comment["steps"][0]["with"]["name"] == "flaky-detector-${{ matrix.suite }}"
    uploaded = jobs(made)["hunt-api"]["steps"][-1]["with"]
    assert (uploaded["name"], uploaded["path"]) == ("flaky-detector-hunt-api", "services/api/flaky-detector-report")


def test_asked_for_a_folder_only_its_suites_are_drafted() -> None:
    made = draft(repositories.MONOREPO, folder="services/api")
    assert step(made)["with"]["working-directory"] == "services/api"


def test_a_suite_split_by_the_matrix_is_several_suites_and_one_run_twice_is_one() -> None:
    job = "    runs-on: ubuntu-latest\n    steps:\n      - run: pip install pytest\n"
    files = {
        ".github/workflows/a.yml": f"on: pull_request\njobs:\n  t:\n    strategy: {{matrix: {{part: [unit, api], v: ['1', '2']}}}}\n{job}"
        "      - run: pytest tests/${{ matrix.part }}\n",
        ".github/workflows/b.yml": f"on: [push]\njobs:\n  again:\n{job}      - run: pytest -x tests/unit\n",
        ".github/workflows/release.yml": f"on: {{release: {{types: [published]}}}}\njobs:\n  smoke:\n{job}      - run: pytest smoke\n",
    }
    made = draft(files)
    assert {key: step(made, job=key)["with"]["pytest-args"] for key in jobs(made)} == {
        "hunt-t-tests-unit": "tests/unit",
        "hunt-t-tests-api": "tests/api",
    }
    assert made.left_out == (
        ".github/workflows/b.yml, job again: `pytest -x tests/unit`: the same tests as job t of .github/workflows/a.yml",
        ".github/workflows/release.yml, job smoke: `pytest smoke`: its workflow does not run on pull requests or pushes",
    )


@pytest.mark.parametrize(
    ("files", "asked"),
    [
        (
            repositories.CONDA,
            [
                (
                    "the command that installs what the tests need: .github/workflows/ci.yml installs "
                    "with conda, which the action's container has not"
                )
            ],
        ),
        (
            repositories.COMPOSE,
            [
                "what docker compose starts in that job: declare it under `services:`, where the action reaches it by name",
                (
                    "the command that installs what the tests need: .github/workflows/ci.yml runs the "
                    "tests in a container of its own, which was not "
                    "looked into (pip install -r requirements.txt is what requirements.txt would have)"
                ),
            ],
        ),
        (
            repositories.EXPRESSIONS,
            [
                (
                    "the command that installs what the tests need, which stands below: only "
                    ".github/workflows/ci.yml knows ${{ matrix.python }}"
                ),
                "the Pythons, such as 3.12,3.13: only .github/workflows/ci.yml knows ${{ matrix.python }}",
                "`$EXTRA` stands there, which only that workflow's shell can tell",
            ],
        ),
        ({"README.md": ""}, ["the command that installs what the tests need, such as `pip install -r requirements.txt`"]),
    ],
)
def test_what_is_not_known_is_asked_for_and_never_guessed(files: dict[str, str], asked: list[str]) -> None:
    made = draft(files)
    assert [line.partition(": ")[2] for line in made.unknown][: len(asked)] == asked
    assert step(made)["with"]["install"] == ""
    for question in asked:
        assert f"# FILL IN: {question}" in text(made)


def test_services_that_no_variable_leads_to_are_asked_for() -> None:
    files = {
        ".github/workflows/a.yml": "on: push\njobs:\n  t:\n    runs-on: x\n    services: {pg: {image: postgres, ports: ['5432:5432']}}\n"
        "    steps: [{run: pip install pytest}, {run: pytest}]\n"
    }
    assert "# FILL IN: what tells your settings that pg is at the host pg: no variable of the job names one" in text(draft(files))


@pytest.mark.parametrize(
    ("files", "install", "folder"),
    [
        ({"pytest.ini": "[pytest]\n", "requirements.txt": "pytest\n"}, "pip install -r requirements.txt", None),
        ({"api/pyproject.toml": '[tool.pytest.ini_options]\n[dependency-groups]\ndev = ["pytest"]\n', "api/uv.lock": ""}, "uv sync", "api"),
    ],
)
def test_without_workflows_the_files_tell(files: dict[str, str], install: str, folder: str | None) -> None:
    made = draft(files)
    assert (step(made)["with"]["install"], step(made)["with"].get("working-directory")) == (install, folder)
    assert made.read[0] == "there are no workflows in .github/workflows"
    assert "No workflow says how to install." in text(made)


def test_another_test_runner_is_said_to_be_none_that_can_be_hunted_with() -> None:
    files = {".github/workflows/a.yml": "on: push\njobs:\n  t:\n    runs-on: x\n    steps: [{run: python manage.py test}]\n"}
    assert draft(files).read == (
        "no pytest was found in .github/workflows/a.yml",
        ".github/workflows/a.yml, job t runs tests by `python manage.py test`, which is not pytest (pytest-django can run those)",
        "the repository: `pytest`",
    )


def test_a_job_for_windows_alone_is_no_place_for_a_container_action() -> None:
    files = {
        ".github/workflows/a.yml": (
            "on: push\njobs:\n  t:\n    runs-on: windows-latest\n    steps: [{run: pip install pytest}, {run: pytest}]\n"
        )
    }
    assert draft(files).read[0] == "no pytest was found in .github/workflows/a.yml"


def test_a_workflow_that_does_not_parse_is_told_and_the_others_are_read() -> None:
    made = draft({**repositories.UV, ".github/workflows/broken.yml": "on: push\njobs:\n\t- x\n", ".github/workflows/list.yml": "- a\n"})
    assert made.broken == (
        ".github/workflows/broken.yml is no YAML at line 3: found character '\\t' that cannot start any token",
        ".github/workflows/list.yml holds no workflow: it is no mapping",
    )
    assert step(made)["with"]["pytest-args"] == "tests/unit"


def test_a_workflow_of_another_repository_is_told() -> None:
    assert draft(repositories.REUSABLE).gaps == (
        (
            ".github/workflows/pull-request.yml: job shared calls "
            "acme/workflows/.github/workflows/python.yml@v2, which is not in this repository: "
            "what it runs was not read"
        ),
    )


@pytest.mark.parametrize("name", repositories.SHAPES)
def test_a_second_draft_changes_nothing(name: str) -> None:
    files = repositories.SHAPES[name]
    first = draft(files)
    second = draft({**files, **{page.path: page.after for page in first.pages}})
    assert [page.path for page in first.pages if page.is_new_or_changed] == [PULL_REQUEST, NIGHTLY, COMMENT]
    assert [page.path for page in second.pages if page.is_new_or_changed] == []


def test_what_a_person_filled_in_or_tuned_is_kept_and_asked_for_no_more() -> None:
    files = repositories.CONDA
    first = draft(files, action=Action())
    assert len(first.unknown) == 2
    filled = {
        page.path: page.after.replace('install: ""', "install: pip install -r ci.txt")
        .replace("OWNER/flaky-detector@" + "0" * 40, ACTION.uses)
        .replace("budget: 20m", "budget: 40m\n          fail-on: proven")
        for page in first.pages
    }
    second = draft({**files, **filled}, action=Action())
    assert [page.path for page in second.pages if page.is_new_or_changed] == []
    changed = {**files, ".github/workflows/ci.yml": files[".github/workflows/ci.yml"].replace("3.12", "3.13")}
    third = draft({**changed, **filled}, action=Action())
    assert step(third)["uses"] == ACTION.uses
    assert step(third)["with"] == {
        "install": "pip install -r ci.txt",
        "python-versions": "3.13",
        "budget": "40m",
        "fail-on": "proven",
    }
    assert third.unknown == ()


def test_values_that_yaml_would_read_as_something_else_are_quoted() -> None:
    env = (
        "{A: 'yes', B: '1_000', C: 'a: b', D: 'x #y', E: '', F: '*z', G: '3.10', H: 'null', I: \"two\\nlines\", J: '1e3', K: '%x', L: 'ä'}"
    )
    files = {
        ".github/workflows/a.yml": (
            f"on: push\njobs:\n  t:\n    runs-on: x\n    env: {env}\n    steps: [{{run: pip install pytest}}, {{run: pytest}}]\n"
        )
    }
    expected = {
        "A": "yes",
        "B": "1_000",
        "C": "a: b",
        "D": "x #y",
        "E": "",
        "F": "*z",
        "G": "3.10",
        "H": "null",
        "I": "two\nlines",
        "J": "1e3",
        "K": "%x",
        "L": "ä",
    }
    made = text(draft(files))
    for loader in (yaml.BaseLoader, yaml.SafeLoader):
        found = yaml.load(made, loader)["jobs"]["hunt"]["steps"][1]["env"]
        assert found == expected
