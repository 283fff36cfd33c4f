"""What answers inside of a fitted search or threshold wrapper, at any depth.

A search hands every question on to its ``best_estimator_``, and a threshold wrapper
asks the classifier inside for confidences. A clone of either would search again in
every shadow model: other parameters than the target's, at many times the cost.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegressionCV, RidgeClassifierCV
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skmia._models._cloning import unwrap_frozen
from skmia._models._walk import attributes, nested

# They choose parameters in their fit, and hold no model that was fitted with those.
_CHOOSING = (LogisticRegressionCV, RidgeClassifierCV)
_THRESHOLDS = (FixedThresholdClassifier, TunedThresholdClassifierCV)


class Replaced(NamedTuple):
    """A search or threshold wrapper, its place, and the fitted model that answers."""

    place: str
    outer: Any
    inner: Any

    @property
    def is_search(self) -> bool:
        """Whether it chose among candidates, and not the threshold of one."""
        return not isinstance(self.outer, _THRESHOLDS)

    @property
    def splits_rows(self) -> bool:
        """Whether the inner model was fitted on a part of the rows only."""
        outer = self.outer
        return (
            isinstance(outer, TunedThresholdClassifierCV)
            and not outer.refit
            and not self.was_fitted_before
        )

    @property
    def was_fitted_before(self) -> bool:
        """Whether the inner model was fitted before, on rows of its own."""
        if self.is_search:
            return False
        cv = getattr(self.outer, "cv", None)
        prefit = isinstance(cv, str) and cv == "prefit"
        return prefit or isinstance(self.outer.estimator, FrozenEstimator)


def look_inside(model: Any) -> tuple[Any, tuple[Replaced, ...]]:
    """Return the fitted model with what searches and threshold wrappers hold in place.

    They are looked for at the top, around which nothing changes the rows: in the last
    step of a Pipeline, in what a meta-estimator fitted once (``estimator_`` of its
    ``estimator``), and in the members of an ensemble that each were fitted once. A
    meta-estimator that fits several copies, such as CalibratedClassifierCV, has no one
    model inside, and stays as it is.

    Parameters
    ----------
    model : estimator
        Fitted or not; in what is not fitted there is nothing to find.

    Returns
    -------
    inside : estimator
        It gives the same confidences as `model`, and its clones do not search. `model`
        itself where there was nothing to replace.
    replaced : tuple of Replaced
        From the outside in.

    Raises
    ------
    ValueError
        For a search with ``refit=False``, which has no model.
    """
    found: list[Replaced] = []
    inside = _look(unwrap_frozen(model), "", found)
    return (inside if found else unwrap_frozen(model)), tuple(found)


def repeated_searches(model: Any) -> tuple[tuple[str, Any], ...]:
    """Places and searches that every clone of `model` would run again."""
    if not hasattr(model, "get_params"):
        return ()
    parts = {"": model, **model.get_params(deep=True)}
    return tuple(
        (name, part)
        for name, part in parts.items()
        if _searches(part) or isinstance(part, _CHOOSING)
    )


def _look(part: Any, place: str, found: list[Replaced]) -> Any:
    inner = _chosen(part)
    if inner is not None:
        # A threshold is often set on a frozen classifier.
        inner = unwrap_frozen(inner)
        found.append(Replaced(place, part, inner))
        return _look(inner, place, found)
    if _searches(part) and part.refit is False:
        where = f" in {place!r}" if place else ""
        raise ValueError(
            f"The {type(part).__name__}{where} has refit=False: it compares candidates "
            "and holds no fitted model that could be asked. Fit it with refit=True, or "
            "pass its estimator with best_params_, fitted on the same rows."
        )
    changes = {
        name: inside
        for name, fitted in _fitted_once(part)
        if (inside := _look(fitted, nested(place, name), found)) is not fitted
    }
    return _with_parts(part, changes) if changes else part


def _chosen(part: Any) -> Any:
    """Return the fitted model that answers for a search or threshold wrapper."""
    if isinstance(part, _THRESHOLDS):
        return attributes(part).get("estimator_")
    if isinstance(getattr(type(part), "best_estimator_", None), property):
        return getattr(part, "best_estimator_", None)
    # Not getattr: a wrapper of the user's may hand on names and change answers.
    return attributes(part).get("best_estimator_")


def _searches(part: Any) -> bool:
    """Whether fitting it compares candidates, or thresholds."""
    if isinstance(part, type) or not hasattr(part, "get_params"):
        return False
    own = attributes(part)
    return "refit" in own and "estimator" in own


def _fitted_once(part: Any) -> Iterator[tuple[str, Any]]:
    """Names of parameters, and the one model that was fitted for each."""
    if isinstance(part, type) or not hasattr(part, "get_params"):
        return
    if isinstance(part, Pipeline):
        name, last = part.steps[-1]
        yield name, last
        return
    own = attributes(part)
    for name in own:
        if hasattr(own.get(f"{name}_"), "get_params"):
            yield name, own[f"{name}_"]
    if "named_estimators_" in own:
        yield from own["named_estimators_"].items()


def _with_parts(part: Any, changes: dict[str, Any]) -> Any:
    """Return a fitted estimator with other parts: a copy of its attributes only."""
    # Not copy.copy: an AuditableClassifier would forget its rows.
    copy = object.__new__(type(part))
    own = attributes(copy)
    own.update(attributes(part))
    for name in ("steps", "estimators"):
        if name in own:
            own[name] = [(at, changes.get(at, old)) for at, old in own[name]]
    if "named_estimators_" in own:
        named = {**own["named_estimators_"]}
        fitted = {id(old): changes.get(at, old) for at, old in named.items()}
        own["estimators_"] = [fitted.get(id(old), old) for old in own["estimators_"]]
        own["named_estimators_"] = Bunch(**(named | changes))
    for name, inside in changes.items():
        if f"{name}_" in own:
            own[name] = own[f"{name}_"] = inside
    return copy
