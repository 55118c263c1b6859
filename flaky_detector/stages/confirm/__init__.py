"""Is it true? An oracle that runs orders, a minimiser, and the prover that trusts nobody."""

from flaky_detector.stages.confirm.docket import Docket, Policy
from flaky_detector.stages.confirm.oracle import Answer, Oracle, Question, Walked, Walking
from flaky_detector.stages.confirm.prove import prove
from flaky_detector.stages.confirm.recheck import recheck

__all__ = ["Answer", "Docket", "Oracle", "Policy", "Question", "Walked", "Walking", "prove", "recheck"]
