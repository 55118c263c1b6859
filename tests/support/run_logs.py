"""What a job of GitHub Actions prints around pytest, and the JUnit file that pytest writes in it.

Owns the texts: stamps, groups, colours, the lines of actions/upload-artifact.
"""

from collections.abc import Sequence

SUITE = tuple(f"tests/test_{module}.py::test_{number}" for module in "ab" for number in range(4))
UPLOAD = (
    "Artifact {0}.zip successfully finalized. Artifact ID {1}",
    "Artifact {0} has been successfully uploaded! Final size is 812 bytes. Artifact ID is {1}",
    "Artifact download URL: https://github.com/acme/shop/actions/runs/42/artifacts/{1}",
)


def job_log(
    *failed: str, tests: Sequence[str] = SUITE, minute: int = 0, python: str = "3.11.7", artifact: int = 0, verbose: bool = True
) -> bytes:
    """A job's whole log; without tests it runs something else."""
    lines = ["##[group]Run actions/checkout@v4", "with:", "##[endgroup]", "Requirement already satisfied: pytest"]
    lines += _session(failed, tests, python, verbose=verbose) if tests else ["All checks passed!"]
    lines += [line.format("junit", artifact) for line in UPLOAD if artifact]
    lines += ["Post job cleanup.", "Cleaning up orphan processes"]
    stamps = (f"2026-01-01T00:{minute:02d}:{tick // 10 % 60:02d}.{tick % 10}234567Z " for tick in range(len(lines)))
    return ("\ufeff" + "".join(f"{stamp}{line}\r\n" for stamp, line in zip(stamps, lines, strict=True))).encode()


def _session(failed: Sequence[str], tests: Sequence[str], python: str, *, verbose: bool) -> list[str]:
    lines = ["\x1b[1m============================= test session starts ==============================\x1b[0m"]
    lines += [f"platform linux -- Python {python}, pytest-8.3.0, pluggy-1.5.0", "rootdir: /home/runner/work/shop/shop", ""]
    if verbose:
        words = {True: "\x1b[31mFAILED\x1b[0m", False: "\x1b[32mPASSED\x1b[0m"}
        lines += [f"{test} {words[test in failed]}\x1b[32m [{number * 100 // len(tests):3d}%]\x1b[0m" for number, test in enumerate(tests)]
    else:
        lines += ["." * len(tests)]
    if failed:
        lines += ["=================================== FAILURES ==================================="]
        for test in failed:
            lines += ["_" * 30 + f" {test.split('::')[1]} " + "_" * 30, "    def test():", ">       assert limit() == 5"]
            lines += ["E       assert 6 == 5", "", f"{test.split('::')[0]}:7: AssertionError"]
        lines += ["=========================== short test summary info ============================"]
        lines += [f"FAILED {test} - assert 6 == 5" for test in failed]
    sums = f"{len(failed)} failed, {len(tests) - len(failed)} passed" if failed else f"{len(tests)} passed"
    return [*lines, f"============ {sums} in 3.21s ============"]


def junit(*failed: str, tests: Sequence[str] = SUITE, minute: int = 0) -> str:
    """What `--junitxml` writes in the same job."""
    cases = [
        f'<testcase classname="{test.split(".py")[0].replace("/", ".")}" name="{test.split("::")[1]}" time="0.01">'
        + ('<failure message="assert 6 == 5">E   assert 6 == 5</failure>' if test in failed else "")
        + "</testcase>"
        for test in tests
    ]
    began = f'timestamp="2026-01-01T00:{minute:02d}:00.5"'
    return f'<testsuites><testsuite name="pytest" time="3.1" {began}>{"".join(cases)}</testsuite></testsuites>'
