"""A classifier made of a function that answers: a model behind a service, or a net."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skmia._models._cloning import unwrap_frozen
from skmia._models._response import sums_off
from skmia._tables import n_rows
from skmia.utils import check_option, listed

_RESPONSES = ("predict_proba", "decision_function", "predict")


def _gives(name: str) -> Callable[[Any], bool]:
    def gives(self: Any) -> bool:
        # A name that is none is told where probabilities are asked for.
        given = self.response_method
        return given == name or (name == "predict_proba" and given not in _RESPONSES)

    return gives


class FunctionClassifier(ClassifierMixin, BaseEstimator):
    """Make a fitted classifier of a function that answers.

    For models that are no scikit-learn estimator: a network of another library, a
    service that is asked over a line, an object with methods of the same names. Attacks
    take ``FrozenEstimator(FunctionClassifier(...))`` and audits the classifier itself.
    A function cannot be fitted anew: attacks with shadow models need an `estimator`
    that can, or shadows that are there already.

    Parameters
    ----------
    func : callable
        Takes records, in the container in which the attack or the audit got them, and
        returns what `response_method` says: an array, or what NumPy makes one of.
    classes : array-like of shape (n_classes,)
        The labels, in the order of the columns that `func` returns.
    response_method : {"predict_proba", "decision_function", "predict"}, \
            default="predict_proba"
        What `func` returns. ``"predict_proba"``: probabilities of shape (n_records,
        n_classes), or of the second of two classes alone, of shape (n_records,) or
        (n_records, 1). ``"decision_function"``: margins in the same shapes.
        ``"predict"``: labels, one for each record.
    label_func : callable, default=None
        Takes records and returns labels, where these are not those of the largest
        probability or margin, such as with a threshold other than a half.
    estimator : classifier, default=None
        Unfitted: what shadow models are clones of. Its learner and parameters should
        be those of the model, as what differs makes the attacks weaker.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.

    See Also
    --------
    skmia.shadows.ShadowSignals : Shadows that were fitted elsewhere.
    sklearn.frozen.FrozenEstimator : Attacks take it in one.

    Notes
    -----
    ``clone`` returns the very object, as it does for a ``FrozenEstimator``. `fit`
    raises, or the attacks would compare the model with itself.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.attacks import FunctionClassifier, LossThresholdAttack
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DecisionTreeClassifier(max_depth=4).fit(X[:300], y[:300])
    >>> def service(X):
    ...     return model.predict_proba(X)[:, 1].tolist()
    >>> target = FunctionClassifier(service, classes=[0, 1])
    >>> attack = LossThresholdAttack(FrozenEstimator(target), max_fpr=0.1)
    >>> attack.fit(X[300:], y[300:]).score_samples(X[:3], y[:3]).shape
    (3,)
    """

    def __init__(
        self,
        func: Callable[[Any], Any],
        *,
        classes: ArrayLike,
        response_method: str = "predict_proba",
        label_func: Callable[[Any], Any] | None = None,
        estimator: Any = None,
    ) -> None:
        self.func = func
        self.classes = classes
        self.response_method = response_method
        self.label_func = label_func
        self.estimator = estimator

    @property
    def classes_(self) -> NDArray:
        """The labels, in the order of the columns of answers."""
        self._check_params()
        classes = np.asarray(self.classes)
        distinct = set(classes.ravel().tolist())
        if classes.ndim != 1 or len(classes) < 2 or len(distinct) < len(classes):
            raise ValueError(
                "The 'classes' parameter must hold two different labels or more, in "
                f"the order of the columns of answers. Got {self.classes!r} instead."
            )
        return classes

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Raise: a function cannot be fitted.

        Parameters
        ----------
        X, y : array-like
            Not used.
        **params : dict
            Not used.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError(
            "A FunctionClassifier cannot be fitted: its function answers as it does. "
            "Pass FrozenEstimator(FunctionClassifier(...)) to attack it as it is."
        )

    @available_if(_gives("predict_proba"))
    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Ask for probabilities.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records.

        Returns
        -------
        ndarray of shape (n_records, n_classes)
            Columns in the order of `classes`.

        Raises
        ------
        ValueError
            If the answers are not numbers of one of the shapes, lie outside of
            [0, 1], or do not sum to 1 but for rounding.
        """
        proba = self._numbers(X)
        if proba.ndim == 1:
            self._check_range(proba)
            return np.column_stack([1 - proba, proba])
        self._check_range(proba)
        sums = sums_off(proba)
        if sums is not None:
            raise ValueError(
                "'func' must return probabilities that sum to 1 for each record. Got "
                f"{sums} instead; divide by the sum, or pass "
                "response_method='decision_function' for margins."
            )
        return proba

    @available_if(_gives("decision_function"))
    def decision_function(self, X: Any) -> NDArray[np.floating]:
        """Ask for margins.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records.

        Returns
        -------
        ndarray of shape (n_records,) or (n_records, n_classes)
            Of the second of two classes, or of each.
        """
        margin = self._numbers(X)
        if np.isnan(margin).any():
            raise ValueError("'func' must return margins without NaN.")
        if margin.ndim == 2 and margin.shape[1] == 2:
            return margin[:, 1] - margin[:, 0]  # as the softmax has it
        return margin

    def predict(self, X: Any) -> NDArray:
        """Ask for labels, or take those of the largest answers.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records.

        Returns
        -------
        ndarray of shape (n_records,)
            Labels among `classes`.

        Raises
        ------
        ValueError
            If there are labels that are none of `classes`, or not one for each record.
        """
        classes = self.classes_
        if self.label_func is not None:
            return self._labels(self.label_func, "label_func", X, classes)
        if self.response_method == "predict":
            return self._labels(self.func, "func", X, classes)
        if self.response_method == "predict_proba":
            return classes[self.predict_proba(X).argmax(axis=1)]
        margin = self.decision_function(X)
        columns = margin.argmax(axis=1) if margin.ndim == 2 else (margin > 0)
        return classes[columns.astype(np.intp)]

    def _numbers(self, X: Any) -> NDArray[np.floating]:
        """What `func` returns, of shape (n,) for the second class or (n, n_classes)."""
        n, n_classes = n_rows(X), len(self.classes_)
        answer = np.asarray(self.func(X))
        if answer.dtype == object:
            try:
                answer = answer.astype(np.float64)
            except (TypeError, ValueError) as error:
                kind = type(answer.flat[0]).__name__
                raise ValueError(
                    f"'func' must return numbers with response_method="
                    f"{self.response_method!r}, a row of one for each class. Got "
                    f"values of type {kind} instead; convert them to an array."
                ) from error
        alone = answer.shape in ((n,), (n, 1)) and n_classes == 2
        if not (alone or answer.shape == (n, n_classes)):
            raise ValueError(
                f"'func' must return an array of shape ({n}, {n_classes}) for {n} "
                f"records and {n_classes} classes"
                + (f", or ({n},) for the second class" if n_classes == 2 else "")
                + f". Got shape {answer.shape} instead."
            )
        if answer.dtype.kind not in "fiub":
            raise ValueError(
                f"'func' must return numbers with response_method="
                f"{self.response_method!r}. Got dtype {answer.dtype} instead; pass "
                "response_method='predict' for labels."
            )
        return answer.ravel() if alone else answer

    def _check_range(self, proba: NDArray) -> None:
        # NaN fails both comparisons. What averages and single precision add is kept.
        if not ((proba >= -1e-6) & (proba <= 1 + 1e-6)).all():
            raise ValueError(
                "'func' must return probabilities in [0, 1], without NaN. Got values "
                f"from {proba.min():.3g} to {proba.max():.3g} instead; pass "
                "response_method='decision_function' for margins."
            )

    def _labels(
        self, func: Callable[[Any], Any], name: str, X: Any, classes: NDArray
    ) -> NDArray:
        labels = np.asarray(func(X))
        if labels.shape not in ((n_rows(X),), (n_rows(X), 1)):
            raise ValueError(
                f"'{name}' must return one label for each of {n_rows(X)} records. Got "
                f"shape {labels.shape} instead; pass response_method='predict_proba' "
                "for a function that returns probabilities."
            )
        labels = labels.ravel()
        known = set(classes.tolist())
        unknown = {label for label in set(labels.tolist()) if label not in known}
        if unknown:
            raise ValueError(
                f"'{name}' returned labels that are none of the classes "
                f"{listed(classes)}: {listed(sorted(unknown, key=repr))}. Pass all "
                "labels that it may return as FunctionClassifier(..., classes=...), "
                "spelled as in y."
            )
        return labels

    def _check_params(self) -> None:
        check_option(self.response_method, "response_method", _RESPONSES)
        for name in ("func", "label_func"):
            value = getattr(self, name)
            if not callable(value) and not (value is None and name == "label_func"):
                raise TypeError(
                    f"The '{name}' parameter must be callable. Got {value!r} instead."
                )

    def __sklearn_is_fitted__(self) -> bool:
        """It answers as it is.

        Returns
        -------
        bool
            True.
        """
        return True

    def __sklearn_clone__(self) -> Self:
        """Keep the function, which a copy may not be made of.

        Returns
        -------
        self : object
            The very object.
        """
        return self


def shadow_recipe(estimator: Any) -> Any:
    """What shadow models of `estimator` are clones of: itself, or what stands for it.

    Raises
    ------
    TypeError
        For a FunctionClassifier without an `estimator`.
    """
    estimator = unwrap_frozen(estimator)
    if not isinstance(estimator, FunctionClassifier):
        return estimator
    if estimator.estimator is None:
        raise TypeError(
            "Shadow models are fitted, and a FunctionClassifier cannot be. Pass an "
            "unfitted classifier like the model as its 'estimator', or "
            "shadows=ShadowSignals(signals, member) of models that were fitted "
            "elsewhere; the attacks 'loss', 'quantile', 'gap' and 'label_only' need no "
            "shadow models."
        )
    return unwrap_frozen(estimator.estimator)


def is_refittable(estimator: Any) -> bool:
    """Whether there is anything that shadow models could be clones of."""
    estimator = unwrap_frozen(estimator)
    return (
        not isinstance(estimator, FunctionClassifier) or estimator.estimator is not None
    )
