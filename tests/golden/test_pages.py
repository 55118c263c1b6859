"""What a person sees, held against files in `pages/`.

After a change that is meant to be seen, make the files anew and read the difference before committing it:

    REGENERATE_GOLDEN=1 python -m pytest tests/golden && git diff tests/golden
"""

import os
from pathlib import Path

import pytest

from flaky_detector.stages.report import Context, Pages, read_findings, report
from tests.support import shop_result

PAGES = Path(__file__).parent / "pages"
CONTEXT = Context(
    commit="1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
    repository_url="https://github.com/acme/shop",
    run_url="https://github.com/acme/shop/actions/runs/7",
    version="1.2.3",
)
RESULTS = {
    "shop": shop_result.shop,
    "suspects": shop_result.suspects_only,
    "brittle": shop_result.brittle,
    "clean": shop_result.clean,
    "flood": shop_result.flood,
    "nightly": shop_result.nightly,
}


def files_of(pages: Pages) -> dict[str, str]:
    annotations = "".join(f"{note.level} {note.path}:{note.line} {note.title}\n    {note.message}\n" for note in pages.annotations)
    issues = "\n".join(f"# {issue.title}\n\n{issue.body}" for issue in pages.issues)
    return {
        "comment.md": pages.comment,
        "summary.md": pages.summary,
        "report.html": pages.html,
        "findings.json": pages.findings_json,
        "annotations.txt": annotations,
        "terminal.txt": pages.terminal,
    } | ({"issues.md": issues} if issues else {})


@pytest.mark.parametrize("name", RESULTS)
def test_the_pages_are_as_they_were_read_and_approved(name: str) -> None:
    for file, text in files_of(report(RESULTS[name](), CONTEXT)).items():
        path = PAGES / name / file
        if os.environ.get("REGENERATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name}/{file} differs; see the docstring of this file"


@pytest.mark.parametrize("name", RESULTS)
def test_every_page_is_drawn_again_from_findings_json_byte_for_byte(name: str) -> None:
    pages = report(RESULTS[name](), CONTEXT)
    assert report(read_findings(pages.findings_json), CONTEXT) == pages
