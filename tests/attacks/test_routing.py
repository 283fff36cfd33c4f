"""Metadata: `membership` for the attack, the rest for the target and its shadows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

from _helpers import NotedBayes
from skmia.attacks import LiRAAttack, LossThresholdAttack
from skmia.exceptions import OverlapWarning
from skmia.metrics import roc_auc


@pytest.fixture(autouse=True)
def _no_fits_yet():
    NotedBayes.fits.clear()


class AucOfAttack:
    """A scorer of membership: it asks for the fold's `membership` itself."""

    def __init__(self):
        self.calls = 0

    def __call__(self, attack, X, y, membership):
        self.calls += 1
        return roc_auc(membership, attack.score_samples(X, y))

    def get_metadata_routing(self):
        request = MetadataRequest(owner=type(self).__name__)
        request.score.add_request(param="membership", alias=True)
        return request


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


def weights(pool):
    """A weight that tells the row: 1 + its position."""
    return 1.0 + np.arange(len(pool.y))


def assert_weights_follow_rows(pool, n_fits):
    assert len(NotedBayes.fits) == n_fits
    for X, _, weight in NotedBayes.fits:
        rows = np.asarray(weight).astype(int) - 1
        assert_array_equal(X, pool.X[rows])


def folds(pool):
    split = StratifiedKFold(3, shuffle=True, random_state=0).split(pool.X, pool.member)
    return list(split)


# Without routing


def test_weights_reach_target_and_shadows(pool):
    attack = LiRAAttack(NotedBayes(), shadows=4, random_state=0)
    attack.fit(pool.X, pool.y, sample_weight=weights(pool))
    assert_weights_follow_rows(pool, 5)
    assert_array_equal(NotedBayes.fits[0][0], pool.X[attack.membership_])


def test_weights_of_a_frozen_target_reach_its_shadows(pool):
    frozen = FrozenEstimator(NotedBayes().fit(pool.X, pool.y))
    NotedBayes.fits.clear()
    attack = LiRAAttack(frozen, shadows=4, random_state=0)
    attack.fit(pool.X, pool.y, membership=pool.member, sample_weight=weights(pool))
    assert_weights_follow_rows(pool, 4)


def test_weights_reach_the_game(pool):
    LossThresholdAttack(NotedBayes(), random_state=0).fit(
        pool.X, pool.y, sample_weight=weights(pool).tolist()
    )
    assert_weights_follow_rows(pool, 1)


def test_weights_through_a_pipeline(pool):
    """Without routing, scikit-learn's own spelling of a step's parameter."""
    pipe = make_pipeline(StandardScaler(), NotedBayes())
    attack = LiRAAttack(pipe, shadows=4, random_state=0)
    attack.fit(pool.X, pool.y, notedbayes__sample_weight=weights(pool))
    assert [len(weight) for *_, weight in NotedBayes.fits] == [120] * 5


def test_none_is_no_metadata(pool):
    """A target that takes no weights is not given one of None."""
    attack = LiRAAttack(KNeighborsClassifier(), shadows=4, random_state=0)
    attack.fit(pool.X, pool.y, sample_weight=None)
    with pytest.raises(TypeError, match="sample_weight"):
        attack.fit(pool.X, pool.y, sample_weight=weights(pool))


# With routing


@pytest.mark.usefixtures("routing")
def test_weights_that_are_asked_for(pool):
    model = NotedBayes().set_fit_request(sample_weight=True)
    attack = LiRAAttack(model, shadows=4, random_state=0)
    attack.fit(pool.X, pool.y, sample_weight=weights(pool))
    assert_weights_follow_rows(pool, 5)
    NotedBayes.fits.clear()
    frozen = FrozenEstimator(model.fit(pool.X, pool.y))
    NotedBayes.fits.clear()
    attack.set_params(estimator=frozen)
    attack.fit(pool.X, pool.y, membership=pool.member, sample_weight=weights(pool))
    assert_weights_follow_rows(pool, 4)


@pytest.mark.usefixtures("routing")
def test_weights_that_are_refused_or_not_spoken_for(pool):
    attack = LiRAAttack(LogisticRegression(), shadows=4, random_state=0)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        attack.fit(pool.X, pool.y, sample_weight=weights(pool))
    attack.set_params(
        estimator=LogisticRegression().set_fit_request(sample_weight=False)
    )
    with pytest.raises(TypeError, match="unexpected"):
        attack.fit(pool.X, pool.y, sample_weight=weights(pool))
    with pytest.raises(TypeError, match="unexpected"):
        attack.fit(pool.X, pool.y, costs=pool.y)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("precomputed", [False, True])
def test_without_metadata_routing_changes_nothing(pool, precomputed):
    estimator = "precomputed" if precomputed else pool.frozen
    X = pool.model.predict_proba(pool.X) if precomputed else pool.X
    attack = LossThresholdAttack(estimator).fit(X, pool.y, membership=pool.member)
    on = attack.decision_function(X, pool.y)
    with config_context(enable_metadata_routing=False):
        attack.fit(X, pool.y, membership=pool.member)
        assert_array_equal(attack.decision_function(X, pool.y), on)
    if precomputed:
        with pytest.raises(TypeError, match=r"unexpected|nothing is fitted"):
            attack.fit(X, pool.y, sample_weight=weights(pool))


@pytest.mark.usefixtures("routing")
def test_router_tells_what_is_asked_for(pool):
    for attack in (LossThresholdAttack(pool.frozen), LiRAAttack(pool.frozen)):
        router = get_routing_for_object(attack)
        assert router.consumes("fit", ["membership"]) == {"membership"}
        assert router.consumes("fit", ["sample_weight"]) == set()
    asking = LogisticRegression().set_fit_request(sample_weight=True)
    frozen = FrozenEstimator(FrozenEstimator(asking.fit(pool.X, pool.y)))
    router = get_routing_for_object(LiRAAttack(frozen))
    asked = router.consumes("fit", ["membership", "sample_weight", "groups"])
    assert asked == {"membership", "groups", "sample_weight"}
    pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asking)
    frozen = FrozenEstimator(pipe.fit(pool.X, pool.y))
    router = get_routing_for_object(LiRAAttack(frozen))
    asked = router.consumes("fit", ["membership", "sample_weight"])
    assert asked == {"membership", "sample_weight"}
    router = get_routing_for_object(LossThresholdAttack("precomputed"))
    assert router.consumes("fit", ["membership", "sample_weight"]) == {"membership"}


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    "make",
    [LossThresholdAttack, lambda est: LiRAAttack(est, shadows=4, random_state=0)],
)
def test_membership_reaches_fit_and_scorer_in_cross_validate(pool, make):
    """Requested by default: nobody calls set_fit_request."""
    scorer = AucOfAttack()
    result = cross_validate(
        make(pool.frozen),
        pool.X,
        pool.y,
        cv=folds(pool),
        scoring=scorer,
        params={"membership": pool.member},
        return_estimator=True,
        error_score="raise",
    )
    assert scorer.calls == 3
    for (train, _), attack in zip(folds(pool), result["estimator"], strict=True):
        assert_array_equal(attack.membership_, pool.member[train])
        assert attack.estimator_ is pool.frozen
    # The held-out rows are unknown to LiRA's shadows: scored offline, and found.
    assert result["test_score"].mean() > 0.55


@pytest.mark.usefixtures("routing")
def test_search_over_an_attack(pool):
    search = GridSearchCV(
        LossThresholdAttack(pool.frozen, max_fpr=0.1),
        {"signal": ["entropy", "modified_entropy"], "per_class": [False, True]},
        scoring=AucOfAttack(),
        cv=folds(pool),
        error_score="raise",
    )
    search.fit(pool.X, pool.y, membership=pool.member)
    # The tree is sure of wrong answers too, so the label makes the difference.
    assert search.best_params_["signal"] == "modified_entropy"
    assert search.best_estimator_.estimator_ is pool.frozen
    assert_array_equal(search.best_estimator_.membership_, pool.member)


@pytest.mark.usefixtures("routing")
def test_weights_and_membership_together_in_cross_validate(pool):
    model = NotedBayes().fit(pool.X, pool.y).set_fit_request(sample_weight=True)
    NotedBayes.fits.clear()
    attack = LiRAAttack(FrozenEstimator(model), shadows=4, random_state=0)
    cross_validate(
        attack,
        pool.X,
        pool.y,
        cv=folds(pool),
        scoring=AucOfAttack(),
        params={"membership": pool.member, "sample_weight": weights(pool)},
        error_score="raise",
    )
    assert_weights_follow_rows(pool, 12)


@pytest.mark.usefixtures("routing")
def test_groups_reach_the_splitter_and_the_attack(pool):
    attack = LossThresholdAttack(pool.frozen)
    groups = np.arange(len(pool.y)) // 3
    # The members are any rows, and so rows of persons on both sides.
    with pytest.warns(OverlapWarning, match="persons given to LossThresholdAttack"):
        results = cross_validate(
            attack,
            pool.X,
            pool.y,
            cv=GroupKFold(2),
            params={"membership": pool.member, "groups": groups},
            scoring=AucOfAttack(),
            return_estimator=True,
            return_indices=True,
        )
    for fitted, rows in zip(
        results["estimator"], results["indices"]["train"], strict=True
    ):
        assert not set(groups[rows]) & set(np.delete(groups, rows))
        assert_array_equal(
            fitted._target.persons, np.unique(groups[rows], return_inverse=True)[1]
        )
