"""Papers of one run that came apart, of several that came together, and copies."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from flaky_detector.adapters.artefacts import gather
from flaky_detector.model import RunRecord
from flaky_detector.pipeline.analysis import read
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.stages.ingest import Bundle, Paper, ingest, reunite, without_copies

TESTS = tuple(f"tests/test_{module}.py::test_{number}" for module in "ab" for number in range(6))


def log(*failed: str, tests: tuple[str, ...] = TESTS, seconds: float = 12.5) -> str:
    """What `pytest -v -n 2` prints, with colours."""
    lines = ["\x1b[1m============================= test session starts ==============================\x1b[0m"]
    lines += ["platform linux -- Python 3.12.1, pytest-8.3.0, pluggy-1.5.0 -- /opt/venv/bin/python", "created: 2/2 workers", ""]
    for number, test in enumerate(tests):
        word = "\x1b[31mFAILED" if test in failed else "\x1b[32mPASSED"
        lines += [f"{test} ", f"[gw{number % 2}] \x1b[36m [{number * 100 // len(tests):3d}%] \x1b[0m{word}\x1b[0m {test} "]
    sums = f"{len(failed)} failed, {len(tests) - len(failed)} passed" if failed else f"{len(tests)} passed"
    return "\n".join([*lines, f"============ {sums} in {seconds}s ============"])


def junit(*failed: str, tests: tuple[str, ...] = TESTS, seconds: float = 12.3, timestamp: str = "2026-01-01T00:00:07.1") -> str:
    """What `--junitxml` writes."""
    return f"<testsuites>{suite(*failed, tests=tests, seconds=seconds, timestamp=timestamp)}</testsuites>"


def suite(*failed: str, tests: tuple[str, ...] = TESTS, seconds: float = 12.3, timestamp: str = "2026-01-01T00:00:07.1") -> str:
    told = [
        f'<testcase classname="{test.split(".py")[0].replace("/", ".")}" name="{test.split("::")[1]}" time="0.01">'
        + ('<failure message="assert 1 == 2">E   assert 1 == 2</failure>' if test in failed else "")
        + "</testcase>"
        for test in tests
    ]
    return f'<testsuite name="pytest" time="{seconds}" timestamp="{timestamp}">{"".join(told)}</testsuite>'


def stamped(text: str, day: int = 1) -> str:
    """As GitHub keeps it: a byte order mark, and a time before each line."""
    lines = text.splitlines()
    return "\ufeff" + "".join(f"2026-01-{day:02d}T00:00:{n % 60:02d}.{n * 7919:07d}Z {line}\n" for n, line in enumerate(lines))


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def records(*paths: Path) -> tuple[list[RunRecord], list[str]]:
    bundles, gaps = gather(paths)
    dossier = read(bundles, gaps, Dossier())
    return dossier.records, [gap.text for gap in dossier.gaps]


def bundle(name: str, paper: str, text: str) -> Bundle:
    return Bundle(name, (Paper(paper, text.encode()),))


FAILED = TESTS[3]
RUN = "##[group]Run pytest -n 2 -v\n\x1b[36;1mpytest -n 2 -v\x1b[0m\n##[endgroup]\n"


def test_github_s_archive_of_logs_is_one_run_for_each_job(tmp_path: Path) -> None:
    first, second = stamped(RUN + log(FAILED) + "\n##[error]Process completed with exit code 1."), stamped(RUN + log(seconds=40.0), day=2)
    steps = {"unit (3.12)/3_Run tests.txt": first, "unit (3.13)/3_Run tests.txt": second, "unit (3.12)/1_Set up job.txt": stamped("hello")}
    whole = {
        "0_unit (3.12).txt": stamped("Runner is ready", day=3) + first[1:] + stamped("Post job", day=4)[1:],
        "1_unit (3.13).txt": second,
    }
    (tmp_path / "logs.zip").write_bytes(zipped(**whole, **steps))
    told, gaps = records(tmp_path / "logs.zip")
    assert [(record.spec.id.rsplit("/", 1)[-1], len(record.executions), record.failed, record.spec.workers) for record in told] == [
        ("0_unit (3.12).txt", 12, 1, 2),
        ("1_unit (3.13).txt", 12, 0, 2),
    ]
    assert len(gaps) == 1
    assert gaps[0].startswith("of what was given, these are copies of others, counted once: ")


def test_reports_in_artefacts_of_their_own_go_with_the_logs_of_their_jobs(tmp_path: Path) -> None:
    (tmp_path / "logs.zip").write_bytes(zipped(**{"a/3_Run.txt": stamped(log(FAILED)), "b/3_Run.txt": stamped(log(TESTS[0]), day=2)}))
    (tmp_path / "junit-a.zip").write_bytes(zipped(**{"junit.xml": junit(FAILED)}))
    (tmp_path / "junit-b.zip").write_bytes(zipped(**{"results/junit.xml": junit(TESTS[0])}))
    told, gaps = records(tmp_path)
    assert [(record.witnesses, record.has_order, record.failed) for record in told] == [(("console", "junit"), True, 1)] * 2
    assert gaps == []
    assert [row.failures[0].message for record in told for row in record.executions if row.failures] == ["assert 1 == 2"] * 2


def test_two_runs_with_the_same_outcomes_are_told_apart_by_the_time_they_took() -> None:
    papers = [bundle("l1", "a.log", log(seconds=12.5)), bundle("l2", "b.log", log(seconds=40.0))]
    papers += [bundle("j1", "a.xml", junit(seconds=39.8)), bundle("j2", "b.xml", junit(seconds=12.4))]
    whole, gaps = reunite(papers)
    assert [(one.name, [paper.name for paper in one.papers]) for one in whole] == [("j1", ["a.xml", "b.log"]), ("j2", ["b.xml", "a.log"])]
    assert gaps == ()


def test_what_could_belong_to_either_of_two_is_left_apart_and_said() -> None:
    papers = [bundle(name, f"{name}.log", log()) for name in ("l1", "l2")] + [bundle("j1", "a.xml", junit())]
    whole, gaps = reunite(papers)
    assert [one.name for one in whole] == ["l1", "l2", "j1"]
    assert [(gap.source, gap.text.split(":")[0]) for gap in gaps] == [
        ("j1", "may be of the same run as a console log that tells the same outcomes")
    ]


def recorded(*failed: str) -> Paper:
    """What the recorder writes in a job's own pytest."""
    events = [{"ev": "start", "v": 1, "worker": "main", "python": "3.12.1"}]
    for number, test in enumerate(TESTS):
        events += [{"ev": "begin", "id": test, "pos": number, "time": 5.0}]
        events += [{"ev": "end", "id": test, "pos": number, "outcome": "failed" if test in failed else "passed", "dur": 0.25}]
    return Paper("journal-main.jsonl", "".join(json.dumps(event) + "\n" for event in events).encode())


@pytest.mark.parametrize("beside", [(), (Paper("junit.xml", junit(FAILED).encode()),)])
def test_what_the_recorder_left_and_the_log_of_the_same_run_are_one_run(beside: tuple[Paper, ...]) -> None:
    of_a_job = Bundle("run/test", (Paper("log.txt", log(FAILED).encode()),), "test")
    whole, gaps = reunite([Bundle("run/7.zip", (recorded(FAILED), *beside)), of_a_job])
    assert ([(one.name, one.job) for one in whole], gaps) == ([("run/test", "test")], ())
    assert ingest(whole[0]).witnesses[0] == "journal-main"


def test_a_run_of_our_own_takes_no_log() -> None:
    ours = Bundle("ours", (recorded(FAILED), Paper("run.json", b"{}")))
    whole, _ = reunite([ours, Bundle("l", (Paper("log.txt", log(FAILED).encode()),), "test")])
    assert [one.name for one in whole] == ["ours", "l"]


def test_of_several_logs_that_fit_the_one_of_the_same_job_is_taken_whenever_it_began() -> None:
    papers = [Bundle(f"run/{job}", (Paper("log.txt", log(seconds=9.0).encode()),), job) for job in ("one", "two")]
    papers += [Bundle("run/two/7.zip", (Paper("junit.xml", junit().encode()),), "two"), bundle("run/8.zip", "junit.xml", junit())]
    whole, gaps = reunite(papers)
    assert [(one.name, one.papers[0].name, one.job) for one in whole] == [("run/two", "junit.xml", "two"), ("run/one", "junit.xml", "one")]
    assert gaps == ()


def test_a_report_goes_with_no_other_jobs_log_where_its_own_job_left_one() -> None:
    papers = [Bundle("one", (Paper("log.txt", log().encode()),), "one"), Bundle("two", (Paper("log.txt", log(FAILED).encode()),), "two")]
    papers += [Bundle("two/7.zip", (Paper("junit.xml", junit().encode()),), "two")]
    assert [one.name for one in reunite(papers)[0]] == ["one", "two", "two/7.zip"]


def test_a_log_goes_with_the_report_that_began_when_it_did() -> None:
    papers = [bundle(f"l{hour}", "log.txt", stamped(log()).replace("T00:", f"T{hour}:")) for hour in ("08", "09")]
    papers += [bundle("j", "junit.xml", junit(timestamp="2026-01-01T09:00:01.5+00:00"))]
    whole, _ = reunite(papers)
    assert [(one.name, len(one.papers)) for one in whole] == [("l08", 1), ("j", 2)]


def short(*failed: str) -> str:
    """What pytest prints without `-v`."""
    lines = ["============================= test session starts ==============================", "." * len(TESTS)]
    lines += ["=========================== short test summary info ============================"] * bool(failed)
    lines += [f"FAILED {test} - assert 1 == 2" for test in failed]
    return "\n".join([*lines, f"============ {len(failed)} failed, {len(TESTS) - len(failed)} passed in 12.5s ============"])


def test_a_log_without_a_line_for_each_test_goes_with_the_report_of_the_same_failures() -> None:
    papers = [bundle("l", "a.log", short(FAILED)), bundle("j1", "1.xml", junit(FAILED)), bundle("j2", "2.xml", junit(TESTS[5]))]
    assert [(one.name, len(one.papers)) for one in reunite(papers)[0]] == [("j1", 2), ("j2", 1)]


def test_a_log_that_tells_of_no_test_goes_with_its_own_jobs_report_only() -> None:
    papers = [bundle("l", "a.log", short()), bundle("j", "junit.xml", junit())]
    assert len(reunite(papers)[0]) == 2
    papers = [Bundle(one.name, one.papers, "test") for one in papers]
    assert [(one.name, len(one.papers)) for one in reunite(papers)[0]] == [("l", 2)]


@pytest.mark.parametrize("other", [junit(TESTS[5]), junit(tests=TESTS[:6]), "<testsuite name='s'/>"])
def test_a_report_that_tells_other_outcomes_is_another_run(other: str) -> None:
    whole, gaps = reunite([bundle("l", "a.log", log(FAILED)), bundle("j", "a.xml", other)])
    assert ([one.name for one in whole], gaps) == (["l", "j"], ())


def test_testsuites_that_hold_the_same_tests_are_several_runs() -> None:
    together = f"<testsuites>{suite()}{suite(FAILED)}</testsuites>"
    whole, _ = reunite([bundle("j", "junit.xml", together)])
    assert [one.name for one in whole] == ["j#1", "j#2"]


def test_testsuites_that_hold_other_tests_are_one_run() -> None:
    together = f"<testsuites>{suite(tests=TESTS[:6])}{suite(tests=TESTS[6:])}</testsuites>"
    assert [one.name for one in reunite([bundle("j", "junit.xml", together)])[0]] == ["j"]


def test_the_reports_of_a_matrix_in_one_file_fail_in_one_run_and_pass_in_the_other(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(f"<testsuites>{suite()}{suite(FAILED)}</testsuites>")
    told, _ = records(tmp_path / "junit.xml")
    assert [record.failed for record in told] == [0, 1]


def test_a_zip_and_the_folder_it_was_unpacked_to_are_one_run(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "junit.xml").write_text(junit(FAILED))
    (tmp_path / "a.zip").write_bytes(zipped(**{"junit.xml": junit(FAILED)}))
    told, gaps = records(tmp_path / "a", tmp_path / "a.zip")
    assert (len(told), len(gaps)) == (1, 1)


def test_reports_without_a_time_that_are_alike_are_two_runs() -> None:
    bare = "<testsuite name='pytest'><testcase classname='tests.test_a' name='test_x'/></testsuite>"
    once, gaps = without_copies([bundle("a", "junit.xml", bare), bundle("b", "junit.xml", bare)])
    assert ([one.name for one in once], gaps) == (["a", "b"], ())


def test_logs_without_time_stamps_that_are_alike_are_two_runs() -> None:
    once, _ = without_copies([bundle("a", "a.log", log()), bundle("b", "b.log", log())])
    assert [one.name for one in once] == ["a", "b"]


def test_a_bundle_of_our_own_given_twice_counts_once() -> None:
    ours = (Paper("run.json", b"{}"), Paper("journal-main.jsonl", b'{"ev": "start", "time": 1.5}\n'), Paper("console.log", b"..."))
    once, gaps = without_copies([Bundle("a", ours), Bundle("b", ours)])
    assert [one.name for one in once] == ["a"]
    assert gaps[0].text.endswith("counted once: b/journal-main.jsonl")


def test_a_journal_that_was_never_written_to_is_no_copy_of_another() -> None:
    empty = (Paper("journal-gw0.jsonl", b""),)
    assert [one.name for one in without_copies([Bundle("a", empty), Bundle("b", empty)])[0]] == ["a", "b"]
