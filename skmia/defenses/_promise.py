"""What a model promises by differential privacy, found at any depth."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from skmia._models import MetaClassifier, attributes, deep_params, unwrap_frozen
from skmia._tables import as_rows
from skmia.defenses._differential_privacy import DifferentialPrivacyClassifier
from skmia.defenses._private import PrivacyPromise
from skmia.defenses._steps_outside import look_at_steps


def privacy_promise(estimator: Any, X: Any = None) -> PrivacyPromise | None:
    """Find the differential privacy that a model promises.

    Parameters
    ----------
    estimator : estimator
        A :class:`DifferentialPrivacyClassifier`, or what has one inside: a Pipeline
        that ends in one, a search that has refitted one, an ``AuditableClassifier``, a
        ``FixedThresholdClassifier``. Of what is fitted, what was fitted, whatever its
        parameters were set to since; else what a fit with its parameters would spend.
    X : array-like, frame or sparse matrix, default=None
        Rows to try out steps on that are outside of the private classifier and learn
        nothing: whether they treat each row by itself. Without rows that is unchecked.

    Returns
    -------
    PrivacyPromise or None
        None where there is no private classifier in it.

    Raises
    ------
    ValueError
        If the private classifier is not fitted, and could not be with its parameters.

    See Also
    --------
    skmia.audit.audit_classifier : Holds the promise against what attacks find.

    Notes
    -----
    A promise is voided by whatever else has looked at the same rows without noise. What
    can be seen is named in `voided`: a step of a Pipeline that learns before the
    private classifier, a model around it that does more than hand on rows, a search.
    What would have to be tried out, or asked of whoever made the model, is named in
    `unchecked`: a function before the private classifier, a step that was fitted
    before. Inside of the private classifier, functions are checked by every fit.
    What was done outside of the model cannot be seen: rows that were scaled by their
    own range, columns or parameters that were chosen on them.

    Examples
    --------
    A scaler outside of the private classifier is not private:

    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmia.defenses import DifferentialPrivacyClassifier, privacy_promise
    >>> private = DifferentialPrivacyClassifier(epsilon=2.0)
    >>> privacy_promise(make_pipeline(StandardScaler(), private)).holds
    False
    """
    found = _find(estimator, None if X is None else as_rows(X))
    if found is None:
        return None
    classifier, voided, unchecked = found
    return replace(
        _of(classifier),
        voided=tuple(dict.fromkeys(voided)),
        unchecked=tuple(dict.fromkeys(unchecked)),
    )


def _of(classifier: DifferentialPrivacyClassifier) -> PrivacyPromise:
    known = attributes(classifier)
    if "classes_" in known:
        # What was fitted, whatever the parameters are by now.
        return known["promise_"]
    return classifier._planned()


def _find(
    estimator: Any, X: Any
) -> tuple[DifferentialPrivacyClassifier, list[str], list[str]] | None:
    """The private classifier in a model, what voids its promise, what is unchecked."""
    estimator = unwrap_frozen(estimator)
    if isinstance(estimator, DifferentialPrivacyClassifier):
        return estimator, [], []
    name = type(estimator).__name__
    if isinstance(estimator, Pipeline):
        voided, unchecked, X = look_at_steps(estimator.steps[:-1], X)
        found = _find(estimator.steps[-1][1], X)
        if found is not None:
            return found[0], [*voided, *found[1]], [*unchecked, *found[2]]
    elif (best := attributes(estimator).get("best_estimator_")) is not None:
        found = _find(best, X)
        if found is not None:
            chosen = (
                f"{name} fitted more than this one on the same rows, and chose it by "
                "exact scores; skmia.model_selection.privacy_budget adds up the fits."
            )
            return found[0], [*found[1], chosen], found[2]
    elif _hands_on(estimator):
        return _find(attributes(estimator).get("estimator_", estimator.estimator), X)
    inside = next(_private_parts(estimator), None)
    if inside is None:
        return None
    around = (
        f"{name} has a private classifier inside, and what else it does with the rows, "
        "or how often it fits it, is not covered by the promise of one fit."
    )
    return inside, [around], []


def _hands_on(estimator: Any) -> bool:
    """Whether it fits one classifier on all rows, and learns nothing else of them."""
    if isinstance(estimator, FixedThresholdClassifier):
        return True
    return isinstance(estimator, MetaClassifier) and estimator._hands_on


def _private_parts(estimator: Any) -> Iterator[DifferentialPrivacyClassifier]:
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        return
    for _, value in deep_params(estimator):
        value = unwrap_frozen(value)
        if isinstance(value, DifferentialPrivacyClassifier):
            yield value
