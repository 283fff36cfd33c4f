"""Shadows made, given and shared; rows of the pool, and rows that are not in it."""

import warnings
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skmia._tables import any_copy
from skmia.attacks import LiRAAttack
from skmia.shadows import ShadowModels, ShadowSignals, auto_train_size, fit_shadows
from skmia.signals import logit

METHODS = ("score_samples", "decision_function", "predict")


@pytest.fixture(scope="module")
def fitted(pool):
    shadows = ShadowModels(6, counterfactual=False)
    attack = LiRAAttack(pool.frozen, shadows=shadows, max_fpr=0.2, random_state=0)
    return attack.fit(pool.X, pool.y, membership=pool.member)


@pytest.fixture(scope="module")
def offline(pool, fitted):
    attack = LiRAAttack(pool.frozen, mode="offline", shadows=fitted.shadows_)
    return attack.fit(pool.X, pool.y, membership=pool.member)


# Shadows that are given


def test_given_shadows_of_another_size(pool, fitted):
    attack = LiRAAttack(pool.frozen, shadows=fitted.shadows_)
    match = r"signals of 240 records, but X has 239 rows. Pass the pool"
    with pytest.raises(ValueError, match=match):
        attack.fit(pool.X[1:], pool.y[1:])


def test_given_shadows_of_other_rows(pool, fitted):
    attack = LiRAAttack(pool.frozen, shadows=fitted.shadows_)
    with pytest.raises(ValueError, match=r"content of 240 of 240 rows of X and y diff"):
        attack.fit(pool.X + 1, pool.y)
    swapped = np.r_[1, 0, 2 : len(pool.y)]
    with pytest.raises(ValueError, match=r"content of 2 of 240 rows.*same order"):
        attack.fit(pool.X[swapped], pool.y[swapped])
    y = pool.y.copy()
    y[4] = (y[4] + 1) % 3
    with pytest.raises(ValueError, match=r"content of 1 of 240 rows"):
        attack.fit(pool.X, y)


def test_given_arrays_without_hashes_are_taken_at_their_word(pool, fitted):
    shadows = ShadowSignals(fitted.shadows_.signals, fitted.shadows_.member)
    assert shadows.record_hashes is None
    attack = LiRAAttack(pool.frozen, shadows=shadows, max_fpr=0.2)
    attack.fit(pool.X, pool.y, membership=pool.member)
    for method in METHODS:
        assert_array_equal(
            getattr(attack, method)(pool.X, pool.y),
            getattr(fitted, method)(pool.X, pool.y),
        )


def test_one_set_serves_many_attacks(pool, fitted):
    """Other parameters, the same shadows: nothing is fitted, or changed in them."""
    shadows = fitted.shadows_
    kept = {name: values.copy() for name, values in shadows.signals.items()}
    member = shadows.member.copy()
    for params in ({"mode": "offline"}, {"variance": "pooled"}, {"signal": "hinge"}):
        attack = LiRAAttack(pool.frozen, shadows=shadows, **params)
        attack.fit(pool.X, pool.y)
        models = ShadowModels(6, counterfactual=False)
        fresh = LiRAAttack(pool.frozen, shadows=models, random_state=0, **params)
        fresh.fit(pool.X, pool.y, membership=pool.member)
        assert attack.shadows_ is shadows
        assert_array_equal(
            attack.score_samples(pool.X, pool.y), fresh.score_samples(pool.X, pool.y)
        )
    for name, values in kept.items():
        assert_array_equal(shadows.signals[name], values)
    assert_array_equal(shadows.member, member)


def test_any_copy_seen_counts_as_in(pool):
    """Given shadows that saw one of two copies: the other one is no OUT record."""
    X, y = np.vstack([pool.X[:40]] * 2), np.tile(pool.y[:40], 2)
    rng = np.random.RandomState(0)
    values = rng.normal(size=(8, 80)).astype(np.float32)
    member = rng.uniform(size=(8, 80)) < 0.3
    either = member[:, :40] | member[:, 40:]
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    scores = [
        LiRAAttack(frozen, shadows=ShadowSignals({"logit": values}, mask))
        .fit(X, y)
        .score_samples(X, y)
        for mask in (member, np.hstack([either, either]))
    ]
    assert_array_equal(*scores)
    # Where every copy has been seen by every shadow, nothing is left to compare with.
    member[:, :40] = ~member[:, 40:]
    shadows = ShadowSignals({"logit": values}, member)
    with pytest.raises(ValueError, match="every record in every shadow"):
        LiRAAttack(frozen, shadows=shadows).fit(X, y)


def test_any_copy_by_hand():
    member = np.array([[1, 0, 0, 0, 1], [0, 0, 0, 1, 0]], dtype=bool)
    hashes = np.array([7, 3, 7, 3, 9], dtype=np.uint64)
    expected = [[1, 0, 1, 0, 1], [0, 1, 0, 1, 0]]
    assert_array_equal(any_copy(member, hashes), np.array(expected, dtype=bool))
    assert any_copy(member, np.arange(5, dtype=np.uint64)) is member


def test_every_record_in_every_shadow(pool):
    shadows = ShadowSignals(
        {"logit": np.zeros((4, len(pool.y)))}, np.ones((4, len(pool.y)), dtype=bool)
    )
    with pytest.raises(ValueError, match=r"every record in every shadow.*leave"):
        LiRAAttack(pool.frozen, shadows=shadows).fit(pool.X, pool.y)


# Shadows that are made


def test_own_shadows_are_those_of_fit_shadows(pool, monkeypatch):
    """The parameters arrive, and the frozen target is unwrapped."""
    from skmia.attacks import _shadow_base

    calls = []

    def spy(*args, **kwargs):
        calls.append(kwargs)
        return fit_shadows(*args, **kwargs)

    monkeypatch.setattr(_shadow_base, "fit_shadows", spy)
    attack = LiRAAttack(
        pool.frozen,
        shadows=ShadowModels(4, train_size=0.3, keep_models=False),
        signal="loss",
        n_jobs=1,
    )
    attack.fit(pool.X, pool.y, sample_weight=None)
    (given,) = calls
    assert given["shadows"].get_params() == attack.shadows.get_params()
    assert given["n_jobs"] == 1
    assert given["params"] == {}
    assert attack.shadows_.models is None


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.8])
def test_auto_train_size_is_the_targets_fraction(pool, fraction):
    member = np.arange(len(pool.y)) < fraction * len(pool.y)
    frozen = FrozenEstimator(GaussianNB().fit(pool.X[member], pool.y[member]))
    attack = LiRAAttack(frozen, shadows=10, random_state=0)
    attack.fit(pool.X, pool.y, membership=member)
    assert auto_train_size(member, 10) == pytest.approx(fraction)
    assert attack.shadows_.member.mean() == pytest.approx(fraction, abs=0.01)
    attack.fit(pool.X, pool.y)
    assert attack.shadows_.member.mean() == 0.5


def test_cache_is_used_and_changes_nothing(pool, tmp_path):
    params = {"shadows": ShadowModels(4, cache_dir=tmp_path), "random_state": 0}
    first = LiRAAttack(pool.frozen, **params).fit(pool.X, pool.y)
    assert len(list(tmp_path.glob("*.bin"))) == 4
    second = LiRAAttack(pool.frozen, **params).fit(pool.X, pool.y)
    assert_array_equal(first.shadows_.fit_seconds, second.shadows_.fit_seconds)
    for X in (pool.X, pool.X + 0.1):
        assert_array_equal(
            first.score_samples(X, pool.y), second.score_samples(X, pool.y)
        )


def test_refit_never_reuses_shadows(pool):
    """C18: other rows, other shadows; as if the attack had never been fitted before."""
    X, y = make_classification(150, 5, random_state=3)
    attack = LiRAAttack(DecisionTreeClassifier(), shadows=4, random_state=0)
    old = attack.fit(pool.X, pool.y).shadows_
    scores = attack.fit(X, y).score_samples(X, y)
    fresh = LiRAAttack(DecisionTreeClassifier(), shadows=4, random_state=0)
    assert attack.shadows_ is not old
    assert_array_equal(scores, fresh.fit(X, y).score_samples(X, y))


def test_progress_bar_is_asked_for(pool, terminal):
    LiRAAttack(pool.frozen, shadows=4, random_state=0).fit(pool.X, pool.y)
    assert terminal.readouterr() == ("", "")
    attack = LiRAAttack(pool.frozen, shadows=4, random_state=0, verbose=1)
    attack.fit(pool.X, pool.y)
    assert "4/4" in terminal.readouterr().err


# Rows of the pool


def test_rows_of_the_pool_in_any_order(pool, fitted):
    rng = np.random.RandomState(0)
    for rows in (rng.permutation(240), rng.randint(240, size=50), [17]):
        X, y = pool.X[rows], pool.y[rows]
        for method in METHODS:
            whole = getattr(fitted, method)(pool.X, pool.y)
            assert_allclose(getattr(fitted, method)(X, y), whole[rows], rtol=1e-10)


def test_rows_of_the_pool_in_other_containers(pool, fitted):
    pd = pytest.importorskip("pandas")
    scores = fitted.score_samples(pool.X, pool.y)
    assert_array_equal(fitted.score_samples(pool.X.tolist(), pool.y.tolist()), scores)
    series = pd.Series(pool.y, index=range(500, 740))
    assert_array_equal(fitted.score_samples(pool.X.copy("F"), series), scores)


def test_rows_of_the_pool_need_no_models(pool, fitted):
    shadows = ShadowSignals(fitted.shadows_.signals, fitted.shadows_.member)
    attack = LiRAAttack(pool.frozen, shadows=shadows).fit(pool.X, pool.y)
    scores = fitted.score_samples(pool.X[5:9], pool.y[5:9])
    assert_array_equal(attack.score_samples(pool.X[5:9], pool.y[5:9]), scores)


# Rows that are not


def test_unknown_rows_are_scored_offline(pool, fitted, offline):
    """All of a call unknown: no mixture, hence no warning; the offline threshold."""
    fresh, y = pool.X[:50] + 0.05, pool.y[:50]
    scores = fitted.score_samples(fresh, y)
    # The scores of the offline mode, whose OUT distributions come from all shadows.
    assert_allclose(scores, offline.score_samples(fresh, y), rtol=1e-12)
    assert_array_equal(
        fitted.decision_function(fresh, y), scores - fitted.offline_offset_
    )
    assert_array_equal(fitted.predict(fresh, y), scores > fitted.offline_offset_)
    assert fitted.offset_ != fitted.offline_offset_


@pytest.mark.parametrize("method", METHODS)
def test_mixed_calls_are_offline_as_a_whole_and_say_so(pool, fitted, offline, method):
    X = np.vstack([pool.X[:30], pool.X[:10] + 0.05])
    y = np.concatenate([pool.y[:30], pool.y[:10]])
    match = r"10 of 40 rows are not in the pool.*scored offline"
    with pytest.warns(UserWarning, match=match) as got:
        result = getattr(fitted, method)(X, y)
    assert [w.filename for w in got] == [__file__]
    if method == "score_samples":
        assert_allclose(result, offline.score_samples(X, y), rtol=1e-12)
        alone = fitted.score_samples(X[30:], y[30:])
        assert_allclose(result[30:], alone, rtol=1e-12)


def test_another_label_is_another_record(pool, fitted):
    """Of known features: the models that were fitted on them are not OUT."""
    rows = np.arange(60)
    y = (pool.y[rows] + 1) % 3
    shadows = fitted.shadows_
    attack = LiRAAttack(pool.frozen, variance="pooled", shadows=shadows)
    attack.fit(pool.X, pool.y)
    # Trees answer 0 and 1, which are pulled in to beyond what lies between.
    stored = shadows.get("logit").astype(float)
    limit = np.abs(stored[np.abs(stored) < 700]).max() + np.log(2)
    clip = partial(np.clip, a_min=-limit, a_max=limit)
    out = ~shadows.member
    mean = (clip(stored) * out).sum(axis=0) / out.sum(axis=0)
    spread = np.sqrt(((clip(stored) - mean) ** 2)[out].mean())
    logits = [clip(logit(m.predict_proba(pool.X[rows]), y)) for m in shadows.models]
    location = [
        np.mean(v[o]) for v, o in zip(np.transpose(logits), out.T, strict=False)
    ]
    value = clip(logit(pool.model.predict_proba(pool.X[rows]), y))
    expected = -norm.logsf(value, location, spread)
    assert_allclose(attack.score_samples(pool.X[rows], y), expected, rtol=1e-5)


def test_unknown_rows_without_models(pool, fitted):
    """Both ways out are named, for new rows and for calls without labels."""
    shadows = ShadowSignals(fitted.shadows_.signals, fitted.shadows_.member)
    given = LiRAAttack(pool.frozen, shadows=shadows).fit(pool.X, pool.y)
    own = LiRAAttack(
        pool.frozen, shadows=ShadowModels(4, keep_models=False), random_state=0
    )
    own.fit(pool.X, pool.y)
    match = r"models were not kept. Pass rows of the pool .*keep_models=True"
    for attack in (given, own):
        with pytest.raises(ValueError, match=match):
            attack.score_samples(pool.X + 1, pool.y)
        with pytest.raises(ValueError, match=match):
            attack.predict(pool.X)


def test_without_labels_a_row_is_scored_alone(pool, fitted):
    """Offline, from the predicted label, and whatever else is in the call."""
    scores = fitted.score_samples(pool.X)
    parts = [fitted.score_samples(pool.X[i : i + 7]) for i in range(0, 240, 7)]
    assert_allclose(np.concatenate(parts), scores, rtol=1e-10)
    mixed = fitted.score_samples(np.vstack([pool.X[:5], pool.X[:5] + 9]))
    assert_allclose(mixed[:5], scores[:5], rtol=1e-10)
    assert_array_equal(fitted.predict(pool.X), scores > fitted.offline_offset_)


def test_without_labels_is_the_predicted_label(pool, offline):
    """Where the model is right, it is the record itself; float32 is what is stored."""
    right = pool.model.predict(pool.X) == pool.y
    without = offline.score_samples(pool.X)[right]
    assert_allclose(
        without, offline.score_samples(pool.X, pool.y)[right], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    "model", [DecisionTreeClassifier(min_samples_leaf=3), LogisticRegression()]
)
def test_offline_mode_has_one_scale(pool, model):
    """Stored signals and the models that they came from give the same scores."""
    attack = LiRAAttack(
        model, mode="offline", shadows=6, max_fpr=0.2, random_state=0
    ).fit(pool.X, pool.y)
    stored = attack.score_samples(pool.X, pool.y)
    X, y = np.vstack([pool.X, pool.X[:1] + 1]), np.r_[pool.y, pool.y[:1]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one scale: nothing to warn of
        asked = attack.score_samples(X, y)[:-1]
    assert_allclose(asked, stored, rtol=1e-3, atol=1e-5)
    assert attack.offset_ == attack.offline_offset_
    far = np.abs(stored - attack.offset_) > 1e-3
    assert_array_equal(
        attack.predict(X, y)[:-1][far], attack.predict(pool.X, pool.y)[far]
    )


def test_offline_scores_of_rows_with_two_labels_do_not_change(pool):
    """Features under two labels: each is a record, in the pool and in a mixed call."""
    X = np.vstack([pool.X[:60], pool.X[:60]])
    y = np.r_[pool.y[:60], (pool.y[:60] + 1) % 3]
    attack = LiRAAttack(GaussianNB(), mode="offline", shadows=8, random_state=0)
    stored = attack.fit(X, y).score_samples(X, y)
    asked = attack.score_samples(np.vstack([X, X[:1] + 1]), np.r_[y, y[:1]])
    assert_allclose(asked[:-1], stored, rtol=1e-3, atol=1e-5)


# Precomputed targets


def test_precomputed_target_with_given_shadows(pool, fitted):
    proba = pool.model.predict_proba(pool.X)
    attack = LiRAAttack("precomputed", shadows=fitted.shadows_, max_fpr=0.2)
    attack.fit(proba, pool.y, membership=pool.member)
    for method in METHODS:
        assert_array_equal(
            getattr(attack, method)(proba, pool.y),
            getattr(fitted, method)(pool.X, pool.y),
        )
    assert attack.n_features_in_ == 3


def test_precomputed_rows_are_the_shadows_records(pool, fitted):
    proba = pool.model.predict_proba(pool.X)
    attack = LiRAAttack("precomputed", shadows=fitted.shadows_).fit(proba, pool.y)
    with pytest.raises(ValueError, match=r"shadows' 240 records.*Got 10 rows"):
        attack.score_samples(proba[:10], pool.y[:10])
    with pytest.raises(ValueError, match=r"y must be passed"):
        attack.score_samples(proba)
    swapped = np.r_[pool.y[1:], pool.y[:1]]
    differ = (swapped != pool.y).sum()
    with pytest.raises(
        ValueError, match=rf"y is that of fit.*Got {differ} of 240 rows"
    ):
        attack.score_samples(proba, swapped)
    with pytest.raises(ValueError, match=r"signals of 240 records, but X has 9 rows"):
        LiRAAttack("precomputed", shadows=fitted.shadows_).fit(proba[:9], pool.y[:9])


@pytest.mark.parametrize(
    ("column", "what"), [([1, 1, 1, 1], "every"), ([0, 0, 0, 0], "no")]
)
def test_records_that_no_shadow_can_speak_for_are_announced(column, what):
    """Judged by what is typical of others, such a record may read as safe."""
    rng = np.random.RandomState(0)
    member = np.tile([[1], [0], [1], [0]], 6).astype(bool)
    member[:, 2] = column
    shadows = ShadowSignals({"logit": rng.normal(size=(4, 6))}, member)
    proba = np.full((6, 2), 0.5)
    with pytest.warns(UserWarning, match=f"1 of 6 records are in {what} shadow"):
        LiRAAttack("precomputed", shadows=shadows).fit(proba, np.zeros(6, dtype=int))
