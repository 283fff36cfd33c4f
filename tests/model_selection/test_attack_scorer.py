import numpy as np
import pytest
import sklearn
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import LiRAAttack, LossThresholdAttack
from skmia.metrics import membership_advantage, roc_auc, tpr_at_fpr
from skmia.model_selection import attack_scorer
from skmia.shadows import ShadowModels


@pytest.fixture(scope="module")
def task():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(400, 5))
    y = (X[:, 0] + rng.normal(size=400) > 0).astype(int)
    membership = rng.permutation(400) < 200
    model = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    model.fit(X[membership], y[membership])
    return X, y, membership, FrozenEstimator(model)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("auc", roc_auc),
        ("advantage", membership_advantage),
        ("tpr@0.1", lambda m, s: tpr_at_fpr(m, s, 0.1)),
    ],
)
def test_equals_the_metric_fold_by_fold(task, routing, name, metric):
    X, y, membership, frozen = task
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, membership))
    attack = LossThresholdAttack(frozen)
    found = cross_validate(
        attack,
        X,
        y,
        params={"membership": membership},
        scoring={"own": attack_scorer(name), "auc": attack_scorer()},
        cv=folds,
        error_score="raise",
    )
    scores = attack.fit(X, y, membership=membership).score_samples(X, y)
    expected = [metric(membership[test], scores[test]) for _, test in folds]
    np.testing.assert_allclose(found["test_own"], expected)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_tunes_an_attack_in_a_grid_search(task, routing, n_jobs):
    X, y, membership, frozen = task
    search = GridSearchCV(
        LiRAAttack(frozen, shadows=ShadowModels(), random_state=0),
        {"shadows__n_models": [4, 12], "variance": ["shrunk", "pooled"]},
        cv=list(StratifiedKFold(2, shuffle=True, random_state=0).split(X, membership)),
        scoring=attack_scorer("auc"),
        n_jobs=n_jobs,
        error_score="raise",
    ).fit(X, y, membership=membership)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > 0.5


def test_with_routing_off_the_error_says_how_to_turn_it_on(task):
    X, y, _, frozen = task
    with pytest.raises(TypeError, match="enable_metadata_routing=True"):
        cross_validate(
            LossThresholdAttack(frozen),
            X,
            y,
            scoring=attack_scorer(),
            error_score="raise",
        )


def test_membership_that_was_not_passed(task, routing):
    X, y, _, frozen = task
    with pytest.raises(TypeError, match="pass params="):
        cross_validate(
            LossThresholdAttack(frozen),
            X,
            y,
            scoring=attack_scorer(),
            error_score="raise",
        )


def test_a_fold_of_members_only_is_an_error(task, routing):
    X, y, membership, frozen = task
    everything = np.arange(len(y))
    fold = [(everything, np.flatnonzero(membership))]
    with pytest.raises(ValueError, match="one member and one non-member"):
        cross_validate(
            LossThresholdAttack(frozen),
            X,
            y,
            params={"membership": membership},
            scoring=attack_scorer(),
            cv=fold,
            error_score="raise",
        )


def test_bad_parameters():
    with pytest.raises(ValueError, match="'metric' parameter"):
        attack_scorer("accuracy")
    with pytest.raises(ValueError, match="Got 'tpr@0' instead"):
        attack_scorer("tpr@0")
    assert repr(attack_scorer("tpr@.10")) == "AttackScorer(metric='tpr@0.1')"
    assert repr(attack_scorer()) == "AttackScorer(metric='auc')"
