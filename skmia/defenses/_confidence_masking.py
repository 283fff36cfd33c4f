"""Confidence masking: the model stays as it is, its probabilities show less."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skmia._models import ask_probabilities, check_is_classifier
from skmia.defenses._base import Defense
from skmia.defenses._minimal_distortion import default_attack, distort, ranked
from skmia.defenses._soft import left_out_proba
from skmia.defenses._tags import DefenseTags
from skmia.defenses._training import TrainingData
from skmia.exceptions import WeakDefenseWarning
from skmia.utils import check_integer, check_option, check_real, warn

_METHODS = ("label", "minimal_distortion", "round", "temperature", "top_k")


class ConfidenceMaskingClassifier(Defense):
    """Mask the confidences of a classifier; the model and its labels stay.

    It costs no training, works on a model that is fitted already
    (``FrozenEstimator(model)``), and **does not protect what the labels reveal**:
    attacks on labels alone find the same leakage with and without it [2]_, and attacks
    on confidences underestimate leakage. It is a baseline, not a defense to rely on.

    Parameters
    ----------
    estimator : classifier, Pipeline or FrozenEstimator, default=None
        What is defended; not touched. None is ``LogisticRegression()``.
    method : str, default="round"
        ``"round"``: probabilities to `decimals` places. ``"top_k"``: the `k` largest,
        and the rest shared evenly by the other classes. ``"temperature"``: logarithms
        divided by `temperature`. ``"label"``: 1 for the predicted class.
        ``"minimal_distortion"``: as in MemGuard [1]_, the least change for which an
        inference model takes the row for a non-member.
    decimals : int, default=1
        Places for ``"round"``, 1 at least. Rows still sum to 1, and where rounding
        makes equals of the predicted class and another, one unit goes to the first.
    k : int, default=1
        Classes that ``"top_k"`` shows. With ``n_classes - 1`` or more nothing is
        hidden, which is warned of.
    temperature : float, default=10.0
        For ``"temperature"``, 1 at least: the higher, the flatter.
    attack_estimator : classifier or FrozenEstimator, default=None
        Inference model of ``"minimal_distortion"``. It sees the probabilities of a
        row, ranked from the largest, and predicts 1 for a member. Unfitted, it is
        fitted on probabilities of the training rows twice: as members, by the fitted
        classifier, and as non-members, by clones that were fitted without them
        (five folds). A ``FrozenEstimator`` is taken as it is, and required where
        `estimator` is frozen. None is logistic regression on the logarithms.
    random_state : int, RandomState or None, default=None
        Seeds the classifier where it has no seed of its own, the folds, and the
        inference model.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone, or the frozen model. Its own probabilities are not masked.
    attack_estimator_ : classifier
        The fitted inference model, with ``method="minimal_distortion"``.
    classes_ : ndarray of shape (n_classes,)
        Class labels, the columns of ``predict_proba``.
    n_features_in_ : int
        Number of features, where the classifier knows it.
    feature_names_in_ : ndarray of str
        Their names, where the classifier knows them.

    See Also
    --------
    HighEntropyClassifier : Masks the outputs of a model that is trained for it.

    Notes
    -----
    ``"minimal_distortion"`` mixes a row's probabilities with the uniform
    distribution. MemGuard looks for the change among all that keep the label, by
    gradients of its own neural network; the mixture needs no gradients, so that any
    inference model serves. Both stop where this one model is undecided. An attacker
    who knows of that finds the members next to that line, and another inference model
    is not bound by it at all.

    Masking looks free under accuracy: no label changes. Log-loss and calibration show
    what it costs whoever needs the probabilities.

    References
    ----------
    .. [1] Jia, Salem, Backes, Zhang and Gong, "MemGuard: Defending against Black-Box
       Membership Inference Attacks via Adversarial Examples", CCS 2019.
    .. [2] Choquette-Choo, Tramer, Carlini and Papernot, "Label-Only Membership
       Inference Attacks", ICML 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmia.defenses import ConfidenceMaskingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X, y)
    >>> clf = ConfidenceMaskingClassifier(FrozenEstimator(model)).fit(X, y)
    >>> clf.predict_proba(X[[70]])
    array([[0. , 0.4, 0.6]])
    >>> bool((clf.predict(X) == model.predict(X)).all())
    True
    """

    _trains = False

    _fits_all_rows = True

    def __init__(
        self,
        estimator: Any = None,
        *,
        method: str = "round",
        decimals: int = 1,
        k: int = 1,
        temperature: float = 10.0,
        attack_estimator: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.decimals = decimals
        self.k = k
        self.temperature = temperature
        self.attack_estimator = attack_estimator
        self.random_state = random_state

    def __sklearn_tags__(self) -> DefenseTags:
        """Tags of a defense that masks outputs.

        Returns
        -------
        DefenseTags
            The tags.
        """
        tags = super().__sklearn_tags__()
        tags.masks_outputs = True
        return tags

    def _check_params(self) -> None:
        check_option(self.method, "method", _METHODS)
        check_integer(self.decimals, "decimals", 1, 12)
        check_integer(self.k, "k", 1)
        check_real(self.temperature, "temperature", 1, 1e6)
        if self.method != "minimal_distortion" or self.attack_estimator is None:
            return
        check_is_classifier(self.attack_estimator, "attack_estimator")
        if isinstance(self.attack_estimator, FrozenEstimator):
            check_is_fitted(self.attack_estimator)
            _check_two_sides(self.attack_estimator)

    def _fit(self, data: TrainingData) -> None:
        n_classes = len(data.classes)
        if self.method == "top_k" and self.k >= n_classes - 1:
            warn(
                f"method='top_k' with k={self.k} hides nothing of {n_classes} classes: "
                "probabilities sum to 1. Pass a smaller 'k' or another method.",
                WeakDefenseWarning,
            )
        frozen = isinstance(self._inner(), FrozenEstimator)
        known = isinstance(self.attack_estimator, FrozenEstimator)
        if self.method == "minimal_distortion" and frozen and not known:
            raise ValueError(
                "method='minimal_distortion' fits its inference model on members and "
                "non-members, and those of a frozen 'estimator' are not known here. "
                "Pass 'estimator' without FrozenEstimator, or an inference model that "
                "is fitted on ranked probabilities as "
                "attack_estimator=FrozenEstimator(...)."
            )
        self.estimator_ = data.fit(data.clone(self._inner()))
        if self.method == "minimal_distortion":
            self.attack_estimator_ = self._fit_attack(data)

    def _fit_attack(self, data: TrainingData) -> Any:
        attack = self.attack_estimator
        if isinstance(attack, FrozenEstimator):
            return attack
        seen = ask_probabilities(self.estimator_, data.X, data.classes)
        unseen = left_out_proba(self._inner(), data, n_models=5)
        attack = data.clone(default_attack() if attack is None else attack)
        return attack.fit(
            ranked(np.concatenate([seen, unseen])), np.repeat([1, 0], len(data))
        )

    def _defended_proba(self, X: Any) -> NDArray[np.floating]:
        proba = super()._defended_proba(X)
        return _keep_label(self._masked(proba), proba.argmax(axis=1))

    def _masked(self, proba: NDArray[np.floating]) -> NDArray[np.floating]:
        if self.method == "round":
            return _round(proba, 10**self.decimals)
        if self.method == "top_k":
            return _show_largest(proba, self.k)
        if self.method == "temperature":
            with np.errstate(divide="ignore"):
                return softmax(np.log(proba) / self.temperature, axis=1)
        if self.method == "label":
            return np.eye(proba.shape[1])[proba.argmax(axis=1)]
        return distort(proba, self.attack_estimator_)


def _check_two_sides(attack: Any) -> None:
    if len(attack.classes_) != 2:
        raise ValueError(
            "The 'attack_estimator' parameter must know two classes, non-members and "
            f"members. Got {len(attack.classes_)} classes instead."
        )


def _keep_label(
    masked: NDArray[np.floating], label: NDArray[np.intp]
) -> NDArray[np.floating]:
    """Masked probabilities in which no rounding error has put another class first.

    Values that differ in their last digit are equal after a power, a mean or a mixture.
    The label then gets the next number above the largest value.
    """
    moved = np.flatnonzero(masked.argmax(axis=1) != label)
    if not len(moved):
        return masked
    masked = masked.copy()
    largest = masked[moved].max(axis=1)
    masked[moved, label[moved]] = np.nextafter(largest, np.inf, dtype=masked.dtype)
    return masked


def _round(proba: NDArray[np.floating], n_units: int) -> NDArray[np.floating]:
    """Whole units, 1 / `n_units` each, that sum to 1; the label above all others.

    By largest remainders. Two units moved at most: rounding lets no class overtake
    the label by more than one.
    """
    exact = proba / proba.sum(axis=1, keepdims=True) * n_units
    # Rounding errors below a whole number are none.
    units = np.floor(exact + 1e-9)
    missing = n_units - units.sum(axis=1, keepdims=True)
    rank = np.argsort(np.argsort(units - exact, axis=1, kind="stable"), axis=1)
    units += rank < missing
    rows, label = np.arange(len(proba)), proba.argmax(axis=1)
    for _ in range(2):
        others = units.copy()
        others[rows, label] = -1
        rival = others.argmax(axis=1)
        tied = np.flatnonzero(units[rows, label] <= units[rows, rival])
        units[tied, rival[tied]] -= 1
        units[tied, label[tied]] += 1
    return units / n_units


def _show_largest(proba: NDArray[np.floating], k: int) -> NDArray[np.floating]:
    order = np.argsort(-proba, axis=1, kind="stable")[:, k:]
    if not order.shape[1]:
        return proba
    rest = np.take_along_axis(proba, order, axis=1).mean(axis=1, keepdims=True)
    shown = proba.copy()
    np.put_along_axis(shown, order, np.broadcast_to(rest, order.shape), axis=1)
    return shown
