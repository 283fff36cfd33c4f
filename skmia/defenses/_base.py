"""Defense: the template that every defense fills in."""

from abc import ABCMeta, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from skmia._models import (
    MetaClassifier,
    check_has_response,
    check_is_classifier,
    check_no_frozen_classifier,
    class_probabilities,
    few_threads,
    forget_fit,
)
from skmia._tables import as_rows, check_metadata, n_rows
from skmia.defenses._tags import DefenseTags
from skmia.defenses._training import TrainingData
from skmia.utils import (
    check_groups,
    check_has_features,
    check_labels,
    check_two_classes,
    encode_labels,
    own_random_state,
)


class Defense(MetaClassifier, metaclass=ABCMeta):
    """Base class of the defenses: a classifier that wraps any classifier.

    Labels, routing, tags and predictions are dealt with here. A subclass

    - takes ``estimator=None`` and ``random_state=None``, and whatever else it needs;
    - writes ``_check_params()``, which raises for parameters out of range;
    - writes ``_fit(data)``, which sets ``estimator_``. `data` holds the checked rows
      ``X``, the labels ``y`` as positions in ``classes``, the fit metadata ``params``
      and the ``random_state``; ``data.clone(estimator)`` is a seeded copy, and
      ``data.fit(model)`` fits it on all of that;
    - where it changes outputs, writes ``_defended_proba(X)`` and sets the tag
      ``masks_outputs``, see :class:`DefenseTags`. Without the tag audits take its
      outputs for those of the classifier, and underestimate leakage.

    See Also
    --------
    DefenseTags : Tags of a defense.

    Notes
    -----
    X reaches the inner classifier in the container that the user gave, a list as an
    array: a Pipeline may select the columns of a frame by name, and some of them may
    be text. Errors in the rows are raised by the inner classifier.

    There is no ``decision_function``: the margins of the inner classifier are those
    that the defense hides, and a scorer or an attack that prefers margins would read
    them in place of the defended probabilities.

    Examples
    --------
    A defense that averages each distribution with the uniform one:

    >>> from sklearn.datasets import load_iris
    >>> from skmia.defenses import Defense
    >>> class HalfConfidenceClassifier(Defense):
    ...     def __init__(self, estimator=None, *, random_state=None):
    ...         self.estimator = estimator
    ...         self.random_state = random_state
    ...
    ...     def _check_params(self):
    ...         pass
    ...
    ...     def _fit(self, data):
    ...         self.estimator_ = data.fit(data.clone(self._inner()))
    ...
    ...     def _defended_proba(self, X):
    ...         proba = super()._defended_proba(X)
    ...         return proba / 2 + 0.5 / proba.shape[1]
    ...
    ...     def __sklearn_tags__(self):
    ...         tags = super().__sklearn_tags__()
    ...         tags.masks_outputs = True
    ...         return tags
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = HalfConfidenceClassifier().fit(X / 8, y)
    >>> bool(clf.predict_proba(X / 8).max() < 0.7)
    True
    """

    # False where the inner classifier is not trained in another way than without the
    # defense, so that a fitted one in a FrozenEstimator can be defended too.
    _trains = True
    # True where predictions are noisy enough to fail a check of accuracy.
    _noisy = False
    # True where `fit` takes the person of each row for the defense itself.
    _takes_groups = False
    # Weights for fit would have to be requested, or refused, for `score` as well.
    _takes_metadata = False

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit the defended classifier.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Training rows, as the inner classifier takes them.
        y : array-like of shape (n_samples,)
            Class labels.
        **params : dict
            Metadata for the ``fit`` of the inner classifier, such as
            ``sample_weight``. Routed where metadata routing is on, else passed on by
            these names.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If a parameter is out of range, `y` has fewer than two classes, or the
            estimator is frozen and this defense is one that changes training.
        """
        forget_fit(self)  # first: a fit that fails must not leave the last one's
        self._check_params()
        estimator = self._inner()
        self._check_estimator(estimator)
        X = as_rows(X)
        check_has_features(X, type(self).__name__)
        labels = check_labels(y, n_rows(X), type(self).__name__)
        if isinstance(estimator, FrozenEstimator):
            # What it was fitted on decides on the classes, not the rows at hand.
            check_is_fitted(estimator)
            classes = np.unique(estimator.classes_)
            encoded = encode_labels(labels, classes)
        else:
            classes, encoded = np.unique(labels, return_inverse=True)
            classes = _plain(classes)
            check_two_classes(classes, type(self).__name__)
        groups = params.pop("groups", None) if self._takes_groups else None
        if groups is not None:
            groups = check_groups(groups, len(labels))
        params = check_metadata(self._inner_params("fit", params), len(labels))
        if self._trains:
            _check_two_classes_with_weight(encoded, params.get("sample_weight"))
        random_state = own_random_state(self.random_state)
        self._classes = classes
        with few_threads(len(labels)):
            self._fit(TrainingData(X, encoded, classes, params, random_state, groups))
        check_has_response(self.estimator_)
        self._adopt_columns(self.estimator_)
        self.classes_ = classes
        return self

    def predict_proba(self, X: Any) -> NDArray:
        """Predict the defended probabilities.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Rows, as the inner classifier takes them.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns as in ``classes_``; each row sums to 1.
        """
        check_is_fitted(self, "classes_")  # what fit sets last
        return self._defended_proba(as_rows(X))

    def predict(self, X: Any) -> NDArray:
        """Predict the class of the largest defended probability.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Rows, as the inner classifier takes them.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels. Not the inner classifier's own ones, which may differ and
            would then reveal what the probabilities hide.
        """
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    @abstractmethod
    def _check_params(self) -> None:
        """Raise for parameters out of range."""

    @abstractmethod
    def _fit(self, data: TrainingData) -> None:
        """Set ``estimator_``, and whatever ``_defended_proba`` needs."""

    def _defended_proba(self, X: Any) -> NDArray[np.floating]:
        """Probabilities of ``estimator_``, unless a subclass changes outputs."""
        return class_probabilities(self.estimator_, X, self._classes)

    def _inner(self) -> Any:
        """The estimator, or the default in place of None."""
        return LogisticRegression() if self.estimator is None else self.estimator

    def _check_estimator(self, estimator: Any) -> None:
        check_is_classifier(estimator)
        check_has_response(estimator)
        if not self._trains:
            return
        check_no_frozen_classifier(
            estimator,
            f"{type(self).__name__} defends a classifier while it is trained.",
            "would stay as it is, undefended; pass it without FrozenEstimator, or take "
            "ConfidenceMaskingClassifier.",
        )

    def __sklearn_tags__(self) -> DefenseTags:
        """Tags of a defense: it takes what its inner classifier takes.

        Returns
        -------
        DefenseTags
            Of a classifier with a single label per row.
        """
        tags = DefenseTags.of(super().__sklearn_tags__())
        tags.classifier_tags.poor_score |= self._noisy
        return tags


def _plain(classes: NDArray) -> NDArray:
    """Labels without what an instance of a subclass of str or int has besides."""
    if classes.dtype != object:
        return classes
    plain = np.empty_like(classes)
    for i, label in enumerate(classes.tolist()):
        for kind in (str, int, float):
            if isinstance(label, kind) and type(label) not in (kind, bool):
                label = getattr(kind, f"__{kind.__name__}__")(label)
        plain[i] = label
    return plain


def _check_two_classes_with_weight(y: NDArray[np.intp], weight: Any) -> None:
    """Raise where rows of weight 0 leave one class, which a defense may overlook.

    It mixes other classes into the labels, and the inner classifier sees several.
    """
    ignored = np.zeros(len(y), bool) if weight is None else np.asarray(weight) == 0
    if ignored.any() and len(np.unique(y[~ignored])) < 2:
        raise ValueError(
            "The 'sample_weight' parameter must leave rows of at least two classes. "
            f"Got {ignored.sum()} of {len(y)} rows with a weight of 0, and fewer than "
            "two classes among the others; pass positive weights for more rows."
        )
