"""The data sets and models of the attack benchmarks, and their fitted shadows."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import joblib
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

from skmia._tables import any_copy
from skmia.shadows import (
    Counterfactual,
    ShadowModels,
    ShadowSignals,
    _fit,
    fit_shadows,
)
from skmia.shadows._counterfactual import _finish

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

# Thirty that attacks were developed on, and four that were chosen before anything was
# run on them.
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


@dataclass
class CellShadows:
    """Models of one cell, and what they would have said on the other side, unscaled.

    What is unscaled is compared with the shadows that an attack is given, and scaled by
    these alone, as `fit_shadows` would.
    """

    shadows: ShadowSignals
    raw: dict[str, np.ndarray]
    plan: Any

    def take(self, chosen, *, both_sides=True):
        """Some of the models as shadows."""
        shadows = self.shadows
        signals = {name: values[chosen] for name, values in shadows.signals.items()}
        member = shadows.member[chosen]
        hashes: Any = shadows.record_hashes
        other, about = None, None
        if both_sides and self.raw:
            other, about = _finish.calibrate(
                {name: values[chosen] for name, values in self.raw.items()},
                signals,
                any_copy(member, hashes),
                np.unique(hashes, return_index=True)[1],
                self.plan,
                Counterfactual(),
            )
        return ShadowSignals(signals, member, other=other, counterfactual=about)


def cell_name(data, model, n_models, random_state):
    """The file that holds a cell's models."""
    return f"{data}-{model}-{n_models}-{random_state}.npz".lower().replace(" ", "-")


def cell_shadows(data, model, n_jobs=2, n_models=N_MODELS, random_state=0):
    """The cell's models, made once: all later calls read them from disk."""
    path = FOLDER / cell_name(data, model, n_models, random_state)
    if not path.exists():
        _fit_cell(data, model, n_jobs, n_models, random_state, path)
    raw, plan = joblib.load(path.with_suffix(".raw"))
    return CellShadows(ShadowSignals.from_npz(path), raw, plan)


def _fit_cell(data, model, n_jobs, n_models, random_state, path):
    X, y, estimator = make_cell(data, model)
    found: dict[str, Any] = {"raw": {}, "plan": None}

    def finish(plan, why_not, results, *others):
        if plan is not None and all(result.other for result in results):
            names = results[0].other
            found["raw"] = {s: np.stack([r.other[s] for r in results]) for s in names}
            found["plan"] = plan
        return _finish.finish(plan, why_not, results, *others)

    with warnings.catch_warnings(), mock.patch.object(_fit, "finish", finish):
        warnings.simplefilter("ignore")  # not converged, as is usual for the MLP
        shadows = fit_shadows(
            estimator,
            X,
            y,
            shadows=ShadowModels(n_models, cache_dir=FOLDER / path.stem),
            n_jobs=n_jobs,
            random_state=random_state,
        )
    joblib.dump((found["raw"], found["plan"]), path.with_suffix(".raw"))
    shadows.to_npz(path)
    print(data, model, n_models, shadows.counterfactual_, flush=True)
