"""The data sets and models of the attack benchmarks, and their fitted shadows."""

import warnings
from pathlib import Path

import numpy as np
from _data import load_adult, load_caravan, load_credit, load_location30
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows

FOLDER = Path(__file__).parent / ".cache"
# 64 shadows beside a target and its complement.
N_MODELS = 66
SIGNALS = ("logit", "hinge", "entropy", "modified_entropy", "top_1", "top_2", "top_3")


def _digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


def _breast_cancer():
    return load_breast_cancer(return_X_y=True)


def _purchase_like():
    from skmia.datasets import make_purchase_like

    return make_purchase_like(5000, random_state=0)


DATA = {
    "Location-30": load_location30,
    "Adult": lambda: load_adult(10_000),
    "digits": _digits,
    "breast cancer": _breast_cancer,
    "Purchase-like": _purchase_like,
    "Credit": load_credit,
    "Caravan": load_caravan,
}

MODELS = {
    "LogisticRegression": LogisticRegression(max_iter=200),
    "MLP": MLPClassifier((128,), max_iter=60),
    "RandomForest": RandomForestClassifier(100, min_samples_leaf=5),
    "HistGradientBoosting": HistGradientBoostingClassifier(early_stopping=False),
    "DecisionTree": DecisionTreeClassifier(min_samples_leaf=3),
    "KNN": KNeighborsClassifier(5),
}

# Thirty that attacks were developed on, and four that were fixed before anything was run
# on them.
CELLS = [
    *((data, model) for data in list(DATA)[:5] for model in MODELS),
    ("Credit", "RandomForest"),
    ("Credit", "HistGradientBoosting"),
    ("Caravan", "LogisticRegression"),
    ("Caravan", "DecisionTree"),
]
NEW_DATA = ("Credit", "Caravan")

# Where the general setting would say nothing, or take hours.
SETTINGS = {
    ("Location-30", "LogisticRegression"): {"C": 10},
    ("Location-30", "HistGradientBoosting"): {"max_iter": 20},
    ("Purchase-like", "HistGradientBoosting"): {"max_iter": 5},
    ("Purchase-like", "MLP"): {"max_iter": 30},
}

TEXT = make_column_selector(dtype_exclude="number")
NUMBERS = make_column_selector(dtype_include="number")


def make_cell(data, model):
    """Records, labels and the unfitted model of one cell."""
    X, y = DATA[data]()
    settings = SETTINGS.get((data, model), {})
    estimator = clone(MODELS[model]).set_params(**settings)
    if data == "Adult":
        encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        columns = ColumnTransformer(
            [("text", encode, TEXT), ("number", StandardScaler(), NUMBERS)]
        )
        estimator = make_pipeline(columns, estimator)
    elif data in ("breast cancer", *NEW_DATA):
        estimator = make_pipeline(StandardScaler(), estimator)
    return X, y, estimator


def cell_shadows(data, model, n_jobs=2):
    """The cell's models, fitted once: all later calls read them from disk."""
    name = f"{data}-{model}".lower().replace(" ", "-")
    path = FOLDER / f"{name}.npz"
    if path.exists():
        return ShadowSignals.from_npz(path)
    X, y, estimator = make_cell(data, model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged, as is usual for the MLP
        shadows = fit_shadows(
            estimator,
            X,
            y,
            shadows=ShadowModels(N_MODELS, cache_dir=FOLDER / name),
            n_jobs=n_jobs,
            random_state=0,
        )
    shadows.to_npz(path)
    return shadows
