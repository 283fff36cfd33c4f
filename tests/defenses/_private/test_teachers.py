"""Noisy votes of teachers: the noise, the votes, and what a replaced row can do."""

import itertools

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.optimize import brentq
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._budget import Budget
from skmia.defenses._private._mechanism import Settings
from skmia.defenses._private._teachers import (
    count_votes,
    noise_scale,
    noisy_winners,
    teacher_parts,
)
from skmia.defenses._training import TrainingData


def _closed_form_delta(sigma, sensitivity, n_queries, epsilon):
    """Delta of composed Gaussian mechanisms: Balle and Wang, ICML 2018, theorem 8."""
    mu = sensitivity * np.sqrt(n_queries) / sigma
    return stats.norm.cdf(mu / 2 - epsilon / mu) - np.exp(epsilon) * stats.norm.cdf(
        -mu / 2 - epsilon / mu
    )


def _blobs(n=600, seed=0):
    X, y = make_blobs(n, centers=[[-3, 0], [3, 0], [0, 5]], random_state=seed)
    return X, y


def _training(X, y, n_classes, seed=0, **params):
    """What teachers are fitted on; they vote for positions of classes."""
    source = np.random.RandomState(seed)
    return TrainingData(X, y, np.array(["a", "b", "c"][:n_classes]), params, source)


def _settings(budget, seed=0, **given):
    return Settings(budget, source=np.random.RandomState(seed), **given)


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 8.0])
@pytest.mark.parametrize("delta", [1e-3, 1e-6])
@pytest.mark.parametrize("n_queries", [1, 400])
@pytest.mark.parametrize("group_size", [1, 4])
def test_gaussian_noise_against_closed_form(epsilon, delta, n_queries, group_size):
    settings = _settings(Budget.gaussian(epsilon, delta), group_size=group_size)
    expected = brentq(
        lambda s: (
            _closed_form_delta(s, group_size * np.sqrt(2), n_queries, epsilon) - delta
        ),
        1e-2,
        1e5,
    )
    assert noise_scale(n_queries, settings) == pytest.approx(expected, rel=1e-4)


def test_gaussian_noise_against_accountants_of_other_kinds():
    import dp_accounting

    sigma = noise_scale(30, _settings(Budget.gaussian(2.0, 1e-5)))
    # Both are told of 30 votes, and neither uses the closed form.
    event = dp_accounting.SelfComposedDpEvent(
        dp_accounting.GaussianDpEvent(sigma / np.sqrt(2)), 30
    )
    composed = dp_accounting.pld.PLDAccountant().compose(event)
    assert composed.get_epsilon(1e-5) == pytest.approx(2.0, rel=1e-3)
    # A bound from above.
    renyi = dp_accounting.rdp.RdpAccountant().compose(event)
    assert 2.0 <= renyi.get_epsilon(1e-5) <= 2.4


def test_laplace_noise_bounds_the_likelihood_ratio():
    # 5 rows, each with one vote moved: the worst log-ratio of the densities is the L1
    # distance over the scale.
    before = np.tile([7.0, 3.0, 0.0], (5, 1))
    after = np.tile([6.0, 4.0, 0.0], (5, 1))
    scale = noise_scale(5, _settings(Budget(1.5)))
    points = np.stack([before, after, before + 9, after - 9])
    log_ratio = (
        stats.laplace.logpdf(points, before, scale)
        - stats.laplace.logpdf(points, after, scale)
    ).sum(axis=(1, 2))
    assert np.abs(log_ratio).max() == pytest.approx(1.5)


def test_parts_are_disjoint_and_cover_all_rows():
    parts = teacher_parts(103, 10, np.random.RandomState(0))
    assert sorted(np.concatenate(parts)) == list(range(103))
    assert len(parts) == 10


def test_a_row_more_or_less_moves_no_other_row():
    more, fewer = (teacher_parts(n, 10, np.random.RandomState(0)) for n in (103, 102))
    for one, two in zip(more, fewer, strict=True):
        assert set(one) - {102} == set(two)


def test_rows_of_a_person_have_one_teacher():
    persons = np.random.RandomState(1).randint(20, size=103)
    parts = teacher_parts(103, 6, np.random.RandomState(0), groups=persons)
    assert sorted(np.concatenate(parts)) == list(range(103))
    for one, two in itertools.combinations(parts, 2):
        assert not set(persons[one]) & set(persons[two])


def test_votes_against_a_loop():
    X, y = _blobs(90)
    public = _blobs(25, seed=1)[0]
    parts = teacher_parts(90, 6, np.random.RandomState(0))
    data = _training(X, y, 3)
    counts = count_votes(KNeighborsClassifier(1), data, public, parts)
    expected = np.zeros((25, 3))
    for i, row in enumerate(public):
        for part in parts:
            nearest = part[((X[part] - row) ** 2).sum(axis=1).argmin()]
            expected[i, y[nearest]] += 1
    np.testing.assert_array_equal(counts, expected)


def test_a_replaced_row_moves_one_vote_of_a_public_row_at_most():
    X, y = _blobs(120)
    public = _blobs(40, seed=1)[0]

    def votes(X, y):
        data = _training(X, y, 3, seed=3)
        parts = teacher_parts(len(y), 12, data.random_state)
        return count_votes(DecisionTreeClassifier(), data, public, parts)

    base = votes(X, y)
    moved = 0
    for row in range(0, 120, 10):
        other_X, other_y = X.copy(), y.copy()
        other_X[row], other_y[row] = [1e6, -1e6], (y[row] + 1) % 3
        change = votes(other_X, other_y) - base
        assert (np.abs(change).sum(axis=1) <= 2).all()
        assert (change.sum(axis=1) == 0).all()
        moved += np.abs(change).sum()
    assert moved  # the bound was put to the test


def test_a_teacher_of_one_class_votes_for_it():
    X, y = np.arange(8.0)[:, None], np.array([0, 0, 0, 0, 1, 1, 1, 1])
    data, parts = _training(X, y, 2), [np.arange(4), np.arange(4, 8)]
    counts = count_votes(LogisticRegression(), data, np.zeros((3, 1)), parts)
    np.testing.assert_array_equal(counts, [[1, 1]] * 3)


def test_weights_reach_the_teachers_row_by_row():
    # A tree that may not split names the class with more weight in its part.
    X = np.array([[0.0], [1.0], [0.0], [1.0]])
    y = np.array([0, 1, 0, 1])
    counts = count_votes(
        DecisionTreeClassifier(max_depth=1, min_samples_leaf=2),
        _training(X, y, 2, sample_weight=np.array([1.0, 1.0, 9.0, 9.0])),
        np.array([[0.5]]),
        parts=[np.array([0, 3]), np.array([1, 2])],
    )
    np.testing.assert_array_equal(counts, [[1, 1]])


def test_noisy_winner_of_two_has_the_closed_form_chance():
    counts = np.tile([8, 5], (40_000, 1))
    mu = np.sqrt(2 * 40_000) / 4.0
    winners = noisy_winners(counts, _settings(Budget(1.0, 1e-5, mu)))
    chance = stats.norm.cdf(3 / (4.0 * np.sqrt(2)))
    assert stats.binomtest((winners == 0).sum(), 40_000, chance).pvalue > 1e-3


def _aggregated(estimator=None, n=600, epsilon=60.0, **params):
    X, y = _blobs(n)
    settings = {"n_teachers": 30, "random_state": 0, "X_public": _blobs(60, seed=1)[0]}
    settings.update(params)
    return DifferentialPrivacyClassifier(
        estimator or SVC(), epsilon=epsilon, **settings
    ).fit(X, np.array(["a", "b", "c"])[y])


def test_student_of_any_classifier_learns():
    X, y = _blobs(200, seed=2)
    labels = np.array(["a", "b", "c"])[y]
    clf = _aggregated(make_pipeline(StandardScaler(), KNeighborsClassifier(5)))
    assert clf.score(X, labels) > 0.9
    np.testing.assert_array_equal(clf.classes_, ["a", "b", "c"])
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])


def test_spent_budget_and_noise_of_the_classifier():
    clf = _aggregated(epsilon=3.0, delta=1e-6)
    delta = _closed_form_delta(clf.noise_scale_, np.sqrt(2), 60, 3.0)
    assert delta == pytest.approx(1e-6, rel=1e-2)
    assert clf.spent_epsilon_ <= 3.0
    assert clf.spent_epsilon_ == pytest.approx(3.0, rel=1e-4)
    assert clf.spent_delta_ == 1e-6
    assert not hasattr(clf, "bounds_")


def test_pure_privacy_takes_laplace_noise():
    clf = _aggregated(epsilon=200.0, delta=0)
    assert (clf.spent_epsilon_, clf.spent_delta_) == (200.0, 0.0)
    assert clf.noise_scale_ == pytest.approx(2 * 60 / 200)


def test_same_seed_same_student_and_another_seed_another_one():
    X, _ = _blobs(50, seed=2)
    first, again, other = (
        _aggregated(DecisionTreeClassifier(), epsilon=2.0, random_state=s).predict(X)
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_sparse_rows_pass_where_the_classifier_takes_them():
    X, y = _blobs(300)
    public = sparse.csr_array(_blobs(40, seed=1)[0])
    clf = DifferentialPrivacyClassifier(
        LogisticRegression(), epsilon=60.0, X_public=public, n_teachers=10
    )
    assert clf.fit(sparse.csr_array(X), y).score(sparse.csr_array(X), y) > 0.8


def test_more_teachers_than_rows_is_an_error():
    with pytest.raises(ValueError, match="'n_teachers' parameter must not exceed"):
        _aggregated(n=20, neighbors="replace")
    assert _aggregated(n=20, epsilon=600.0).n_teachers_ == 30


def test_a_delta_that_allows_publishing_a_row_warns():
    with pytest.warns(UserWarning, match="no less than one over the 600 rows"):
        _aggregated(delta=0.01)


def test_votes_for_one_class_only_are_an_error():
    with pytest.raises(ValueError, match="give all 1 rows of 'X_public' the class"):
        _aggregated(X_public=np.zeros((1, 2)))


@pytest.mark.parametrize("neighbors", ["add_remove", "replace"])
def test_the_number_of_teachers_grows_with_the_noise_and_the_rows(neighbors):
    def number(n, epsilon, delta=1e-5):
        clf = _aggregated(
            DecisionTreeClassifier(max_depth=3),
            *(n, epsilon),
            n_teachers="auto",
            neighbors=neighbors,
            delta=delta,
        )
        assert clf.spent_epsilon_ == pytest.approx(epsilon)
        return clf.n_teachers_

    assert number(600, 500.0, 0) < number(600, 30.0, 0)
    assert number(300, 1.0, 5e-4) < number(1500, 1.0, 5e-4)


def test_the_rows_of_a_person_have_the_noise_of_one():
    persons = np.repeat(np.arange(200), 3)
    X, y = _blobs()
    settings = {"epsilon": 40.0, "n_teachers": 20, "group_size": 3, "random_state": 0}
    clf = DifferentialPrivacyClassifier(
        DecisionTreeClassifier(max_depth=3), X_public=_blobs(60, seed=1)[0], **settings
    )
    known, promised = clf.fit(X, y, groups=persons).noise_scale_, clf.fit(X, y)
    assert promised.noise_scale_ == pytest.approx(3 * known)


@pytest.mark.parametrize("given", [{"bounds": (0.0, 1.0)}, {"data_norm": 2.0}])
def test_scales_mean_nothing_to_votes(given):
    with pytest.raises(ValueError, match="means nothing to the votes of teachers"):
        _aggregated(**given)


@pytest.mark.parametrize(
    "given", [{"eval_set": [(np.zeros((2, 2)), [0, 1])]}, {"cache": {}}]
)
def test_metadata_that_all_teachers_would_share_is_refused(given):
    class Asks(LogisticRegression):
        def fit(self, X, y, **params):
            return super().fit(X, y)

    X, y = make_blobs(60, centers=2, random_state=0)
    clf = DifferentialPrivacyClassifier(Asks(), X_public=X[:6] + 0.5, n_teachers=3)
    (name,) = given
    with pytest.raises(ValueError, match=f"The '{name}' metadata of fit must have one"):
        clf.fit(X, y, **given)


@pytest.mark.parametrize(
    "copied", [lambda X: X.astype(np.float32), lambda X: X.round(6)]
)
def test_a_copy_of_the_rows_in_another_precision_is_not_public(copied):
    X, y = make_blobs(60, centers=2, random_state=0)
    clf = DifferentialPrivacyClassifier(
        LogisticRegression(), X_public=copied(X), n_teachers=3
    )
    with pytest.raises(ValueError, match="rows that are no secret"):
        clf.fit(X, y)


@pytest.mark.parametrize("weight", [np.nan, -1.0])
def test_weights_of_teachers_are_numbers_of_zero_and_more(weight):
    X, y = make_blobs(60, centers=2, random_state=0)
    clf = DifferentialPrivacyClassifier(
        LogisticRegression(), X_public=X[:6] + 0.5, n_teachers=3
    )
    weights = np.ones(60)
    weights[7] = weight
    with pytest.raises(ValueError, match="sample_weight"):
        clf.fit(X, y, sample_weight=weights)
