"""Adversarial regularization: train against an adversary that looks for members."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import ask_probabilities, check_has_response, check_is_classifier
from skmia._tables import content_groups, hash_rows
from skmia.defenses._base import Defense
from skmia.defenses._inference_model import InferenceModel
from skmia.defenses._soft import (
    fit_in_epochs,
    fit_soft,
    project_on_simplex,
    trains_in_epochs,
)
from skmia.defenses._training import TrainingData
from skmia.utils import check_integer, check_real

# Fits of a classifier that is not trained in epochs.
_N_FITS = 5


class AdversarialRegularizationClassifier(Defense):
    """Fit a classifier against an inference model that looks for its members.

    Some rows are held out as a reference. The inference model learns to distinguish the
    classifier's probabilities for its training rows from those for the reference, and
    the classifier learns to be right and to make the two look alike: it minimises
    ``loss + alpha * gain``, where the gain is what the inference model maximises.

    - ``MLPClassifier`` and ``SGDClassifier(loss="log_loss")``, also at the end of a
      Pipeline, are trained alternately with the inference model, epoch by epoch.
    - Any other classifier is fitted several times, each time on soft labels that lead
      it away from what the inference model has found.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        What is defended; not touched. None is ``LogisticRegression()``.
    alpha : float, default=1.0
        Weight of the gain, the paper's lambda. 0 is no defense beyond the rows that
        are held out. Published for neural networks: 3 on Purchase-100.
    reference_fraction : float, default=0.1
        Fraction of the rows that is held out, in (0, 1). The classifier is not trained
        on them, which costs accuracy, and the fewer there are, the less the inference
        model learns about rows that are not members.
    attack_estimator : classifier, default=None
        What the inference model is made of: a classifier of three columns, the
        probability of a row's own class, its log-odds and the entropy. None is
        ``LogisticRegression()``. Its slopes are used, so that a smooth one works
        better than a tree.
    n_rounds : int, default=None
        Epochs, or the number of fits where the classifier is not trained in epochs.
        None leaves epochs to the classifier's own ``max_iter``, ``tol`` and
        ``n_iter_no_change``, and is 5 fits.
    random_state : int, RandomState or None, default=None
        Seeds the rows held out, the labels that are drawn, and the classifiers where
        they have no seed of their own.

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
    SelfDistillationClassifier : Takes a row's label from models that have not seen it.

    Notes
    -----
    With ``h`` the inference model's probability of "member", the gain is
    ``mean(log h) / 2`` over members plus ``mean(log(1 - h)) / 2`` over the reference.
    The gradient of the log-loss at the logits is ``proba - label``. So the gradient of
    ``loss + alpha * gain`` is that of the loss for the label
    ``label - alpha * (gradient of the gain)``, and what is trained on is this label,
    projected on the simplex and no further from the row's own class than chance.
    Probabilities are taken for those of a softmax.

    In epochs, a label is drawn from each soft label. In fits, the soft labels of all
    rounds so far are averaged, which damps oscillations between the two.

    The paper gives its adversary all probabilities and the class. Here it sees what
    threshold attacks see, which a few reference rows suffice to learn: with the class
    as well, it learns the reference rows by heart, and the classifier with it.

    A classifier that defeats this adversary need not defeat another one: [2]_ finds
    attacks that are stronger than the paper's own. Rows that are held out look like
    non-members, which they are not to an attacker who knows the data: audit with
    shadows that are defended too, and beside the classifier's own regularisation.

    References
    ----------
    .. [1] Nasr, Shokri and Houmansadr, "Machine Learning with Membership Privacy using
       Adversarial Regularization", CCS 2018.
    .. [2] Song and Mittal, "Systematic Evaluation of Privacy Risks of Machine Learning
       Models", USENIX Security 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmia.defenses import AdversarialRegularizationClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = AdversarialRegularizationClassifier(
    ...     LogisticRegression(max_iter=500), alpha=2, random_state=0
    ... ).fit(X, y)
    >>> float(clf.score(X, y)) > 0.9
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        alpha: float = 1.0,
        reference_fraction: float = 0.1,
        attack_estimator: Any = None,
        n_rounds: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.alpha = alpha
        self.reference_fraction = reference_fraction
        self.attack_estimator = attack_estimator
        self.n_rounds = n_rounds
        self.random_state = random_state

    def _check_params(self) -> None:
        check_real(self.alpha, "alpha", 0, np.inf, closed="left")
        check_real(
            self.reference_fraction, "reference_fraction", 0, 1, closed="neither"
        )
        if self.n_rounds is not None:
            check_integer(self.n_rounds, "n_rounds", 1)
        if self.attack_estimator is not None:
            check_is_classifier(self.attack_estimator, "attack_estimator")
            check_has_response(self.attack_estimator, "attack_estimator")

    def _fit(self, data: TrainingData) -> None:
        is_reference = held_out(
            data.X, data.y, self.reference_fraction, data.random_state
        )
        members, others = (
            data.take(np.flatnonzero(rows)) for rows in (~is_reference, is_reference)
        )
        adversary = InferenceModel(self.attack_estimator, data.random_state)
        game = _Game(members, others, self.alpha, adversary)
        play = game.play_epochs if trains_in_epochs(self._inner()) else game.play_fits
        self.estimator_ = play(self._inner(), self.n_rounds)


class _Game:
    """Alternate fits of a classifier and of its adversary."""

    def __init__(
        self,
        members: TrainingData,
        reference: TrainingData,
        alpha: float,
        adversary: InferenceModel,
    ) -> None:
        self.members = members
        self.reference = reference
        self.own = members.one_hot()
        self.alpha = alpha
        self.adversary = adversary

    def soft_labels(
        self, proba: NDArray[np.floating], proba_reference: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Labels at which the log-loss moves as loss and gain do, on the simplex."""
        if self.alpha == 0:
            return self.own
        y = self.members.y
        self.adversary.fit(proba, y, proba_reference, self.reference.y)
        slope = self.adversary.gain_slope(proba, y)
        labels = project_on_simplex(self.own - self.alpha * slope)
        # No less of a row's own class than chance: a label that excludes it is far
        # from where the gradient holds.
        lost = 1 - labels[np.arange(len(y)), y]
        most = 1 - 1 / labels.shape[1]
        fraction = np.minimum(1.0, most / np.maximum(lost, most))[:, None]
        return self.own + fraction * (labels - self.own)

    def play_epochs(self, estimator: Any, n_rounds: int | None) -> Any:
        """Fit, with new soft labels from the adversary after each epoch."""

        def lesson(epoch: int, X: Any, *probas: Any) -> tuple[Any, NDArray[np.float64]]:
            return X, self.own if epoch == 0 else self.soft_labels(*probas)

        return fit_in_epochs(
            estimator,
            self.members,
            lesson,
            n_epochs=n_rounds,
            X_watched=self.reference.X,
        )

    def play_fits(self, estimator: Any, n_rounds: int | None) -> Any:
        """Fit several times, with new soft labels from the adversary after each fit."""
        labels = self.own
        model = fit_soft(estimator, self.members, labels)
        if self.alpha == 0:
            return model
        for number in range(1, _N_FITS if n_rounds is None else n_rounds):
            answer = self.soft_labels(
                *(
                    ask_probabilities(model, side.X, side.classes)
                    for side in (self.members, self.reference)
                )
            )
            labels = labels + (answer - labels) / (number + 1)
            model = fit_soft(estimator, self.members, labels)
        return model


def held_out(
    X: Any, y: NDArray[np.intp], fraction: float, random_state: np.random.RandomState
) -> NDArray[np.bool_]:
    """Which rows are the reference: a part of each class, and never all of one.

    Rows of equal features are held out together: a copy in training would make a
    reference row a member.

    Returns
    -------
    ndarray of bool of shape (n_samples,)

    Raises
    ------
    ValueError
        If no row can be held out.
    """
    group = content_groups(hash_rows(X))
    _, first = np.unique(group, return_index=True)
    # Along the rows, class after class and shuffled inside, at equal distances.
    order = np.lexsort((random_state.permutation(len(first)), y[first]))
    n_out = max(1, round(fraction * len(first)))
    at = (np.arange(n_out) + random_state.uniform()) * len(first) / n_out
    out = np.zeros(len(first), dtype=bool)
    out[order[at.astype(np.intp)]] = True
    for column in np.setdiff1d(y, y[~out[group]]):
        # One row of the class comes back.
        out[group[random_state.choice(np.flatnonzero(y == column))]] = False
    if not out.any():
        # What was drawn is all that its class has: any other row will do.
        for one in random_state.permutation(len(first)):
            if len(np.setdiff1d(y, y[group != one])) == 0:
                out[one] = True
                break
    if not out.any():
        raise ValueError(
            f"reference_fraction={fraction} holds out no row of {len(y)} rows in "
            f"{len(np.unique(y))} classes, of which training needs one each. Pass more "
            "rows, or leave out the rarest classes."
        )
    return out[group]
