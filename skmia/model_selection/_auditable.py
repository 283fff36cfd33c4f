"""A classifier that remembers the rows it was fitted on, for a scorer to find."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skmia._models import (
    MetaClassifier,
    check_can_be_refitted,
    check_is_classifier,
    deep_params,
    forget_fit,
    unfitted_copy,
    unwrap_frozen,
)
from skmia._tables import (
    as_rows,
    has_no_weight,
    hash_rows,
    is_per_row,
    n_rows,
    take_rows,
)
from skmia.utils import check_labels


class TrainingRows:
    """The rows of one fit, by reference, and their content as it was before.

    Parameters
    ----------
    X : array-like, frame or sparse matrix
        The rows.
    y : ndarray
        Their labels.
    params : dict
        Metadata of the fit.
    """

    # Not a dataclass: its repr would show the rows.
    def __init__(self, X: Any, y: NDArray, params: dict[str, Any]) -> None:
        self.X = X
        self.y = y
        self.has_metadata = any(is_per_row(v, len(y)) for v in params.values())
        self.hashes = hash_rows(X, y)
        # A weight of 0 leaves a row out: it is neither a member nor held out.
        self.seen = np.flatnonzero(~has_no_weight(params, len(y)))

    def take(self, rows: NDArray[np.intp]) -> tuple[Any, NDArray]:
        """Rows and labels at `rows`, or an error if they are not what was fitted on."""
        X, y = take_rows(self.X, rows), self.y[rows]
        changed = int((hash_rows(X, y) != self.hashes[rows]).sum())
        if changed:
            raise ValueError(
                f"{changed} of {len(rows)} training rows are not what they were before "
                "fit: they were changed in place since, by a step with copy=False or "
                "by your own code. Its probabilities for them as they are now "
                "do not measure leakage; use copy=True and leave X alone."
            )
        return X, y


def _estimator_has(method: str) -> Callable[[Any], bool]:
    def check(self: Any) -> bool:
        # The inner AttributeError is more precise than ours would be.
        getattr(getattr(self, "estimator_", self.estimator), method)
        return True

    return check


class AuditableClassifier(MetaClassifier):
    """Wrap a classifier so that a leakage scorer finds its members.

    scikit-learn hands the held-out rows to a scorer and nothing else, and what a
    scorer assumes about the others goes wrong in silence: a halving search or a
    shuffled split trains on part of them only, so that rows never seen would count as
    members. This wrapper keeps a reference to the very rows that it was fitted on. In
    all else it is the classifier inside.

    It goes around everything: ``AuditableClassifier(make_pipeline(...))``, never the
    other way round, since a step of a Pipeline sees transformed rows. In a grid the
    names of the parameters start with ``estimator__``.

    Parameters
    ----------
    estimator : classifier, Pipeline or search
        What is fitted; not touched.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_features_in_ : int
        Number of features, where the classifier knows it.
    feature_names_in_ : ndarray of str
        Their names, where the classifier knows them.

    See Also
    --------
    leakage_scorer : Reads the members from here.
    skmia.audit.audit_cv : Audits what ``cross_validate`` returns; needs no wrapper.

    Notes
    -----
    The rows stay in this process and are never copied: pickling, joblib's workers,
    ``copy.deepcopy`` and ``clone`` leave them out. A search scores a candidate where
    it was fitted, so that any ``n_jobs`` works; what comes back from a worker, as
    ``cross_validate(return_estimator=True, n_jobs=2)`` does, has forgotten them,
    which a scorer then reports. The reference keeps the training set in memory for as
    long as the classifier is; :meth:`forget` drops it.

    A row of weight 0 counts neither as a member nor as held out.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmia.model_selection import AuditableClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), LogisticRegression())
    >>> clf = AuditableClassifier(model).fit(X, y)
    >>> clf.predict(X[:2])
    array([0, 0])
    """

    _fits_all_rows = _hands_on = True
    _routed_methods = (
        "fit",
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
    )

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit the classifier, and remember on what.

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
            If the estimator is no classifier, or holds a frozen one: that is not
            fitted here, and these rows are not its members.

        Warns
        -----
        FreezingWarning
            If it holds another part that was fitted with labels.
        """
        forget_fit(self)
        check_is_classifier(self.estimator)
        check_can_be_refitted(
            self.estimator,
            rule="AuditableClassifier remembers the rows that its classifier is fitted "
            "on.",
            consequence="stays as it is: these rows would pass for its members, and "
            "leakage would be underestimated. Pass it without FrozenEstimator, or "
            "audit it with skmia.audit.audit_classifier.",
        )
        X = as_rows(X)
        labels = check_labels(y, n_rows(X), type(self).__name__)
        params = self._inner_params("fit", params)
        # Before the fit, in which a step may write into X.
        rows = TrainingRows(X, labels, params)
        self.estimator_ = unfitted_copy(self.estimator).fit(X, labels, **params)
        self._adopt_columns(self.estimator_)
        self.classes_ = self.estimator_.classes_
        self._training_rows = rows
        return self

    def forget(self) -> Self:
        """Let go of the training rows; predictions stay as they are.

        Returns
        -------
        self : object
            The classifier, which no leakage scorer takes any more.
        """
        self.__dict__.pop("_training_rows", None)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """State without the training rows, which never leave this process.

        Returns
        -------
        dict
            What is pickled.
        """
        state = super().__getstate__()
        return {k: v for k, v in state.items() if k != "_training_rows"}

    def predict(self, X: Any, **params: Any) -> NDArray:
        """Predicted labels of the inner classifier.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Rows.
        **params : dict
            Metadata for the inner ``predict``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.
        """
        return self._ask("predict", X, params)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any, **params: Any) -> NDArray:
        """Probabilities of the inner classifier.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Rows.
        **params : dict
            Metadata for the inner ``predict_proba``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns as in ``classes_``.
        """
        return self._ask("predict_proba", X, params)

    @available_if(_estimator_has("predict_log_proba"))
    def predict_log_proba(self, X: Any, **params: Any) -> NDArray:
        """Logarithms of the probabilities of the inner classifier.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Rows.
        **params : dict
            Metadata for the inner ``predict_log_proba``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns as in ``classes_``.
        """
        return self._ask("predict_log_proba", X, params)

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any, **params: Any) -> NDArray:
        """Margins of the inner classifier.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Rows.
        **params : dict
            Metadata for the inner ``decision_function``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Margins.
        """
        return self._ask("decision_function", X, params)

    def _ask(self, method: str, X: Any, params: dict[str, Any]) -> NDArray:
        check_is_fitted(self, "classes_")  # what fit sets last
        return getattr(self.estimator_, method)(
            as_rows(X), **self._inner_params(method, params)
        )


def _best(estimator: Any) -> Any:
    """The AuditableClassifier that a search has refitted, or what else it is."""
    estimator = unwrap_frozen(estimator)
    while not isinstance(estimator, AuditableClassifier) and hasattr(
        estimator, "best_estimator_"
    ):
        estimator = unwrap_frozen(estimator.best_estimator_)
    return estimator


def find_auditable(estimator: Any) -> AuditableClassifier:
    """The AuditableClassifier that `estimator` is, or that a search has refitted.

    Searches and FrozenEstimator hand rows on as they get them; others may not.
    """
    estimator = _best(estimator)
    if not isinstance(estimator, AuditableClassifier):
        inside = [
            value
            for _, value in deep_params(estimator)
            if isinstance(value, AuditableClassifier)
        ]
        name = type(estimator).__name__
        found = (
            f"Got {name} with an AuditableClassifier inside instead: there the rows "
            "that it remembers may be transformed, and do not go with those that are "
            "scored. Turn it inside out"
            if inside
            else f"Got {name} instead, which does not remember them"
        )
        raise TypeError(
            "A leakage scorer needs the rows that the estimator was fitted on. "
            f"{found}: AuditableClassifier({name}(...)) around everything, and "
            "'estimator__' before the names of its parameters."
        )
    check_is_fitted(estimator, "classes_")
    if not hasattr(estimator, "_training_rows"):
        raise ValueError(
            "This AuditableClassifier does not remember the rows it was fitted on any "
            "more: it was pickled, copied, sent from another process, or told to "
            "forget. Score it where it is fitted, as cross_validate and the searches "
            "do, or fit it here."
        )
    return estimator


def training_hashes(
    estimator: Any, *, weighted: bool = False
) -> NDArray[np.uint64] | None:
    """Return the content of the rows that a classifier remembers, as hashes.

    They tell whether rows are those that it was fitted on.

    Parameters
    ----------
    estimator : estimator
        Any; only an :class:`AuditableClassifier` remembers rows, or a search that has
        refitted one.
    weighted : bool, default=False
        Leave out rows of weight 0, which are no members.

    Returns
    -------
    ndarray of uint64 of shape (n_samples,) or None
        One hash of the features and the label of each row, in the order of ``fit``;
        None where nothing is remembered.

    See Also
    --------
    AuditableClassifier : Remembers them, until it is pickled or told to forget.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skmia.model_selection import AuditableClassifier, training_hashes
    >>> clf = AuditableClassifier(GaussianNB()).fit(*load_iris(return_X_y=True))
    >>> training_hashes(clf).shape
    (150,)
    >>> training_hashes(clf.forget()) is None
    True
    """
    estimator = _best(estimator)
    if not isinstance(estimator, AuditableClassifier):
        return None
    rows = getattr(estimator, "_training_rows", None)
    if rows is None:
        return None
    return rows.hashes[rows.seen] if weighted else rows.hashes
