"""Promises of differential privacy: not the model's own, or contradicted."""

from collections.abc import Iterator

from skmia.audit._claim import PrivacyClaim
from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard


def voided_promise(evidence: Evidence) -> Iterator[Guard]:
    """Report a private classifier inside of a model that is not private as a whole."""
    promise = evidence.promise
    if promise is None or not promise.voided:
        return
    message = (
        "The model has a private classifier inside, with epsilon = "
        f"{promise.epsilon:.4g}, but makes no such promise as a whole: "
    )
    yield Guard("voided_promise", "warning", message + " ".join(promise.voided))


def broken_promise(evidence: Evidence) -> Iterator[Guard]:
    """Report a promise of differential privacy that the attacks contradict."""
    if evidence.promise is None or evidence.promise.voided:
        return
    claim = PrivacyClaim.of_promise(evidence)
    if not claim.contradicted:
        return
    message = (
        "THE PROMISE OF DIFFERENTIAL PRIVACY DOES NOT HOLD. The attacks found more "
        f"than {claim.title} allows, which the promise of the model comes to in this "
        "audit. Its noise is not what it should be, or it has learnt from these rows "
        "elsewhere, too. Do not rely on it."
    )
    yield Guard("broken_promise", "warning", message, value=claim.bound)
