"""Naive Bayes on the other side of a record: what a refit answers."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)

from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._counterfactual._family import NotCoveredError, TrainingRows
from skmia.shadows._counterfactual._table import family_of
from skmia.signals import logit
from tests.shadows._counterfactual.refits import Pool

# The bound on alpha, which scikit-learn warns of in every fit.
pytestmark = pytest.mark.filterwarnings("ignore:alpha too small")

PRIORS = [0.2, 0.3, 0.3, 0.2]
SETTINGS = [
    GaussianNB(),
    GaussianNB(var_smoothing=1e-2),
    GaussianNB(priors=PRIORS),
    MultinomialNB(),
    MultinomialNB(alpha=[0.1, 0.2, 0.3, 0.4, 0.5, 1e-3]),
    MultinomialNB(alpha=0, force_alpha=False),
    MultinomialNB(class_prior=PRIORS),
    ComplementNB(),
    ComplementNB(norm=True, alpha=0.1),
    BernoulliNB(),
    BernoulliNB(binarize=1.5, alpha=0.1, fit_prior=False),
    BernoulliNB(binarize=None, class_prior=PRIORS),
    CategoricalNB(min_categories=9),
    CategoricalNB(min_categories=9, alpha=0.1, fit_prior=False),
]
SPARSE = [e for e in SETTINGS if not isinstance(e, GaussianNB | CategoricalNB)]


def _counts(weighted=False, *, n=90, binary=False, seed=0):
    """Counts with copies of records, and a class that is one record and its copy."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(1.2, size=(n, 6)).astype(float)
    y = np.array(list("abc"))[rng.integers(0, 3, n)]
    if binary:
        X = (X > 1).astype(float)
    X[10:20], y[10:20] = X[:10], y[:10]
    y[[4, 14]] = "d"
    weight = rng.exponential(size=n) if weighted else None
    for seed in range(100):
        pool = Pool(X, y, weight, seed)
        alone = pool.unit[4]
        if pool.inside[alone]:
            return pool, alone
    raise AssertionError


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("estimator", SETTINGS, ids=repr)
def test_answers_are_those_of_refits(estimator, weighted):
    binary = getattr(estimator, "binarize", 0) is None
    pool, alone = _counts(weighted, binary=binary)
    difference, unknown = pool.compare(estimator)
    assert difference < 1e-10
    if not unknown:
        # Without all of its records, a class has probability 0.
        told, model = pool.other_side(estimator)
        assert told[alone, list(model.classes_).index("d")] == 0
    else:  # as many priors as classes: there is no such fit
        assert unknown == [alone]
        assert pool.refit(estimator, alone) is None


@pytest.mark.parametrize("estimator", SPARSE, ids=repr)
def test_answers_for_sparse_rows(estimator):
    binary = getattr(estimator, "binarize", 0) is None
    pool, _ = _counts(True, binary=binary)
    expected, _ = pool.other_side(estimator)
    pool.X = sparse.csr_array(pool.X)
    told, _ = pool.other_side(estimator)
    np.testing.assert_allclose(told, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("estimator", [GaussianNB(), MultinomialNB(), BernoulliNB()])
def test_answers_for_a_frame(estimator):
    pool, _ = _counts(True)
    expected, _ = pool.other_side(estimator)
    pool.X = pd.DataFrame(pool.X, columns=list("abcdef"))
    told, _ = pool.other_side(estimator)
    np.testing.assert_array_equal(told, expected)


def test_a_record_that_alone_has_the_last_category_has_no_answer():
    pool, _ = _counts()
    pool.X[pool.X == 6] = 5
    alone = np.flatnonzero(pool.inside)[3]
    pool.X[pool.unit == alone, 2] = 9
    _, unknown = pool.compare(CategoricalNB(class_prior=None), [alone])
    assert unknown == [alone]
    assert pool.refit(CategoricalNB(), alone) is None
    assert pool.compare(CategoricalNB(min_categories=10), [alone])[1] == []


@pytest.mark.parametrize("estimator", [GaussianNB(), MultinomialNB(), BernoulliNB()])
def test_answers_for_digits(estimator):
    # Pixels without variance, whose smoothing is that of the largest variance.
    X, y = load_digits(return_X_y=True)
    pool = Pool(X, y)
    difference, unknown = pool.compare(estimator, range(0, pool.n, 40))
    assert difference < 1e-6
    assert unknown == []


def test_one_outlier_that_decides_the_smoothing():
    pool, _ = _counts()
    far = np.flatnonzero(pool.inside)[5]
    pool.X[pool.unit == far, 0] = 1e4
    outside = np.flatnonzero(~pool.inside)[5]
    pool.X[pool.unit == outside, 1] = 1e5
    for smoothing in (1e-9, 1e-3):
        estimator = GaussianNB(var_smoothing=smoothing)
        assert pool.compare(estimator)[0] < 1e-6


def test_single_precision():
    pool, _ = _counts()
    expected, _ = pool.other_side(GaussianNB())
    pool.X = pool.X.astype(np.float32)
    told, _ = pool.other_side(GaussianNB())
    np.testing.assert_allclose(told, expected, rtol=0, atol=1e-6)


def test_no_smoothing_is_not_covered():
    for estimator in (MultinomialNB(alpha=0), BernoulliNB(alpha=[0, 1])):
        assert "alpha=0" in family_of(estimator).why_not(estimator)
    X, y = load_digits(return_X_y=True)
    with pytest.raises(ValueError, match="alpha=0"):
        fit_shadows(
            MultinomialNB(alpha=0), X, y, shadows=ShadowModels(4, counterfactual=True)
        )


def test_a_model_that_is_not_what_the_formula_says_is_not_covered():
    pool, _ = _counts()

    class Refitted(GaussianNB):
        def fit(self, X, y):
            super().fit(X, y)
            self.theta_ = self.theta_ + 1
            return self

    Refitted.__module__ = GaussianNB.__module__
    Refitted.__qualname__ = "GaussianNB"
    with pytest.raises(NotCoveredError, match="does not give its answers"):
        pool.other_side(Refitted())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("estimator", [GaussianNB(), GaussianNB(priors=[0.3, 0.7])])
def test_all_shadows_without_a_fit(estimator, weighted):
    pool, _ = _counts(weighted)
    y = (pool.y == "a").astype(int)
    weight = np.ones(len(y)) if pool.weight is None else pool.weight
    member = (np.random.default_rng(0).random((5, pool.n)) < 0.5)[:, pool.unit]
    rows = TrainingRows(pool.X, y, weight, pool.unit)
    worlds = family_of(estimator).virtual(estimator, rows, member, 0)
    without, with_it = worlds(slice(0, len(y)))
    for k, fitted in enumerate(member):
        for i in range(0, len(y), 9):
            same = pool.unit == pool.unit[i]
            for told, rows in (
                (without[k, i], fitted & ~same),
                (with_it[k, i], fitted | same),
            ):
                refit = clone(estimator).fit(
                    pool.X[rows], y[rows], sample_weight=weight[rows]
                )
                expected = refit.predict_proba(pool.X[[i]])[0]
                np.testing.assert_allclose(told, expected, rtol=0, atol=1e-10)


def test_what_shadows_without_a_fit_cannot_tell():
    pool, _ = _counts()
    X, y = pool.X, np.searchsorted(list("abcd"), pool.y)
    virtual = family_of(GaussianNB()).virtual
    member = np.ones((3, len(y)), dtype=bool)
    rows = TrainingRows(X, y, np.ones(len(y)), np.arange(len(y)) // 2)
    with pytest.raises(NotCoveredError, match="come and go"):
        virtual(GaussianNB(), rows, member, 0)
    member[1, y == 3] = False
    rows = TrainingRows(X, y, np.ones(len(y)), pool.unit)
    with pytest.raises(NotCoveredError, match="lacks a class"):
        virtual(GaussianNB(), rows, member, 0)


def test_saturated_answers_are_rounded_as_those_of_refits():
    # Close to 0 and 1 rounding decides a logit, by hundreds.
    X, y = load_digits(return_X_y=True)
    pool, estimator = Pool(X, y), GaussianNB(var_smoothing=1e-3)
    told, _ = pool.other_side(estimator)
    some = range(0, pool.n, 40)
    refits = np.array([pool.refit(estimator, i)[1] for i in some])
    own = y[pool.first[some]]
    assert (refits.max(axis=1) > 1 - 1e-12).mean() > 0.5
    np.testing.assert_allclose(logit(told[some], own), logit(refits, own), rtol=0.05)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_saturated_answers_without_a_fit_are_rounded_as_those_of_fits(kind):
    X, y = load_digits(return_X_y=True)
    X, y = X[:600].astype(kind), y[:600]
    estimator = GaussianNB(var_smoothing=1e-3)
    given = {"shadows": 64, "random_state": 0}
    told = fit_shadows(estimator, X, y, **given)
    given["shadows"] = ShadowModels(64, counterfactual=False)
    fitted = fit_shadows(estimator, X, y, **given)
    np.testing.assert_array_equal(told.member, fitted.member)
    assert told.counterfactual_.n_fits == 0
    theirs = fitted.get("logit")
    # Beyond what single precision of the probability itself could tell.
    assert (theirs > 17).mean() > 0.3
    # Scores in single precision have seven digits, and are of hundreds.
    np.testing.assert_allclose(told.get("logit"), theirs, rtol=0.02, atol=1e-3)
