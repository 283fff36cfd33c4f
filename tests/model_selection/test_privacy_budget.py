"""What searches spend on one row, against brute force over the rows of their splits."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    KFold,
    PredefinedSplit,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    Normalizer,
    StandardScaler,
    scale,
)

from skmia.defenses import (
    DifferentialPrivacyClassifier,
    PrivacyAccountant,
    PrivacyLoss,
    compose_privacy,
    privacy_promise,
)
from skmia.exceptions import RepeatedPrivateFitWarning
from skmia.model_selection import AuditableClassifier, privacy_budget
from skmia.model_selection._worst_row import losses_of_worst_row

X, Y = load_iris(return_X_y=True)
FOLD = np.arange(150) % 3
# Each test says what it spends.
pytestmark = pytest.mark.filterwarnings(
    "ignore::skmia.exceptions.RepeatedPrivateFitWarning"
)


def private(epsilon=0.5, **params):
    return DifferentialPrivacyClassifier(
        GaussianNB(), epsilon=epsilon, **{"delta": 0, "bounds": (0.0, 8.0)} | params
    )


class Ledger(DifferentialPrivacyClassifier):
    """Notes which rows each fit was given, and what it spent; X holds row numbers."""

    fits: list = []  # noqa: RUF012

    def fit(self, X, y, groups=None, **params):
        super().fit(X[:, 1:], y, groups, **params)
        self.fits.append((X[:, 0].astype(int), self.spent_epsilon_))
        return self

    def predict_proba(self, X):
        return super().predict_proba(X[:, 1:])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def by_brute_force(search, X=X, y=Y, **params):
    """Fit on numbered rows; the largest sum of epsilons over rows, and the fits."""
    Ledger.fits = []
    search.fit(np.column_stack([np.arange(len(X)), X]), y, **params)
    total = np.zeros(len(X))
    for rows, epsilon in Ledger.fits:
        np.add.at(total, rows, epsilon)
    return total.max(), len(Ledger.fits)


def ledger(**params):
    return Ledger(GaussianNB(), delta=0, bounds=(0.0, 8.0), **params)


EPSILONS = {"epsilon": [0.5, 1.0, 2.0]}
SAME = {"bounds_fraction": [0.1, 0.2]}


@pytest.mark.parametrize(
    ("grid", "settings"),
    [
        (EPSILONS, {"cv": 3}),
        (EPSILONS, {"cv": 3, "refit": False}),
        (SAME, {"cv": KFold(5)}),
        (SAME, {"cv": PredefinedSplit(FOLD)}),
        (SAME, {"cv": PredefinedSplit(np.where(FOLD == 2, -1, FOLD))}),
        (SAME, {"cv": RepeatedStratifiedKFold(n_splits=2, n_repeats=3)}),
        (SAME, {"cv": TimeSeriesSplit(3)}),
        (SAME, {"cv": list(KFold(4).split(X))}),
        (SAME, {"cv": [(np.flatnonzero(FOLD), np.flatnonzero(FOLD == 0))] * 2}),
    ],
)
def test_a_grid_search_against_its_own_fits(grid, settings):
    search = GridSearchCV(ledger(), grid, **settings)
    order = np.random.default_rng(0).permutation(150)
    expected, n_fits = by_brute_force(search, X[order], Y[order])
    budget = privacy_budget(search)
    assert budget.epsilon == pytest.approx(expected)
    assert (budget.delta, budget.n_fits_made) == (0.0, n_fits)
    assert budget.neighbors == "add_remove"


def test_splits_at_random_may_train_on_a_row_every_time():
    search = GridSearchCV(ledger(), SAME, cv=ShuffleSplit(4, random_state=0))
    expected, _ = by_brute_force(search)
    assert expected <= privacy_budget(search).epsilon == pytest.approx(9.0)


def test_random_and_halving_searches():
    search = RandomizedSearchCV(ledger(), EPSILONS, n_iter=2, cv=3, random_state=0)
    expected, _ = by_brute_force(search)
    assert privacy_budget(search).epsilon == pytest.approx(expected)

    search = HalvingGridSearchCV(
        ledger(epsilon=0.5), {"bounds_fraction": [0.1, 0.2, 0.3, 0.4]}, cv=3, factor=2
    )
    expected, n_fits = by_brute_force(search)
    budget = privacy_budget(search)
    assert search.n_iterations_ > 1
    assert budget.n_fits_made == n_fits
    # The row that is in the part of every rung.
    assert expected <= budget.epsilon == pytest.approx((n_fits - 1) * 2 / 3 * 0.5 + 0.5)
    assert sum(c.n_fits for c in budget.candidates) == budget.n_fits - 1
    assert len(budget.candidates) == 4


def gaussian(epsilon=1.0):
    return DifferentialPrivacyClassifier(
        LogisticRegression(), epsilon=epsilon, X_public=X[::2] + 0.01, n_teachers=2
    )


def test_gaussian_fits_add_up_in_squares():
    """Losses that are all Gaussian, whatever mechanism they are of."""
    promise = privacy_promise(gaussian())
    if promise.mu is None:
        pytest.skip("no mechanism with Gaussian noise")
    search = GridSearchCV(gaussian(), {"estimator__C": [0.1, 1.0]}, cv=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, Y)
    budget = privacy_budget(search)
    assert budget.n_fits == 5
    assert budget.delta == 1e-5
    assert budget.mu == pytest.approx(np.sqrt(5) * promise.mu)
    losses = [PrivacyLoss(promise.epsilon, promise.delta, promise.mu)] * 5
    assert budget.epsilon == pytest.approx(compose_privacy(losses).epsilon)
    assert budget.epsilon < 3 * promise.epsilon
    assert budget.epsilon_at(1e-3) < budget.epsilon


@pytest.mark.parametrize(
    "around",
    [
        lambda clf: make_pipeline(Normalizer(), clf),
        AuditableClassifier,
        lambda clf: AuditableClassifier(make_pipeline(Normalizer(), clf)),
        lambda clf: make_pipeline(FrozenEstimator(StandardScaler().fit(X)), clf),
    ],
)
def test_what_hands_on_rows_costs_nothing(around):
    search = GridSearchCV(around(private()), {}, cv=3).fit(X, Y)
    assert privacy_budget(search).epsilon == 1.5


def test_a_function_before_the_fits_is_named():
    model = make_pipeline(FunctionTransformer(scale), private()).fit(X, Y)
    text = " ".join(privacy_budget(model).sentences)
    assert "was not checked to treat each row by itself" in text


def test_the_sentences_name_what_is_not_covered():
    search = GridSearchCV(private(), SAME, cv=3).fit(X, Y)
    text = " ".join(str(privacy_budget(search)).split())
    assert "One row may have been in 5 of 7 fits" in text
    assert "epsilon = 2.5 at delta = 0 (mu" in text
    assert "where it is added or left out" in text
    assert "the choice depends on them" in text
    assert "exact scores" in text
    assert "PredefinedSplit" in text
    search = GridSearchCV(private(), SAME, cv=PredefinedSplit(FOLD)).fit(X, Y)
    assert "PredefinedSplit" not in str(privacy_budget(search))


VOID = {
    "a scaler outside": make_pipeline(StandardScaler(), private()),
    "several inside": BaggingClassifier(private(), n_estimators=2),
    "the same noise": private(random_state=0),
    "no privacy": GaussianNB(),
}


@pytest.mark.parametrize("model", VOID.values(), ids=VOID.keys())
def test_no_guarantee_is_an_infinite_epsilon(model):
    search = GridSearchCV(model, {}, cv=3).fit(X, Y)
    budget = privacy_budget(search)
    assert budget.epsilon == np.inf
    assert budget.epsilon_at(0.5) == np.inf
    assert "There is no guarantee" in str(budget)


def test_one_candidate_without_privacy_voids_the_search():
    search = GridSearchCV(
        make_pipeline(private()),
        {"differentialprivacyclassifier": [private(), GaussianNB()]},
        cv=3,
    ).fit(X, Y)
    budget = privacy_budget(search)
    assert budget.epsilon == np.inf
    assert sorted(c.epsilon for c in budget.candidates) == [1.0, np.inf]


def test_candidates_that_fail():
    """They count as well, also where they failed before they were charged."""
    accountant = PrivacyAccountant()
    search = GridSearchCV(
        private(accountant=accountant),
        {"estimator": [GaussianNB(), GaussianNB(var_smoothing=1e-3)]},
        cv=3,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, Y)
    assert accountant.total(0.0).epsilon == 2.0
    assert privacy_budget(search).epsilon == 2.5


def test_persons_with_several_rows_may_be_in_all_splits():
    groups = np.arange(150) // 3
    for cv in (3, GroupKFold(3)):
        search = GridSearchCV(private(group_size=3), {}, cv=cv)
        search.fit(X, Y, **({} if cv == 3 else {"groups": groups}))
        budget = privacy_budget(search)
        assert budget.epsilon == 2.0
        assert budget.group_size == 3
        assert "up to 3 of them are added or left out" in " ".join(str(budget).split())


def test_cross_validations():
    results = cross_validate(
        private(), X, Y, cv=3, return_estimator=True, return_indices=True
    )
    assert privacy_budget(results).epsilon == 1.0
    del results["indices"]
    assert privacy_budget(results).epsilon == 1.5  # no telling who was left out
    del results["estimator"]
    with pytest.raises(ValueError, match="return_estimator=True"):
        privacy_budget(results)


def test_nested_cross_validation():
    search = GridSearchCV(private(), EPSILONS, cv=3)
    results = cross_validate(
        search, X, Y, cv=4, return_estimator=True, return_indices=True
    )
    totals = [privacy_budget(s).epsilon for s in results["estimator"]]
    expected = sum(totals) - min(totals)
    assert privacy_budget(results).epsilon == pytest.approx(expected)
    outer = GridSearchCV(search, {"cv": [2, 3]}, cv=3).fit(X, Y)
    with pytest.raises(ValueError, match="must not search inside"):
        privacy_budget(outer)


def test_the_worst_row_is_the_worst_at_every_delta():
    """Folds with different deltas: epsilons at them do not compare."""
    folds = [np.arange(0, 75), np.arange(75, 150)]
    one, two = (
        DifferentialPrivacyClassifier(epsilon=epsilon, delta=delta).fit(
            X[fold], fold % 2
        )
        for epsilon, delta, fold in zip((1.0, 0.9), (1e-5, 0.2), folds, strict=True)
    )
    for models in ([one, two], [two, one]):
        budget = privacy_budget({"estimator": models, "indices": {"train": folds}})
        assert budget.mu == two.mu_ > one.mu_
        assert (budget.n_fits, budget.delta) == (1, 0.2)
        for delta in (1e-5, 0.01, 0.2):
            totals = [
                compose_privacy(
                    [(m.spent_epsilon_, m.spent_delta_, m.mu_)], delta=delta
                ).epsilon
                for m in (one, two)
            ]
            assert budget.epsilon_at(delta) == pytest.approx(max(totals))
            again = privacy_budget(
                {"estimator": models, "indices": {"train": folds}}, delta=delta
            )
            assert again.epsilon == budget.epsilon_at(delta)


def test_no_row_exceeds_the_worst_one():
    rng = np.random.default_rng(0)
    known = [
        PrivacyLoss(0.3),
        PrivacyLoss(1.0),
        PrivacyLoss(0.5, 1e-6),
        PrivacyLoss(0.4, 1e-3),
        PrivacyLoss(1.0, 1e-5, 0.27),
        PrivacyLoss(0.9, 0.2, 1.1),
    ]
    for _ in range(50):
        rows = [
            [known[i] for i in rng.integers(0, 6, rng.integers(1, 5))] for _ in range(3)
        ]
        worst = losses_of_worst_row(rows)
        for delta in (0.0, 1e-5, 4e-3, 0.3):
            total = compose_privacy(worst, delta=delta).epsilon
            each = [compose_privacy(losses, delta=delta).epsilon for losses in rows]
            assert total >= max(each) - 1e-12


def test_what_was_fitted_counts_and_not_what_parameters_say_by_now():
    search = GridSearchCV(private(4.0), SAME, cv=3).fit(X, Y)
    budget = privacy_budget(search)
    search.best_estimator_.set_params(epsilon=0.01, group_size=9, neighbors="replace")
    assert privacy_budget(search) == budget
    for change in ({"epsilon": 0.01}, {"group_size": 2}, {"neighbors": "replace"}):
        search = GridSearchCV(private(4.0), SAME, cv=3).fit(X, Y)
        search.estimator.set_params(**change)
        with pytest.raises(ValueError, match="parameters that it was fitted with"):
            privacy_budget(search)
    search = GridSearchCV(private(4.0), EPSILONS, cv=3).fit(X, Y)
    search.estimator.set_params(epsilon=0.01)  # that no candidate had
    assert privacy_budget(search).epsilon == pytest.approx(
        2 * 3.5 + search.best_params_["epsilon"]
    )


def test_several_on_the_same_rows():
    one = GridSearchCV(private(), {}, cv=3).fit(X, Y)
    budget = privacy_budget([one, private(1.0).fit(X, Y)])
    assert budget.epsilon == pytest.approx(2.5)
    assert budget.n_fits == 4
    assert privacy_budget(FrozenEstimator(private().fit(X, Y))).epsilon == 0.5
    fixed = FixedThresholdClassifier(private()).fit(X[:100], Y[:100])
    assert privacy_budget(fixed).epsilon == 0.5


def test_what_cannot_be_added_up():
    both = [private().fit(X, Y), private(neighbors="replace").fit(X, Y)]
    with pytest.raises(ValueError, match="same kind of neighbours"):
        privacy_budget(both)
    with pytest.raises(NotFittedError):
        privacy_budget(GridSearchCV(private(), {}))
    with pytest.raises(ValueError, match="'search' parameter must be"):
        privacy_budget("search")
    twice = [(np.r_[np.arange(100), 0], np.arange(100, 150))] * 2
    search = GridSearchCV(private(), {}, cv=twice).fit(X, Y)
    with pytest.raises(ValueError, match="no row twice"):
        privacy_budget(search)


# One warning a search ---------------------------------------------------------------


def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [w for w in caught if w.category is RepeatedPrivateFitWarning]


def test_a_search_without_accountant_warns_once():
    search = GridSearchCV(make_pipeline(private()), {}, cv=5)
    (found,) = warned(lambda: search.fit(X, Y))
    assert "privacy_budget(search)" in str(found.message)
    assert "PrivacyAccountant" in str(found.message)
    assert found.filename == __file__
    assert len(warned(lambda: search.fit(X, Y))) == 1  # a search of its own
    wrapped = GridSearchCV(
        AuditableClassifier(make_pipeline(private())),
        {"estimator__differentialprivacyclassifier__epsilon": [0.5, 1.0]},
    )
    assert len(warned(lambda: wrapped.fit(X, Y))) == 1
    assert len(warned(lambda: cross_validate(private(), X, Y, cv=3))) == 1


@pytest.mark.slow
def test_workers_change_neither_the_total_nor_the_warning():
    budgets = []
    for n_jobs in (1, 2):
        search = GridSearchCV(private(), SAME, cv=3, n_jobs=n_jobs)
        assert len(warned(lambda search=search: search.fit(pd.DataFrame(X), Y))) == 1
        budgets.append(privacy_budget(search))
    assert budgets[0] == budgets[1]


def test_an_ensemble_of_private_fits_warns():
    bagging = BaggingClassifier(private(), n_estimators=3)
    assert len(warned(lambda: bagging.fit(X, Y))) == 1


def test_fits_that_are_added_up_or_alone_do_not_warn():
    accountant = PrivacyAccountant()
    search = GridSearchCV(private(accountant=accountant), SAME, cv=3)
    assert not warned(lambda: search.fit(X, Y))
    clf = private()
    assert not warned(lambda: [clf.fit(X, Y) for _ in range(4)])
    halves = [(np.arange(75), np.arange(75, 150)), (np.arange(75, 150), np.arange(75))]
    assert not warned(lambda: cross_validate(private(), X, Y % 2, cv=halves))
