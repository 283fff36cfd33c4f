"""What `estimator` may be: a frozen model, a recipe, or a matrix of answers."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import NotedTree, ReversedClasses
from skmia.attacks import LiRAAttack, LossThresholdAttack

attacks = pytest.mark.parametrize(
    "make",
    [
        pytest.param(LossThresholdAttack, id="loss"),
        pytest.param(
            lambda estimator, **kw: LiRAAttack(estimator, shadows=4, **kw), id="lira"
        ),
    ],
)


# The frozen target


@attacks
def test_frozen_model_is_the_target_and_is_never_fitted(make, pool):
    model = NotedTree(random_state=0).fit(pool.X[:120], pool.y[:120])
    before = model.predict_proba(pool.X)
    frozen = FrozenEstimator(model)
    NotedTree.fits.clear()
    attack = make(frozen, random_state=0).fit(pool.X, pool.y, membership=pool.member)
    assert attack.estimator_ is frozen
    # LiRA's shadows are copies: fitted on other rows, and the model is as it was.
    assert len(NotedTree.fits) == (4 if isinstance(attack, LiRAAttack) else 0)
    assert_array_equal(model.predict_proba(pool.X), before)
    assert_array_equal(attack.membership_, pool.member)
    assert attack.n_features_in_ == pool.X.shape[1]


@attacks
def test_clone_keeps_the_frozen_model(make, pool):
    attack = make(pool.frozen, random_state=0).fit(pool.X, pool.y)
    copy = clone(attack)
    assert copy.estimator is attack.estimator
    assert not hasattr(copy, "estimator_")
    assert copy.get_params().keys() == attack.get_params().keys()
    again = copy.fit(pool.X, pool.y)
    assert_array_equal(
        again.score_samples(pool.X, pool.y), attack.score_samples(pool.X, pool.y)
    )


@attacks
def test_frozen_without_membership_takes_rows_for_non_members(make, pool):
    attack = make(pool.frozen, random_state=0).fit(pool.X, pool.y)
    assert attack.membership_ is None


@attacks
def test_frozen_but_not_fitted(make, pool):
    with pytest.raises(NotFittedError, match="FrozenEstimator"):
        make(FrozenEstimator(GaussianNB())).fit(pool.X, pool.y)


@attacks
def test_classes_in_the_models_own_order(make, pool):
    """For rows of the pool, and for those that LiRA asks its models about."""
    y = np.array(["low", "mid", "high"])[pool.y]
    # Of no closed form, which a wrapper of anybody's has none of either.
    learner = SGDClassifier(loss="log_loss", random_state=0)
    plain, own = (
        make(FrozenEstimator(model.fit(pool.X, y)), random_state=0).fit(pool.X, y)
        for model in (learner, ReversedClasses(learner))
    )
    for X in (pool.X, pool.X + 0.1):
        np.testing.assert_allclose(
            own.score_samples(X, y), plain.score_samples(X, y), rtol=1e-4, atol=1e-4
        )


@attacks
def test_frozen_inside_frozen(make, pool):
    attack = make(FrozenEstimator(pool.frozen), random_state=0)
    plain = make(pool.frozen, random_state=0)
    assert_array_equal(
        attack.fit(pool.X, pool.y).score_samples(pool.X, pool.y),
        plain.fit(pool.X, pool.y).score_samples(pool.X, pool.y),
    )


# Trap 1: a statement about one model, made about another


@attacks
@pytest.mark.parametrize("fitted", [False, True])
def test_membership_of_a_model_that_is_fitted_anew(make, pool, fitted):
    estimator = DecisionTreeClassifier()
    if fitted:
        estimator.fit(pool.X, pool.y)
    message = r"`membership` describes one fitted model.*Pass FrozenEstimator\(model\)"
    with pytest.raises(ValueError, match=message):
        make(estimator).fit(pool.X, pool.y, membership=pool.member)


@attacks
def test_fitted_but_not_frozen_warns(make, pool):
    model = DecisionTreeClassifier(random_state=0).fit(pool.X, pool.y)
    attack = make(model, random_state=0)
    with pytest.warns(UserWarning, match="fitted already, but will be fitted") as got:
        attack.fit(pool.X, pool.y)
    assert [w.filename for w in got] == [__file__]
    assert attack.estimator_ is not model


# The membership game


@attacks
def test_game_draws_half_of_each_class(make, pool):
    attack = make(DecisionTreeClassifier(), random_state=3).fit(pool.X, pool.y)
    member = attack.membership_
    assert member.dtype == bool
    assert abs(member.sum() - len(member) / 2) <= 1
    for c in np.unique(pool.y):
        assert abs(member[pool.y == c].sum() - (pool.y == c).sum() / 2) < 1
    # A tree of full depth answers its own rows right, and some others wrong.
    right = attack.estimator_.predict(pool.X) == pool.y
    assert right[member].all()
    assert not right[~member].all()


def test_game_fits_on_the_members_and_nothing_else(pool):
    NotedTree.fits.clear()
    attack = LossThresholdAttack(NotedTree(), random_state=0)
    attack.fit(pool.X, pool.y)
    ((X, y),) = NotedTree.fits
    assert_array_equal(X, pool.X[attack.membership_])
    assert_array_equal(y, pool.y[attack.membership_])


@attacks
def test_game_keeps_copies_of_a_record_together(make, pool):
    X, y = np.vstack([pool.X[:60]] * 3), np.tile(pool.y[:60], 3)
    member = make(DecisionTreeClassifier(), random_state=0).fit(X, y).membership_
    assert_array_equal(member[:60], member[60:120])
    assert_array_equal(member[:60], member[120:])
    assert member[:60].sum() == 30


@attacks
def test_same_seed_same_game(make, pool):
    fits = [
        make(DecisionTreeClassifier(max_features=2), random_state=5).fit(pool.X, pool.y)
        for _ in range(2)
    ]
    assert_array_equal(fits[0].membership_, fits[1].membership_)
    assert_array_equal(
        fits[0].score_samples(pool.X, pool.y), fits[1].score_samples(pool.X, pool.y)
    )
    other = make(DecisionTreeClassifier(), random_state=6).fit(pool.X, pool.y)
    assert (other.membership_ != fits[0].membership_).any()


@attacks
def test_global_generator_is_left_alone(make, pool):
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()  # noqa: NPY002
    for state in (None, 0, np.random.RandomState(0)):
        make(DecisionTreeClassifier(max_features=2), random_state=state).fit(
            pool.X, pool.y
        ).predict(pool.X, pool.y)
    after = np.random.get_state()  # noqa: NPY002
    assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


@attacks
def test_estimator_parameter_is_left_alone(make, pool):
    estimator = make_pipeline(StandardScaler(), KNeighborsClassifier())
    attack = make(estimator, random_state=0).fit(pool.X, pool.y)
    assert attack.estimator is estimator
    with pytest.raises(NotFittedError):
        estimator.predict(pool.X)


# Precomputed answers


def test_precomputed_equals_the_model(pool):
    model_attack = LossThresholdAttack(pool.frozen, max_fpr=0.1)
    model_attack.fit(pool.X, pool.y, membership=pool.member)
    proba = pool.model.predict_proba(pool.X)
    attack = LossThresholdAttack("precomputed", max_fpr=0.1)
    attack.fit(proba, pool.y, membership=pool.member)
    assert_array_equal(
        attack.score_samples(proba, pool.y),
        model_attack.score_samples(pool.X, pool.y),
    )
    assert attack.offset_ == model_attack.offset_
    assert attack.n_features_in_ == 3
    assert not hasattr(attack, "estimator_")


@pytest.mark.parametrize("container", ["list", "object", "float32", "pandas", "polars"])
def test_precomputed_containers(pool, container):
    proba = pool.model.predict_proba(pool.X)
    given, y = proba, pool.y
    if container == "list":
        given, y = proba.tolist(), pool.y.tolist()
    elif container == "object":
        given = proba.astype(object)
    elif container == "float32":
        given = proba.astype(np.float32)
    else:
        library = pytest.importorskip(container)
        given = (
            library.DataFrame(proba, ["a", "b", "c"])
            if container == "polars"
            else (library.DataFrame(proba, columns=["a", "b", "c"]))
        )
        y = library.Series(pool.y)
        if container == "pandas":
            given, y = given.astype("Float64"), y.astype("Int64")
    attack = LossThresholdAttack("precomputed").fit(given, y)
    expected = LossThresholdAttack("precomputed").fit(proba, pool.y)
    np.testing.assert_allclose(
        attack.score_samples(given, y),
        expected.score_samples(proba, pool.y),
        rtol=1e-6,
        atol=1e-7,
    )


@pytest.mark.parametrize(
    ("X", "y", "match"),
    [
        ([0.5, 0.5], [0, 1], r"matrix of predicted probabilities.*Got shape \(2,\)"),
        ([[1.0], [1.0]], [0, 0], "at least two classes"),
        ([["x", "y"]], [0], "Got shape .* and dtype object"),
        ([[0.5, np.nan]] * 2, [0, 1], "without NaN"),
        ([[2.0, -1.0]] * 2, [0, 1], "through a softmax first"),
        ([[0.5, 0.5]] * 2, [0, 2], r"integer from 0 to 1. Got dtype int64 .* 0 to 2"),
        ([[0.5, 0.5]] * 2, [-1, 0], "from -1 to 0"),
        ([[0.5, 0.5]] * 2, ["a", "b"], "Got dtype <U1 with values from 'a' to 'b'"),
        ([[0.5, 0.5]] * 2, [0.5, 1.5], "Unknown label type"),
        (np.empty((0, 2)), np.empty(0, dtype=int), "Found array with 0 sample"),
        ([[0.5, 0.5]] * 2, [0, 1, 1], r"X has 2, y has 3"),
        ([[0.5, 0.5]] * 2, None, "requires y to be passed"),
    ],
)
def test_precomputed_refusals(X, y, match):
    with pytest.raises(ValueError, match=match):
        LossThresholdAttack("precomputed").fit(X, y)


def test_precomputed_scores_need_the_classes_of_fit(pool):
    proba = pool.model.predict_proba(pool.X)
    attack = LossThresholdAttack("precomputed").fit(proba, pool.y)
    with pytest.raises(ValueError, match=r"X has 2 columns, but .* of 3 classes"):
        attack.score_samples(proba[:, :2], pool.y)
    with pytest.raises(ValueError, match="integer from 0 to 2"):
        attack.score_samples(proba, pool.y + 1)


def test_precomputed_takes_no_metadata(pool):
    proba = pool.model.predict_proba(pool.X)
    attack = LossThresholdAttack("precomputed")
    with pytest.raises(TypeError, match=r"\['sample_weight'\], but with estimator="):
        attack.fit(proba, pool.y, sample_weight=np.ones(len(pool.y)))
    attack.fit(proba, pool.y, sample_weight=None)
