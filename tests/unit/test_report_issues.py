"""Issues: one for each proven cause, none for suspects."""

from msgspec.structs import replace

from flaky_detector.stages.report import Context, report
from tests.support import shop_result

CONTEXT = Context(commit="1a2b3c4d5e6f7081", repository_url="https://github.com/acme/shop", version="1.2.3")


def test_each_cause_is_an_issue_whose_title_names_it():
    pages = report(shop_result.shop(), CONTEXT)
    first, second = pages.issues
    assert first.title == "test_reads_of_a_model_go_where_its_app_belongs[analytics-warehouse] makes 1 test fail"
    assert second.title.endswith("[analytics-warehouse], then test_a_migration_with_a_name_may_be_made make 6 tests fail")
    assert pages.issues[0].fingerprints == ("5f0d1c2b3a495867",)
    assert pages.issues[0].body.startswith(
        "> [!CAUTION]\n> **`test_reads_of_a_model_go_where_its_app_belongs[analytics-warehouse]`** leaves"
    )
    assert "commit <code>1a2b3c4</code> · flaky-detector 1.2.3</sub>\n" in pages.issues[0].body


def test_an_issue_tells_of_its_own_cause_alone():
    first, second = report(shop_result.shop(), CONTEXT).issues
    assert "test_no_migration_is_missing" in first.body
    named = "test_products_get_their_slug"
    assert (named in first.body, named in second.body) == (False, True)
    assert "Also seen" not in first.body + second.body


def test_a_test_that_needs_another_is_titled_as_such():
    assert [page.title for page in report(shop_result.brittle(), CONTEXT).issues] == [
        "test_half_a_cent_goes_up fails unless another test ran before"
    ]


def test_nobody_is_accused_in_an_issue_on_suspicion():
    assert report(shop_result.suspects_only(), CONTEXT).issues == ()
    assert report(shop_result.clean(), CONTEXT).issues == ()


def test_thousands_of_victims_make_an_issue_that_github_takes():
    shop = shop_result.shop()
    many = tuple(replace(shop.findings[0], test=f"tests/test_x.py::test_{n}[{'ü' * 60}]", fingerprint=f"{n:016x}") for n in range(3000))
    (page,) = report(replace(shop, findings=many), CONTEXT).issues
    assert len(page.fingerprints) == 50
    assert len(page.body) < 60_000
