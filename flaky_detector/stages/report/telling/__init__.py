"""The sentences that every voice says, from the digest: plain text, code between backticks.

Owns wording and grammar, and the rule that *polluter* is said of proven tests only. Must not know Markdown or HTML.
"""

from flaky_detector.stages.report.telling.before import gone_headline, gone_introduction, gone_line
from flaky_detector.stages.report.telling.cause import alert, alternatives, controls, proof, steps, where, why_only_sometimes
from flaky_detector.stages.report.telling.failure import about, beside, command, failure, phases
from flaky_detector.stages.report.telling.grammar import clock, count, share, spelt
from flaky_detector.stages.report.telling.nights import (
    by_night,
    closing,
    done,
    known,
    legend,
    nights_headline,
    remembered,
    reopening,
    so_far,
    tonight,
    trend,
)
from flaky_detector.stages.report.telling.overview import (
    OF_OTHERS,
    also_seen,
    aside,
    aside_headline,
    aside_note,
    conflict,
    failing_ways,
    headline,
    in_common,
    kinds_of_others,
    notices,
    suspicion_alert,
    untold,
)
from flaky_detector.stages.report.telling.remedy import example_of, fits, mending, ways
from flaky_detector.stages.report.telling.runs import arranged, arrangements, footer, tried

__all__ = [
    "OF_OTHERS",
    "about",
    "alert",
    "also_seen",
    "alternatives",
    "arranged",
    "arrangements",
    "aside",
    "aside_headline",
    "aside_note",
    "beside",
    "by_night",
    "clock",
    "closing",
    "command",
    "conflict",
    "controls",
    "count",
    "done",
    "example_of",
    "failing_ways",
    "failure",
    "fits",
    "footer",
    "gone_headline",
    "gone_introduction",
    "gone_line",
    "headline",
    "in_common",
    "kinds_of_others",
    "known",
    "legend",
    "mending",
    "nights_headline",
    "notices",
    "phases",
    "proof",
    "remembered",
    "reopening",
    "share",
    "so_far",
    "spelt",
    "steps",
    "suspicion_alert",
    "tonight",
    "trend",
    "tried",
    "untold",
    "ways",
    "where",
    "why_only_sometimes",
]
