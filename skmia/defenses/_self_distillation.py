"""SELENA: a student of models that were fitted without the rows they label."""

from typing import Any

import numpy as np

from skmia._models import check_is_classifier
from skmia.defenses._base import Defense
from skmia.defenses._soft import fit_soft, left_out_proba
from skmia.defenses._training import TrainingData
from skmia.utils import check_integer, check_real


class SelfDistillationClassifier(Defense):
    """Fit a classifier on soft labels from models without its rows (SELENA).

    `n_models` clones are fitted, each row left out of `n_left_out` of them. The mean of
    their probabilities for the row is its soft label, and one more clone, the student,
    is fitted on the soft labels: a row's own label reaches the student by way of other
    rows only.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        What is defended; not touched. None is ``LogisticRegression()``.
    student : classifier or Pipeline, default=None
        What is fitted on the soft labels, and predicts. None is `estimator`.
    n_models : int, default=25
        Clones that are fitted to predict the rows that they were not fitted on.
    n_left_out : int, default=10
        How many of them are fitted without a given row, in [1, n_models - 1].
    label_fraction : float, default=0.0
        Fraction of the true label in what the student is fitted on, in [0, 1]. Higher
        is more accurate and leaks more; at 1 the student is fitted as if undefended.
    n_jobs : int, default=None
        Clones fitted at a time, as in joblib. The result does not depend on it.
    random_state : int, RandomState or None, default=None
        Draws which row is left out where, and seeds the classifiers where they have
        no seed of their own.

    Attributes
    ----------
    estimator_ : classifier
        The fitted student. Its parameters that count rows are those for copies of
        rows.
    classes_ : ndarray of shape (n_classes,)
        Class labels, the columns of ``predict_proba``.
    n_features_in_ : int
        Number of features, where the student knows it.
    feature_names_in_ : ndarray of str
        Their names, where the student knows them.

    See Also
    --------
    LabelSmoothingClassifier : Soft labels that need no further model.
    WeightedSmoothingClassifier : Smooths by the confidence of such models.

    Notes
    -----
    The student has to remember its soft labels and to do as well on other rows. A
    forest or a tree does not: it is more confident on the rows in its leaves than on
    others, which distinguishes the two. Give them a smooth `student`, such as
    ``LogisticRegression(C=10)``. A small `label_fraction` such as 0.1 buys accuracy
    for little leakage. Figures are in the user guide, :doc:`/guide/defenses`.

    References
    ----------
    Tang, Mahloujifar, Song, Shejwalkar, Nasr, Houmansadr and Mittal, "Mitigating
    Membership Inference Attacks by Self-Distillation Through a Novel Ensemble
    Architecture", USENIX Security 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmia.defenses import SelfDistillationClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = SelfDistillationClassifier(
    ...     LogisticRegression(max_iter=500), n_models=5, n_left_out=2, random_state=0
    ... ).fit(X, y)
    >>> float(clf.score(X, y)) > 0.9
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        student: Any = None,
        n_models: int = 25,
        n_left_out: int = 10,
        label_fraction: float = 0.0,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.student = student
        self.n_models = n_models
        self.n_left_out = n_left_out
        self.label_fraction = label_fraction
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_params(self) -> None:
        check_integer(self.n_models, "n_models", 2)
        check_integer(self.n_left_out, "n_left_out", 1, self.n_models - 1)
        check_real(self.label_fraction, "label_fraction", 0, 1)
        if self.student is not None:
            check_is_classifier(self.student, "student")

    def _fit(self, data: TrainingData) -> None:
        labels = left_out_proba(
            self._inner(),
            data,
            n_models=self.n_models,
            n_left_out=self.n_left_out,
            n_jobs=self.n_jobs,
        )
        labels *= (1 - self.label_fraction) / labels.sum(axis=1, keepdims=True)
        labels[np.arange(len(data)), data.y] += self.label_fraction
        student = self._inner() if self.student is None else self.student
        self.estimator_ = fit_soft(student, data, labels)
