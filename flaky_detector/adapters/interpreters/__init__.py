"""Which Pythons run the suite, and what is known of the suite in each before anything ran.

Owns finding and making environments, asking an interpreter about itself, and what we bring along: the recorder, and plugins that the
environment lacks. Must not change an environment of the user's.
"""

from flaky_detector.adapters.interpreters.luggage import pack_guest
from flaky_detector.adapters.interpreters.suites import find_suites

__all__ = ["find_suites", "pack_guest"]
