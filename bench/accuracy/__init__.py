"""The accuracy bench: suites with planted truths of every kind of order dependence, and a scorer that holds findings.json against them.

    python -m bench.accuracy --seeds 1-10 --suites plain,workers,crash --folder DIR [--verify]

Nothing here knows how the detector works: it is run as a user runs it, and read from what it leaves.
"""
