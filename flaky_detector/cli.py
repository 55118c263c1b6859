"""The command line: verbs and options in, exit code out.

Owns the parser, the exit codes, and the only place that prints a traceback. Must not know how a verb does its work.

Exit codes: 0 nothing found, or policy allows it · 1 findings, and policy (`--fail-on`) says fail · 2 usage or configuration · 3 the suite
could not be run · 4 a bug of ours · 130 interrupted, and what was found so far has been written.
"""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from flaky_detector import __version__
from flaky_detector import settings as settings_module
from flaky_detector.adapters.age import seconds_since_start
from flaky_detector.adapters.process import interruptible
from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import FlakyDetectorError, SettingsError
from flaky_detector.pipeline import verbs
from flaky_detector.pipeline.nightly import Clock, utc_now
from flaky_detector.settings import BY_NAME, Settings

COMMON = ("output", "rootdir", "quiet", "verbose")
ENVIRONMENT = ("python", "install", "run-timeout", "clone")
PLAN = ("runs", "seeds", "dist", "workers", "keep-sort", "changed-since")
PROVE = ("repeats", "fork", "look-further", "budget", "fail-on")
REMEMBER = ("history", "cured-after")


class Verb:
    """One verb of the command line: which settings it takes and who does its work."""

    def __init__(self, keys: tuple[str, ...], help: str, work: Callable[[verbs.Call], int], *, takes_pytest_args: bool = False) -> None:  # noqa: A002 -- argparse's word
        self.keys = (*keys, *COMMON)
        self.help = help
        self.work = work
        self.takes_pytest_args = takes_pytest_args


VERBS: Mapping[str, Verb] = {
    "hunt": Verb(
        (*PLAN, *ENVIRONMENT, "confirm", *PROVE, *REMEMBER),
        "plan, run, analyse, prove and report: the main job",
        verbs.hunt,
        takes_pytest_args=True,
    ),
    "plan": Verb((*PLAN, *ENVIRONMENT, "budget"), "print the runs that a hunt would make", verbs.plan, takes_pytest_args=True),
    "run": Verb(
        ENVIRONMENT, "execute one slice of a plan and leave bundles; needs no network and no token", verbs.run, takes_pytest_args=True
    ),
    "analyze": Verb(
        (*ENVIRONMENT, "confirm", *PROVE, *REMEMBER),
        "read JUnit XML, bundles, xdist -v logs, folders or zips of them, or a past run on GitHub; runs no test without --confirm",
        verbs.analyze,
        takes_pytest_args=True,
    ),
    "confirm": Verb(
        (*ENVIRONMENT, *PROVE, "runs"), "prove or clear suspects of one failing test by re-running", verbs.confirm, takes_pytest_args=True
    ),
    "replay": Verb(
        ENVIRONMENT, "run again exactly what one xdist worker ran, in its order, in one process", verbs.replay, takes_pytest_args=True
    ),
    "report": Verb(("comment-key", "fail-on", "history"), "write comment, summary and page anew from a findings.json", verbs.report),
    "init": Verb((), "read the repository's workflows and pytest settings, and draft the workflow files that call the action", verbs.init),
}


class _Parser(argparse.ArgumentParser):
    """argparse that reports trouble as one line with a hint."""

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_abbrev=False, **more)

    def error(self, message: str) -> NoReturn:
        hint = f"see {self.prog} --help"
        if "unrecognized arguments" in message:
            hint += "; arguments for pytest go after --"
        raise SettingsError(message, hint)


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None, clock: Clock = utc_now) -> int:
    """Run one verb; the exit code.

    Args:
        argv: arguments; those of the process by default.
        environ: where inputs and tokens are read from; the process environment by default. What is started inherits the latter.
        clock: the time by which nights are told apart.
    """
    _show_any_character()
    try:
        with interruptible():
            start_seconds = seconds_since_start() if argv is None else 0.0
            return _main(list(sys.argv[1:] if argv is None else argv), os.environ if environ is None else environ, clock, start_seconds)
    except FlakyDetectorError as trouble:
        sys.stderr.write(f"flaky-detector: {trouble.message}\n" + (f"  {trouble.hint}\n" if trouble.hint else ""))
        return trouble.exit_code
    except SystemExit as end:
        return int(end.code or 0)
    except KeyboardInterrupt:
        sys.stderr.write("flaky-detector: interrupted\n")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception:
        traceback.print_exc()
        sys.stderr.write(f"flaky-detector {__version__}: this is a bug of ours; please report it with the lines above\n")
        return 4


def _show_any_character() -> None:
    """Streams of a poor encoding (a runner's without a locale) get escapes for what they cannot hold, rather than an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _main(argv: list[str], environ: Mapping[str, str], clock: Clock, start_seconds: float) -> int:
    ours, pytest_args = _split(argv)
    parsed = parser().parse_args(ours)
    if parsed.verb is None:
        parser().print_help()
        return 2
    verb = VERBS[parsed.verb]
    if pytest_args and not verb.takes_pytest_args:
        raise SettingsError(f"{parsed.verb} takes no arguments for pytest", f"see flaky-detector {parsed.verb} --help")
    options = _options(parsed)
    if pytest_args:
        options["pytest_args"] = tuple(pytest_args)
    if parsed.verb == "analyze" and "confirm" not in options:
        options["confirm"] = settings_module.from_inputs(environ).get("confirm", False)
    settings = settings_module.load(options, environ, parsed.config)
    voice = Voice(quiet=settings.quiet, verbose=settings.verbose, color=settings.color)
    call = verbs.Call(settings=settings, arguments=parsed, environ=dict(environ), voice=voice, clock=clock, start_seconds=start_seconds)
    return verb.work(call)


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Ours, and what stands after the first `--`."""
    if "--" not in argv:
        return argv, []
    at = argv.index("--")
    return argv[:at], argv[at + 1 :]


def _options(parsed: argparse.Namespace) -> dict[str, Any]:
    """The fields that were given on the command line, read and checked."""
    fields: dict[str, Any] = {}
    for name, key in BY_NAME.items():
        text = getattr(parsed, f"key_{key.field}", None)
        if text is not None:
            fields.update([settings_module.read_value(name, text, f"the option --{name}")])
    return fields


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="flaky-detector",
        description="Finds the test that makes other tests fail, proves it by re-running, and says so.",
        epilog="Exit codes: 0 nothing found or allowed, 1 findings, 2 usage, 3 the suite could not be run, 4 our bug, 130 interrupted.",
    )
    top.add_argument("--version", action="version", version=f"flaky-detector {__version__}")
    subparsers = top.add_subparsers(dest="verb", metavar="VERB", parser_class=_Parser)
    for name, verb in VERBS.items():
        usage = None if not verb.takes_pytest_args else f"flaky-detector {name} {USAGES.get(name, '[OPTIONS]')} [-- PYTEST_ARGS…]"
        sub = subparsers.add_parser(name, help=verb.help, description=verb.help, usage=usage)
        _own_arguments(name, sub)
        for key in verb.keys:
            _add_key(sub, key)
        sub.add_argument("--no-color", dest="key_color", action="store_const", const="false", help="no colours in the terminal")
        sub.add_argument(
            "--config", type=Path, metavar="FILE", help="YAML or TOML file of settings (default: [tool.flaky-detector] in pyproject.toml)"
        )
    return top


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


USAGES = {
    "run": "--plan FILE [--slice I/N] [OPTIONS]",
    "analyze": "{PATH|URL… | --run-id N} [--confirm] [OPTIONS]",
    "confirm": "VICTIM [--order FILE] [--suspect ID…] [--elsewhere ID…] [--beside ID…] [OPTIONS]",
    "replay": "BUNDLE --worker WORKER [--until ID] [OPTIONS]",
}


def _own_arguments(verb: str, sub: argparse.ArgumentParser) -> None:
    if verb == "plan":
        sub.add_argument("--format", choices=("table", "json", "matrix"), default="table", help="matrix is the JSON for strategy.matrix")
        sub.add_argument(
            "--slices", type=_whole, default=0, metavar="N", help="runners to spread a matrix over (default: one for each run)"
        )
        sub.add_argument("--save", type=Path, metavar="FILE", help="write the plan to this file too, as `run --plan` reads it")
        sub.add_argument(
            "--after",
            nargs="+",
            action="extend",
            type=Path,
            default=[],
            metavar="PATH",
            help="bundles of runs that were made: plan what follows",
        )
    elif verb == "run":
        sub.add_argument("--plan", required=True, type=Path, metavar="FILE", help="what `plan --format json` printed")
        sub.add_argument("--slice", default="1/1", metavar="I/N", help="run the I-th of N slices (default 1/1)")
    elif verb == "analyze":
        _what_to_analyze(sub)
    elif verb == "confirm":
        sub.add_argument("victim", metavar="VICTIM", help="node id of the test that fails")
        sub.add_argument("--order", type=Path, metavar="FILE", help="a failing order: one node id a line")
        sub.add_argument("--suspect", action="append", default=[], metavar="ID", help="a test suspected of making it fail; may be repeated")
        sub.add_argument("--elsewhere", action="append", default=[], metavar="ID", help="the same, but it runs on another worker")
        sub.add_argument("--beside", action="append", default=[], metavar="ID", help="a test that runs on another worker at the same time")
    elif verb == "replay":
        sub.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of one run, as a hunt leaves it in runs/")
        sub.add_argument("--worker", required=True, metavar="WORKER", help="xdist worker, such as gw3; main for a run without xdist")
        sub.add_argument("--until", metavar="ID", help="stop after this test")
    elif verb == "init":
        sub.add_argument("--write", "--yes", action="store_true", help="write the files; without it they are only shown, as a difference")
        sub.add_argument(
            "--action", default="", metavar="OWNER/NAME@REF", help="what `uses:` calls flaky-detector (default: where this copy is from)"
        )
    elif verb == "report":
        sub.add_argument("findings", type=Path, metavar="FINDINGS", help="a findings.json")


def _what_to_analyze(sub: argparse.ArgumentParser) -> None:
    told = "JUnit XML, bundles, xdist -v logs, folders or zips of them; or the address of a run on GitHub, of its attempt or its job"
    sub.add_argument("paths", nargs="*", metavar="PATH|URL", help=told)
    told = "logs and artifacts of that workflow run; may be repeated"
    sub.add_argument("--run-id", action="append", default=[], type=_whole, metavar="N", help=told)
    sub.add_argument("--repo", default="", metavar="OWNER/NAME", help="whose runs they are (default: GITHUB_REPOSITORY)")


def _add_key(sub: argparse.ArgumentParser, name: str) -> None:
    key = BY_NAME[name]
    dest = f"key_{key.field}"
    if isinstance(getattr(Settings(), key.field), bool):
        sub.add_argument(f"--{name}", dest=dest, action="store_const", const="true", help=key.help)
        if name not in ("quiet", "verbose"):
            sub.add_argument(f"--no-{name}", dest=dest, action="store_const", const="false", help=argparse.SUPPRESS)
        return
    sub.add_argument(f"--{name}", dest=dest, metavar=key.metavar or None, help=key.help)
