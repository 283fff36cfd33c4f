"""Shadows that cost no fit are those that fits would make, and more of them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.feature_selection import SelectKBest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skmia.shadows import ShadowModels, fit_shadows

X, y = load_wine(return_X_y=True)
X = StandardScaler().fit_transform(X)
# A record that stands out is seen by steps, which are then not shared.
X, y = X[(np.abs(X) < 4).all(axis=1)], y[(np.abs(X) < 4).all(axis=1)]
NAMES = np.array(["barolo", "grignolino", "barbera"])


def _fitted(learner, labels=y):
    """Shadows that are fitted; halves are drawn in pairs, one pair after the other."""
    models = ShadowModels(6, counterfactual=False)
    return fit_shadows(learner, X, labels, shadows=models, random_state=0)


@pytest.mark.parametrize("n_models", [1, 2, 16])
def test_sixty_four_shadows_whatever_number_was_asked_for(n_models):
    learner = KNeighborsClassifier()
    shadows = fit_shadows(learner, X, y, shadows=n_models, random_state=0)
    assert shadows.n_shadows == 64
    assert shadows.counterfactual_.n_fits == 0
    assert shadows.counterfactual_.exact
    assert not shadows.fit_seconds.any()
    np.testing.assert_array_equal(shadows.member.sum(axis=0), 32)


@pytest.mark.slow  # starts worker processes
def test_never_fewer_than_asked_for_and_deterministic_under_any_number_of_jobs():
    kwargs = {"shadows": 70, "random_state": 3}
    one = fit_shadows(KNeighborsClassifier(), X, y, **kwargs)
    two = fit_shadows(KNeighborsClassifier(), X, y, n_jobs=2, **kwargs)
    assert one.n_shadows == 70
    for name, values in one.signals.items():
        np.testing.assert_array_equal(values, two.signals[name])
    for name, values in one.other.items():
        np.testing.assert_array_equal(values, two.other[name])
    again = fit_shadows(KNeighborsClassifier(), X, y, shadows=70, random_state=4)
    assert (again.member != one.member).any()


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_answers_are_those_of_fits(weights):
    learner = KNeighborsClassifier(weights=weights, algorithm="kd_tree")
    shadows = fit_shadows(learner, X, NAMES[y], shadows=2, random_state=0)
    fitted = _fitted(learner, NAMES[y])
    np.testing.assert_array_equal(shadows.member[:6], fitted.member)
    for name, values in fitted.signals.items():
        own = shadows.signals[name][:6]
        np.testing.assert_allclose(own, values, rtol=1e-6, atol=1e-6)


def test_persons_leave_with_all_their_records():
    persons = np.arange(len(X)) // 2
    learner = KNeighborsClassifier()
    shadows = fit_shadows(learner, X, y, groups=persons, shadows=2, random_state=0)
    assert shadows.counterfactual_.n_fits == 0
    changed = 0
    for i in range(0, len(X), 10):
        rows = shadows.member[0] ^ (persons == persons[i])
        proba = KNeighborsClassifier().fit(X[rows], y[rows]).predict_proba(X[[i]])
        refit = shadows.signal_of("logit", proba, [y[i]])
        np.testing.assert_allclose(shadows.other["logit"][0, i], refit, rtol=1e-6)
        changed += refit != shadows.signals["logit"][0, i]
    assert changed


def test_steps_are_fitted_for_the_first_shadows_only():
    learner = make_pipeline(StandardScaler(), KNeighborsClassifier())
    shadows = fit_shadows(learner, X, y, shadows=3, random_state=0)
    fitted = _fitted(learner)
    assert shadows.n_shadows == 64
    assert shadows.counterfactual_.n_fits == 3
    assert np.count_nonzero(shadows.fit_seconds) == 3
    # Those have steps of their own rows; of the others the scaling is another.
    own = shadows.signals["logit"][:6] == fitted.signals["logit"]
    assert own[:3].all()
    assert 0.9 < own[3:].mean() < 1
    rows = shadows.member[1].copy()
    scaled = StandardScaler().fit(X[rows]).transform(X)
    for i in range(0, len(X), 10):
        there = rows ^ (np.arange(len(X)) == i)
        model = KNeighborsClassifier().fit(scaled[there], y[there])
        refit = shadows.signal_of("logit", model.predict_proba(scaled[[i]]), [y[i]])
        np.testing.assert_allclose(shadows.other["logit"][1, i], refit, rtol=1e-6)


def test_steps_that_learn_more_than_columns_are_fitted_for_every_shadow():
    learner = make_pipeline(SelectKBest(), KNeighborsClassifier())
    shadows = fit_shadows(learner, X, y, shadows=4, random_state=0)
    assert shadows.n_shadows == 4
    assert shadows.counterfactual_.n_fits == 4
    learner = make_pipeline(FunctionTransformer(np.abs), KNeighborsClassifier())
    assert fit_shadows(learner, X, y, shadows=4, random_state=0).n_shadows == 64


@pytest.mark.parametrize(
    ("models", "kwargs"),
    [
        (ShadowModels(4, counterfactual=False), {}),
        (ShadowModels(4, keep_models=True), {}),
        (ShadowModels(4, n_queries=2), {}),
        (ShadowModels(4), {"fit": lambda model, X, y, rows: model.fit(X, y)}),
    ],
)
def test_the_number_asked_for_is_fitted_where_the_models_are_needed(models, kwargs):
    learner = KNeighborsClassifier()
    shadows = fit_shadows(learner, X, y, shadows=models, random_state=0, **kwargs)
    assert shadows.n_shadows == 4
    assert shadows.counterfactual_.n_fits == 4


def test_one_shadow_is_too_few_where_it_is_fitted():
    models = ShadowModels(1, counterfactual=False)
    with pytest.raises(ValueError, match=r"'n_models' parameter .*2"):
        fit_shadows(KNeighborsClassifier(), X, y, shadows=models)


def test_too_few_rows_are_the_error_of_a_fit():
    learner = clone(KNeighborsClassifier(80))
    with pytest.raises(ValueError, match="n_neighbors"):
        fit_shadows(learner, X[::3], y[::3], shadows=2, random_state=0)


@pytest.mark.parametrize(
    "learner",
    [KNeighborsClassifier(), make_pipeline(StandardScaler(), KNeighborsClassifier())],
    ids=["alone", "in a Pipeline"],
)
def test_weights_that_a_fit_does_not_take_are_its_error(learner):
    name = "sample_weight"
    if not isinstance(learner, KNeighborsClassifier):
        name = f"kneighborsclassifier__{name}"
    with pytest.raises(TypeError, match="sample_weight"):
        fit_shadows(learner, X, y, params={name: np.ones(len(y))}, random_state=0)
