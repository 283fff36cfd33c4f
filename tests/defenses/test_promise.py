"""What a model with a private classifier inside promises, and what voids it."""

import pickle

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler, scale

from skmia.audit import audit_classifier
from skmia.defenses import (
    ConfidenceMaskingClassifier,
    DifferentialPrivacyClassifier,
    PrivacyAccountant,
    SelfDistillationClassifier,
    privacy_promise,
)
from skmia.model_selection import AuditableClassifier, privacy_budget

X, Y = load_iris(return_X_y=True)


def private(**params):
    return DifferentialPrivacyClassifier(
        GaussianNB(), epsilon=2.0, **{"delta": 0, "bounds": (0.0, 8.0)} | params
    )


def test_of_a_fitted_classifier_what_it_spent():
    clf = private(neighbors="replace", group_size=2)
    planned = privacy_promise(clf)
    promise = privacy_promise(clf.fit(X, Y))
    assert promise == planned
    assert (promise.epsilon, promise.delta, promise.mu) == (2.0, 0.0, clf.mu_)
    assert promise.mechanism == clf.mechanism_ == "naive_bayes"
    assert (promise.neighbors, promise.group_size) == ("replace", 2)
    assert promise.holds
    assert clf.promise_ == promise
    assert not promise.seeded
    assert privacy_promise(private(random_state=0)).seeded


def test_what_was_fitted_stays_what_parameters_are_set_to():
    clf = private(random_state=0).fit(X, Y)
    promise = privacy_promise(clf)
    clf.set_params(
        epsilon=9.0,
        delta=0.5,
        mechanism="teachers",
        neighbors="replace",
        group_size=50,
        random_state=None,
    )
    for model in (clf, FrozenEstimator(clf), make_pipeline(clf)):
        assert privacy_promise(model) == promise
    assert privacy_promise(pickle.loads(pickle.dumps(clf))) == promise
    budget = privacy_budget(clf)
    assert (budget.neighbors, budget.group_size) == ("add_remove", 1)
    assert privacy_budget([clf, clf]).epsilon == np.inf  # with the same noise


def test_a_pickle_holds_nothing_of_what_was_fitted_before():
    for plain in (
        RandomForestClassifier(n_estimators=3).fit(X, Y),
        make_pipeline(StandardScaler(), RandomForestClassifier(3)).fit(X, Y),
    ):
        clf = DifferentialPrivacyClassifier(plain, epsilon=1.0).fit(X, Y)
        again = pickle.loads(pickle.dumps(clf))
        with pytest.raises(NotFittedError):
            again.estimator.predict(X)
        assert str(again.estimator) == str(plain)
        np.testing.assert_array_equal(again.predict(X), clf.predict(X))
        assert clf.estimator is plain
        plain.predict(X)
    public = FrozenEstimator(StandardScaler().fit(X))
    clf = DifferentialPrivacyClassifier(make_pipeline(public, LogisticRegression()))
    kept = pickle.loads(pickle.dumps(clf)).estimator[0]
    np.testing.assert_array_equal(kept.transform(X), public.transform(X))


HANDS_ON = [
    lambda clf: make_pipeline(Normalizer(), "passthrough", clf),
    lambda clf: make_pipeline(FunctionTransformer(), None, clf),
    AuditableClassifier,
    lambda clf: AuditableClassifier(make_pipeline(Normalizer(), clf)),
]


@pytest.mark.parametrize("around", HANDS_ON)
def test_what_learns_nothing_keeps_the_promise(around):
    model = around(private())
    assert privacy_promise(model).holds
    model.fit(X, Y)
    assert privacy_promise(model).holds
    assert privacy_promise(FrozenEstimator(model)).holds


def _by_batch(X):
    return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-3)


OUTSIDE = {
    "own function": FunctionTransformer(_by_batch),
    "scale": FunctionTransformer(scale),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_function_outside_is_unchecked_without_rows_and_void_with_them(name):
    model = make_pipeline(OUTSIDE[name], private(bounds="private")).fit(X, Y)
    for asked in (model, AuditableClassifier(model), FrozenEstimator(model)):
        promise = privacy_promise(asked)
        assert not promise.holds
        assert "was not checked to treat each row by itself" in promise.unchecked[0]
        (why,) = privacy_promise(asked, X).voided
        assert "rows around it are others" in why


def test_a_function_outside_that_passes():
    model = make_pipeline(FunctionTransformer(np.log1p), Normalizer(), private())
    assert not privacy_promise(model).holds
    assert privacy_promise(model, X).holds
    # What it makes of the rows is what the next step is tried out on.
    second = FunctionTransformer(_by_batch)
    model = make_pipeline(FunctionTransformer(np.log1p), second, private())
    assert len(privacy_promise(model, X).voided) == 1
    assert not privacy_promise(make_pipeline(StandardScaler(), *model), X).holds


def test_nobody_can_see_what_a_frozen_step_was_fitted_on():
    model = make_pipeline(FrozenEstimator(StandardScaler().fit(X)), private())
    for promise in (privacy_promise(model), privacy_promise(model, X)):
        assert not promise.holds
        assert promise.voided == ()
        (what,) = promise.unchecked
        assert "on which rows cannot be seen" in what


def test_the_report_tries_steps_out_on_its_rows():
    def claim(step):
        model = make_pipeline(step, private()).fit(X[::2], Y[::2])
        half = X[::2], Y[::2], X[1::2], Y[1::2]
        report = audit_classifier(model, *half, attacks=["loss"], random_state=0)
        return " ".join(report.summary().split())

    assert "makes no such promise" in claim(FunctionTransformer(_by_batch))
    assert "cannot be seen" in claim(FrozenEstimator(StandardScaler().fit(X)))
    said = claim(FunctionTransformer(np.log1p))
    assert "was not checked" not in said
    assert "makes no such promise" not in said


def test_a_fixed_threshold_keeps_the_promise():
    model = FixedThresholdClassifier(private()).fit(X[:100], Y[:100])
    assert privacy_promise(model).holds


VOID = [
    (lambda clf: make_pipeline(StandardScaler(), clf), "The step 'standardscaler'"),
    (lambda clf: make_pipeline(SelectKBest(k=2), clf), "The step 'selectkbest'"),
    (
        lambda clf: make_pipeline(
            make_column_transformer((StandardScaler(), [0, 1])), clf
        ),
        "The step 'columntransformer'",
    ),
    (
        lambda clf: AuditableClassifier(make_pipeline(StandardScaler(), clf)),
        "The step 'standardscaler'",
    ),
    (lambda clf: BaggingClassifier(clf, n_estimators=2), "BaggingClassifier has a"),
    (lambda clf: CalibratedClassifierCV(clf, cv=2), "CalibratedClassifierCV has a"),
    (TunedThresholdClassifierCV, "TunedThresholdClassifierCV has a"),
    (ConfidenceMaskingClassifier, "ConfidenceMaskingClassifier has a"),
    (SelfDistillationClassifier, "SelfDistillationClassifier has a"),
    (
        lambda clf: make_pipeline(Normalizer(), BaggingClassifier(clf)),
        "BaggingClassifier has a",
    ),
]


@pytest.mark.parametrize(("around", "why"), VOID)
def test_what_looks_at_the_rows_voids_it(around, why):
    promise = privacy_promise(around(private()))
    assert not promise.holds
    assert promise.voided[0].startswith(why)
    assert promise.epsilon == 2.0


def test_a_scaler_inside_is_private():
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    assert privacy_promise(DifferentialPrivacyClassifier(inner)).holds


def test_a_search_has_chosen():
    search = GridSearchCV(private(accountant=PrivacyAccountant()), {}, cv=3).fit(X, Y)
    (why,) = privacy_promise(search).voided
    assert "privacy_budget" in why
    assert privacy_promise(search.best_estimator_).holds


def test_no_promise():
    for model in (GaussianNB(), make_pipeline(GaussianNB()), lambda X: X, None):
        assert privacy_promise(model) is None


def test_what_cannot_be_fitted_promises_nothing():
    clf = DifferentialPrivacyClassifier(KNeighborsClassifier())
    with pytest.raises(ValueError, match="no private counterpart"):
        privacy_promise(clf)
