"""What every mechanism of differential privacy has to do, at both relations."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from _helpers import global_state
from _helpers.mechanisms import MECHANISMS
from skmia.defenses import PrivacyAccountant
from skmia.defenses._private._groups import keep_some_rows
from skmia.defenses._private._mechanisms import MECHANISMS as TABLE
from skmia.defenses._training import TrainingData
from skmia.exceptions import RepeatedPrivateFitWarning

RELATIONS = ("add_remove", "replace")
every_mechanism = pytest.mark.parametrize("case", MECHANISMS, ids=str)


@pytest.fixture(scope="module")
def blobs():
    centers = [[-4, 0], [4, 0], [0, 6]]
    return make_blobs(300, centers=centers, random_state=0)


@pytest.mark.parametrize("neighbors", RELATIONS)
@every_mechanism
def test_the_budget_is_spent_as_it_was_given(case, neighbors, blobs):
    accountant = PrivacyAccountant()
    settings = {"epsilon": 4.0, "delta": 1e-6, "n_teachers": 3}
    clf = case(
        neighbors=neighbors, accountant=accountant, random_state=0, **settings
    ).fit(*blobs)
    assert clf.mechanism_ == case.name
    assert clf.spent_epsilon_ == 4.0
    assert clf.spent_delta_ == (1e-6 if case.gaussian else 0.0)
    (spent,) = accountant.spent
    assert (spent.epsilon, spent.delta) == (clf.spent_epsilon_, clf.spent_delta_)
    assert spent.mu == (clf.mu_ if case.gaussian else None)
    assert clf.mu_ > 0
    parts = np.array(list(clf.budget_.values()))
    if case.gaussian:
        assert np.sum(parts**2) == pytest.approx(clf.mu_**2)
    else:
        assert parts.sum() == pytest.approx(4.0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@every_mechanism
def test_scikit_learns_checks_at_the_other_relation(case):
    """Those at the first one are in tests/test_common.py."""
    check_estimator(case(neighbors="replace", **({"delta": 0} if case.pure else {})))


@every_mechanism
def test_delta_of_zero_is_an_error_or_is_kept(case, blobs):
    clf = case(delta=0, random_state=0)
    if case.pure:
        assert clf.fit(*blobs).spent_delta_ == 0.0
    else:
        with pytest.raises(ValueError, match="'delta' parameter must be above 0"):
            clf.fit(*blobs)


@pytest.mark.parametrize("neighbors", RELATIONS)
@every_mechanism
def test_it_learns_where_epsilon_is_large(case, neighbors, blobs):
    X, y = blobs
    names = np.array(["b", "c", "a"])
    clf = case(neighbors=neighbors, random_state=0)
    clf.set_params(epsilon=max(clf.epsilon, 30.0)).fit(X, names[y])
    assert clf.score(X, names[y]) > case.accurate
    proba = clf.predict_proba(X)
    np.testing.assert_array_equal(clf.classes_, ["a", "b", "c"])
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])


@every_mechanism
def test_a_promise_for_several_rows_is_noisier_than_for_one(case, blobs):
    def score(group_size):
        clf = case(group_size=group_size, random_state=0)
        clf.set_params(epsilon=max(clf.epsilon, 30.0))
        return clf.fit(*blobs).score(*blobs)

    assert score(1) > case.accurate
    assert score(100_000) < case.accurate - 0.1


@every_mechanism
def test_no_more_rows_of_a_person_than_said(case, blobs, monkeypatch):
    X, y = blobs
    persons = np.repeat(np.arange(100), 3)
    seen = []
    fit = type(_mechanism(case)).fit

    def noting(self, estimator, data, settings):
        seen.append((np.asarray(data.X), settings.groups))
        return fit(self, estimator, data, settings)

    monkeypatch.setattr(type(_mechanism(case)), "fit", noting)
    case(group_size=2, random_state=0).fit(X, y, groups=[f"p{p}" for p in persons])
    ((rows, groups),) = seen
    if _mechanism(case).keeps_persons_whole:
        assert len(rows) == 300
    else:
        assert (np.bincount(groups) == 2).all()
        assert len(rows) == len(groups) == 200


def _mechanism(case):
    return next(m for m in TABLE if m.name == case.name and m.serves(case.estimator))


def test_which_rows_are_left_out_does_not_depend_on_them(blobs):
    X, y = blobs
    persons = np.repeat(np.arange(100), 3)
    left = []
    for rows, labels in ((X, y), (X[::-1].copy(), (y + 1) % 3)):
        kept = keep_some_rows(
            TrainingData(
                np.column_stack([np.arange(300), rows]),
                labels,
                np.arange(3),
                {},
                np.random.RandomState(0),
                persons,
            ),
            1,
        )
        left.append(kept.X[:, 0])
        np.testing.assert_array_equal(persons[kept.X[:, 0].astype(int)], range(100))
    np.testing.assert_array_equal(*left)


@pytest.mark.filterwarnings("ignore::skmia.exceptions.RepeatedPrivateFitWarning")
@every_mechanism
def test_persons_reach_it_by_routing(case, blobs):
    X, y = blobs
    persons = np.repeat(np.arange(100), 3)
    clf = case(group_size=2, random_state=0)
    direct = clone(clf).fit(X, y, groups=persons).predict_proba(X)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = clone(clf).fit(X, y, groups=persons).predict_proba(X)
        np.testing.assert_array_equal(routed, direct)
        pipeline = make_pipeline(FunctionTransformer(), clone(clf))
        pipeline.fit(X, y, groups=persons)
        np.testing.assert_array_equal(pipeline.predict_proba(X), direct)
        search = GridSearchCV(clone(clf), {"group_size": [1, 2]}, cv=GroupKFold(3))
        search.fit(X, y, groups=persons)
        silent = make_pipeline(clone(clf).set_fit_request(groups=False))
        with pytest.raises(TypeError, match="groups"):
            silent.fit(X, y, groups=persons)


@every_mechanism
def test_weights_reach_it_or_are_refused(case, blobs):
    X, y = blobs
    weight = np.where(np.arange(len(y)) % 2, 1.0, 0.0)
    clf = case(random_state=0)
    if not case.takes_weight:
        with pytest.raises(ValueError, match=f"{case.name!r} cannot take"):
            clf.fit(X, y, sample_weight=weight)
        return
    clf.fit(X, y, sample_weight=weight)
    if _mechanism(case).owns_steps:
        return  # there is no bound that noise would be scaled to
    expected = clf.predict_proba(X)
    again = clone(clf).fit(X, y, sample_weight=7 * weight)  # cut to 1 again
    np.testing.assert_array_equal(again.predict_proba(X), expected)


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
@pytest.mark.parametrize("scaled", [False, True])
@every_mechanism
def test_frames_give_what_arrays_give(case, scaled, library, blobs):
    X, y = blobs
    frame = library.DataFrame({"p": X[:, 0], "q": X[:, 1]})
    clf = case(random_state=0)
    if scaled:
        clf.set_params(estimator=make_pipeline(StandardScaler(), case.estimator))
    expected = clone(clf).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clf.fit(frame, y).predict_proba(frame), expected)


@every_mechanism
def test_a_scaler_that_learns_is_replaced_and_any_other_step_is_an_error(case, blobs):
    if _mechanism(case).owns_steps:
        pytest.skip("Its teachers learn the steps, each on rows of its own.")
    X, y = blobs
    inner = make_pipeline(StandardScaler(), case.estimator)
    clf = case(random_state=0).set_params(estimator=inner).fit(X, y)
    assert (clf.estimator_[0].mean_ != X.mean(axis=0)).all()
    assert {"searches", "scaler", "classifier"} == set(clf.budget_)
    inner = make_pipeline(MinMaxScaler(), case.estimator)
    with pytest.raises(ValueError, match="would learn from the rows without privacy"):
        case().set_params(estimator=inner).fit(X, y)


@every_mechanism
def test_no_row_more_or_less_is_told_by_the_shape_of_what_is_published(case, blobs):
    """Neither the number of rows nor a generator stays with the model."""
    X, y = blobs
    clf = case(random_state=0).fit(X, y)
    assert _numbers(clf.estimator_).isdisjoint({len(X)})
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))


def _numbers(model):
    return {
        value
        for value in vars(model).values()
        if isinstance(value, int | float | np.number)
    }


@pytest.mark.parametrize("random_state", [None, 3])
@every_mechanism
def test_seeds_rows_and_the_global_generator(case, random_state, blobs):
    X, y = (part.copy() for part in blobs)
    X.flags.writeable = y.flags.writeable = False
    before = global_state()
    clf = case(epsilon=1.0, random_state=random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RepeatedPrivateFitWarning)
        one, two = (clone(clf).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(before, global_state())
    if random_state is not None:
        np.testing.assert_array_equal(one, two)


@every_mechanism
def test_noise_without_a_seed_is_the_operating_systems(case, blobs, monkeypatch):
    """Whatever the seeded generator is: the same splits, and other noise."""
    seen = []
    fit = type(_mechanism(case)).fit

    def noting(self, estimator, data, settings):
        seen.append(settings.source)
        return fit(self, estimator, data, settings)

    monkeypatch.setattr(type(_mechanism(case)), "fit", noting)
    case(random_state=None).fit(*blobs)
    case(random_state=0).fit(*blobs)
    assert seen[0] is None
    assert isinstance(seen[1], np.random.RandomState)
