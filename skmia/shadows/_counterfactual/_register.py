"""Closed forms of the user's own, beside those of the table."""

from collections.abc import Callable
from typing import Any

from skmia.shadows._counterfactual._family import Family, OtherSide, TrainingRows
from skmia.shadows._counterfactual._table import family_of

# By the class itself: a subclass may be fitted in another way.
_REGISTERED: dict[type, Family] = {}


def find_family(classifier: Any) -> Family | None:
    """Return the closed form of a classifier, which is no Pipeline, or None."""
    own = _REGISTERED.get(type(classifier))
    return family_of(classifier) if own is None else own


def register_counterfactual(
    cls: type,
    function: Callable[[Any, TrainingRows], OtherSide] | None,
    *,
    exact: bool = False,
) -> None:
    """Register a closed form for what a learner would say on the other side of a row.

    From then on shadow models of this class tell of each record what they would have
    answered, had they been fitted without it (their members), or with it (the others).
    Attacks then need far fewer of them.

    Parameters
    ----------
    cls : type
        Class of the classifier. Its subclasses are not meant.
    function : callable or None
        Called as ``function(model, rows)`` once for each fitted shadow model, in the
        process that fitted it. `rows` has ``X``, ``y`` (columns of
        ``model.classes_``), ``weight`` and ``unit`` of the rows that it was fitted on.
        It returns a callable that takes records with ``X``, ``y``, ``weight``,
        ``count``, ``unit`` and ``inside``, a block at a time, and returns what the
        model would have answered: of the shape of its ``predict_proba``, or of its
        ``decision_function`` where it has no other, with NaN where that is not known.
        None takes the closed form of `cls` away.
    exact : bool, default=False
        Whether it says what a fit without the record, or with it, would say. It is then
        taken as it is. Otherwise it is compared with what other shadow models show,
        scaled, and left out where the two have nothing in common.

    Raises
    ------
    TypeError
        If `cls` is no class, or `function` is not callable.

    See Also
    --------
    ShadowModels : Its parameter ``counterfactual`` says whether closed forms are used.
    ShadowSignals : Holds what they say: ``inside``, ``outside``, ``counterfactual_``.

    Notes
    -----
    A record is taken out, or put in, with all its copies: ``weight`` is their total
    weight and ``count`` their number. ``unit`` is equal for the copies of a record
    among the training rows, and -1 for a record that is not among them. The class of a
    record that the model does not know is -1. The last step of a Pipeline is asked
    about what the steps before it give.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, ClassifierMixin
    >>> from sklearn.datasets import load_iris
    >>> from skmia.shadows import fit_shadows, register_counterfactual
    >>> class Frequencies(ClassifierMixin, BaseEstimator):
    ...     def fit(self, X, y):
    ...         self.classes_, self.counts_ = np.unique(y, return_counts=True)
    ...         return self
    ...
    ...     def predict_proba(self, X):
    ...         return np.tile(self.counts_ / self.counts_.sum(), (len(X), 1))
    >>> def other_side(model, rows):
    ...     def ask(records):
    ...         counts = np.tile(model.counts_.astype(float), (len(records.y), 1))
    ...         change = np.where(records.inside, -records.count, records.count)
    ...         counts[np.arange(len(counts)), records.y] += change
    ...         counts[records.y < 0] = np.nan
    ...         return counts / counts.sum(axis=1, keepdims=True)
    ...
    ...     return ask
    >>> register_counterfactual(Frequencies, other_side, exact=True)
    >>> X, y = load_iris(return_X_y=True)
    >>> shadows = fit_shadows(Frequencies(), X, y, shadows=4, random_state=0)
    >>> shadows.inside["logit"].shape
    (4, 150)
    >>> bool((shadows.inside["logit"] > shadows.outside["logit"]).all())
    True
    >>> register_counterfactual(Frequencies, None)
    """
    if not isinstance(cls, type):
        raise TypeError(
            f"The 'cls' parameter must be the class of a classifier. Got {cls!r} "
            "instead."
        )
    if function is None:
        _REGISTERED.pop(cls, None)
        return
    if not callable(function):
        raise TypeError(
            "The 'function' parameter must be a callable, which is called as "
            f"function(model, rows), or None. Got {function!r} instead."
        )
    _REGISTERED[cls] = Family(function, exact=bool(exact))
