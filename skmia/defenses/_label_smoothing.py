"""Label smoothing: a fraction of every label goes to all classes alike."""

from typing import Any

import numpy as np

from skmia.defenses._base import Defense
from skmia.defenses._soft import fit_soft
from skmia.defenses._training import TrainingData
from skmia.utils import check_real


class LabelSmoothingClassifier(Defense):
    """Fit a classifier on labels mixed with the uniform distribution.

    A row of class ``c`` is trained as ``1 - smoothing`` of ``c`` and `smoothing`
    spread evenly over all classes, ``c`` included. The model has no reason to be
    surer than that, which takes away part of what sets members apart.

    Label smoothing is a baseline, and a doubtful one: it lowers the confidence that a
    threshold reads, while it can raise what a likelihood-ratio attack reads [2]_.
    Audit it with shadows that are smoothed too, and beside the classifier's own
    regularisation.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        What is defended; not touched. None is ``LogisticRegression()``.
    smoothing : float, default=0.1
        Fraction of each label that is spread over all classes, in [0, 1).
    random_state : int, RandomState or None, default=None
        Seeds the classifier where it has no seed of its own, and the labels that are
        drawn where it does not take ``sample_weight``.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone. Its parameters that count rows are those for copies of rows.
    classes_ : ndarray of shape (n_classes,)
        Class labels, the columns of ``predict_proba``.
    n_features_in_ : int
        Number of features, where the classifier knows it.
    feature_names_in_ : ndarray of str
        Their names, where the classifier knows them.

    See Also
    --------
    HighEntropyClassifier : Smooths up to a given entropy, and masks its outputs.

    Notes
    -----
    ``LogisticRegression`` of three classes or more is fitted on the soft labels
    themselves. Another classifier that takes ``sample_weight`` is fitted on one
    weighted copy of a row per class, ten at most: with more classes, a network draws
    labels anew in every epoch, and for others small entries are drawn once. One that
    takes no weights, or splits its rows itself, gets drawn labels.

    References
    ----------
    .. [1] Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception
       Architecture for Computer Vision", CVPR 2016, section 7.
    .. [2] Kaya and Dumitras, "When Does Data Augmentation Help With Membership
       Inference Attacks?", ICML 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.defenses import LabelSmoothingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> clf = LabelSmoothingClassifier(tree, smoothing=0.3).fit(X, y)
    >>> clf.predict_proba(X[:1]).round(2)
    array([[0.8, 0.1, 0.1]])
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        smoothing: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.smoothing = smoothing
        self.random_state = random_state

    def _check_params(self) -> None:
        check_real(self.smoothing, "smoothing", 0, 1, closed="left")

    def _fit(self, data: TrainingData) -> None:
        labels = data.one_hot()
        labels += self.smoothing * (1 / len(data.classes) - labels)
        self.estimator_ = fit_soft(self._inner(), data, labels)
