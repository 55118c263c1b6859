"""How to mend what is left behind in the process."""

import pytest

from flaky_detector.model import Signature, StateChange
from flaky_detector.recorder import wire
from flaky_detector.rules.fallback import Fallback
from flaky_detector.rules.process_cures import CURES, process_cures
from flaky_detector.stages.diagnose.process_words import IN_PROCESS


def test_every_kind_of_state_of_the_process_has_a_cure_and_a_reason() -> None:
    assert set(CURES) == {*IN_PROCESS, wire.ENVIRON, wire.CWD}
    assert all(remedy.title and remedy.text and remedy.fits and remedy.example for remedies in CURES.values() for remedy in remedies)


@pytest.mark.parametrize(
    ("kinds", "titles"),
    [
        ([wire.MODULE_ATTRIBUTE], ["Replace attributes through `monkeypatch`"]),
        ([wire.MODULE_GLOBAL], ["Replace attributes through `monkeypatch`", "Give each test fresh contents"]),
        ([wire.CACHE, wire.BUILTINS], ["Replace attributes through `monkeypatch`", "Clear the cache in a fixture"]),
        ([wire.THREAD, wire.CHILD_PROCESS], ["End in a fixture what the test starts"]),
        (["something-new"], []),
    ],
)
def test_what_was_left_behind_decides(kinds: list[str], titles: list[str]) -> None:
    state = [StateChange(kind=kind, key="x", after="1") for kind in kinds]
    assert [remedy.title for remedy in process_cures(state)] == titles
    assert [remedy.title for remedy in Fallback().remedies(Signature(rule="fallback"), state)] == titles
