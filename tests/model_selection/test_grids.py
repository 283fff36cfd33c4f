"""Grids: that searches take them, and that few rows for each tree hide members."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from skmia.audit import audit_learner
from skmia.model_selection import (
    AuditableClassifier,
    best_under_leakage,
    leakage_scorer,
    regularization_grid,
    sub_bagging_grid,
)

LEARNERS = [
    LogisticRegression(C=5),
    RandomForestClassifier(7, min_samples_leaf=2),
    ExtraTreesClassifier(7),
    DecisionTreeClassifier(),
    MLPClassifier((4,), max_iter=7),
    HistGradientBoostingClassifier(max_iter=7),
    GradientBoostingClassifier(n_estimators=7),
    KNeighborsClassifier(),
    GaussianNB(),
]


def grids(candidates):
    return list(ParameterGrid(candidates.param_grid))


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)
def test_the_classifier_as_it_is_is_a_candidate_once(learner):
    model = make_pipeline(StandardScaler(), make_pipeline(learner))
    [own] = regularization_grid(model)
    params = model.get_params()
    same = [g for g in grids(own) if all(params[k] == v for k, v in g.items())]
    assert len(same) == 1
    assert len(grids(own)) <= 20
    for given in grids(own):
        own.estimator.set_params(**given)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "catboost"])
def test_boosters_of_other_libraries_are_known(library):
    module = pytest.importorskip(library)
    name = {
        "xgboost": "XGBClassifier",
        "lightgbm": "LGBMClassifier",
        "catboost": "CatBoostClassifier",
    }[library]
    [own] = regularization_grid(getattr(module, name)())
    for given in grids(own):
        own.estimator.set_params(**given)


def test_a_class_of_ones_own_has_the_grid_of_its_base():
    class Mine(LogisticRegression):
        pass

    [own] = regularization_grid(Mine())
    assert isinstance(own.estimator, Mine)
    assert "C" in own.param_grid


def test_what_is_not_known_is_an_error_and_no_empty_grid():
    [bagged] = sub_bagging_grid(GaussianNB())
    with pytest.raises(ValueError, match=r"Got BaggingClassifier instead; write"):
        regularization_grid(bagged.estimator)
    with pytest.raises(ValueError, match="Got StandardScaler"):
        sub_bagging_grid(StandardScaler())


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda e: type(e).__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_small_shares_of_any_classifier_are_fitted_on_these_alone(learner):
    X, y = noisy_rows(120)
    [few] = sub_bagging_grid(learner)
    model = few.estimator.set_params(**{**grids(few)[-1], "random_state": 0}).fit(X, y)
    assert model.predict_proba(X).shape == (120, len(np.unique(y)))
    drawn = model.estimators_samples_[0]
    assert len(drawn) == 36
    if not isinstance(learner, (RandomForestClassifier, ExtraTreesClassifier)):
        assert len(np.unique(drawn)) == 36


def test_a_search_takes_a_grid_of_a_pipeline_with_text_columns():
    pd = pytest.importorskip("pandas")
    X, y = noisy_rows(200)
    frame = pd.DataFrame(X[:, :3], columns=list("abc"))
    frame["text"] = np.where(X[:, 3] > 0, "yes", "no")
    head = make_column_transformer((OneHotEncoder(), ["text"]), remainder="passthrough")
    model = make_pipeline(head, DecisionTreeClassifier(random_state=0))
    [few] = sub_bagging_grid(model)
    name = "estimator__decisiontreeclassifier__"
    search = GridSearchCV(
        AuditableClassifier(few.estimator),
        {name + "max_samples": [0.1, 0.3], name + "n_estimators": [5]},
        scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
        refit=best_under_leakage(max_leakage=0.95),
        cv=3,
        error_score="raise",
    ).fit(frame, y)
    assert search.best_params_[name + "max_samples"] in (0.1, 0.3)
    assert {f"estimator__{key}" for key in few.param_grid} >= set(search.best_params_)


def test_one_search_compares_own_regularization_and_small_shares():
    X, y = noisy_rows(500)
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0))
    found = [*regularization_grid(model), *sub_bagging_grid(model)]
    search = GridSearchCV(
        AuditableClassifier(model),
        [grid for candidates in found for grid in candidates.inside()],
        scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
        refit=best_under_leakage(max_leakage=0.99),
        cv=2,
        error_score="raise",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4 + 8
    assert len({type(p["estimator"][-1]) for p in search.cv_results_["params"]}) == 2


@pytest.mark.slow
def test_few_rows_for_each_tree_hide_members_as_larger_leaves_do_not():
    """At the accuracy of a forest of leaves of 4 rows, or better, 0.05 less AUC.

    Over eight pairs of models each; errors of both means are about 0.01.
    """
    X, y = noisy_rows(600, 10)
    forest = RandomForestClassifier(60)
    [few] = sub_bagging_grid(forest)
    protected = few.estimator.set_params(
        max_samples=0.1, min_samples_leaf=1, n_estimators=60
    )
    found = {}
    for name, model in {
        "leaves": forest.set_params(min_samples_leaf=4),
        "few rows": protected,
    }.items():
        report = audit_learner(
            *(model, X, y), n_models=16, attacks=["lira"], random_state=0
        )
        found[name] = report.strongest("auc").value
    assert found["few rows"] < found["leaves"] - 0.05
