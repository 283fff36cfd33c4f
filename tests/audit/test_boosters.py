"""The three boosters: stopped early, with columns of categories, in Pipelines."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skmia.attacks import LiRAAttack
from skmia.audit import audit_classifier
from skmia.shadows import ShadowModels, fit_shadows

catboost = pytest.importorskip("catboost")
lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

N_IN, N_OUT = 400, 400
TEXT = ["race", "sex"]


def records(n=N_IN + N_OUT, seed=0):
    """Rows with two columns of text, and labels that can only be memorised in part."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "race": rng.choice(["w", "b", "a", "o"], n),
            "sex": rng.choice(["f", "m"], n),
            "age": rng.normal(size=n),
            "hours": rng.normal(size=n),
            "gain": rng.normal(size=n),
        }
    )
    chance = 1 / (
        1 + np.exp(-(X["age"] + (X["sex"] == "m") - 0.5 + (X["race"] == "w")))
    )
    return X, (rng.random(n) < chance).astype(int)


X, Y = records()
CATEGORIES = X.astype(dict.fromkeys(TEXT, "category"))


def audit(model, X=X, **given):
    given = {"attacks": ["loss", "lira"], "shadows": 4, "random_state": 0} | given
    sides = X[:N_IN], Y[:N_IN], X[N_IN:], Y[N_IN:]
    return audit_classifier(model, *sides, max_fprs=(0.1,), **given)


def lira(report):
    """LiRA's AUC and TPR at 10 % FPR with their intervals."""
    frame = report.to_frame().set_index(["attack", "metric"])
    return frame.loc["lira"].loc[["auc", "tpr@0.1"]]


def assert_same_figures(one, other):
    assert one.to_frame().equals(other.to_frame())


def lgbm(**params):
    params = {"num_leaves": 15, "verbosity": -1, "n_jobs": 1} | params
    return lightgbm.LGBMClassifier(**params)


def cat(**params):
    params = {
        "iterations": 20,
        "depth": 4,
        "thread_count": 1,
        "verbose": False,
    } | params
    return catboost.CatBoostClassifier(allow_writing_files=False, **params)


def xgb(**params):
    params = {"max_depth": 4, "enable_categorical": True, "n_jobs": 1} | params
    return xgboost.XGBClassifier(**params)


def split(X, y):
    return train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)


def stopped(model, X, y, X_valid, y_valid):
    """Fit a booster until a validation set is not better for ten trees."""
    if isinstance(model, lightgbm.LGBMClassifier):
        callbacks = [lightgbm.early_stopping(10, verbose=False)]
        return model.fit(X, y, eval_X=X_valid, eval_y=y_valid, callbacks=callbacks)
    eval_set = [(X_valid, y_valid)]
    if isinstance(model, xgboost.XGBClassifier):
        return model.fit(X, y, eval_set=eval_set, verbose=False)
    return model.fit(X, y, eval_set=eval_set, early_stopping_rounds=10)


def stop_early(estimator, X, y, rows):
    """Fit until a validation set, drawn from the rows, is not better."""
    X_train, X_valid, y_train, y_valid = split(X, y)
    return stopped(estimator, X_train, y_train, X_valid, y_valid)


class StopsItself(lightgbm.LGBMClassifier):
    """The same, by a `fit` of its own: no detour by a hook."""

    def fit(self, X, y):
        X_train, X_valid, y_train, y_valid = split(X, y)
        callbacks = [lightgbm.early_stopping(10, verbose=False)]
        return super().fit(
            X_train, y_train, eval_X=X_valid, eval_y=y_valid, callbacks=callbacks
        )


# With the number of trees that are used after the fit.
EARLY = {
    "lightgbm": (lgbm(n_estimators=300), CATEGORIES, lambda m: m.best_iteration_),
    "xgboost": (
        xgb(n_estimators=300, early_stopping_rounds=10),
        CATEGORIES,
        lambda m: m.best_iteration + 1,
    ),
    "catboost": (cat(iterations=300, cat_features=TEXT), X, lambda m: m.tree_count_),
}


@pytest.mark.parametrize("library", EARLY)
def test_shadows_stop_early_as_the_target_does(library):
    model, X, n_trees = EARLY[library]
    stop_early(model, X[:N_IN], Y[:N_IN], None)
    assert n_trees(model) < 100
    models = ShadowModels(4, train_size=0.5, keep_models=True)
    kept = fit_shadows(model, X, Y, shadows=models, fit=stop_early, random_state=0)
    assert all(n_trees(shadow) < 100 for shadow in kept.models)
    report = audit(model, X, fit=stop_early)
    assert "shadows_unlike_target" not in [guard.name for guard in report.guards]
    assert report.settings["fit"] == "stop_early"


def test_figures_by_the_hook_are_those_of_a_model_that_stops_itself():
    params = {"n_estimators": 300, "num_leaves": 15, "verbosity": -1, "n_jobs": 1}
    model = stop_early(lgbm(**params), CATEGORIES[:N_IN], Y[:N_IN], None)
    own = StopsItself(**params).fit(CATEGORIES[:N_IN], Y[:N_IN])
    assert own.best_iteration_ == model.best_iteration_
    by_hook = audit(model, CATEGORIES, fit=stop_early)
    assert_same_figures(by_hook, audit(own, CATEGORIES))


@pytest.mark.slow
def test_figures_of_a_model_stopped_early_are_those_of_as_many_trees():
    frame, y = records(200, seed=1)
    X_valid = frame.astype(CATEGORIES.dtypes)

    def stop(estimator, X, y_train, rows):
        return stopped(estimator, X, y_train, X_valid, y)

    model = stop(lgbm(n_estimators=300), CATEGORIES[:N_IN], Y[:N_IN], None)
    plain = lgbm(n_estimators=model.best_iteration_)
    plain.fit(CATEGORIES[:N_IN], Y[:N_IN])
    # A hook has no closed form: all are of one side.
    shadows = ShadowModels(8, counterfactual=False)
    by_hook = lira(audit(model, CATEGORIES, fit=stop, shadows=8))
    others = lira(audit(plain, CATEGORIES, shadows=shadows))
    assert (others["low"] <= by_hook["value"]).all()
    assert (by_hook["value"] <= others["high"]).all()
    # Of all 300 trees, as without the hook, the shadows are other models.
    naive = audit(model, CATEGORIES, shadows=shadows)
    assert "shadows_unlike_target" in [guard.name for guard in naive.guards]
    assert lira(naive).loc["auc", "value"] < by_hook.loc["auc", "value"]


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_without_a_hook_the_error_names_it(library):
    model, X, _ = EARLY[library]
    stop_early(model, X[:N_IN], Y[:N_IN], None)
    params = None
    if library == "lightgbm":
        params = {"callbacks": [lightgbm.early_stopping(10)]}
    with pytest.raises(ValueError, match=r"need a validation set to stop early.*fit="):
        audit(model, X, fit_params=params)


@pytest.mark.slow
def test_a_validation_set_of_its_own_is_a_constant():
    """Of other rows than the audit's, it is the same for the target and all shadows."""
    # As the hook's, which has no closed form.
    one_sided = ShadowModels(4, counterfactual=False)
    frame, y = records(200, seed=1)
    X_valid = frame.astype(CATEGORIES.dtypes)
    model = stopped(lgbm(n_estimators=300), CATEGORIES[:N_IN], Y[:N_IN], X_valid, y)
    params = {
        "eval_X": X_valid,
        "eval_y": y,
        "callbacks": [lightgbm.early_stopping(10, verbose=False)],
    }
    by_constants = audit(model, CATEGORIES, fit_params=params, shadows=one_sided)

    def stop(estimator, X, y_train, rows):
        return stopped(estimator, X, y_train, X_valid, y)

    assert_same_figures(by_constants, audit(model, CATEGORIES, fit=stop))

    model = stopped(
        xgb(n_estimators=300, early_stopping_rounds=10),
        *(CATEGORIES[:N_IN], Y[:N_IN], X_valid, y),
    )
    params = {"eval_set": [(X_valid, y)], "verbose": False}
    by_constants = audit(model, CATEGORIES, fit_params=params, shadows=one_sided)
    assert_same_figures(by_constants, audit(model, CATEGORIES, fit=stop))

    # One that is no table: only its library looks into it.
    pool = catboost.Pool(frame, y, cat_features=TEXT)
    model = cat(iterations=60, cat_features=TEXT, early_stopping_rounds=5)
    model.fit(X[:N_IN], Y[:N_IN], eval_set=pool)
    by_constants = audit(model, X, fit_params={"eval_set": pool})
    as_tables = audit(model, X, fit_params={"eval_set": [(frame, y)]})
    assert_same_figures(by_constants, as_tables)


def test_cat_features_of_the_constructor_are_those_of_the_fit():
    model = cat(cat_features=TEXT)
    with pytest.raises(RuntimeError, match="Cannot clone object"):
        clone(model)
    of_constructor = audit(model.fit(X[:N_IN], Y[:N_IN]))
    at_fit = cat().fit(X[:N_IN], Y[:N_IN], cat_features=TEXT)
    of_fit = audit(at_fit, fit_params={"cat_features": TEXT, "verbose": False})
    assert_same_figures(of_constructor, of_fit)
    # And in Pipelines.
    steps = [("same", FunctionTransformer()), ("clf", cat(cat_features=TEXT))]
    pipe = Pipeline(steps).fit(X[:N_IN], Y[:N_IN])
    assert_same_figures(audit(pipe), of_fit)
    steps = [("same", FunctionTransformer()), ("clf", cat())]
    pipe = Pipeline(steps).fit(X[:N_IN], Y[:N_IN], clf__cat_features=TEXT)
    assert_same_figures(audit(pipe, fit_params={"clf__cat_features": TEXT}), of_fit)


def test_weights_beside_a_constant():
    weights = np.random.default_rng(0).exponential(size=N_IN + N_OUT)
    pair = weights[:N_IN], weights[N_IN:]
    model = cat().fit(X[:N_IN], Y[:N_IN], TEXT, sample_weight=pair[0])
    report = audit(model, fit_params={"cat_features": TEXT, "sample_weight": pair})

    def hook(estimator, X, y, rows, sample_weight):
        np.testing.assert_array_equal(sample_weight, weights[rows])
        return estimator.fit(X, y, TEXT, sample_weight=sample_weight)

    assert_same_figures(
        report, audit(model, fit_params={"sample_weight": pair}, fit=hook)
    )


def test_a_pipeline_is_stopped_early_by_its_steps():
    def numbers(X):
        return X.assign(**{name: X[name].cat.codes for name in TEXT})

    steps = [("numbers", FunctionTransformer(numbers)), ("clf", lgbm(n_estimators=300))]

    def hook(pipeline, X, y, rows):
        X_train, X_valid, y_train, y_valid = split(X, y)
        X_train = pipeline[:-1].fit_transform(X_train, y_train)
        X_valid = pipeline[:-1].transform(X_valid)
        stopped(pipeline[-1], X_train, y_train, X_valid, y_valid)

    pipe = Pipeline(steps)
    hook(pipe, CATEGORIES[:N_IN], Y[:N_IN], None)
    report = audit(pipe, CATEGORIES, fit=hook)
    assert "shadows_unlike_target" not in [guard.name for guard in report.guards]


def test_attacks_alone_clone_an_estimator_with_cat_features():
    attack = LiRAAttack(cat(cat_features=TEXT), shadows=4, random_state=0).fit(X, Y)
    assert attack.membership_.sum() == len(X) // 2
    assert attack.shadows_.n_shadows == 4


def test_shadows_print_nothing_and_write_no_files(capfd, tmp_path, monkeypatch):
    """Unless the user says how much is to be printed."""
    monkeypatch.chdir(tmp_path)
    numbers = X.drop(columns=TEXT)
    loud = catboost.CatBoostClassifier(iterations=10).fit(numbers[:N_IN], Y[:N_IN])
    assert "total:" in capfd.readouterr().out
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert written
    audit(loud, numbers)
    assert not capfd.readouterr().out
    now = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert now == written
    asked = catboost.CatBoostClassifier(iterations=10, verbose=True)
    for model in (asked, lgbm(n_estimators=9, verbosity=1)):
        model.fit(numbers[:N_IN], Y[:N_IN])
        capfd.readouterr()
        audit(model, numbers)
        assert capfd.readouterr().out


@pytest.mark.slow
def test_adult_by_each_library_with_its_columns_of_categories(shared_data):
    """Of one model made in two ways the figures are equal, or within an interval."""
    X, y = shared_data.load_adult(1600)
    X = X.reset_index(drop=True)
    text = [name for name in X if X[name].dtype.kind not in "biuf"]
    X[text] = X[text].astype(str)
    categories = X.astype(dict.fromkeys(text, "category"))
    y = np.asarray(y)
    sides = slice(0, 800), slice(800, 1600)

    def read(model, X, **given):
        parts = [part[side] for side in sides for part in (X, y)]
        given = {"shadows": 8, "random_state": 0, "max_fprs": (0.1,)} | given
        return audit_classifier(model, *parts, attacks=["lira"], **given)

    rows = sides[0]
    by_constructor = read(cat(cat_features=text).fit(X[rows], y[rows]), X)
    at_fit = cat().fit(X[rows], y[rows], cat_features=text)
    by_fit = read(at_fit, X, fit_params={"cat_features": text})
    assert_same_figures(by_constructor, by_fit)

    # LightGBM finds the columns by their type, or by the names that it is given.
    numbers = categories.assign(**{name: categories[name].cat.codes for name in text})
    by_type = lgbm(n_estimators=30).fit(categories[rows], y[rows])
    by_name = lgbm(n_estimators=30)
    by_name.fit(numbers[rows], y[rows], categorical_feature=text)
    named = read(by_name, numbers, fit_params={"categorical_feature": text})
    typed = lira(read(by_type, categories))
    figures = lira(named)
    assert (typed["low"] <= figures["value"]).all()
    assert (figures["value"] <= typed["high"]).all()
