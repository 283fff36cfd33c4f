"""scikit-learn's own checks, on every public estimator, with no expected failure."""

import functools
import inspect
from importlib import import_module

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

import skmia
from _helpers.mechanisms import MECHANISMS

# Checks fit on a handful of records: the models, and what we say of it, warn.
pytestmark = pytest.mark.filterwarnings("ignore")

INNER = [
    LogisticRegression(),
    DecisionTreeClassifier(max_depth=3),
    make_pipeline(StandardScaler(), LogisticRegression()),
]
# What makes a check fast, never what makes it pass.
SETTINGS = {
    "cv": 2,
    "n_candidates": 3,
    "n_left_out": 2,
    "n_models": 4,
    "n_rounds": 2,
    "shadows": 4,
    "regressor": HistGradientBoostingRegressor(loss="quantile", max_iter=5),
}
# The checks fit what they check; this is fitted as it stands, and its own tests are in
# tests/attacks/test_function_classifier.py.
NEVER_FITTED = {"FunctionClassifier"}
# Settings that are another estimator altogether, around the first inner classifier.
VARIANTS = {
    "ConfidenceMaskingClassifier": [
        {"method": "label"},
        {"method": "minimal_distortion"},
        {"method": "temperature"},
        {"method": "top_k"},
    ],
    "HighEntropyClassifier": [{"output_modification": False}],
    "WeightedSmoothingClassifier": [{"on": "features"}],
}


def public_estimators():
    """Every concrete estimator class that a public module names in ``__all__``."""
    found = {}
    for module in skmia.__all__:
        if module.startswith("__"):
            continue
        package = import_module(f"skmia.{module}")
        for name in getattr(package, "__all__", ()):
            thing = getattr(package, name)
            if (
                inspect.isclass(thing)
                and issubclass(thing, BaseEstimator)
                and hasattr(thing, "fit")  # ShadowModels only holds parameters
                and not inspect.isabstract(thing)
                and name not in NEVER_FITTED
            ):
                found[name] = thing
    return found


def instances():
    """Each of them around each inner classifier, and its variants around one."""
    for name, cls in public_estimators().items():
        known = inspect.signature(cls).parameters
        settings = {k: v for k, v in SETTINGS.items() if k in known}
        for inner in INNER:
            if "random_state" not in known and "random_state" in inner.get_params():
                # The checks seed what they are given, and nothing inside of it.
                inner = clone(inner).set_params(random_state=0)
            yield cls(inner, **settings)
        for variant in VARIANTS.get(name, ()):
            yield cls(INNER[0], **settings, **variant)
    for case in MECHANISMS:
        yield case()


def test_every_attack_and_defense_is_found():
    found = set(public_estimators())
    assert {"LossThresholdAttack", "LiRAAttack"} <= found
    assert {"ConfidenceMaskingClassifier", "LabelSmoothingClassifier"} <= found
    assert set(VARIANTS) <= found


# A list: on scikit-learn <= 1.8 the decorator hands pytest 9 a generator.
_mark = parametrize_with_checks(list(instances()))
# And its names of tests are made once an estimator, not once a check: each takes as
# long as a small fit.
_mark = (
    pytest.mark.parametrize(
        _mark.args[0],
        list(_mark.args[1]),
        **_mark.kwargs | {"ids": functools.cache(_mark.kwargs["ids"])},
    )
    if hasattr(_mark, "args")
    else _mark
)


@_mark
def test_sklearn_compatible(estimator, check):
    check(estimator)
