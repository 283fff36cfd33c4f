"""Every mechanism of differential privacy, with what the tests of all of them need."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses import DifferentialPrivacyClassifier


class OwnRowsAsPublic(DifferentialPrivacyClassifier):
    """Teachers that vote on rows next to those of the fit, so of any shape.

    That is not private. The rows themselves are refused.
    """

    def _fit(self, data):
        try:
            self.X_public = data.X * 1.001
            if not issparse(data.X):
                self.X_public = self.X_public + 1e-3
        except TypeError:  # no numbers, which its trees refuse
            self.X_public = np.zeros((4, data.X.shape[1]))
        try:
            super()._fit(data)
        finally:
            self.X_public = None


@dataclass(frozen=True)
class MechanismCase:
    """A mechanism, a classifier for it, and what it promises to do.

    Parameters
    ----------
    name : str
        As in ``mechanism_``.
    estimator : classifier
        Small and fast.
    settings : dict
        Further parameters of DifferentialPrivacyClassifier.
    pure, gaussian : bool
        Whether it takes ``delta=0``, and whether it spends a delta above 0.
    takes_weight : bool
        Whether it takes ``sample_weight``.
    accurate : float
        Accuracy on three clear blobs of 300 rows at epsilon 30, at the least.
    cls : type
        What is fitted.
    """

    name: str
    estimator: Any
    settings: dict[str, Any]
    pure: bool = False
    gaussian: bool = True
    takes_weight: bool = False
    accurate: float = 0.9
    cls: type[Any] = DifferentialPrivacyClassifier

    def __call__(self, **params):
        """The private classifier, unfitted."""
        settings = {"mechanism": self.name, **self.settings, **params}
        return self.cls(self.estimator, **settings)

    def __str__(self):
        return f"{self.name}-{type(self.estimator).__name__}"


_PURE = {"pure": True, "gaussian": False}
MECHANISMS = [
    MechanismCase("gradient", LogisticRegression(), {}, takes_weight=True),
    MechanismCase("gradient", MLPClassifier((8,)), {}, takes_weight=True, accurate=0.8),
    MechanismCase("objective", LogisticRegression(C=0.1), {}, **_PURE),
    MechanismCase("naive_bayes", GaussianNB(), {}, pure=True),
    MechanismCase(
        "trees", DecisionTreeClassifier(max_depth=5), {}, **_PURE, accurate=0.7
    ),
    MechanismCase("trees", RandomForestClassifier(5), {}, **_PURE, accurate=0.8),
    MechanismCase("boosting", HistGradientBoostingClassifier(), {}, takes_weight=True),
    MechanismCase(
        "teachers",
        DecisionTreeClassifier(max_depth=3),
        {"epsilon": 1e4, "n_teachers": 3},
        pure=True,
        takes_weight=True,
        cls=OwnRowsAsPublic,
    ),
]
