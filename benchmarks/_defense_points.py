"""The models of the defense benchmark, and every defense at every strength."""

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from _data import load_adult, load_caravan, load_credit, load_location30
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


def _caravan():
    """Scaled once, as Adult is."""
    X, y = load_caravan()
    return StandardScaler().fit_transform(X).astype(np.float32), y


DATA = {
    "Location-30": load_location30,
    "digits": _digits,
    "Adult": _adult,
    "credit": load_credit,
    "Caravan": _caravan,
}


@lru_cache(maxsize=1)
def rows_of(data):
    """Records and labels."""
    return DATA[data]()


LINEAR, FOREST = "LogisticRegression", "RandomForest"
NETWORK, BOOSTING = "MLP", "HistGradientBoosting"
# Each as it memorises, so that there is something to defend.
MODELS = {
    LINEAR: LogisticRegression(C=10, max_iter=200),
    FOREST: RandomForestClassifier(50),
    NETWORK: MLPClassifier((64,), max_iter=40),
    BOOSTING: HistGradientBoostingClassifier(max_iter=30, early_stopping=False),
}
THREE = ("Location-30", "digits", "Adult")
CELLS = [
    *((data, FOREST) for data in THREE),
    *((data, LINEAR) for data in (*THREE, "Caravan")),
    *((data, BOOSTING) for data in ("credit", *THREE[::-1])),
    *((data, NETWORK) for data in THREE),
]
# A tree for each class in every round. Two bins are all that binary columns have.
SETTINGS = {
    ("Location-30", BOOSTING): {"max_iter": 5, "max_bins": 4, "max_leaf_nodes": 8},
    ("digits", BOOSTING): {"max_iter": 15},
}

# The model's own parameters, from light to strong.
REGULARISATION: dict[str, list[dict[str, Any]]] = {
    LINEAR: [{"C": C} for C in (1, 0.1, 0.03, 0.01, 0.003)],
    FOREST: [{"n_estimators": 10, "min_samples_leaf": leaf} for leaf in (1, 4, 8)]
    + [{"n_estimators": 20, "min_samples_leaf": 4}]
    + [{"min_samples_leaf": leaf} for leaf in (4, 8, 16, 32)]
    + [{"max_depth": 10}],
    NETWORK: [{"alpha": 3}] + [{"max_iter": n} for n in (6, 12, 20)],
    BOOSTING: [{"max_leaf_nodes": 3}, {"min_samples_leaf": 60}]
    + [{"max_iter": n} for n in (2, 10)],
}
# Models of these are asked to show the order of the classes only, as well.
ORDERED = (
    "C=0.1",
    "C=0.01",
    "min_samples_leaf=4",
    "max_depth=10",
    "alpha=3",
    "max_iter=20",
    "max_iter=10",
    "min_samples_leaf=60",
)
# Rows for each tree, rows in a leaf and trees.
FEW_ROWS = [
    (0.3, 1, 50),
    (0.1, 1, 20),
    (0.1, 1, 50),
    (0.1, 3, 30),
    (0.1, 3, 100),
    (0.05, 1, 50),
]
# Rows for each model and models.
SMALL_SHARES = {
    LINEAR: [(0.1, 20), (0.2, 10)],
    NETWORK: [(0.1, 10), (0.2, 10)],
    BOOSTING: [(0.1, 10), (0.3, 10)],
}
EPSILONS = {
    LINEAR: (1, 4, 8, 16, 20, 32, 64),
    NETWORK: (1, 4, 8, 16, 64),
    BOOSTING: (1, 4, 16),
    FOREST: (100,),
}
# Networks are given noise anew in every epoch, and learn little of it.
NOISE = {NETWORK: 2, BOOSTING: 0.05}

UNDEFENDED = "undefended"
OWN = "own regularisation"
# The answers of HAMP, and not its labels.
ORDER = "own regularisation, order of classes only"
SELENA = "SELENA"
SELENA_LINEAR = "SELENA, linear student"
SELENA_ORDER = "SELENA, order of classes only"
BAGGED = "bagging of small shares"
FEW = "few rows for each tree"
PRIVATE = "differential privacy"
# Private forests are no use; the same of boosting, in place of the forest.
PRIVATE_INSTEAD = "differential privacy, boosting instead"
# No match for regularisation in an earlier run: in these cells only, at one strength.
NAMED = [cell for cell in CELLS if cell[0] in ("digits", "Caravan")]
NAMED.append(("Location-30", LINEAR))
LOSERS = (
    "label smoothing",
    "HAMP",
    "confidence masking",
    "weighted smoothing",
    "adversarial regularization",
    "adversarial training",
)
_LINEAR_STUDENT = LogisticRegression(C=10, max_iter=200)


def base_model(data, model):
    return clone(MODELS[model]).set_params(**SETTINGS.get((data, model), {}))


def _written(params):
    return ", ".join(f"{name}={value}" for name, value in params.items())


def _strengths(base, defense, grid, fixed=None):
    for params in grid:
        estimator = defense(clone(base), **(fixed or {}))
        yield _written(params), estimator.set_params(**params)


def points(data, model):
    """Method, strength and estimator of every point of a cell."""
    base = base_model(data, model)
    yield UNDEFENDED, "", base
    for params in REGULARISATION[model]:
        yield OWN, _written(params), clone(base).set_params(**params)
    yield from _few_rows(model, base)
    yield from _distilled(model, base)
    yield from _private(data, model, base)
    if (data, model) in NAMED:
        yield from _named(model, base)


def ordered(method, strength):
    """What a point is called where it shows the order of the classes only, or None."""
    if method == OWN and strength in ORDERED:
        return ORDER
    return SELENA_ORDER if method in (SELENA, SELENA_LINEAR) else None


def estimator_of(data, model, method, strength):
    """The estimator of a point, masked where that is what its method is."""
    for name, own, estimator in points(data, model):
        if own == strength and name == method:
            return estimator
        if own == strength and ordered(name, own) == method:
            return HighEntropyClassifier(estimator, gamma=0)
    raise KeyError((data, model, method, strength))


def _few_rows(model, base):
    if model == FOREST:
        for share, leaf, n in FEW_ROWS:
            params = {"max_samples": share, "min_samples_leaf": leaf, "n_estimators": n}
            yield FEW, _written(params), clone(base).set_params(**params)
        return
    for share, n in SMALL_SHARES[model]:
        # In a Pipeline, as `skmia.model_selection.sub_bagging_grid` has it.
        inner = make_pipeline(clone(base))
        bagged = BaggingClassifier(inner, n, max_samples=share, bootstrap=False)
        yield BAGGED, f"max_samples={share}, n_estimators={n}", bagged


def _distilled(model, base):
    """SELENA; trees and forests are poor students, and have a linear one."""
    if model == LINEAR:
        selena = SelfDistillationClassifier(clone(base), label_fraction=0.15)
        yield SELENA, "label_fraction=0.15", selena
        return
    method, student = (
        (SELENA, None) if model == NETWORK else (SELENA_LINEAR, _LINEAR_STUDENT)
    )
    # Fewer teachers than by default, for the time that they take.
    selena = SelfDistillationClassifier(
        clone(base), student=student, n_models=10, n_left_out=4, label_fraction=0.1
    )
    yield method, "label_fraction=0.1, n_models=10", selena


def _private(data, model, base):
    epsilons = EPSILONS[model]
    if (data, model) == ("Location-30", BOOSTING):
        epsilons = (16,)  # a model of its own for each of the 30 classes: slow
    # Rounds and leaves have no meaning in what boosting becomes.
    boosting = HistGradientBoostingClassifier()
    inner = boosting if model == BOOSTING else clone(base)
    for epsilon in epsilons:
        private = DifferentialPrivacyClassifier(inner, epsilon=epsilon)
        yield PRIVATE, f"epsilon={epsilon}", private
    if model == FOREST and data != "Location-30":
        for epsilon in EPSILONS[BOOSTING]:
            private = DifferentialPrivacyClassifier(boosting, epsilon=epsilon)
            yield PRIVATE_INSTEAD, f"epsilon={epsilon}", private


def _named(model, base):
    """Methods that were no match for regularisation: at one strength, or two."""
    network = model == NETWORK
    methods: dict[str, tuple[Any, list[dict[str, Any]], dict[str, Any]]] = {
        "label smoothing": (LabelSmoothingClassifier, [{"smoothing": 0.3}], {}),
        "HAMP": (HighEntropyClassifier, [{"gamma": 0.4}], {}),
        "confidence masking": (
            ConfidenceMaskingClassifier,
            [{"method": "minimal_distortion"}],
            {},
        ),
        "weighted smoothing": (
            WeightedSmoothingClassifier,
            [{"noise": NOISE.get(model, 0.05)}],
            {},
        ),
        "adversarial regularization": (
            AdversarialRegularizationClassifier,
            # Beside weight decay, the game can be gentler.
            [{"alpha": 10 if model == LINEAR else 1}]
            + ([{"alpha": 1, "estimator__alpha": 3}] if network else []),
            {} if network else {"n_rounds": 3},
        ),
        "adversarial training": (
            AdversarialTrainingClassifier,
            [{"strength": 0.2}],
            {"n_rounds": 2, "n_candidates": 5},
        ),
    }
    for method, (defense, grid, fixed) in methods.items():
        for strength, estimator in _strengths(base, defense, grid, fixed):
            yield method, strength, estimator
