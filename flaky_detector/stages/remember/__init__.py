"""What tonight means beside earlier nights: known causes found again, verdicts, what is due to be re-run, what there is to tell. Pure."""

from flaky_detector.stages.remember.due import due
from flaky_detector.stages.remember.merge import matched, remember
from flaky_detector.stages.remember.told import told, told_of
from flaky_detector.stages.remember.tonight import Tonight
from flaky_detector.stages.remember.verdict import row

__all__ = ["Tonight", "due", "matched", "remember", "row", "told", "told_of"]
