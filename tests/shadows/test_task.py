"""What workers are sent: the recipe, whatever the target has learnt."""

import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from _helpers import global_state, noisy_rows
from _helpers.carrying import DrawsFromGlobal, MeanOfMany
from skmia.exceptions import ShadowFitWarning
from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._prepare import prepare

X, Y = noisy_rows(300)


def bytes_sent(estimator):
    models = ShadowModels(2, train_size=0.5)
    task = prepare(estimator, X, Y, models, 0, None)[0]
    return pickle.dumps(task)


@pytest.mark.parametrize("asks", [False, True])
def test_the_fit_of_the_target_is_not_sent(asks):
    forest = RandomForestClassifier(100)
    with config_context(enable_metadata_routing=asks):
        if asks:
            # scikit-learn's requests refer to the estimator that asked first.
            forest.set_fit_request(sample_weight=True)
        recipe = len(bytes_sent(forest))
        forest.fit(X, Y)
        # Sent as it is, the fit would be a hundred times as large.
        assert len(pickle.dumps(forest)) > 100 * recipe
        assert len(bytes_sent(forest)) == recipe
        assert hasattr(forest, "estimators_")


def test_a_frozen_transformer_is_sent_as_it_is():
    scaler = StandardScaler().fit(X)
    model = make_pipeline(FrozenEstimator(scaler), LogisticRegression()).fit(X, Y)
    sent = pickle.loads(bytes_sent(model)).estimator
    assert_array_equal(sent[0].mean_, scaler.mean_)
    assert not hasattr(sent[1], "coef_")


def logits(estimator, n_jobs, backend="loky"):
    with joblib.parallel_config(backend=backend):
        shadows = fit_shadows(estimator, X, Y, shadows=4, n_jobs=n_jobs, random_state=0)
    return shadows.signals["logit"]


GRID = {
    "clf": [
        RandomForestClassifier(3, max_depth=3),
        ExtraTreesClassifier(3, max_depth=3),
    ]
}
SEEDLESS = {
    "a grid": GridSearchCV(Pipeline([("clf", LogisticRegression())]), GRID, cv=2),
    "a list": MeanOfMany(
        [RandomForestClassifier(3, max_depth=3), ExtraTreesClassifier(3, max_depth=3)]
    ),
    "a dict": MeanOfMany({"a": RandomForestClassifier(3, max_depth=3)}),
    "a seed in a grid": GridSearchCV(
        RandomForestClassifier(3, max_depth=3), {"random_state": [None]}, cv=2
    ),
    "code of one's own": DrawsFromGlobal(),
}


@pytest.mark.parametrize("where", SEEDLESS)
def test_seedless_parts_neither_move_the_global_generator_nor_depend_on_jobs(where):
    estimator = SEEDLESS[where]
    # Fitted by clone and fit, it moves the generator, and differs from fit to fit.
    before = global_state()
    first, again = (clone(estimator).fit(X, Y).predict_proba(X) for _ in range(2))
    assert (first != again).any()
    assert (before != global_state()).any()

    before = global_state()
    one = logits(estimator, 1)
    assert_array_equal(logits(estimator, 1), one)
    assert_array_equal(logits(estimator, 2), one)
    if where != "code of one's own":
        assert_array_equal(logits(estimator, 2, "threading"), one)
    assert_array_equal(global_state(), before)
    assert (one.std(axis=0) > 0).any()


def test_the_estimators_in_a_grid_are_not_written_to():
    logits(SEEDLESS["a grid"], 1)
    assert [model.random_state for model in GRID["clf"]] == [None, None]


def test_threads_that_share_the_global_generator_are_reported():
    before = global_state()
    with pytest.warns(ShadowFitWarning, match="global generator in threads"):
        logits(DrawsFromGlobal(), 2, "threading")
    assert_array_equal(global_state(), before)
    assert np.random.get_state()[0] == "MT19937"  # noqa: NPY002
