"""Small repositories of realistic shapes: for each the text of its files by path."""

from pathlib import Path

DJANGO_POSTGRES = {
    ".github/workflows/ci.yml": """\
name: CI
on:
  push:
    branches: [main]
  pull_request:
    paths: ["backend/**", "!backend/docs/**"]
env:
  DJANGO_SETTINGS_MODULE: shop.settings.ci
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install ruff && ruff check .
  test:
    runs-on: ubuntu-22.04
    strategy:
      fail-fast: false
      matrix:
        python: ["3.11", "3.12", 3.10]
        django: ["4.2", "5.2"]
        exclude:
          - {python: 3.10, django: "5.2"}
    defaults:
      run:
        working-directory: backend
    services:
      db:
        image: postgres:16
        env: {POSTGRES_USER: shop, POSTGRES_PASSWORD: secret, POSTGRES_DB: shop}
        ports: ["5433:5432"]
        options: >-
          --health-cmd "pg_isready -U shop"
          --health-interval 5s
      cache:
        image: redis:7
        ports: [6379]
    env:
      DATABASE_URL: postgres://shop:secret@localhost:5433/shop
      REDIS_HOST: 127.0.0.1
      REDIS_PORT: ${{ job.services.cache.ports[6379] }}
      ALLOWED_HOSTS: localhost,127.0.0.1
      SENTRY_KEY: ${{ secrets.SENTRY_KEY }}
      BUILD: ${{ steps.build.outputs.name }}
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0, submodules: recursive, token: "${{ secrets.PAT }}"}
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python }}
          cache: pip
      - name: System
        working-directory: .
        run: sudo apt-get install libpq-dev
      - run: |
          python -m pip install --upgrade pip
          pip install -r requirements/test.txt "Django~=${{ matrix.django }}.0"
      - run: python manage.py migrate
      - name: Test
        env:
          PYTHONWARNINGS: error
        run: |
          pytest tests -m "not slow" \\
            -n 4 --dist=loadscope \\
            --cov=shop --cov-report xml -x
""",
    "backend/pyproject.toml": """\
[tool.pytest.ini_options]
DJANGO_SETTINGS_MODULE = "shop.settings.test"
addopts = "--reuse-db"
testpaths = ["tests"]
""",
    "backend/manage.py": "",
    "backend/requirements/test.txt": "pytest\npytest-django\n",
}

TOX = {
    ".github/workflows/tests.yaml": """\
name: tests
on: [push, pull_request]
jobs:
  tox:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-latest, windows-latest, macos-latest]
        python-version: ["3.9", "3.12", "3.13", "pypy-3.10", "3.14-dev"]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
      - run: python -m pip install tox tox-gh-actions
      - run: tox
""",
    "tox.ini": """\
[tox]
envlist = py{39,312,313}, lint, docs
isolated_build = true

[testenv]
extras = testing
deps =
    -rrequirements/test.txt
    py39: importlib-metadata<8
    py313: greenlet>=3.1  # the first with wheels
setenv =
    PYTHONDEVMODE = 1
    COVERAGE_FILE = {toxworkdir}/.coverage.{envname}
commands =
    pytest {posargs:tests --strict-markers}

[testenv:lint]
skip_install = true
deps = ruff
commands = ruff check .

[testenv:docs]
deps = sphinx
commands = sphinx-build docs out

[pytest]
addopts = -ra
""",
    "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "library"\n',
}

POETRY = {
    ".github/workflows/test.yml": """\
on:
  pull_request:
jobs:
  pytest:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version-file: .python-version}
      - uses: snok/install-poetry@v1
        with:
          version: 1.8.3
          virtualenvs-in-project: true
      - run: poetry install --no-interaction --with test
      - run: |
          source .venv/bin/activate
          pytest -q tests/
""",
    ".python-version": "3.12.4\n",
    "pyproject.toml": '[tool.poetry]\nname = "app"\n',
    "poetry.lock": "",
}

UV = {
    ".github/workflows/ci.yml": """\
on: pull_request
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python-version: ["3.11", "3.13"]
    steps:
      - uses: actions/checkout@v4
      - uses: astral-sh/setup-uv@v5
        with:
          python-version: ${{ matrix.python-version }}
      - run: uv run --locked --group test coverage run -m pytest tests/unit
      - run: uv run coverage report
""",
    "uv.lock": "version = 1\n",
    "pyproject.toml": '[project]\nname = "app"\n[dependency-groups]\ntest = ["pytest"]\n',
}

REQUIREMENTS = {
    ".github/workflows/python-app.yml": """\
name: Python application
on:
  push:
    branches: [ "main" ]
  pull_request:
    branches: [ "main" ]
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - name: Set up Python 3.10
      uses: actions/setup-python@v3
      with:
        python-version: "3.10"
    - name: Install dependencies
      run: |
        python -m pip install --upgrade pip
        pip install flake8 pytest
        if [ -f requirements.txt ]; then pip install -r requirements.txt; fi
    - name: Lint with flake8
      run: |
        flake8 . --count --select=E9,F63,F7,F82 --show-source --statistics
    - name: Test with pytest
      run: |
        pytest
""",
    "requirements.txt": "requests\n",
}

MONOREPO = {
    ".github/workflows/ci.yml": """\
on:
  pull_request:
jobs:
  api:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements-dev.txt
        working-directory: services/api
      - run: pytest -q
        working-directory: services/api
  worker:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          pip install -e libs/common
          cd services/worker
          pip install -e '.[test]'
          python -m pytest tests
""",
    "services/api/pytest.ini": "[pytest]\n",
    "services/worker/setup.py": "",
}

REUSABLE = {
    ".github/workflows/pull-request.yml": """\
on:
  pull_request:
    branches: [main, "release/*"]
jobs:
  unit:
    strategy:
      matrix:
        py: ["3.11", "3.12"]
    uses: ./.github/workflows/_test.yml
    with:
      python: ${{ matrix.py }}
      args: tests/unit
    secrets: inherit
  shared:
    uses: acme/workflows/.github/workflows/python.yml@v2
""",
    ".github/workflows/_test.yml": """\
on:
  workflow_call:
    inputs:
      python: {type: string, default: "3.10"}
      args: {type: string, required: true}
jobs:
  run:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/setup
        with:
          python-version: ${{ inputs.python }}
      - run: pytest ${{ inputs.args }}
""",
    ".github/actions/setup/action.yml": """\
name: setup
inputs:
  python-version: {default: "3.9"}
  extras: {default: test}
runs:
  using: composite
  steps:
    - uses: actions/setup-python@v5
      with:
        python-version: ${{ inputs.python-version }}
    - shell: bash
      run: pip install -e ".[${{ inputs.extras }}]"
""",
}

INCLUDE = {
    ".github/workflows/ci.yml": """\
on: [pull_request]
jobs:
  test:
    runs-on: ${{ matrix.os || 'ubuntu-latest' }}
    strategy:
      matrix:
        include:
          - {python-version: "3.9", deps: "django~=4.2.0"}
          - {python-version: "3.12", deps: "django~=5.2.0"}
          - {python-version: "3.13", deps: "django~=5.2.0", os: windows-latest}
          - {python-version: "3.13", deps: "django @ git+https://github.com/django/django#egg=django", experimental: true}
    continue-on-error: ${{ matrix.experimental || false }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "${{ matrix['python-version'] }}"}
      - run: pip install "${{ matrix.deps }}" -r requirements.txt
      - if: runner.os == 'Windows'
        run: choco install something
      - run: python -Wd -m pytest
""",
    "requirements.txt": "pytest\n",
}

NOX = {
    ".github/workflows/ci.yml": """\
on: [push, pull_request]
jobs:
  nox:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: wntrblm/nox@2024.10.09
      - run: nox -s tests
""",
    "noxfile.py": """\
import nox

PYTHONS = ["3.10", "3.12"]


@nox.session(python=PYTHONS)
def tests(session):
    session.install("-r", "requirements/dev.txt", ".")
    session.run("pytest", "--cov=pkg", *session.posargs, env={"PYTHONHASHSEED": "0"})


@nox.session
def lint(session):
    session.install("ruff")
    session.run("ruff", "check", ".")
""",
}

HATCH = {
    ".github/workflows/ci.yml": """\
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pipx install hatch
      - run: hatch run test:cov
""",
    "pyproject.toml": """\
[project]
name = "pkg"
[tool.hatch.envs.default]
features = ["cli"]
[tool.hatch.envs.test]
dependencies = ["pytest>=8", "pytest-cov"]
[tool.hatch.envs.test.scripts]
run = "pytest {args:tests}"
cov = "run --cov"
[[tool.hatch.envs.test.matrix]]
python = ["3.11", "3.12"]
""",
}

CONDA = {
    ".github/workflows/ci.yml": """\
on: [pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    defaults: {run: {shell: "bash -l {0}"}}
    steps:
      - uses: actions/checkout@v4
      - uses: conda-incubator/setup-miniconda@v3
        with: {python-version: "3.12", environment-file: environment.yml}
      - run: conda install -y gdal
      - run: pip install --no-deps -e .
      - run: pytest
""",
    "environment.yml": "dependencies: [gdal]\n",
}

COMPOSE = {
    ".github/workflows/ci.yml": """\
on: [pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: docker compose up -d db
      - run: docker compose run --rm web pytest -x tests
""",
    "requirements.txt": "pytest\n",
}

EXPRESSIONS = {
    ".github/workflows/ci.yml": """\
on: [pull_request]
jobs:
  versions:
    runs-on: ubuntu-latest
    outputs: {list: "${{ steps.x.outputs.list }}"}
    steps: [{id: x, run: "echo list=[] >> $GITHUB_OUTPUT"}]
  test:
    needs: versions
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python: ${{ fromJSON(needs.versions.outputs.list) }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "${{ matrix.python }}"}
      - run: pip install -r requirements-${{ matrix.python }}.txt
      - run: pytest $EXTRA ${{ github.event.inputs.more }} tests
""",
}

CONTAINER = {
    ".github/workflows/ci.yml": """\
on: [pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    container: python:3.12-bookworm
    services:
      mysql:
        image: mysql:8
        env: {MYSQL_ROOT_PASSWORD: root}
    env: {MYSQL_HOST: mysql, MYSQL_PORT: 3306}
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt
      - run: pytest
""",
    "requirements.txt": "pytest\n",
}

SHAPES = {
    "django_postgres": DJANGO_POSTGRES,
    "tox": TOX,
    "poetry": POETRY,
    "uv": UV,
    "requirements": REQUIREMENTS,
    "monorepo": MONOREPO,
    "reusable": REUSABLE,
    "include": INCLUDE,
    "nox": NOX,
    "hatch": HATCH,
    "conda": CONDA,
    "compose": COMPOSE,
    "expressions": EXPRESSIONS,
    "container": CONTAINER,
}


def make(folder: Path, files: dict[str, str]) -> Path:
    """The repository in a folder."""
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
