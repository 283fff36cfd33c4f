"""HAMP: labels of high entropy, and confidences that belong to other inputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import brentq
from scipy.special import entr

from skmia._models import class_probabilities
from skmia._tables import Perturbation, hash_rows, mix, n_rows, take_rows
from skmia.defenses._base import Defense
from skmia.defenses._soft import fit_soft
from skmia.defenses._tags import DefenseTags
from skmia.defenses._training import TrainingData
from skmia.utils import check_real

_N_RANDOM = 1000  # random inputs whose confidences are handed out
_TIE = 1e-6  # by which the label's confidence is put above an equal one


class HighEntropyClassifier(Defense):
    """Fit a classifier on labels of high entropy, and hide its confidences (HAMP).

    Two things, of which the second can be left out:

    - training: a row of class ``c`` is trained as ``p`` of ``c`` and the rest spread
      evenly over the other classes, with the ``p`` at which the entropy of the label
      is `gamma` of the largest there is;
    - outputs: the confidences of a row are replaced by those that the model gives to
      a random input, in the row's own order. The label and the ranking of the classes
      stay; how sure the model is of this row is gone.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        What is defended; not touched. None is ``LogisticRegression()``.
    gamma : float, default=0.8
        Entropy of a label as a fraction of ``log(n_classes)``, in [0, 1). The larger,
        the stronger. Published: 0.8 on Purchase-100, 0.6 on Texas-100. With 0 labels
        stay as they are, and only the outputs are modified: around a classifier that
        is regularised, or defended in another way.
    output_modification : bool, default=True
        Replace the confidences of predictions.
    random_state : int, RandomState or None, default=None
        Seeds the classifier where it has no seed of its own, the random inputs, and
        which of them stands in for which row.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone. Its parameters that count rows are those for copies of rows.
    label_probability_ : float
        ``p``, what a training label gives to its own class.
    classes_ : ndarray of shape (n_classes,)
        Class labels, the columns of ``predict_proba``.
    n_features_in_ : int
        Number of features, where the classifier knows it.
    feature_names_in_ : ndarray of str
        Their names, where the classifier knows them.

    See Also
    --------
    LabelSmoothingClassifier : Spreads a fraction of each label; outputs stay.
    ConfidenceMaskingClassifier : Other ways to hide confidences.

    Notes
    -----
    A random input has each column drawn on its own from the column's values in
    training. The confidences of 1000 of them are kept, and a hash of a row's content
    chooses among them: the same row always gets the same answer, so that asking again
    averages nothing away.

    With `output_modification`, ``predict_proba`` shows nothing but the ranking of the
    classes. Accuracy does not show what that costs; log-loss and calibration do. The
    ranking still leaks: attacks that ask for labels only are not affected, and
    whoever averages the answers to many records close by learns how far apart the
    classes are. Audit with both, ``LabelOnlyAttack`` and ``LiRAAttack`` with
    ``shadows=ShadowModels(n_queries=16)``; see the user guide, :doc:`/guide/defenses`.

    The paper also rewards entropy of the predictions while it trains. That is not
    linear in the label and needs the training loop of a neural network; it is left
    out, and its weight there is 1 % or less.

    References
    ----------
    Chen and Pattabiraman, "Overconfidence is a Dangerous Thing: Mitigating Membership
    Inference Attacks by Enforcing Less Confident Prediction", NDSS 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.defenses import HighEntropyClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = HighEntropyClassifier(
    ...     DecisionTreeClassifier(), gamma=0.7, random_state=0
    ... ).fit(X, y)
    >>> round(clf.label_probability_, 2)
    0.73
    >>> float(clf.score(X, y)) > 0.9
    True
    """

    # A small forest on labels like these is no good classifier.
    _noisy = True

    def __init__(
        self,
        estimator: Any = None,
        *,
        gamma: float = 0.8,
        output_modification: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.gamma = gamma
        self.output_modification = output_modification
        self.random_state = random_state

    def __sklearn_tags__(self) -> DefenseTags:
        """Tags of a defense, which masks outputs where it is told to.

        Returns
        -------
        DefenseTags
            The tags.
        """
        tags = super().__sklearn_tags__()
        tags.masks_outputs = bool(self.output_modification)
        return tags

    def _check_params(self) -> None:
        check_real(self.gamma, "gamma", 0, 1, closed="left")
        if not isinstance(self.output_modification, bool | np.bool_):
            raise TypeError(
                "The 'output_modification' parameter must be a bool. Got "
                f"{self.output_modification!r} instead."
            )

    def _fit(self, data: TrainingData) -> None:
        inputs = None
        if self.output_modification:
            inputs = _random_inputs(data.X, data.random_state)
        n_classes = len(data.classes)
        p = 1.0 if self.gamma == 0 else label_probability(self.gamma, n_classes)
        if self.gamma == 0:
            self.estimator_ = data.fit(data.clone(self._inner()))
        else:
            labels = np.full((len(data), n_classes), (1 - p) / (n_classes - 1))
            labels[np.arange(len(data)), data.y] = p
            self.estimator_ = fit_soft(self._inner(), data, labels)
        self.label_probability_ = p
        if inputs is not None:
            confidences = class_probabilities(self.estimator_, inputs, data.classes)
            self._confidences = _ranked(confidences)
            self._salt = data.random_state.randint(2**31, size=1, dtype=np.uint64)

    def _defended_proba(self, X: Any) -> NDArray[np.floating]:
        proba = super()._defended_proba(X)
        if not self.output_modification:
            return proba
        # By the content alone: the same probabilities in any batch, and every time.
        of_row = mix(hash_rows(X) + mix(self._salt + np.uint64(1)))
        values = self._confidences[of_row % np.uint64(len(self._confidences))]
        order = np.argsort(-proba, axis=1, kind="stable")
        defended = np.empty(proba.shape)
        np.put_along_axis(defended, order, values, axis=1)
        return defended


def label_probability(gamma: float, n_classes: int) -> float:
    """Probability of the true class at which a label has `gamma` of all entropy.

    The other classes get the rest in equal parts.
    """

    def excess(p: float) -> float:
        others = (n_classes - 1) * entr((1 - p) / (n_classes - 1))
        return entr(p) + others - gamma * np.log(n_classes)

    # The entropy falls from the largest to 0 between these.
    low, high = 1 / n_classes, 1.0
    return low if excess(low) <= 0 else brentq(excess, low, high, xtol=1e-15)


def _random_inputs(X: Any, random_state: np.random.RandomState) -> Any:
    """Rows with every column drawn on its own, in the container of `X`."""
    if len(X.shape) != 2:
        raise ValueError(
            "output_modification=True asks the model about random rows of a table. "
            f"Got X of shape {tuple(X.shape)} instead; pass output_modification=False."
        )
    rows = random_state.permutation(n_rows(X))[:_N_RANDOM]
    seed = int(random_state.randint(2**31))
    n_each = -(-_N_RANDOM // len(rows))
    # Below 1, at which the number of new entries in a sparse column is infinite.
    flip_rate = 1 - 1e-9 if sparse.issparse(X) else 1.0
    return (
        Perturbation("resample", seed)
        .fit(X)
        .copies(
            take_rows(X, rows),
            np.arange(n_each),
            np.ones(n_each),
            np.full(n_each, flip_rate),
        )
    )


def _ranked(proba: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each row from the largest to the smallest, the largest without an equal."""
    ranked = -np.sort(-proba.astype(np.float64), axis=1)
    ranked[:, 0] += np.where(ranked[:, 0] - ranked[:, 1] < _TIE, _TIE, 0.0)
    return ranked / ranked.sum(axis=1, keepdims=True)
