"""What an audit is about, where the model that was passed holds what answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import (
    Replaced,
    SecondAnswers,
    answering,
    ask_probabilities,
    look_inside,
    repeated_searches,
)
from skmia._tables import take_rows
from skmia.audit._inputs import check_fitted, describe_estimator
from skmia.shadows import ShadowModels

# Rows of which the answers are compared.
_MAX_COMPARED = 200


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


def check_same_answers(
    target: AuditTarget, X: Any, proba: NDArray[np.floating], again: SecondAnswers
) -> None:
    """Raise where what is inside answers otherwise than what was passed.

    A search or threshold wrapper of a class of the user's own may mask what is inside,
    and shadows without it would be no comparison.
    """
    if not target.replaced or again.changes.any():
        return
    rows = np.arange(min(len(proba), _MAX_COMPARED))
    inside = ask_probabilities(
        answering(target.model), take_rows(X, rows), target.deployed.classes_
    )
    if np.allclose(inside, proba[rows], rtol=0, atol=1e-5):
        return
    names = " of ".join(type(found.outer).__name__ for found in target.replaced)
    raise ValueError(
        f"The 'estimator' parameter must give the confidences of the model inside: "
        f"{names} is audited as that. Got others. Pass the model inside itself, or "
        "shadows=ShadowModels(refit_search=True), which keeps what is around it."
    )


def count_choices(models: Sequence[Any]) -> int:
    """Count the different sets of parameters that searches in fitted models chose."""
    return len(
        {
            tuple(
                (found.place, repr(sorted(found.outer.best_params_.items())))
                for found in look_inside(model)[1]
                if hasattr(found.outer, "best_params_")
            )
            for model in models
        }
    )


def _name(deployed: Any, inside: Any, replaced: tuple[Replaced, ...]) -> str:
    around = [type(found.outer).__name__ for found in replaced if not found.place]
    # What is replaced deeper inside has a note of its own.
    if not around:
        return describe_estimator(deployed)
    return f"{describe_estimator(inside)} (inside {' of '.join(around[::-1])})"
