"""Errors name what is wrong, before a fit or out of the midst of one."""

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import (
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from _helpers import NeverFitted, noisy_rows
from skmia.attacks import FunctionClassifier
from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows


@pytest.mark.parametrize("where", ["sequential", "threading", "loky"])
def test_an_error_of_the_estimator_comes_through_with_the_shadows_number(where):
    X, y = noisy_rows()
    X[3, 2] = np.nan
    with (
        joblib.parallel_config(backend=where),
        pytest.raises(ValueError, match="Input X contains NaN") as caught,
    ):
        fit_shadows(LogisticRegression(), X, y, shadows=4, n_jobs=2, random_state=0)
    (note,) = caught.value.__notes__
    assert note.startswith("Raised while shadow model ")
    assert note.endswith(" was fitted or asked.")


def test_an_error_of_the_predictions_comes_through():
    class OutOfBounds(GaussianNB):
        def predict_proba(self, X):
            return 2 * super().predict_proba(X)

    X, y = noisy_rows()
    with pytest.raises(ValueError, match=r"probabilities in \[0, 1\]") as caught:
        fit_shadows(OutOfBounds(), X, y, shadows=2, random_state=0)
    assert caught.value.__notes__ == [
        "Raised while shadow model 0 was fitted or asked."
    ]


def test_missing_values_are_the_estimators_affair():
    X, y = noisy_rows()
    X[::7, 2] = np.nan
    shadows = fit_shadows(DecisionTreeClassifier(), X, y, shadows=2, random_state=0)
    assert np.isfinite(shadows.signals["logit"]).all()


X, Y = noisy_rows()


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"y": Y[:-1]}, ValueError, "X has 120, y has 119"),
        ({"y": None}, ValueError, "fit_shadows requires y to be passed"),
        ({"y": X[:, 0]}, ValueError, "Unknown label type: continuous"),
        ({"y": np.zeros(120)}, ValueError, "fit_shadows needs at least two classes"),
        ({"X": X[:, :0]}, ValueError, r"0 feature\(s\) .* required by fit_shadows"),
        ({"X": X[:0], "y": []}, ValueError, "Got 0 class instead"),
        ({"shadows": 1}, ValueError, r"'shadows' .* int in \[2, inf\). Got 1 instead"),
        ({"shadows": 4.0}, TypeError, "'shadows' parameter must be an int, a Shadow"),
        ({"shadows": ShadowModels(1)}, ValueError, "'n_models' parameter .* Got 1"),
        (
            {"shadows": ShadowSignals({"logit": [[1.0]]}, [[True]])},
            TypeError,
            r"must be an int or a ShadowModels.*which an attack takes as it is",
        ),
        ({"estimator": StandardScaler()}, ValueError, "must be a classifier"),
        ({"estimator": GaussianNB}, TypeError, "must be a scikit-learn classifier"),
        (
            {"estimator": FunctionClassifier(len, classes=[0, 1])},
            TypeError,
            "FunctionClassifier cannot be. Pass an unfitted classifier like the model",
        ),
        ({"params": [1]}, TypeError, "'params' parameter must be a dict"),
        (
            {"params": {"sample_weight": np.ones(60)}},
            ValueError,
            "'sample_weight' of length 60, but X has 120 rows",
        ),
    ],
)
def test_arguments_that_are_refused(changed, error, match):
    given = {"estimator": NeverFitted(), "X": X, "y": Y} | changed
    with pytest.raises(error, match=match):
        fit_shadows(**given)


@pytest.mark.parametrize(
    ("labels", "train_size"),
    [
        (np.r_[0, np.ones(119, int)], 0.5),  # half of the shadows lack the one record
        (Y, 0.01),  # one record has one class
    ],
)
def test_a_shadow_needs_two_classes(labels, train_size):
    with pytest.raises(ValueError, match="of fewer than two classes") as caught:
        fit_shadows(
            GaussianNB(),
            X,
            labels,
            shadows=ShadowModels(train_size=train_size),
            random_state=0,
        )
    assert f"'train_size'={train_size}" in str(caught.value)
    rarest = min(np.bincount(labels))
    assert f"{rarest} distinct records of the rarest class" in str(caught.value)
