"""What a target may be wrapped in, as layers that are put around one another.

Most leave the order of the true class's probability as it is, so that the figures are
those of the target inside, whatever stands around it. The layers in
`HOLDING` hold a fitted model, which no refit changes: from such a target nobody can
make shadows, and who does reads nothing.
"""

from types import MappingProxyType

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from _helpers.carrying import MeanOfMany
from skmia.defenses import ConfidenceMaskingClassifier
from skmia.model_selection import AuditableClassifier


class AsItIs(ClassifierMixin, BaseEstimator):
    """Takes its input for the probabilities."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.asarray(X)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def pipeline(model):
    return Pipeline([("same", FunctionTransformer()), ("classifier", model)])


def search(model):
    return GridSearchCV(model, {}, cv=2)


def chosen(model):
    """A search that puts `model` in the place of another."""
    template = Pipeline([("classifier", DummyClassifier())])
    return GridSearchCV(template, {"classifier": [model]}, cv=2)


def mask(model):
    return ConfidenceMaskingClassifier(model, method="label", random_state=0)


def rounding(model):
    return ConfidenceMaskingClassifier(model, decimals=1, random_state=0)


def bound(fitted):
    """A Pipeline with a method of a fitted model as its transformer."""
    ask = FunctionTransformer(fitted.predict_proba)
    return Pipeline([("ask", ask), ("classifier", AsItIs())])


#: Layers that are refitted with the target.
LAYERS = MappingProxyType(
    {
        "pipeline": pipeline,
        "search": search,
        "chosen": chosen,
        "list": lambda model: MeanOfMany([model]),
        "dict": lambda model: MeanOfMany({"only": model}),
        "voting": lambda model: VotingClassifier([("only", model)], voting="soft"),
        "calibrated": lambda model: CalibratedClassifierCV(model, ensemble=False, cv=2),
        "stacking": lambda model: StackingClassifier(
            [("only", model)], LogisticRegression(C=100), cv=2
        ),
        "fixed threshold": FixedThresholdClassifier,
        "tuned threshold": lambda model: TunedThresholdClassifierCV(model, cv=2),
        "one against rest": OneVsRestClassifier,
        "auditable": AuditableClassifier,
    }
)
#: Those that learn how sure to be, for each class: the order is kept within classes.
LEARNING = frozenset({"calibrated", "stacking"})
#: Those that choose labels by a threshold of their own.
THRESHOLDS = frozenset({"tuned threshold"})
#: Layers that hide what the model is sure of, and not its labels.
MASKS = MappingProxyType({"mask": mask, "rounding": rounding})
#: Layers that hold what is fitted already.
HOLDING = MappingProxyType({"frozen": FrozenEstimator, "bound method": bound})


def wrap(model, layers, fit):
    """`model` with layers around it, the first one innermost; not fitted.

    `fit` fits what a layer is to hold.
    """
    for name in layers:
        if name in HOLDING:
            model = HOLDING[name](fit(clone(model)))
        else:
            model = (LAYERS | MASKS)[name](model)
    return model
