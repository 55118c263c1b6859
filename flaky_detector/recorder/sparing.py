"""What a plugin does at the end of a session for nothing, and a trial can do without. PYTEST_DONT_REWRITE

Owns the list. Nothing may be left out that could tell anything of the tests that ran: all of them have ended by then.
"""

from __future__ import annotations

import sys

import pytest

HYPOTHESIS = "_hypothesis_pytestplugin"
"""Where no test has imported it, its plugin imports all of `hypothesis` to find that there is nothing to say: 0.3 s in each trial, and 2 s
where Python may write no bytecode, for pytest rewrites what belongs to a plugin.
https://github.com/HypothesisWorks/hypothesis, `pytest_terminal_summary` of that module"""


class Sparing:
    """In a session with an order of ours."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Before plugins tell their summaries."""
        plugin = sys.modules.get(HYPOTHESIS)
        plugins = session.config.pluginmanager
        if plugin is not None and "hypothesis" not in sys.modules and plugins.is_registered(plugin):
            plugins.unregister(plugin)
