"""The answer in a terminal: what a person reads when the program has ended.

Owns plain text of a width that a terminal shows. The wording is `telling`'s.
"""

import textwrap
from collections.abc import Iterator

from flaky_detector.model import Finding, Nights
from flaky_detector.stages.report import telling
from flaky_detector.stages.report.digest import Cause, Digest, Suspicion
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.neutral import plain

WIDTH = 100
MOST_VICTIMS = 12
MOST_SUSPECTS = 5


def terminal(digest: Digest) -> str:
    """A headline, the causes with their victims and the command that shows each, and the rest in a line."""
    return "\n".join(_without_ticks(line) for line in ["", telling.headline(digest), *_body(digest), "", _footer(digest)]) + "\n"


def _body(digest: Digest) -> Iterator[str]:
    names = Names(digest.result)
    for notice in telling.notices(digest):
        yield from ("", notice)
    for cause in digest.causes:
        yield from ("", *_cause(cause, digest, names))
    for finding in digest.conflicts:
        yield from ("", *_wrapped(f"{plain(finding.test)} {telling.conflict(finding, names)}", "● ", "  "))
        yield from ([f"  see it: {finding.reproduce}"] if finding.reproduce else [])
    for suspicion in digest.suspicions:
        yield from ("", *_suspicion(suspicion))
    if digest.asides:
        yield from ("", f"{telling.aside_headline(digest)}:")
        yield from _wrapped(telling.aside_note(digest), "  ", "  ")
        for one in digest.asides[:MOST_VICTIMS]:
            yield from _wrapped(telling.aside(one, names), "    ", "      ")
    if not digest.accuses and digest.result.runs:
        yield from ("", telling.tried(digest))
    for told, findings in telling.kinds_of_others(digest):
        yield from ("", f"{told}:")
        yield from _indented(_other(finding, names) for finding in findings[:MOST_VICTIMS])
    if digest.result.nights:
        yield from ("", *_nights(digest.result.nights, names))
    for gap in digest.gaps[:MOST_VICTIMS]:
        yield f"gap: {plain(gap.source)}: {plain(gap.text)}"


def _cause(cause: Cause, digest: Digest, names: Names) -> Iterator[str]:
    heads, sentence = telling.alert(cause, digest, names)
    joined = sentence if sentence.startswith(",") else f" {sentence}"
    yield from _wrapped(" + ".join(heads) + joined, "● ", "  ")
    if cause.location:
        yield f"  at {cause.location.path}:{cause.location.line}"
    for number, step in enumerate(telling.steps(cause, names), 1):
        yield from _wrapped(step, f"  {number}. ", "     ")
    yield "  breaks:"
    for victim in cause.victims[:MOST_VICTIMS]:
        alone, after = telling.share(victim.alone), telling.share(victim.after)
        yield f"    {plain(victim.finding.test)}"
        yield f"      {telling.failure(victim.finding)} · alone {alone} fail, after it {after} · Python {', '.join(victim.finding.pythons)}"
    if len(cause.victims) > MOST_VICTIMS:
        yield f"    and {len(cause.victims) - MOST_VICTIMS} more"
    if telling.alternatives(cause, names):
        yield from _wrapped(telling.alternatives(cause, names), "  ", "  ")
    told = " ".join(part for part in (telling.mending(cause), telling.ways(cause)) if part)
    yield from _wrapped(f"mend it: {told}", "  ", "    ")
    if cause.first.reproduce:
        yield f"  see it: {cause.first.reproduce}"


def _suspicion(suspicion: Suspicion) -> Iterator[str]:
    yield from _wrapped(f"{plain(suspicion.first.test)} {telling.suspicion_alert(suspicion)}", "○ ", "  ")
    yield f"  {telling.failure(suspicion.first)}"
    if telling.failing_ways(suspicion):
        yield from _wrapped(f"{telling.failing_ways(suspicion)}.", "  ", "  ")
    for told in telling.in_common(suspicion):
        yield from _wrapped(told, "  ", "  ")
    yield "  suspects, best first:"
    for suspect in suspicion.suspects[:MOST_SUSPECTS]:
        yield f"    {suspect.score:.2f}  {plain(suspect.test)}"
        yield from (f"          {plain(reason.text)}" for reason in suspect.evidence)
    for told in telling.untold(suspicion):
        yield from _wrapped(told, "  ", "  ")


def _other(finding: Finding, names: Names) -> str:
    beside = telling.beside(finding, names)
    return f"{plain(finding.test)}  {telling.failure(finding)}" + (f" {beside}" if beside else "")


def _nights(nights: Nights, names: Names) -> Iterator[str]:
    yield f"{telling.nights_headline(nights)}."
    for note in nights.notes:
        yield from _wrapped(plain(note), "  ", "  ")
    for cause in nights.causes[:MOST_VICTIMS]:
        told = f"{telling.known(cause, names)}: {telling.tonight(cause, nights)}; {telling.so_far(cause)}"
        yield from _wrapped(plain(told), f"  {telling.trend(cause, nights.dates)}  ", "    ")
    if nights.causes:
        yield from _wrapped(telling.legend(), "  ", "  ")


def _footer(digest: Digest) -> str:
    also = telling.also_seen(digest)
    return (f"Also: {also}\n" if also else "") + " · ".join(telling.footer(digest))


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _without_ticks(text: str) -> str:
    return text.replace("`", "")
