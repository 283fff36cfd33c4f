"""Closed forms are compared with what other shadows show, and scaled, or left out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from _helpers.two_sided import ClassMeans, right, third, useless
from skmia.attacks import LiRAAttack
from skmia.shadows import (
    ShadowModels,
    draw_design,
    fit_shadows,
    register_counterfactual,
)
from skmia.shadows._counterfactual._calibration import compare_gaps
from skmia.shadows._counterfactual._fill import fill_unknown


@pytest.fixture(autouse=True)
def registered():
    yield
    register_counterfactual(ClassMeans, None)


def many_rows(n=1000, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    # Heavy tails: a few records weigh much more than others in a mean.
    X = rng.standard_t(4, size=(n, 80)) + y[:, None] * 0.1
    return X, y


def fit(function, n_models, n=1000, **params):
    register_counterfactual(ClassMeans, function, **params)
    X, y = many_rows(n)
    return fit_shadows(ClassMeans(0.03), X, y, shadows=n_models, random_state=1)


@pytest.mark.parametrize("n_models", [2, 3, 4, 16])
def test_what_is_right_stays_and_what_is_too_small_is_scaled(n_models):
    whole = fit(right, n_models, exact=True)
    assert whole.counterfactual_.factor["logit"] == (1.0, 1.0)
    for function, size in ((right, 1.0), (third, 0.3)):
        shadows = fit(function, n_models)
        about = shadows.counterfactual_
        assert about.used
        assert not about.exact
        # Errors of the slope are .3 of two shadows, .2 of four, .1 of sixteen.
        tolerance = {2: 0.6, 3: 0.5, 4: 0.4, 16: 0.3}[n_models]
        for slope in about.slope["logit"]:
            assert_allclose(slope * size, 1, atol=tolerance)
        gap = (shadows.inside["logit"] - shadows.outside["logit"]).mean()
        true = (whole.inside["logit"] - whole.outside["logit"]).mean()
        assert_allclose(gap, true, rtol=tolerance)


@pytest.mark.parametrize("n_models", [4, 16])
def test_what_tells_nothing_is_left_out(n_models):
    shadows = fit(useless, n_models)
    assert not shadows.other
    assert "does not correlate" in shadows.counterfactual_.why_not
    register_counterfactual(ClassMeans, useless)
    X, y = many_rows()
    models = ShadowModels(n_models, counterfactual=True)
    with pytest.raises(ValueError, match="does not correlate"):
        fit_shadows(ClassMeans(0.03), X, y, shadows=models)


def test_two_shadows_without_a_closed_form_are_too_few_for_an_attack():
    register_counterfactual(ClassMeans, useless)
    X, y = many_rows()
    attack = LiRAAttack(ClassMeans(0.03), shadows=2, random_state=0)
    with pytest.raises(ValueError, match=r"at least 4 .* does not correlate.* Got 2"):
        attack.fit(X, y)
    register_counterfactual(ClassMeans, right)
    shadows = fit_shadows(ClassMeans(0.03), X, y, shadows=2, random_state=1)
    assert attack.set_params(shadows=shadows).fit(X, y).shadows_.n_shadows == 2


def test_persons_are_not_taken_for_records():
    register_counterfactual(ClassMeans, right, exact=True)
    X, y = many_rows()
    persons = np.arange(1000) // 3
    shadows = fit_shadows(ClassMeans(0.03), X, y, groups=persons, shadows=8)
    assert not shadows.counterfactual_.exact


def draw(n_shadows, n, seed):
    """Gaps, and values whose noise the predictions of the same shadow depend on."""
    rng = np.random.default_rng(seed)
    classes = np.zeros(n, dtype=int)
    state = np.random.RandomState(seed)
    member = draw_design(classes, n_shadows, 0.5, state)
    noise = rng.normal(size=member.shape)
    paired = slice(0, n_shadows // 2 * 2, 2)
    noise[1::2] = 0.8 * noise[1::2] - 0.5 * noise[paired]
    gap = rng.gamma(1, 0.2, size=n) * np.maximum(1 - 0.3 * noise, 0)
    base = 2 * rng.normal(size=n) + noise
    return member, base, gap, noise, rng


@pytest.mark.parametrize("n_shadows", [2, 3, 4, 8, 16])
def test_slope_of_a_closed_form_whose_errors_follow_the_shadow(n_shadows):
    slopes, used = [], []
    for seed in range(20):
        member, base, gap, _, _ = draw(n_shadows, 4000, seed)
        own, other = (
            np.where(member, base + gap, base),
            np.where(member, base, base + gap),
        )
        fit = compare_gaps(other, own, member, np.arange(4000))
        slopes.append((fit.without.slope, fit.with_.slope))
        used.append(fit.correlates)
    # Of two shadows the noise cancels but nearly; the spread of 20 means is .05.
    assert_allclose(np.mean(slopes, axis=0), 1, atol=0.25 if n_shadows < 4 else 0.12)
    assert np.mean(used) >= 0.9


@pytest.mark.parametrize("n_shadows", [2, 3, 4, 16])
@pytest.mark.parametrize("kind", ["own noise", "of records", "of values"])
def test_closed_forms_that_know_nothing_of_the_record(n_shadows, kind):
    """20 draws: three standard errors are passed once in 740."""
    used = []
    for seed in range(20):
        member, base, gap, noise, rng = draw(n_shadows, 1500, seed)
        own = np.where(member, base + gap, base)
        told = {
            "own noise": np.maximum(1 - 0.3 * noise, 0),
            "of records": rng.gamma(1, 0.2, size=1500),
            "of values": rng.gamma(1, 0.2, size=member.shape),
        }[kind]
        other = own + np.where(member, -told, told)
        used.append(compare_gaps(other, own, member, np.arange(1500)).correlates)
    assert sum(used) <= 1


def test_saturated_answers_do_not_decide():
    member, base, gap, _, rng = draw(8, 1500, 0)
    own = np.where(member, base + gap, base)
    other = np.where(member, base, base + gap)
    saturated = rng.random(member.shape) < 0.03
    extreme = np.where(base > 0, 708, -708)
    own, other = np.where(saturated, extreme, own), np.where(saturated, extreme, other)
    fit = compare_gaps(other, own, member, np.arange(1500))
    assert fit.correlates
    assert_allclose([fit.without.slope, fit.with_.slope], 1, atol=0.5)


def test_filled_values_do_not_depend_on_other_shadows_nor_stand_out():
    rng = np.random.default_rng(0)
    member, base, gap, _, _ = draw(4, 500, 0)
    own = np.where(member, base + gap, base).astype(np.float32)
    other = np.where(member, base, base + gap).astype(np.float32)
    other[rng.random(member.shape) < 0.2] = np.nan
    filled = fill_unknown(other, own, member)
    assert np.isfinite(filled).all()
    assert_array_equal(filled[~np.isnan(other)], other[~np.isnan(other)])
    changed = own.copy()
    changed[1:] += 3
    assert_array_equal(fill_unknown(other, changed, member)[0], filled[0])
    for side in (True, False):
        of = member == side
        known, unknown = of & ~np.isnan(other), of & np.isnan(other)
        means = [(filled - own)[where].mean() for where in (known, unknown)]
        assert_allclose(*means, atol=0.03)


def test_rows_outside_of_the_pool_are_scaled_as_those_inside():
    register_counterfactual(ClassMeans, third)
    X, y = many_rows()
    models = ShadowModels(4, keep_models=True)
    shadows = fit_shadows(ClassMeans(0.03), X, y, shadows=models, random_state=1)
    assert shadows.counterfactual_.factor["logit"][1] > 1.5
    for k in range(4):
        rows = np.flatnonzero(~shadows.member[k])[:200]
        inside = shadows.other_side_of(k, X[rows], y[rows])
        for name, values in inside.items():
            assert_allclose(values, shadows.other[name][k, rows], rtol=1e-4, atol=1e-4)


def test_a_form_whose_curvature_vanishes_is_left_out():
    """Separable rows and hardly a penalty: it predicts 20 times the gaps there are."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 60))
    X[:, 0] += np.repeat([-3, 3], 100)
    y = np.repeat([0, 1], 100)
    model = LogisticRegression(C=1e6, max_iter=2000)
    shadows = fit_shadows(model, X, y, shadows=8, random_state=0)
    assert not shadows.counterfactual_.used
    assert "far more than the shadows show" in shadows.counterfactual_.why_not


def test_no_gap_where_shadows_show_one_is_no_exact_form():
    class Unmoved(DecisionTreeClassifier):
        """A learner of somebody's own, said to forget what it was fitted on."""

    register_counterfactual(
        Unmoved,
        lambda model, rows: lambda records: model.predict_proba(records.X),
        exact=True,
    )
    X, y = make_classification(300, flip_y=0.2, random_state=0)
    shadows = fit_shadows(Unmoved(min_samples_leaf=3), X, y, shadows=8, random_state=0)
    assert not shadows.counterfactual_.used
    assert "contradicts what the shadows show" in shadows.counterfactual_.why_not
    register_counterfactual(Unmoved, None)
