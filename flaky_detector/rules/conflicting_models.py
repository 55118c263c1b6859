"""Two classes of one name under one app label: the second definition fails, or warns where warnings are errors.

Happens where a test that defines a model runs after another that defined one of that name. Must not match other runtime errors of
Django's registry (apps not loaded, related model missing).
"""

import re
from collections.abc import Sequence

from flaky_detector.model import Failure, Remedy, Signature, StateChange
from flaky_detector.rules.cures import INLINE_MODEL
from flaky_detector.rules.wording import app_models, bare, is_model, raised

CONFLICT = re.compile(r"Conflicting '(?P<model>[^']+)' models in application '(?P<label>[^']+)':")
REPEATED = re.compile(r"Model '(?P<label>[^'.]+)\.(?P<model>[^']+)' was already registered\.")


class ConflictingModels:
    """Resource: `app.model`, in lower case as the registry tells it."""

    name = "conflicting-models"

    def recognise(self, failure: Failure, app_labels: Sequence[str] = ()) -> Signature | None:
        """The signature names the model that was defined twice."""
        for one in raised(failure):
            wording = {"RuntimeError": CONFLICT, "RuntimeWarning": REPEATED}.get(bare(one.type))
            found = wording.match(one.message) if wording else None
            if found:
                return Signature(rule=self.name, resources=(f"{found['label']}.{found['model']}".lower(),), exception=bare(one.type))
        return None

    def explains(self, signature: Signature, change: StateChange) -> bool:
        """A model of that name and label left in the registry."""
        return is_model(change) and change.key.lower() in signature.resources

    def names(self, signature: Signature) -> tuple[str, ...]:
        """The model, then its app."""
        return tuple(model for _, model in app_models(signature)) + tuple(label for label, _ in app_models(signature))

    def remedies(self, signature: Signature, state: Sequence[StateChange]) -> tuple[Remedy, ...]:
        """Those for a model defined in a test."""
        return INLINE_MODEL
