"""The command: generates suites, verifies them, hunts, scores, prints.

    python -m bench.accuracy --seeds 1-10 --suites plain,clean --folder DIR [--verify] [--generate-only] [--hunt-options "--runs 4"]

A suite that has a result in DIR is scored from that; so a long bench can be run in pieces, and rescored by running it again.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.accuracy.hunting import Habits, hunted, lay_down
from bench.accuracy.kinds import SUITES
from bench.accuracy.score import Score
from bench.accuracy.suite import Suite
from bench.accuracy.surroundings import missing, provided
from bench.accuracy.table import misses, table
from bench.accuracy.verify import verify


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 where a planted truth does not hold."""
    options = _parser().parse_args(argv)
    scores: list[Score] = []
    wrong: list[str] = []
    with contextlib.ExitStack() as stack:
        for suite in (SUITES[kind](seed) for kind in options.suites for seed in options.seeds):
            lacking = missing(suite.planted, options.python)
            if lacking:
                print(f"{suite.planted.name}: left out, for want of {lacking}")
                continue
            environ = provided(suite.planted, stack)
            if options.verify or options.generate_only:
                wrong += _prepared(suite, options, environ)
            if not options.generate_only:
                scores.append(_one(suite, options, environ))
    if scores:
        _tell(scores, options.folder)
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.accuracy", description="Hunts in suites whose truths are known, and scores what is found.")
    parser.add_argument("--seeds", type=seeds, default=seeds("1-3"), help="such as 1-10 or 1,4")
    parser.add_argument("--suites", type=_suites, default=list(SUITES), help=f"of {','.join(SUITES)}")
    parser.add_argument("--folder", type=Path, required=True, help="where suites and results go; what is there already is not hunted again")
    parser.add_argument("--verify", action="store_true", help="show by running that the truths hold")
    parser.add_argument("--generate-only", action="store_true", help="do not hunt")
    parser.add_argument("--keep", action="store_true", help="keep suites without a miss, too")
    parser.add_argument("--hunt-options", default="", help="more options for the hunts, as on a command line")
    parser.add_argument("--python", default=sys.executable, help="interpreters for the suites, separated by commas")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds after which a hunt is ended")
    return parser


def seeds(text: str) -> list[int]:
    """`1-3,7` as 1, 2, 3, 7."""
    spans = [part.split("-") for part in text.split(",")]
    return [seed for span in spans for seed in range(int(span[0]), int(span[-1]) + 1)]


def _suites(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no suites of these kinds: {', '.join(unknown)}; there are {', '.join(SUITES)}")
    return names


def _prepared(suite: Suite, options: argparse.Namespace, environ: dict[str, str]) -> list[str]:
    tree = lay_down(suite, options.folder / suite.planted.name)
    started = time.monotonic()
    wrong = verify(tree, suite.planted, environ) if options.verify else []
    held = "not verified" if not options.verify else "truths hold" if not wrong else "TRUTHS DO NOT HOLD"
    seconds = time.monotonic() - started
    print(f"{suite.planted.name}: {suite.planted.tests} tests, {len(suite.planted.truths)} truths, {held}, {seconds:.0f} s", flush=True)
    told = [f"{suite.planted.name}: {line}" for line in wrong]
    print("".join(f"  {line}\n" for line in told), end="", flush=True)
    return told


def _one(suite: Suite, options: argparse.Namespace, environ: dict[str, str]) -> Score:
    folder = options.folder / suite.planted.name
    lay_down(suite, folder)
    habits = Habits(
        options=tuple(shlex.split(options.hunt_options)), pythons=options.python, timeout_seconds=options.timeout, environ=environ
    )  # fmt: skip
    result = hunted(folder, suite.planted, habits)
    found = sum(truth.found for truth in result.truths)
    print(
        f"{result.name}: {found}/{len(result.truths)} found, {len(result.false_accusations)} false, "
        f"{result.trials} trials, {result.wall_seconds:.0f} s, {result.status}",
        flush=True,
    )
    if not options.keep and found == len(result.truths) and not result.false_accusations:
        shutil.rmtree(folder / "report" / "runs", ignore_errors=True)
    return result


def _tell(scores: Sequence[Score], folder: Path) -> None:
    text = f"{misses(scores)}\n\n{table(scores)}\n"
    (folder / "accuracy.md").write_text(table(scores) + os.linesep, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    raise SystemExit(main())
