"""The repository that calls flaky-detector: a small suite with one polluter, and the workflow files of examples/workflows."""

import subprocess
from pathlib import Path

POLLUTER = "tests/test_limits.py::test_the_limit_may_be_raised"
VICTIM = "tests/test_totals.py::test_nobody_owes_more_than_the_limit"

TESTS = """name: tests
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python-version: ["3.12"]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
      - run: pip install -r requirements.txt
      - run: python -m pytest -n 2
"""

FILES = {
    ".github/workflows/tests.yml": TESTS,
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n',
    "requirements.txt": "pytest\npytest-xdist\n",
    "ledger.py": "LIMIT = 100\n\n\ndef owed(amounts):\n    return min(sum(amounts), LIMIT)\n",
    "tests/test_limits.py": "import ledger\n\n\ndef test_the_limit_may_be_raised():\n    ledger.LIMIT = 500\n    ledger.owed([400])\n",
    "tests/test_names.py": "def test_a_name():\n    assert 'ledger'.title() == 'Ledger'\n",
    "tests/test_totals.py": "import ledger\n\n\ndef test_nobody_owes_more_than_the_limit():\n    assert ledger.owed([60, 60]) == 100\n",
}


def check_in(folder: Path, workflows: Path) -> None:
    """The repository in `folder`, its workflow files those of `workflows`, with the placeholder OWNER filled in."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    place = folder / ".github" / "workflows"
    for file in workflows.glob("*.yml"):
        text = file.read_text().replace("OWNER/", "acme/")
        (place / file.name).write_text(text.replace("inputs.runs || '8'", "inputs.runs || '3'"))  # a schedule takes no inputs
    git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["remote", "add", "origin", "https://github.com/acme/shop"],
        ["add", "."],
        ["commit", "--quiet", "-m", "The ledger"],
    ):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
