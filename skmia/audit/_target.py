"""What an audit is about, where the model that was passed holds what answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skmia._models import Replaced, look_inside, repeated_searches
from skmia.audit._inputs import check_fitted, describe_estimator
from skmia.shadows import ShadowModels


@dataclass(frozen=True)
class AuditTarget:
    """What was passed, what of it is attacked, and what a reader has to know of that.

    Attributes
    ----------
    deployed : fitted classifier
        What was passed: it is asked for labels and confidences.
    model : fitted classifier
        What shadow models are copies of, and are compared with: `deployed`, or with
        searches and threshold wrappers replaced by the classifiers inside, whose
        confidences are the same.
    name : str
        How the report calls it.
    replaced : tuple of Replaced
        Searches and threshold wrappers that `model` lacks.
    repeated : tuple of (str, object)
        Searches that every shadow model runs again, with their places in `model`.
    asked_for : bool
        Whether they do so by the wish of the user.
    """

    deployed: Any
    model: Any
    name: str
    replaced: tuple[Replaced, ...] = ()
    repeated: tuple[tuple[str, Any], ...] = ()
    asked_for: bool = False


def find_target(
    estimator: Any, shadows: Any, labels: Sequence[Any] = ()
) -> AuditTarget:
    """Check what was passed as the model, and find what is attacked.

    A search is audited as its ``best_estimator_`` and a threshold wrapper as the
    classifier inside, unless the shadows are to search themselves. `labels` are those
    of the rows.
    """
    deployed = check_fitted(estimator, labels)
    inside, replaced = look_inside(deployed)
    asked_for = isinstance(shadows, ShadowModels) and bool(shadows.refit_search)
    if asked_for:
        inside, replaced = deployed, ()
    return AuditTarget(
        deployed=deployed,
        model=inside,
        name=_name(deployed, inside, replaced),
        replaced=replaced,
        repeated=repeated_searches(inside),
        asked_for=asked_for,
    )


def _name(deployed: Any, inside: Any, replaced: tuple[Replaced, ...]) -> str:
    around = [type(found.outer).__name__ for found in replaced if not found.place]
    # What is replaced deeper inside has a note of its own.
    if not around:
        return describe_estimator(deployed)
    return f"{describe_estimator(inside)} (inside {' of '.join(around[::-1])})"
