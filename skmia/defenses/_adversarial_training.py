"""Adversarial training: copies of the training rows that the model finds hardest."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import class_probabilities, draw_seeds
from skmia._tables import Perturbation, concat_rows, slice_metadata, take_rows
from skmia.defenses._base import Defense
from skmia.defenses._soft import (
    draws_rows,
    fit_soft,
    keep_all_rows,
    last_step,
    scale_to_copies,
    splits_rows,
    takes_weights,
)
from skmia.defenses._training import TrainingData
from skmia.signals import loss
from skmia.utils import check_integer, check_real


class AdversarialTrainingClassifier(Defense):
    """Fit a classifier on its rows and on perturbed copies that fool it.

    A number of copies of each row is drawn: every column of numbers with noise, within
    the range of the training rows; every column of categories, a binary one included,
    with a new value now and then. Those at which the current model's loss is largest
    join the training rows, with the label of their row, and the model is fitted anew.

    It is meant to make a model robust, which is not the same as private: published
    results find that it often *raises* membership leakage, since the model is now
    fitted to the label all around each training row [2]_, [3]_. Audit it, with copies
    of the records among the attacker's queries (``n_queries``), beside the undefended
    model.

    Parameters
    ----------
    estimator : classifier or Pipeline, default=None
        What is defended; not touched. None is ``LogisticRegression()``.
    strength : float, default=0.1
        Size of the perturbations, in (0, 1): the noise in standard deviations of its
        column, and the probability that a category is drawn anew.
    n_copies : int, default=1
        Perturbed copies of each row that are trained on.
    n_candidates : int, default=10
        Perturbed copies of each row among which the hardest are chosen. With
        ``n_candidates=n_copies`` nothing is chosen, and this is data augmentation.
    n_rounds : int, default=3
        How often copies are chosen against the current model, and the model fitted
        anew.
    random_state : int, RandomState or None, default=None
        Seeds the copies, and the classifier where it has no seed of its own.

    Attributes
    ----------
    estimator_ : classifier
        The classifier of the last round. Its parameters that count rows are those for
        rows and their copies.
    classes_ : ndarray of shape (n_classes,)
        Class labels, the columns of ``predict_proba``.
    n_features_in_ : int
        Number of features, where the classifier knows it.
    feature_names_in_ : ndarray of str
        Their names, where the classifier knows them.

    See Also
    --------
    WeightedSmoothingClassifier : Noise that is not chosen to fool the model, with
        ``on="features"``.

    Notes
    -----
    The largest loss among drawn copies stands in for the gradient steps of [1]_, which
    tables with categories and classifiers without gradients do not have. A numeric
    column with at most 10 different values counts as one of categories, and so does
    every column of a sparse X, whose zeros are drawn anew as well.

    A row and its copies weigh as much as the row did, and parameters that count rows
    (``min_samples_leaf``, ``n_neighbors``) are multiplied by ``1 + n_copies``: what
    changes is where the rows lie, and not how strongly the classifier is regularised.
    A classifier that splits its rows itself (cross-validation, early stopping) gets
    each row once, as it is or one of its copies: copies would fall on both sides.

    References
    ----------
    .. [1] Madry, Makelov, Schmidt, Tsipras and Vladu, "Towards Deep Learning Models
       Resistant to Adversarial Attacks", ICLR 2018.
    .. [2] Song, Shokri and Mittal, "Privacy Risks of Securing Machine Learning Models
       against Adversarial Examples", CCS 2019.
    .. [3] Kaya and Dumitras, "When Does Data Augmentation Help With Membership
       Inference Attacks?", ICML 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.defenses import AdversarialTrainingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = AdversarialTrainingClassifier(
    ...     DecisionTreeClassifier(max_depth=3), strength=0.2, random_state=0
    ... ).fit(X, y)
    >>> float(clf.score(X, y)) > 0.9
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        strength: float = 0.1,
        n_copies: int = 1,
        n_candidates: int = 10,
        n_rounds: int = 3,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.strength = strength
        self.n_copies = n_copies
        self.n_candidates = n_candidates
        self.n_rounds = n_rounds
        self.random_state = random_state

    def _check_params(self) -> None:
        check_real(self.strength, "strength", 0, 1, closed="neither")
        check_integer(self.n_copies, "n_copies", 1)
        check_integer(self.n_candidates, "n_candidates", 1)
        check_integer(self.n_rounds, "n_rounds", 1)
        if self.n_candidates < self.n_copies:
            raise ValueError(
                "The 'n_candidates' parameter must be at least 'n_copies', which are "
                f"chosen among them. Got n_candidates={self.n_candidates} and "
                f"n_copies={self.n_copies} instead."
            )

    def _fit(self, data: TrainingData) -> None:
        if len(data.X.shape) != 2:
            raise ValueError(
                "AdversarialTrainingClassifier perturbs the columns of a table. Got X "
                f"of shape {tuple(data.X.shape)} instead; put text "
                "through a vectorizer first, outside of the defended Pipeline."
            )
        model = data.fit(data.clone(self._inner()))
        seed = int(draw_seeds(data.random_state, 1)[0])
        candidates = Candidates(data.X, self.strength, seed)
        for number in range(self.n_rounds):
            first = number * self.n_candidates
            queries = np.arange(first, first + self.n_candidates)
            hardest, rows = candidates.hardest(
                model, data.y, data.classes, queries, self.n_copies
            )
            rows = np.append(np.arange(len(data)), rows)
            model = self._fit_joined(concat_rows(data.X, hardest), rows, data)
        self.estimator_ = model

    def _fit_joined(self, X: Any, rows: NDArray[np.intp], data: TrainingData) -> Any:
        """Fit on the rows and their copies, both of which come from `rows`."""
        model = data.clone(self._inner())
        n, n_each = len(data), 1 + self.n_copies
        if splits_rows(model):
            # Sorted by row: the training row itself, and then its copies.
            of_row = np.argsort(rows, kind="stable").reshape(n, n_each)
            drawn = of_row[np.arange(n), data.random_state.randint(n_each, size=n)]
            return replace(data, X=take_rows(X, drawn)).fit(model)
        keep_all_rows(model)
        scale_to_copies(model, n_each, n)
        weight = None
        if takes_weights(last_step(model)) and not draws_rows(model):
            weight = np.full(len(rows), 1 / n_each)
        params = slice_metadata(data.params, rows, n)
        joined = replace(data, X=X, y=data.y[rows], params=params)
        return fit_soft(
            model,
            joined,
            joined.one_hot(),
            sample_weight=weight,
            max_copies=1,
            n_draws=1,
        )


class Candidates:
    """Perturbed copies of the rows of a table, to choose from.

    Parameters
    ----------
    X : array, frame or sparse matrix of shape (n_samples, n_features)
        The rows, which also give the ranges and values of the columns.
    strength : float
        Noise in standard deviations, and the fraction of values drawn anew.
    seed : int
        Seeds the copies.
    """

    def __init__(self, X: Any, strength: float, seed: int) -> None:
        self.X = X
        self.strength = strength
        self._perturbation = Perturbation("auto", seed).fit(X)

    def copies(self, rows: NDArray[np.intp], query: int | np.intp) -> Any:
        """The copies of some rows that have the number `query`."""
        return self._perturbation.copies(
            take_rows(self.X, rows),
            np.array([query]),
            np.array([self.strength]),
            np.array([self.strength]),
        )

    def hardest(
        self,
        model: Any,
        y: NDArray[np.intp],
        classes: NDArray,
        queries: NDArray[np.intp],
        n_copies: int,
    ) -> tuple[Any, NDArray[np.intp]]:
        """Of the copies numbered `queries`, those at which the loss is largest.

        Returns
        -------
        X : array, frame or sparse matrix of shape (n_copies * n_samples, n_features)
            The chosen copies.
        rows : ndarray of int of shape (n_copies * n_samples,)
            The rows that they are copies of.
        """
        every = np.arange(len(y))
        losses = np.stack(
            [
                loss(class_probabilities(model, self.copies(every, q), classes), y)
                for q in queries
            ]
        )
        chosen = np.zeros(losses.shape, dtype=bool)
        order = np.argsort(-losses, axis=0, kind="stable")[:n_copies]
        np.put_along_axis(chosen, order, True, axis=0)
        # Made a second time, by their numbers, so that they are not all held at once.
        parts, rows = None, []
        for query, taken in zip(queries, chosen, strict=True):
            if not taken.any():
                continue
            rows.append(np.flatnonzero(taken))
            copies = self.copies(rows[-1], query)
            parts = copies if parts is None else concat_rows(parts, copies)
        return parts, np.concatenate(rows)
