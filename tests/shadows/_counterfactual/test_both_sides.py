"""Every shadow tells both sides of every record, as a fit by hand would."""

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.two_sided import ClassMeans, right, third, useless
from skmia._tables import any_copy, hash_rows
from skmia.shadows import (
    ShadowModels,
    ShadowSignals,
    fit_shadows,
    register_counterfactual,
)
from skmia.signals import SIGNALS

RNG = np.random.default_rng(0)
Y = np.arange(90) % 3
X = RNG.normal(size=(90, 4)) + Y[:, None] * 0.3
TWO_SIDED = ("logit", "hinge", "entropy", "modified_entropy")


@pytest.fixture(autouse=True)
def registered():
    register_counterfactual(ClassMeans, right, exact=True)
    yield
    register_counterfactual(ClassMeans, None)


def by_hand(estimator, shadows, k, i, X, y, weight=None):
    """Fit shadow k without record i and its copies, or with them, and ask it."""
    copies = (X[i] == X).all(axis=1) & (y == y[i])
    rows = shadows.member[k].copy()
    rows[copies] = not rows[copies].any()
    weights = {} if weight is None else {"sample_weight": weight[rows]}
    model = clone(estimator).fit(X[rows], y[rows], **weights)
    column = np.searchsorted(model.classes_, y[[i]])
    proba = model.predict_proba(X[[i]])
    return {s: SIGNALS[s](proba, column)[0] for s in TWO_SIDED}


@pytest.mark.parametrize("data", ["plain", "copies", "weights", "text labels"])
def test_the_other_side_is_what_a_fit_by_hand_would_say(data):
    rows, y, weight = X.copy(), Y, None
    if data in ("copies", "weights"):
        rows[:5], rows[30:35] = rows[60:65], rows[60:65]
        y = Y.copy()
        y[30:35] = y[:5] = y[60:65]
    if data == "weights":
        weight = RNG.integers(0, 4, size=90) / 2
    if data == "text labels":
        y = np.array(["no", "perhaps", "yes"])[Y]
    params = None if weight is None else {"sample_weight": weight}
    shadows = fit_shadows(ClassMeans(), rows, y, shadows=4, params=params)
    about = shadows.counterfactual_
    assert (about.used, about.exact, about.family) == (True, True, "ClassMeans")
    seen = any_copy(shadows.member, hash_rows(rows, y))
    for k in range(4):
        for i in range(0, 90, 3):
            other = by_hand(ClassMeans(), shadows, k, i, rows, y, weight)
            inside = seen[k, i]
            for name, value in other.items():
                assert_allclose(shadows.other[name][k, i], value, rtol=1e-4, atol=1e-5)
                own = shadows.signals[name][k, i]
                pair = (own, value) if inside else (value, own)
                sides = shadows.inside[name][k, i], shadows.outside[name][k, i]
                assert_allclose(sides, pair, rtol=1e-4, atol=1e-5)


def test_signals_that_follow_from_the_logit_have_two_sides_too():
    shadows = fit_shadows(ClassMeans(), X, Y, shadows=4)
    loss = np.logaddexp(0, -shadows.inside["logit"])
    assert_allclose(shadows.inside["loss"], loss, rtol=1e-6)
    assert set(shadows.outside) == set(TWO_SIDED)
    with pytest.raises(KeyError):
        shadows.inside["top_1"]


def doubled(X):
    return 2 * X


def test_a_pipeline_is_its_last_step():
    by = make_pipeline(
        FunctionTransformer(doubled), make_pipeline("passthrough", ClassMeans())
    )
    plain = fit_shadows(ClassMeans(sharpness=4), X, Y, shadows=4, random_state=0)
    behind = fit_shadows(by, pd.DataFrame(X), Y, shadows=4, random_state=0)
    assert not behind.counterfactual_.exact
    if behind.counterfactual_.factor["logit"] == (1.0, 1.0):
        assert_allclose(behind.other["logit"], plain.other["logit"], atol=1e-3)


def test_weights_of_the_last_step():
    weight = RNG.uniform(0.5, 2, size=90)
    model = make_pipeline(StandardScaler(), ClassMeans())
    params = {"classmeans__sample_weight": weight}
    named = fit_shadows(model, X, Y, params=params, shadows=4, random_state=0)
    assert named.counterfactual_.used
    with config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            ClassMeans().set_fit_request(sample_weight=True, shift=False),
        )
        params = {"sample_weight": weight}
        given = fit_shadows(routed, X, Y, params=params, shadows=4, random_state=0)
    assert_array_equal(given.other["logit"], named.other["logit"])


@pytest.mark.parametrize(
    ("estimator", "how", "why"),
    [
        (Perceptron(), {}, "Perceptron has no closed form"),
        (ClassMeans(), {"params": {"shift": Y}}, "given 'shift'"),
        (ClassMeans(), {"params": {"shift": 0}}, "given 'shift'"),
        (ClassMeans(), {"shadows": ShadowModels(4, n_queries=2)}, "n_queries"),
        (ClassMeans(), {"fit": lambda m, X, y, rows: m.fit(X, y)}, "fit of your own"),
        (
            ClassMeans(),
            {"shadows": ShadowModels(4, counterfactual=False)},
            "switched off",
        ),
    ],
    ids=["learner", "per row", "constant", "queries", "hook", "off"],
)
def test_where_there_is_no_closed_form(estimator, how, why):
    shadows = fit_shadows(estimator, X, Y, **{"shadows": 4} | how)
    assert not shadows.counterfactual_.used
    assert why in shadows.counterfactual_.why_not
    assert not shadows.inside
    assert not shadows.outside
    models = how.get("shadows", ShadowModels(4))
    if models.counterfactual is not False:
        models = clone(models).set_params(counterfactual=True)
        with pytest.raises(ValueError, match="Got True instead"):
            fit_shadows(estimator, X, Y, **how | {"shadows": models})


def test_one_worker_that_cannot_tell_is_enough():
    def not_for_even(model, rows):
        from skmia.shadows._counterfactual import NotCoveredError

        if rows.y[0] == 0:
            raise NotCoveredError("the first row is of the first class")
        return right(model, rows)

    register_counterfactual(ClassMeans, not_for_even)
    shadows = fit_shadows(ClassMeans(), X, Y, shadows=8, random_state=0)
    assert shadows.counterfactual_.why_not == "the first row is of the first class"
    assert not shadows.other


def broken(model, rows):
    raise ZeroDivisionError("of the user's own")


def of_another_shape(model, rows):
    return lambda records: model.predict_proba(records.X)[:, :1]


@pytest.mark.parametrize(
    ("function", "error"), [(broken, ZeroDivisionError), (of_another_shape, ValueError)]
)
def test_an_error_of_a_closed_form_says_how_to_go_on_without(function, error):
    register_counterfactual(ClassMeans, function)
    with pytest.raises(error) as raised:
        fit_shadows(ClassMeans(), X, Y, shadows=4)
    assert any("counterfactual=False" in note for note in raised.value.__notes__)


def test_parameters_of_register():
    with pytest.raises(TypeError, match="'cls' parameter"):
        register_counterfactual(ClassMeans(), right)
    with pytest.raises(TypeError, match="'function' parameter"):
        register_counterfactual(ClassMeans, "right")


def test_a_class_that_a_shadow_does_not_know_leaves_no_gap():
    y = Y.copy()
    y[0] = 3
    shadows = fit_shadows(ClassMeans(), X, y, shadows=4, random_state=0)
    for values in shadows.other.values():
        assert np.isfinite(values).all()
    assert shadows.counterfactual_.n_unknown >= 2
    out = ~shadows.member[:, 0]
    known = shadows.inside["logit"][:, 1:]
    # As the least likely of the records whose class it knows, and no more.
    assert (shadows.inside["logit"][out, 0] > known.min() - 10).all()


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_jobs_backends_and_files_give_the_same(backend, tmp_path):
    register_counterfactual(ClassMeans, third)
    how = {"random_state": 0}
    kept = ShadowModels(4, keep_models=True, cache_dir=tmp_path)
    one = fit_shadows(ClassMeans(), X, Y, shadows=ShadowModels(4), **how)
    with joblib.parallel_config(backend=backend):
        two = fit_shadows(ClassMeans(), X, Y, shadows=kept, n_jobs=2, **how)
        read = fit_shadows(ClassMeans(), X, Y, shadows=kept, n_jobs=2, **how)
    two.to_npz(tmp_path / "shadows.npz")
    third_one = ShadowSignals.from_npz(tmp_path / "shadows.npz")
    for other in (two, read, third_one):
        assert other.counterfactual_ == one.counterfactual_
        for name in one.other:
            assert_array_equal(other.other[name], one.other[name])
    assert_array_equal(read.counterfactual_.seconds, two.counterfactual_.seconds)
    assert_array_equal(third_one.counterfactual_.seconds, two.counterfactual_.seconds)
    if one.other:
        columns = np.zeros(3, dtype=int)
        asked = [s.other_side_of(1, X[:3] + 1, columns) for s in (two, read)]
        assert_array_equal(asked[0]["logit"], asked[1]["logit"])
    assert not one.tells_other_sides


def test_the_cache_sees_the_option_and_the_function(tmp_path):
    def n_entries():
        return len(list(tmp_path.glob("shadow-*.bin")))

    def fit(**how):
        models = ShadowModels(2, cache_dir=tmp_path, **how)
        return fit_shadows(ClassMeans(), X, Y, shadows=models, random_state=0)

    for n, (function, how) in enumerate(
        [
            (right, {}),
            (right, {"counterfactual": False}),
            (third, {}),
            (useless, {}),
        ],
        start=1,
    ):
        register_counterfactual(ClassMeans, function, exact=True)
        fit(**how)
        assert n_entries() == 2 * n
    register_counterfactual(ClassMeans, right, exact=True)
    assert fit().other
    assert not fit(counterfactual=False).other
    assert n_entries() == 8


def test_kept_models_tell_of_rows_outside_of_the_pool():
    models = ShadowModels(4, keep_models=True)
    shadows = fit_shadows(ClassMeans(), X, Y, shadows=models, random_state=0)
    new, y = RNG.normal(size=(10, 4)), np.arange(10) % 3
    for k in range(4):
        rows = shadows.member[k]
        inside = shadows.other_side_of(k, new, y)
        for i in range(10):
            more = np.vstack([X[rows], new[[i]]]), np.append(Y[rows], y[i])
            proba = ClassMeans().fit(*more).predict_proba(new[[i]])
            assert_allclose(
                inside["logit"][i], SIGNALS["logit"](proba, y[[i]])[0], rtol=1e-4
            )
    with pytest.raises(ValueError, match="keep_models=True"):
        fit_shadows(ClassMeans(), X, Y, shadows=4).other_side_of(0, new, y)


@pytest.mark.parametrize(
    "estimator",
    [
        ClassMeans(),
        GaussianNB(),
        LogisticRegression(),
        DecisionTreeClassifier(min_samples_leaf=5),
        RandomForestClassifier(10),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_what_is_not_learned_from_has_no_other_side(estimator):
    rows, y, weight = X.copy(), Y.copy(), np.ones(90)
    # The first has a copy that is learned from, the second one that is not.
    rows[:2], y[:2] = rows[60:62], y[60:62]
    weight[[0, 1, 61, *range(30, 40)]] = 0
    params = {"sample_weight": weight}
    shadows = fit_shadows(estimator, rows, y, shadows=4, params=params, random_state=0)
    alone = [1, 61, *range(30, 40)]
    for name in shadows.other:
        own, other = shadows.signals[name], shadows.other[name]
        assert_array_equal(other[:, alone], own[:, alone])
        if name == "logit":
            assert (other[:, [0, 60]] != own[:, [0, 60]]).any()
    if isinstance(estimator, (ClassMeans, GaussianNB)):
        assert shadows.counterfactual_.used
        assert shadows.counterfactual_.n_unknown == 0
