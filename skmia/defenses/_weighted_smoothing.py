"""Weighted smoothing: the most noise where the model is most confident."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import draw_seeds
from skmia._tables import RowNoise
from skmia.defenses._base import Defense
from skmia.defenses._soft import (
    fit_in_epochs,
    fit_soft,
    left_out_proba,
    project_on_simplex,
    trains_in_epochs,
)
from skmia.defenses._training import TrainingData
from skmia.signals import modified_entropy
from skmia.utils import check_integer, check_option, check_real

# Epochs without noise, in which the model learns what it is sure of.
_WARM_UP = 3
# The smallest probability that a loss is taken of, as in the published code.
_FLOOR = np.exp(-36)


class WeightedSmoothingClassifier(Defense):
    """Fit a classifier with noise, most of it on rows that resemble many others.

    Rows in a cluster of similar rows make a model sure of itself, and isolated rows
    are hard enough without noise. The model's own confidence distinguishes them: a
    row's noise has the standard deviation ``noise * u * max(0, 1 - w)``, with ``u``
    the distance between the two largest probabilities and ``w`` the modified entropy
    of the probabilities, standardised among the rows of the same class.

    - ``MLPClassifier`` and ``SGDClassifier(loss="log_loss")``, also at the end of a
      Pipeline, are trained epoch by epoch as published: normal noise is added to the
      predicted distribution before its log-loss is taken, drawn anew in each epoch
      and scaled by the model's current probabilities of the row.
    - Any other classifier first predicts rows that it was not fitted on (`cv` folds),
      and is then fitted on labels to which noise of that scale is added.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        What is defended; not touched. None is ``LogisticRegression()``.
    noise : float, default=0.1
        Strength of the noise, the paper's sigma. Every class gets noise of its own, so
        that the same value is stronger with more classes. In standard deviations of a
        column (or the probability that a category is drawn anew) with
        ``on="features"``, where values around 1 are strong.
    on : {"labels", "features"}, default="labels"
        What the noise is added to: the distribution of the label, as published, or
        the columns of X.
    cv : int, default=5
        Number of folds for the second kind of classifier.
    random_state : int, RandomState or None, default=None
        Seeds the noise, the folds, and the classifier where it has no seed of its
        own.

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
    LabelSmoothingClassifier : The same smoothing for every row.
    SelfDistillationClassifier : Fits on probabilities of models fitted without the row.

    Notes
    -----
    Noise ``n`` on probabilities ``p`` turns the log-loss into that of
    ``|p + n| / sum(|p + n|)``. Its gradient is that of the log-loss of ``p`` with a
    soft label in place of the true one, and this label, projected on the simplex, is
    what an epoch trains on. The first epochs are without noise. An epoch ends where
    the classifier's ``partial_fit`` does, and training where its own ``max_iter``,
    ``tol`` and ``n_iter_no_change`` end it. Classifiers of that kind that set rows
    aside (``early_stopping``) or have no ``partial_fit`` (``solver="lbfgs"``) are
    fitted in the second way.

    In the second way a label is ``|e + n| / sum(|e + n|)`` with ``e`` all of its own
    class, drawn once. Random labels teach a model noise that the attacker does not
    know; a smoothed label would lower every confidence by an amount that is known.

    The published figures are for threshold attacks. Audit with shadows that are
    defended too.

    References
    ----------
    Tan, Xie, Sun and Wang, "Mitigating Membership Inference Attacks via Weighted
    Smoothing", ACSAC 2023, doi:10.1145/3627106.3627189.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmia.defenses import WeightedSmoothingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = WeightedSmoothingClassifier(
    ...     LogisticRegression(max_iter=500), noise=0.1, random_state=0
    ... ).fit(X, y)
    >>> float(clf.score(X, y)) > 0.9
    True
    """

    # The noise is the point of it.
    _noisy = True

    def __init__(
        self,
        estimator: Any = None,
        *,
        noise: float = 0.1,
        on: str = "labels",
        cv: int = 5,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.noise = noise
        self.on = on
        self.cv = cv
        self.random_state = random_state

    def _check_params(self) -> None:
        check_real(self.noise, "noise", 0, np.inf, closed="left")
        check_option(self.on, "on", ("labels", "features"))
        check_integer(self.cv, "cv", 2)

    def _fit(self, data: TrainingData) -> None:
        if trains_in_epochs(self._inner()):
            lessons = _Lessons(data, self.noise, self.on)
            self.estimator_ = fit_in_epochs(self._inner(), data, lessons)
            return
        proba = left_out_proba(self._inner(), data, n_models=self.cv)
        spread = self.noise * noise_scale(proba, data.y)
        if self.on == "features":
            seed = int(draw_seeds(data.random_state, 1)[0])
            X = RowNoise(data.X, seed).copies(data.X, spread, 0)
            model = data.clone(self._inner())
            self.estimator_ = replace(data, X=X).fit(model)
            return
        labels = data.one_hot()
        labels += spread[:, None] * data.random_state.standard_normal(labels.shape)
        self.estimator_ = fit_soft(self._inner(), data, normalised(labels))


class _Lessons:
    """What each epoch trains on."""

    def __init__(self, data: TrainingData, noise: float, on: str) -> None:
        self.data = data
        self.own = data.one_hot()
        self.noise = noise
        self.on = on
        self.row_noise: RowNoise | None = None

    def __call__(
        self, epoch: int, X: Any, proba: Any
    ) -> tuple[Any, NDArray[np.float64]]:
        if epoch < _WARM_UP or self.noise == 0:
            return X, self.own
        spread = self.noise * noise_scale(proba, self.data.y)
        if self.on == "features":
            if self.row_noise is None:
                seed = int(draw_seeds(self.data.random_state, 1)[0])
                self.row_noise = RowNoise(X, seed)
            return self.row_noise.copies(X, spread, epoch), self.own
        noise = self.data.random_state.standard_normal(proba.shape)
        return X, soft_label_of_noise(proba, self.data.y, spread[:, None] * noise)


def noise_scale(
    proba: NDArray[np.floating], y: NDArray[np.intp]
) -> NDArray[np.float64]:
    """How much noise each row gets: ``u * max(0, 1 - w)``.

    ``u`` is the largest probability minus the second largest, ``w`` the modified
    entropy with the mean and standard deviation of its class at 0 and 1.
    """
    proba = proba.astype(np.float64)
    second, first = np.partition(proba, -2, axis=1)[:, -2:].T
    entropy = modified_entropy(np.clip(proba, _FLOOR, 1.0), y)
    count = np.maximum(np.bincount(y, minlength=proba.shape[1]), 1)
    mean = np.bincount(y, entropy, proba.shape[1]) / count
    centred = entropy - mean[y]
    spread = np.sqrt(np.bincount(y, centred**2, proba.shape[1]) / count)[y]
    # Equal up to rounding: the rows of the class do not differ.
    varies = spread > 1e-12 * np.abs(mean[y])
    w = np.divide(centred, spread, out=np.zeros_like(centred), where=varies)
    return (first - second) * np.maximum(1 - w, 0.0)


def normalised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absolute values as distributions."""
    size = np.abs(values)
    return size / size.sum(axis=1, keepdims=True)


def soft_label_of_noise(
    proba: NDArray[np.floating], y: NDArray[np.intp], noise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The soft label that moves `proba` as the log-loss of its noisy version does.

    The log-loss of a softmax has the gradient ``proba - label`` at the logits. That
    of ``normalised(proba + noise)`` at column `y` is set equal to it, and what comes
    out projected on the simplex.
    """
    proba = proba.astype(np.float64)
    rows = np.arange(len(y))
    noisy = proba + noise
    total = np.abs(noisy).sum(axis=1)
    slope = np.sign(noisy) / total[:, None]
    own = noisy[rows, y]
    # Below the floor the loss is flat.
    counts = np.abs(own) > _FLOOR * total
    slope[rows, y] -= np.divide(1.0, own, out=np.zeros_like(own), where=counts)
    gradient = proba * (slope - (proba * slope).sum(axis=1, keepdims=True))
    return project_on_simplex(proba - gradient)
