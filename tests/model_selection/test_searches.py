"""What searches read, against the truth computed from the folds by brute force."""

import warnings

import numpy as np
import pytest
from scipy.stats import t
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    ParameterGrid,
    RandomizedSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import resample

from _helpers import noisy_rows
from skmia.model_selection import (
    AuditableClassifier,
    best_under_leakage,
    leakage_scorer,
    utility_under_leakage,
)

DEPTHS = [1, 3, 6, None]
GRID = {"estimator__decisiontreeclassifier__max_depth": DEPTHS}
LIMIT = 0.62


@pytest.fixture(scope="module")
def data():
    return noisy_rows(240, 8)


def model():
    return AuditableClassifier(
        make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0))
    )


def scoring():
    return {"accuracy": "accuracy", "neg_leakage": leakage_scorer(members="all")}


def truth(params, X, y, train, test):
    """Accuracy and leakage of one candidate on one fold, with scikit-learn only."""
    fitted = clone(model().set_params(**params).estimator).fit(X[train], y[train])
    rows = np.r_[train, test]
    member = np.r_[np.ones(len(train)), np.zeros(len(test))]
    own = fitted.predict_proba(X[rows])[np.arange(len(rows)), y[rows]]
    right = fitted.predict(X[rows]) == y[rows]
    leakage = max(roc_auc_score(member, own), roc_auc_score(member, right))
    return right[member == 0].mean(), leakage


def table(candidates, X, y, folds):
    """Truth of every candidate and fold, (n_candidates, n_folds, 2)."""
    return np.array([[truth(p, X, y, *fold) for fold in folds] for p in candidates])


def columns(results, name, n_folds):
    return np.column_stack([results[f"split{i}_test_{name}"] for i in range(n_folds)])


def check(results, expected):
    n_folds = expected.shape[1]
    np.testing.assert_allclose(
        columns(results, "accuracy", n_folds), expected[..., 0], atol=1e-12
    )
    np.testing.assert_allclose(
        columns(results, "neg_leakage", n_folds), -expected[..., 1], atol=1e-12
    )


def best(expected, compare, limit):
    """By hand: the most accurate on average whose average leakage is low enough."""
    accuracy, leakage = expected.mean(axis=1).T
    if compare == "upper":
        k = expected.shape[1]
        spread = expected[..., 1].std(axis=1, ddof=1)
        leakage = (
            leakage
            + t.ppf(0.975, k - 1) * spread * (1 / k + max(1 / (k - 1), 0.25)) ** 0.5
        )
    return int(np.argmax(np.where(leakage <= limit, accuracy, -1)))


@pytest.mark.parametrize(("compare", "limit"), [("value", LIMIT), ("upper", 0.66)])
def test_grid_search(data, compare, limit):
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(
        model(),
        GRID,
        scoring=scoring(),
        refit=best_under_leakage(max_leakage=limit, compare=compare),
        cv=cv,
        error_score="raise",
    ).fit(*data)
    expected = table(list(ParameterGrid(GRID)), *data, list(cv.split(*data)))
    check(search.cv_results_, expected)
    assert search.best_index_ == best(expected, compare, limit)
    # The limit decides: the most accurate of all leaks more.
    assert search.best_index_ != expected[..., 0].mean(axis=1).argmax()


def test_grid_search_and_nested_in_worker_processes(data):
    cv = KFold(2)

    def run(n_jobs):
        search = GridSearchCV(
            model(),
            GRID,
            scoring=scoring(),
            refit=best_under_leakage(max_leakage=0.75, compare="value"),
            cv=cv,
            n_jobs=n_jobs,
            error_score="raise",
        ).fit(*data)
        nested = cross_validate(
            clone(search).set_params(n_jobs=None),
            *data,
            cv=cv,
            scoring=scoring(),
            n_jobs=n_jobs,
            error_score="raise",
        )
        return search, nested

    here, there = run(None), run(2)
    check(
        there[0].cv_results_,
        table(list(ParameterGrid(GRID)), *data, list(cv.split(*data))),
    )
    assert there[0].best_index_ == here[0].best_index_
    for name in ("test_accuracy", "test_neg_leakage"):
        np.testing.assert_array_equal(here[1][name], there[1][name])


def test_randomized_search_on_shuffled_splits_of_a_part(data):
    cv = ShuffleSplit(2, train_size=0.3, test_size=0.3, random_state=0)
    search = RandomizedSearchCV(
        model(),
        GRID,
        n_iter=3,
        scoring=scoring(),
        refit=best_under_leakage(max_leakage=0.8, compare="value"),
        cv=cv,
        random_state=0,
        error_score="raise",
    ).fit(*data)
    expected = table(search.cv_results_["params"], *data, list(cv.split(*data)))
    check(search.cv_results_, expected)


def rungs(search, X, y, cv):
    """The folds of every rung, drawn as the halving searches document it."""
    for itr, n_resources in enumerate(search.n_resources_):
        fraction = n_resources / len(y)
        folds = [
            [
                resample(
                    rows,
                    replace=False,
                    random_state=search.random_state,
                    n_samples=int(fraction * len(rows)),
                )
                for rows in fold
            ]
            for fold in cv.split(X, y)
        ]
        rows = np.flatnonzero(search.cv_results_["iter"] == itr)
        yield rows, folds


@pytest.mark.parametrize("search_class", [HalvingGridSearchCV, HalvingRandomSearchCV])
def test_halving(data, search_class):
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    scorer = utility_under_leakage(
        max_leakage=LIMIT, leakage=leakage_scorer(members="all"), compare="value"
    )
    search = search_class(
        model(),
        GRID,
        scoring=scorer,
        refit="score",
        cv=cv,
        factor=2,
        min_resources=100,
        random_state=0,
        return_train_score=False,
        error_score="raise",
    ).fit(*data)
    results = search.cv_results_
    assert len(search.n_resources_) > 1
    survivors = None
    for rows, folds in rungs(search, *data, cv):
        candidates = [results["params"][row] for row in rows]
        if survivors is not None:
            assert all(params in survivors for params in candidates)
        expected = table(candidates, *data, folds)
        check({k: np.asarray(v)[rows] for k, v in results.items()}, expected)
        score = expected[..., 0] - 10 * np.maximum(expected[..., 1] - LIMIT, 0)
        order = np.argsort(score.mean(axis=1), kind="stable")
        survivors = [candidates[i] for i in order[-(-len(rows) // 2) * -1 :]]
        winner = rows[order[-1]]
    assert search.best_index_ == winner
    # The refitted model stays under the limit, or the rule says that it does not.
    rule = best_under_leakage(max_leakage=LIMIT, compare="value")
    last = expected.mean(axis=1)[:, 1]
    if last.min() > LIMIT:
        with pytest.raises(ValueError, match="No candidate stays under"):
            rule(results)
    else:
        assert results["mean_test_neg_leakage"][rule(results)] >= -LIMIT


def test_halving_takes_no_dict_and_does_not_ask_the_rule(data):
    """Why there is utility_under_leakage: what scikit-learn does with the others."""
    settings = {
        "cv": KFold(2),
        "min_resources": 120,
        "max_resources": 120,
        "return_train_score": False,
        "error_score": "raise",
    }
    with pytest.raises(ValueError, match="'scoring' parameter"):
        HalvingGridSearchCV(model(), GRID, scoring=scoring(), **settings).fit(*data)
    # A callable refit is passed over, and the limit with it.
    search = HalvingGridSearchCV(
        model(),
        GRID,
        scoring=utility_under_leakage(max_leakage=1.0),
        refit=best_under_leakage(max_leakage=0.0),
        **settings,
    ).fit(*data)
    with pytest.raises(ValueError, match="No candidate stays under max_leakage=0"):
        search.refit(search.cv_results_)


def test_halving_scores_training_rows_by_default(data):
    search = HalvingGridSearchCV(
        model(),
        GRID,
        scoring=utility_under_leakage(max_leakage=LIMIT),
        refit="score",
        cv=KFold(2),
        min_resources=120,
        max_resources=120,
        error_score="raise",
    )
    with pytest.raises(ValueError, match="return_train_score=False"):
        search.fit(*data)


@pytest.mark.parametrize("around", ["search around", "wrapper around"])
def test_nested_cross_validation(data, around):
    X, y = data
    inner, outer = KFold(2), KFold(3, shuffle=True, random_state=1)
    settings = {
        "scoring": scoring(),
        "refit": best_under_leakage(max_leakage=0.8, compare="value"),
        "cv": inner,
        "error_score": "raise",
    }
    if around == "search around":
        nested = GridSearchCV(model(), GRID, **settings)
    else:
        # The search tunes by accuracy; what it chose is measured from outside.
        grid = {"decisiontreeclassifier__max_depth": DEPTHS}
        nested = AuditableClassifier(GridSearchCV(model().estimator, grid, cv=inner))
    results = cross_validate(
        nested,
        X,
        y,
        cv=outer,
        scoring=scoring(),
        return_estimator=True,
        error_score="raise",
    )
    for i, (train, test) in enumerate(outer.split(X, y)):
        search = results["estimator"][i]
        if around == "search around":
            params = search.best_params_
        else:
            found = search.estimator_.best_params_
            params = {f"estimator__{name}": value for name, value in found.items()}
        accuracy, leakage = truth(params, X, y, train, test)
        assert results["test_accuracy"][i] == pytest.approx(accuracy)
        assert results["test_neg_leakage"][i] == pytest.approx(-leakage)


def test_optuna(data):
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed")
    sklearn_api = pytest.importorskip(
        "optuna_integration.sklearn", reason="optuna-integration is not installed"
    )
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    X, y = data
    name = "estimator__decisiontreeclassifier__max_depth"
    cv = KFold(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that OptunaSearchCV is experimental
        search = sklearn_api.OptunaSearchCV(
            model(),
            {name: optuna.distributions.IntDistribution(1, 8)},
            scoring=utility_under_leakage(
                max_leakage=LIMIT,
                leakage=leakage_scorer(members="all"),
                compare="value",
            ),
            cv=cv,
            n_trials=4,
            random_state=0,
            error_score="raise",
        ).fit(X, y)
    for trial in search.trials_:
        expected = table([{name: trial.params[name]}], X, y, list(cv.split(X, y)))[0]
        accuracy, leakage = expected.T
        score = accuracy - 10 * np.maximum(leakage - LIMIT, 0)
        assert trial.value == pytest.approx(score.mean())
