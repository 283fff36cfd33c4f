"""Figures that other toolkits publish in their tests, and what none of them passes.

Those for the arithmetic of a single attack stand beside the tests of that attack.
"""

import numpy as np
import pytest
from joblib import parallel_backend
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import (
    CalibratedLossAttack,
    LabelOnlyAttack,
    LiRAAttack,
    LossThresholdAttack,
    QuantileAttack,
    RMIAAttack,
    ShadowClassifierAttack,
    StackedAttack,
)
from skmia.metrics import roc_auc, roc_auc_interval
from skmia.shadows import ShadowModels, ShadowSignals

# C7: RMIA's formula


def dense_ratios(p, shadow_p, member, mode, a):
    """One record after the other, over the shadows that truly left it out."""
    ratios = []
    for i, own in enumerate(p):
        out = np.mean(
            [q[i] for q, held in zip(shadow_p, member, strict=True) if not held[i]]
        )
        if mode == "offline":
            average = (1 + a) / 2 * out + (1 - a) / 2
        else:
            inside = [q[i] for q, held in zip(shadow_p, member, strict=True) if held[i]]
            average = (np.mean(inside) + out) / 2
        ratios.append(own / average)
    return np.array(ratios)


@pytest.fixture
def unequal():
    """Seven shadows, of which every record is out of one to six."""
    rng = np.random.RandomState(7)
    counts = rng.randint(1, 7, size=200)
    member = rng.uniform(size=(7, 200)).argsort(axis=0) >= counts
    shadow_p = expit(rng.normal(size=(7, 200)) + member)
    return expit(rng.normal(size=200)), shadow_p, member


def rmia(p, shadow_p, member, **settings):
    with np.errstate(divide="ignore"):
        logits = np.log(shadow_p) - np.log1p(-shadow_p)
    shadows = ShadowSignals({"logit": logits}, member)
    proba, column = np.column_stack([1 - p, p]), np.ones(len(p), dtype=int)
    attack = RMIAAttack("precomputed", shadows=shadows, **settings)
    return attack.fit(proba, column).score_samples(proba, column)


@pytest.mark.parametrize("mode", ["online", "offline"])
@pytest.mark.parametrize("a", [0.0, 0.3, 1.0])
def test_c7_rmia_counts_as_the_dense_formula_does(unequal, mode, a):
    """score = mean over z of (ratio of x / ratio of z > gamma), gamma 1 and 2.

    Ours is log ratio of x: counting it against the population's, by one search in a
    sorted array, gives the published score of a dense matrix exactly.
    """
    scores = rmia(*unequal, mode=mode, a=a)
    ratios = dense_ratios(*unequal, mode, a)
    assert_allclose(scores, np.log(ratios), atol=1e-6)
    population = np.arange(0, 200, 3)
    for gamma in (1.0, 2.0):
        dense = (ratios[:, None] / ratios[None, population] > gamma).mean(axis=1)
        z = np.sort(scores[population] + np.log(gamma))
        # Equal ratios are equal in both, up to the last bit.
        counted = np.searchsorted(z, scores - 1e-6) / len(population)
        assert_array_equal(counted, dense)


def test_c7_rmia_figures_by_hand():
    """Record 0 is out of shadows 2 and 3, record 1 out of shadow 3 alone."""
    shadow_p = np.array([[0.9, 0.8], [0.7, 0.6], [0.4, 0.6], [0.2, 0.5]])
    member = np.array([[1, 1], [1, 1], [0, 1], [0, 0]], dtype=bool)
    p = np.array([0.6, 0.75])
    # OUT means .3 and .5; IN means .8 and 2/3.
    offline = rmia(p, shadow_p, member, mode="offline", a=0.3)
    assert_allclose(np.exp(offline), [0.6 / 0.545, 0.75 / 0.675], rtol=1e-6)
    online = rmia(p, shadow_p, member, a=0.3)
    assert_allclose(np.exp(online), [0.6 / 0.55, 0.75 / (3.5 / 6)], rtol=1e-6)


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_c7_rmia_without_any_out_probability(mode):
    """p_OUT = 0 with a = 1: the published formula divides 0 by 0."""
    shadow_p = np.array([[0.9, 0.0], [0.7, 0.0], [0.0, 0.0], [0.0, 0.0]])
    member = np.array([[1, 1], [1, 1], [0, 0], [0, 0]], dtype=bool)
    for p in ([0.0, 0.0], [0.5, 0.0], [1.0, 1.0]):
        scores = rmia(np.array(p), shadow_p, member, mode=mode, a=1.0)
        assert np.isfinite(scores).all()


# C14: the quantile attack's promise


@pytest.mark.slow
def test_c14_exchangeable_records_are_accused_alike():
    """The target knows neither side; 300 of each. SACRO-ML's regressor fails at it.

    The binomial error of 24 seeds of 300 members and 1,000 fresh non-members. The
    threshold is the same for both, so that its own error cancels.
    """
    tpr, fpr = [], []
    for seed in range(24):
        X, y = make_classification(
            1900, 8, n_informative=5, flip_y=0.2, random_state=seed
        )
        third, member, rest, fresh = np.split(np.arange(1900), [300, 600, 900])
        model = RandomForestClassifier(10, min_samples_leaf=3, random_state=seed)
        attack = QuantileAttack(
            FrozenEstimator(model.fit(X[third], y[third])),
            regressor=HistGradientBoostingRegressor(loss="quantile", max_iter=30),
            max_fpr=0.05,
            random_state=seed,
        )
        rows = np.r_[member, rest]
        attack.fit(X[rows], y[rows], membership=np.arange(600) < 300)
        tpr.append(attack.predict(X[member], y[member]).mean())
        fpr.append(attack.predict(X[fresh], y[fresh]).mean())
    error = np.sqrt(0.05 * 0.95 / 24 * (1 / 300 + 1 / 1000))
    assert abs(np.mean(tpr) - np.mean(fpr)) < 2 * error
    assert np.mean(fpr) < 0.05 + 2 * error


# C18: rules of scikit-learn's that no peer passes


def noisy(seed=0, n=160):
    return make_classification(n, 5, n_informative=3, flip_y=0.3, random_state=seed)


TARGETS = {
    "knn": KNeighborsClassifier(3),
    "bayes": GaussianNB(),
    "forest": RandomForestClassifier(10),
    "boosting": HistGradientBoostingClassifier(max_iter=5),
    "svc": SVC(),
    "pipeline": make_pipeline(StandardScaler(), DecisionTreeClassifier()),
}
ATTACKS = {
    "loss": LossThresholdAttack(None, max_fpr=0.1, random_state=0),
    "quantile": QuantileAttack(
        None,
        regressor=HistGradientBoostingRegressor(loss="quantile", max_iter=10),
        max_fpr=0.1,
        random_state=0,
    ),
    "label_only": LabelOnlyAttack(None, n_queries=12, max_fpr=0.1, random_state=0),
    "online": LiRAAttack(None, shadows=4, max_fpr=0.1, random_state=0),
    "offline": LiRAAttack(None, mode="offline", shadows=4, max_fpr=0.1, random_state=0),
    "rmia": RMIAAttack(None, shadows=4, max_fpr=0.1, random_state=0),
    "calibrated": CalibratedLossAttack(None, shadows=4, max_fpr=0.1, random_state=0),
    "stacked": StackedAttack(None, shadows=4, max_fpr=0.1, random_state=0),
    "shadow_classifier": ShadowClassifierAttack(
        None, shadows=4, max_fpr=0.1, random_state=0
    ),
}
every_attack = pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)


@every_attack
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_c18_any_classifier_is_a_target(target, attack):
    X, y = noisy()
    labels = np.array(["no", "yes"])[y]
    attack = clone(attack).set_params(estimator=target).fit(X, labels)
    scores = attack.score_samples(X, labels)
    assert np.isfinite(scores).all()
    assert roc_auc(attack.membership_, scores) > 0.45
    assert set(attack.predict(X, labels)) <= {0, 1}
    assert np.isfinite(attack.decision_function(X + 0.1)).all()


@every_attack
def test_c18_a_frame_with_text_is_attacked_whole(attack):
    pd = pytest.importorskip("pandas")
    X, y = noisy()
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame["city"] = pd.Series(np.digitize(X[:, 3], [-1, 0, 1])).map(
        dict(enumerate(["Rome", "Oslo", "Lima", "Kyiv"]))
    )
    kept = frame.copy()
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough"
    )
    pipe = make_pipeline(encode, DecisionTreeClassifier())
    labels = pd.Series(np.array(["no", "yes"])[y], name="label")
    attack = clone(attack).set_params(estimator=pipe).fit(frame, labels)
    scores = attack.score_samples(frame, labels)
    assert roc_auc(attack.membership_, scores) > 0.6
    shuffled = frame.sample(frac=1, random_state=0)
    assert_allclose(
        attack.score_samples(shuffled, labels[shuffled.index]), scores[shuffled.index]
    )
    pd.testing.assert_frame_equal(frame, kept)


@every_attack
def test_c18_clone_and_parameters(attack):
    attack = clone(attack).set_params(estimator=GaussianNB(var_smoothing=1e-3))
    copy = clone(attack)
    assert copy.get_params(deep=False).keys() == attack.get_params(deep=False).keys()
    assert copy.get_params()["estimator__var_smoothing"] == 1e-3
    copy.set_params(max_fpr=0.6, estimator__var_smoothing=1e-6)
    assert (attack.max_fpr, attack.estimator.var_smoothing) == (0.1, 1e-3)
    X, y = noisy()
    rates = [a.fit(X, y).predict(X, y)[~a.membership_].mean() for a in (attack, copy)]
    assert rates[0] < rates[1]


@every_attack
def test_c18_nothing_but_the_attack_changes(attack):
    """NumPy's generator, the records and their labels are left as they were."""
    X, y = noisy()
    X.flags.writeable = y.flags.writeable = False
    state = np.random.get_state()  # noqa: NPY002
    attack = clone(attack).set_params(estimator=DecisionTreeClassifier(max_depth=4))
    attack.fit(X, y).predict(X, y)
    after = np.random.get_state()  # noqa: NPY002
    assert_array_equal(state[1], after[1])
    assert state[2:] == after[2:]


@every_attack
def test_c18_a_second_fit_is_a_first_fit(attack):
    """No shadow, threshold or answer of other records is used again."""
    first, second = noisy(), noisy(seed=1, n=120)
    model = DecisionTreeClassifier(max_depth=4)
    again = clone(attack).set_params(estimator=model).fit(*first)
    old = vars(again).get("shadows_")
    again.fit(*second)
    fresh = clone(attack).set_params(estimator=model).fit(*second)
    assert_array_equal(again.score_samples(*second), fresh.score_samples(*second))
    assert again.offset_ == fresh.offset_
    if old is not None:
        assert again.shadows_ is not old
        assert again.shadows_.n_records == 120
    # And nothing is left of a fit that was refused.
    with pytest.raises(ValueError, match="inconsistent"):
        again.fit(first[0], second[1])
    with pytest.raises(NotFittedError):
        again.score_samples(*second)


@every_attack
def test_c18_a_class_that_shadows_lack(attack):
    """One record of a third class: half of the shadows do not know of it."""
    X, y = noisy()
    y = np.where(np.arange(len(y)) == 5, 2, y)
    member = np.arange(len(y)) < 80
    model = DecisionTreeClassifier(max_depth=4, random_state=0)
    model.fit(X[member], y[member])
    attack = clone(attack).set_params(estimator=FrozenEstimator(model))
    scores = attack.fit(X, y, membership=member).score_samples(X, y)
    assert np.isfinite(scores).all()
    assert roc_auc(member, scores) > 0.45
    if hasattr(attack, "shadows_"):
        assert attack.shadows_.n_missing_classes == 2


def accusation_gap(attack, X, y):
    """A callable scoring: how the rate of accusations differs from the promise."""
    return -abs(attack.predict(X, y).mean() - 0.3)


@pytest.mark.parametrize(
    ("attack", "grid", "best"),
    [
        (LossThresholdAttack(None), {"max_fpr": [0.05, 0.3]}, {"max_fpr": 0.3}),
        (
            LiRAAttack(None, shadows=4, mode="offline", random_state=0),
            {"max_fpr": [0.05, 0.3]},
            {"max_fpr": 0.3},
        ),
    ],
    ids=["loss", "lira"],
)
def test_c18_search_over_parameters_of_an_attack(attack, grid, best):
    """The frozen model learnt none of these rows: 30 % are accused, as was asked."""
    X, y = noisy(n=480)
    frozen = FrozenEstimator(GaussianNB().fit(X[:160], y[:160]))
    search = GridSearchCV(
        clone(attack).set_params(estimator=frozen),
        grid,
        scoring=accusation_gap,
        cv=PredefinedSplit(np.arange(320) % 2),
        error_score="raise",
    ).fit(X[160:], y[160:])
    assert search.best_params_ == best
    assert search.best_score_ > -0.1
    assert search.best_estimator_.estimator_ is frozen


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_c18_workers_change_nothing(backend):
    X, y = noisy()
    model = RandomForestClassifier(5)
    results = []
    for n_jobs in (1, 2):
        attack = LiRAAttack(model, shadows=6, n_jobs=n_jobs, random_state=0)
        with parallel_backend(backend):
            attack.fit(X, y)
        results.append((attack.score_samples(X, y), attack.predict(X), attack.offset_))
    for one, two in zip(*results, strict=True):
        assert_array_equal(one, two)


# C19: a decision tree


@pytest.fixture(scope="module")
def tree_pool():
    """The first half are the members; 50 shadows are fitted once for all tests."""
    X, y = make_classification(1000, 10, n_informative=5, flip_y=0.1, random_state=0)
    member = np.arange(1000) < 500
    tree = DecisionTreeClassifier(random_state=0).fit(X[member], y[member])
    attack = LiRAAttack(
        FrozenEstimator(tree),
        shadows=ShadowModels(50, keep_models=False),
        random_state=0,
    ).fit(X, y, membership=member)
    return X, y, member, attack


@pytest.mark.parametrize("variance", ["shrunk", "per_record", "pooled", "global"])
@pytest.mark.parametrize("mode", ["online", "offline"])
def test_c19_tree_is_found_out(tree_pool, mode, variance):
    """SACRO-ML: .629 online, .631 offline, .484 two-sided, with scores up to 2.7e35."""
    X, y, member, fitted = tree_pool
    attack = clone(fitted).set_params(
        mode=mode, variance=variance, shadows=fitted.shadows_
    )
    scores = attack.fit(X, y, membership=member).score_samples(X, y)
    assert roc_auc(member, scores) >= 0.62
    assert np.isfinite(scores).all()
    assert np.abs(scores).max() < 1e6


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_c19_tree_of_other_rows_is_not(mode):
    """The null: a target trained on a third set, drawn from the same distribution."""
    X, y = make_classification(2000, 10, n_informative=5, flip_y=0.1, random_state=0)
    rows = np.random.RandomState(1).permutation(2000)
    pool, third = rows[:1000], rows[1000:1500]
    tree = DecisionTreeClassifier(random_state=0).fit(X[third], y[third])
    attack = LiRAAttack(FrozenEstimator(tree), mode=mode, shadows=16, random_state=0)
    claimed = np.arange(1000) < 500
    attack.fit(X[pool], y[pool], membership=claimed)
    scores = attack.score_samples(X[pool], y[pool])
    low, high = roc_auc_interval(claimed, scores)[:2]
    assert low < 0.5 < high
