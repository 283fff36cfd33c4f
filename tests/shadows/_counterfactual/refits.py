"""What a closed form says of the other side of records, beside brute-force refits."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.base import clone

from skmia.shadows._counterfactual._family import Records, TrainingRows
from skmia.shadows._counterfactual._table import family_of


@dataclass
class Pool:
    """Records, some of them with copies, half of them in a training set."""

    X: object
    y: np.ndarray
    weight: np.ndarray | None = None
    seed: int = 0

    def __post_init__(self):
        X = self.X.toarray() if sparse.issparse(self.X) else np.asarray(self.X, float)
        y = np.unique(self.y, return_inverse=True)[1]
        content = np.column_stack([X, y])
        unique = np.unique(content, axis=0, return_index=True, return_inverse=True)
        self.first, self.unit = unique[1], unique[2].ravel()
        self.n = len(self.first)
        self.inside = np.random.default_rng(self.seed).random(self.n) < 0.5

    def fit(self, estimator, inside):
        rows = np.flatnonzero(inside[self.unit])
        rows = np.random.default_rng(self.seed).permutation(rows)
        params = {} if self.weight is None else {"sample_weight": self.weight[rows]}
        X = self.X.iloc[rows] if hasattr(self.X, "iloc") else self.X[rows]
        return clone(estimator).fit(X, self.y[rows], **params), rows

    def record(self, i):
        rows = self.first[i : i + 1]
        return self.X.iloc[rows] if hasattr(self.X, "iloc") else self.X[rows]

    def other_side(self, estimator, inside=None):
        """Answers of the closed form about all records, and the fitted model."""
        inside = self.inside if inside is None else inside
        model, rows = self.fit(estimator, inside)
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        known = np.isin(self.y, model.classes_)
        y = np.where(known, np.searchsorted(model.classes_, self.y), -1)
        number = np.where(inside, np.cumsum(inside) - 1, -1)
        X = self.X.iloc if hasattr(self.X, "iloc") else self.X
        ask = family_of(model).prepare(
            model, TrainingRows(X[rows], y[rows], weight[rows], number[self.unit[rows]])
        )
        records = Records(
            X[self.first],
            y[self.first],
            np.bincount(self.unit, weight),
            np.bincount(self.unit),
            number,
        )
        return ask(records), model

    def refit(self, estimator, i):
        """Answer about a record of a model that was fitted on its other side.

        None where there is no such model.
        """
        inside = self.inside.copy()
        inside[i] = not inside[i]
        try:
            model, _ = self.fit(estimator, inside)
            ask = getattr(model, "predict_proba", None) or model.decision_function
            return model.classes_, ask(self.record(i))[0]
        except (ValueError, IndexError, np.linalg.LinAlgError):
            return None

    def compare(self, estimator, records=None):
        """Largest difference to refits, and the records without an answer."""
        told, model = self.other_side(estimator)
        unknown, differences = [], [0.0]
        for i in range(self.n) if records is None else records:
            refit = self.refit(estimator, i)
            if np.isnan(told[i]).any():
                unknown.append(i)
                continue
            assert refit is not None
            classes, answer = refit
            if answer.ndim:
                assert np.isin(classes, model.classes_).all()
                full = np.zeros(len(model.classes_))
                full[np.searchsorted(model.classes_, classes)] = answer
                answer = full
            differences.append(np.abs(told[i] - answer).max())
        return max(differences), unknown
