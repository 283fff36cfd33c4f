"""What audit_classifier refuses, all of it before any shadow is fitted."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skmia.audit._shared_shadows as module
from _helpers import LabelsOnly
from _helpers.audits import MODEL, N_IN, N_OUT, SETS, audit
from skmia.attacks import LiRAAttack, LossThresholdAttack
from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels


def as_polars(X):
    return pl.DataFrame({f"c{j}": X[:, j] for j in range(X.shape[1])})


@pytest.fixture
def no_shadow(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a shadow was about to be fitted")

    monkeypatch.setattr(module, "fit_shadows", refuse)


class NoClasses(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


@pytest.mark.usefixtures("no_shadow")
@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (DecisionTreeClassifier(), NotFittedError, "not fitted; fit it on X_members"),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            NotFittedError,
            "Got Pipeline instead, which is not fitted",
        ),
        (DecisionTreeClassifier, TypeError, "scikit-learn classifier. Got <class"),
        (LinearRegression().fit(*SETS[:2]), ValueError, "must be a classifier"),
        ("model", TypeError, "must be a scikit-learn classifier. Got 'model'"),
        (NoClasses().fit(*SETS[:2]), ValueError, "must have classes_"),
        (
            DecisionTreeClassifier().fit(SETS[0], np.ones(N_IN, dtype=int)),
            ValueError,
            "at least two classes",
        ),
        (
            CalibratedClassifierCV(FrozenEstimator(MODEL)).fit(*SETS[:2]),
            ValueError,
            "in 'estimator' instead",
        ),
        (
            make_pipeline(StandardScaler(), FrozenEstimator(MODEL)).fit(*SETS[:2]),
            ValueError,
            "in 'frozenestimator' instead",
        ),
    ],
    ids=lambda value: getattr(type(value), "__name__", None),
)
def test_models_that_are_refused(model, error, message):
    with pytest.raises(error, match=message):
        audit(model)


@pytest.mark.usefixtures("no_shadow")
@pytest.mark.parametrize("attacks", [["loss"], ["lira", "quantile"], "loss"])
def test_attacks_on_confidences_of_a_model_without_any_are_refused(attacks):
    with pytest.raises(TypeError, match=r"LabelsOnly gives labels only.*'label_only'"):
        audit(LabelsOnly().fit(*SETS[:2]), attacks=attacks)


def test_a_frozen_classifier_inside_is_fine_without_shadows():
    model = CalibratedClassifierCV(FrozenEstimator(MODEL)).fit(*SETS[:2])
    assert audit(model, attacks=["loss"]).attacks == ("loss",)


def test_a_frozen_transformer_inside_is_kept_by_the_shadows():
    scaler = FrozenEstimator(StandardScaler().fit(SETS[2]))
    model = make_pipeline(scaler, DecisionTreeClassifier(random_state=0))
    assert audit(model.fit(*SETS[:2])).attacks == ("loss", "lira")


def swap(**changes):
    values = dict(
        zip(
            ("X_members", "y_members", "X_nonmembers", "y_nonmembers"),
            SETS,
            strict=True,
        )
    )
    return tuple((values | changes).values())


FRAMES = {
    "X_members": pd.DataFrame(SETS[0], columns=list("abcdef")),
    "X_nonmembers": pd.DataFrame(SETS[2], columns=list("abcdef")),
}


@pytest.mark.usefixtures("no_shadow")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"y_members": SETS[1][:-1]},
            ValueError,
            "X_members and y_members must have the same length. Got 180 rows and 179",
        ),
        (
            {"y_nonmembers": np.r_[SETS[3], 0]},
            ValueError,
            "X_nonmembers and y_nonmembers .* Got 120 rows and 121 labels",
        ),
        ({"y_members": None}, ValueError, "'y_members' parameter must be given"),
        ({"X_nonmembers": None}, ValueError, "'X_nonmembers' parameter must be given"),
        (
            {"X_members": SETS[0][:0], "y_members": SETS[1][:0]},
            ValueError,
            "X_members has no rows",
        ),
        (
            {"X_nonmembers": SETS[2][:0], "y_nonmembers": SETS[3][:0]},
            ValueError,
            "X_nonmembers has no rows",
        ),
        (
            {"X_nonmembers": [], "y_nonmembers": []},
            ValueError,
            "X_nonmembers has no rows",
        ),
        (
            {"X_members": SETS[2][:9], "y_members": SETS[3][:9]},
            ValueError,
            r"Every row of X_members \(9\) has a copy, .* 9 in the other set",
        ),
        (
            {"X_nonmembers": SETS[0][:9], "y_nonmembers": SETS[1][:9]},
            ValueError,
            r"Every row of X_nonmembers \(9\) has a copy, .* 9 in the other set",
        ),
        (
            {"y_members": np.zeros(N_IN, int), "y_nonmembers": np.zeros(N_OUT, int)},
            ValueError,
            "All rows have the same label",
        ),
        (
            {"y_nonmembers": np.r_[7, 5, SETS[3][2:]]},
            ValueError,
            r"'y_nonmembers' parameter has labels .*\[5, 7\].* fitted on \[0, 1\]",
        ),
        (
            {"y_members": SETS[1].astype(str)},
            ValueError,
            r"'y_members' parameter has labels .*\['0', '1'\]",
        ),
        ({"y_members": np.tile(SETS[1], (2, 1)).T}, ValueError, "1d array"),
        (
            {"X_nonmembers": SETS[2][:, :5]},
            ValueError,
            "same number of columns. Got 6 and 5",
        ),
        (
            {"X_members": FRAMES["X_members"]},
            TypeError,
            "must be of the same kind. Got pandas.DataFrame and numpy.ndarray",
        ),
        (
            {
                "X_members": FRAMES["X_members"],
                "X_nonmembers": as_polars(SETS[2]),
            },
            TypeError,
            "must be of the same kind",
        ),
        (
            FRAMES
            | {"X_nonmembers": FRAMES["X_nonmembers"].rename(columns={"b": "z"})},
            ValueError,
            r"Only in X_members: \['b'\]; only in X_nonmembers: \['z'\]",
        ),
        (
            FRAMES | {"X_nonmembers": FRAMES["X_nonmembers"][list("bacdef")]},
            ValueError,
            "columns in the same order",
        ),
    ],
)
def test_sets_that_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        audit(sets=swap(**changes))


@pytest.mark.usefixtures("no_shadow")
@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"attacks": "los"}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": ["los"]}, ValueError, r"Got \['los'\] instead"),
        ({"attacks": ["loss", LiRAAttack]}, ValueError, "an unfitted attack, a list"),
        ({"attacks": ["loss", MODEL]}, ValueError, "Got .'loss', DecisionTree"),
        ({"attacks": LiRAAttack}, ValueError, "'attacks' parameter must be 'default'"),
        (
            {"attacks": ["loss", LiRAAttack(MODEL, shadows=8)]},
            ValueError,
            r"attacks\['lira'\] has shadows=8",
        ),
        ({"attacks": []}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": {}}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": 3}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": {"a": MODEL}}, TypeError, r"attacks\['a'\] must be an attack"),
        (
            {"attacks": {"a": LiRAAttack}},
            TypeError,
            r"attacks\['a'\] must be an attack",
        ),
        (
            {"attacks": {"a": LiRAAttack(MODEL, shadows=object())}},
            ValueError,
            r"attacks\['a'\] has shadows=<object",
        ),
        (
            {"attacks": {"a": LiRAAttack(MODEL, mode="both")}},
            ValueError,
            "'mode' parameter",
        ),
        (
            # Both names are "1" in a report, which has one line for each name.
            {"attacks": dict.fromkeys((1, "1"), LossThresholdAttack(MODEL))},
            TypeError,
            r"'attacks' parameter must have names of type str .* Got \[1\]",
        ),
        ({"shadows": 1}, ValueError, "'shadows' parameter"),
        ({"shadows": 4.5}, TypeError, "'shadows' parameter"),
        (
            {"shadows": ShadowModels(train_size=1.5)},
            ValueError,
            "'train_size' parameter",
        ),
        ({"max_fprs": (0.1, 2)}, ValueError, "'max_fprs' parameter"),
        ({"confidence_level": 1}, ValueError, "'confidence_level' parameter"),
        ({"fit_params": 3}, TypeError, "'fit_params' parameter must be a dict"),
        (
            {"fit_params": {"sample_weight": np.ones(N_IN + N_OUT)}},
            ValueError,
            r"fit_params\['sample_weight'\] must be a pair",
        ),
        (
            {"fit_params": {"sample_weight": (np.ones(N_IN), np.ones(3))}},
            ValueError,
            "180 for the members and 120 for the non-members. Got 180 and 3",
        ),
        (
            {
                "fit_params": {
                    "sample_weight": (np.ones(N_IN), pd.Series(np.ones(N_OUT)))
                }
            },
            TypeError,
            r"\['sample_weight'\] of the members and of the non-members must be of the",
        ),
    ],
)
def test_parameters_that_are_refused(kwargs, error, message):
    with pytest.raises(error, match=message):
        audit(**kwargs)


def test_an_attack_that_fails_is_named():
    class Broken(LossThresholdAttack):
        def score_samples(self, X, y=None):
            raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer") as caught:
        audit(attacks={"mine": Broken("precomputed")})
    assert "Raised by the attack 'mine' of the audit." in caught.value.__notes__

    class Missing(LossThresholdAttack):
        def score_samples(self, X, y=None):
            return np.where(np.arange(len(X)) < 2, np.nan, 0.0)

    with pytest.raises(ValueError, match="'mine' gave 2 of 300 records a score"):
        audit(attacks={"mine": Missing("precomputed")})


def test_attacks_that_ask_about_other_copies(no_shadow):
    """One set of shadows answers one set of queries."""
    own = {"often": LiRAAttack(MODEL, shadows=ShadowModels(n_queries=2))}
    with pytest.raises(ValueError, match=r"'often'\] has shadows=ShadowModels.n_q"):
        audit(attacks=own)


def test_non_members_that_nearly_hold_all_members():
    """It said that there were 800 members, none of them in the other set."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(800, 4))
    y = (X[:, 0] > 0).astype(int)
    model = LogisticRegression().fit(X[:400], y[:400])
    others = np.r_[X[:400].round(6), X[400:]]
    with pytest.raises(
        ValueError,
        match=r"Every row of X_members \(400\) has a copy or near copy.* nearly equal",
    ):
        audit_classifier(model, X[:400], y[:400], others, y)


def test_near_copies_make_no_members_of_non_members():
    """Non-members that nearly equal members were counted as members from then on."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(800, 4))
    y = (X[:, 0] > 0).astype(int)
    model = LogisticRegression().fit(X[:400], y[:400])
    X[400:600] = X[:200].round(6)
    y[400:600] = y[:200]
    report = audit_classifier(
        model, X[:400], y[:400], X[400:], y[400:], attacks=["loss"], max_fprs=(0.1,)
    )
    data = report.to_dict()["provenance"]["data"]
    assert (data["members"]["rows"], data["nonmembers"]["rows"]) == (400, 400)
