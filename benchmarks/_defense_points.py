"""The models of the defense benchmark, and every defense at every strength."""

from typing import Any

import numpy as np
import pandas as pd
from _data import load_adult, load_location30
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmia.defenses import (
    AdversarialRegularizationClassifier,
    AdversarialTrainingClassifier,
    ConfidenceMaskingClassifier,
    DifferentialPrivacyClassifier,
    HighEntropyClassifier,
    LabelSmoothingClassifier,
    SelfDistillationClassifier,
    WeightedSmoothingClassifier,
)


def _adult():
    """Encoded once, without labels, for all models: not part of what is attacked."""
    X, y = load_adult(10_000)
    numbers = X.select_dtypes("number")
    scaled = StandardScaler().fit_transform(numbers)
    text = pd.get_dummies(X.drop(columns=numbers.columns), dtype=np.float32)
    return np.hstack([scaled, text]).astype(np.float32), np.asarray(y)


def _digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


DATA = {"Location-30": load_location30, "digits": _digits, "Adult": _adult}

# Each as it memorises, so that there is something to defend.
MODELS = {
    "LogisticRegression": LogisticRegression(C=10, max_iter=200),
    "RandomForest": RandomForestClassifier(50),
    "MLP": MLPClassifier((64,), max_iter=40),
    "HistGradientBoosting": HistGradientBoostingClassifier(
        max_iter=30, early_stopping=False
    ),
}
# A tree for each class in every round. Two bins are all that binary columns have.
SETTINGS = {
    ("Location-30", "HistGradientBoosting"): {
        "max_iter": 5,
        "max_bins": 4,
        "max_leaf_nodes": 8,
    },
    ("digits", "HistGradientBoosting"): {"max_iter": 15},
}

# The model's own parameters, from light to strong.
REGULARISATION: dict[str, list[dict[str, Any]]] = {
    "LogisticRegression": [{"C": C} for C in (1, 0.1, 0.03, 0.01, 0.003)],
    "RandomForest": [{"min_samples_leaf": n} for n in (4, 8, 16, 32)]
    + [{"max_depth": n} for n in (6, 10)],
    "MLP": [{"alpha": a} for a in (0.1, 1, 3)]
    + [{"max_iter": n} for n in (3, 6, 12, 20)],
    "HistGradientBoosting": [{"max_leaf_nodes": n} for n in (3, 5)]
    + [{"min_samples_leaf": n} for n in (60, 200)]
    + [{"max_iter": n} for n in (2, 10)],
}

# How much of its own label a row keeps in self-distillation.
SHARES = {
    "LogisticRegression": (0.0, 0.1, 0.2, 0.35),
    "HistGradientBoosting": (0.1,),
}

# Networks are given noise anew in every epoch, and learn little of it.
NOISE = {"MLP": (0.3, 2, 10), "HistGradientBoosting": (0.05,)}

UNDEFENDED = "undefended"
OWN = "own regularisation"
# HAMP's outputs, and not its labels.
ORDER = "own regularisation, order of classes only"
SELENA_ORDER = "SELENA, order of classes only"
# Teachers of the vote: a tenth of the rows is public, and nobody's training row.
PUBLIC_SHARE = 0.1
_LINEAR_STUDENT = LogisticRegression(C=10, max_iter=200)


def base_model(data, model):
    return clone(MODELS[model]).set_params(**SETTINGS.get((data, model), {}))


def _written(params):
    return ", ".join(f"{name}={value}" for name, value in params.items())


def _defended(base, defense, grid, fixed=None):
    for params in grid:
        estimator = defense(clone(base), **(fixed or {}))
        yield _written(params), estimator.set_params(**params)


def defenses(model, base):
    """Method, strength and estimator of every point but the differentially private."""
    yield UNDEFENDED, "", base
    for params in REGULARISATION[model]:
        own = clone(base).set_params(**params)
        yield OWN, _written(params), own
        yield ORDER, _written(params), HighEntropyClassifier(own, gamma=0)
    linear, epochs = model == "LogisticRegression", model == "MLP"
    slow = model == "HistGradientBoosting"
    grids = {
        "label smoothing": (
            LabelSmoothingClassifier,
            [{"smoothing": s} for s in ((0.3, 0.7) if linear else (0.3,))],
        ),
        "HAMP": (
            HighEntropyClassifier,
            [{"gamma": g} for g in ((0.4, 0.8) if linear else (0.4,))],
        ),
        "confidence masking": (
            ConfidenceMaskingClassifier,
            [{"method": "round"}, {"method": "minimal_distortion"}],
        ),
        "weighted smoothing": (
            WeightedSmoothingClassifier,
            [{"noise": n} for n in NOISE.get(model, (0.01, 0.05, 0.3))],
        ),
        "adversarial regularization": (
            AdversarialRegularizationClassifier,
            [{"alpha": a} for a in ((1,) if slow else (1, 3, 10))]
            # Beside weight decay, where the game can be gentler.
            + [{"alpha": a, "estimator__alpha": 3} for a in (1, 2) if epochs],
        ),
        "adversarial training": (
            AdversarialTrainingClassifier,
            [{"strength": s} for s in ((0.2,) if slow else (0.05, 0.2))],
        ),
    }
    fixed = {
        # Fits, where the model is not trained in epochs.
        "adversarial regularization": {} if epochs else {"n_rounds": 3},
        "adversarial training": {"n_rounds": 2, "n_candidates": 5},
    }
    for method, (defense, grid) in grids.items():
        for strength, estimator in _defended(base, defense, grid, fixed.get(method)):
            yield method, strength, estimator
    teachers = {} if linear else {"n_models": 10, "n_left_out": 4}
    shares = [{"label_fraction": s} for s in SHARES.get(model, (0.1, 0.3))]
    for strength, estimator in _defended(
        base, SelfDistillationClassifier, shares, teachers
    ):
        yield "SELENA", strength, estimator
    both = [{"label_fraction": share} for share in ((0.1,) if slow else (0.1, 0.3))]
    student = teachers if linear else teachers | {"student": _LINEAR_STUDENT}
    for strength, estimator in _defended(
        base, SelfDistillationClassifier, both, student
    ):
        if not linear:
            yield "SELENA, linear student", strength, estimator
        yield (
            SELENA_ORDER,
            strength,
            HighEntropyClassifier(estimator, gamma=0),
        )
    for share in (0.3,) if slow else (0.1, 0.3):
        if model == "RandomForest":
            bagged = clone(base).set_params(max_samples=share)
        else:
            n = 20 if linear else 10
            # A Pipeline takes no weights: each clone sees its share, and not all rows
            # with weights of 0, which fail in the batches of a network.
            inner = make_pipeline(clone(base))
            bagged = BaggingClassifier(inner, n, max_samples=share, bootstrap=False)
        yield "bagging of small shares", f"max_samples={share}", bagged


def private(model, base, X_public):
    """The same for differential privacy."""
    slow = model == "HistGradientBoosting"
    # A strong penalty keeps the noise from the coefficients.
    linear: tuple[dict[str, float], ...] = ({}, {"C": 0.01}, {"C": 0.001})
    own_strengths = linear if model == "LogisticRegression" else ({},)
    for epsilon in (10, 1000) if slow else (1, 10, 100, 1000):
        given: dict[str, Any] = {"epsilon": epsilon}
        if model in ("MLP", "HistGradientBoosting"):
            given |= {"X_public": X_public, "n_teachers": 20}
        for own in own_strengths:
            yield (
                "differential privacy",
                _written({"epsilon": epsilon, **own}),
                DifferentialPrivacyClassifier(clone(base).set_params(**own), **given),
            )
