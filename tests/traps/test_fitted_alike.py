"""Shadows that are fitted as the target was: traps 28, 29, 39 and 44."""

import copy

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator

from _helpers import noisy_rows
from _helpers.traps import noisy
from skmia.attacks import LiRAAttack
from skmia.audit import audit_classifier
from skmia.exceptions import UninformativeShadowsWarning
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, fit_shadows

X, Y = noisy(1600)
IN, OUT, VALID = slice(0, 600), slice(600, 1200), slice(1200, 1600)


def lira(model, X=X, y=Y, **given):
    """LiRA's AUC, and the names of the guards."""
    given = {"shadows": 8, "random_state": 0, "max_fprs": (0.1,)} | given
    sides = X[IN], y[IN], X[OUT], y[OUT]
    report = audit_classifier(model, *sides, attacks=["lira"], **given)
    return report.worst("auc")[1], [guard.name for guard in report.guards]


def test_28_shadows_of_all_trees_for_a_target_that_was_stopped_early():
    """Read .55 for .66: attacks compare the target with models that know more."""
    lightgbm = pytest.importorskip("lightgbm")

    def stop(estimator, A, b, rows):
        callbacks = [lightgbm.early_stopping(10, verbose=False)]
        valid = {"eval_X": X[VALID], "eval_y": Y[VALID], "callbacks": callbacks}
        return estimator.fit(A, b, **valid)

    model = lightgbm.LGBMClassifier(
        n_estimators=300, num_leaves=7, n_jobs=1, verbosity=-1
    )
    stop(model, X[IN], Y[IN], None)
    plain = clone(model).set_params(n_estimators=model.best_iteration_)
    right, _ = lira(plain.fit(X[IN], Y[IN]))
    naive, guards = lira(model)
    assert naive < right - 0.05
    assert "shadows_unlike_target" in guards
    read, guards = lira(model, fit=stop)
    # The error of an AUC near .65 of 600 records a side is .016.
    assert abs(read - right) < 0.03
    assert "shadows_unlike_target" not in guards


def test_29_weights_and_constants_of_one_fit():
    """A pair is told from a constant, or weights would be the same for all shadows."""
    weights = np.random.default_rng(0).exponential(size=1200) ** 3
    pair = weights[IN], weights[OUT]
    model = RandomForestClassifier(20, min_samples_leaf=3, random_state=0)
    model.fit(X[IN], Y[IN], sample_weight=pair[0])
    naive, _ = lira(model)
    read, _ = lira(model, fit_params={"sample_weight": pair})
    assert read > naive + 0.01

    def hook(estimator, A, b, rows):
        return estimator.fit(A, b, sample_weight=weights[rows])

    # A hook has no closed form.
    shadows = ShadowModels(8, counterfactual=False)
    read, _ = lira(model, shadows=shadows, fit_params={"sample_weight": pair})
    assert lira(model, fit=hook)[0] == read


def test_39_all_cores_for_each_of_several_shadows():
    """33 s instead of 1.4 s for eight shadows on two cores."""
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=1, verbosity=-1)
    assert model.n_jobs is None
    naive = clone(model).fit(X[:100], Y[:100])
    cores = joblib.cpu_count(only_physical_cores=True)
    assert naive.booster_.params["num_threads"] == cores
    models = ShadowModels(4, keep_models=True)
    for n_jobs in (None, 2):  # in threads, since processes start slowly
        given = {"shadows": models, "n_jobs": n_jobs, "random_state": 0}
        with joblib.parallel_config(backend="threading"):
            kept = fit_shadows(model, X[:200], Y[:200], **given).models
        assert {shadow.booster_.params["num_threads"] for shadow in kept} == {1}
    assert model.n_jobs is None


def test_39_what_a_shadow_learns_does_not_depend_on_it(tmp_path):
    """Neither do figures, nor the keys of the cache."""
    lightgbm = pytest.importorskip("lightgbm")
    models = ShadowModels(4, cache_dir=tmp_path)
    logits = []
    for n_jobs in (None, 1, 2, -1):
        model = lightgbm.LGBMClassifier(n_estimators=5, verbosity=-1, n_jobs=n_jobs)
        forest = RandomForestClassifier(3, n_jobs=n_jobs)
        for estimator in (model, forest):
            for shadows in (4, models):
                made = fit_shadows(
                    estimator, X[OUT], Y[OUT], shadows=shadows, random_state=0
                )
                logits.append(made.signals["logit"])
    for of_one in (logits[::4], logits[1::4], logits[2::4], logits[3::4]):
        assert (np.stack(of_one) == of_one[0]).all()
    assert len(list(tmp_path.glob("*.bin"))) == 2 * 4


def test_44_a_fitted_copy_where_clone_refuses():
    """CatBoost's constructor copies `cat_features`, and `clone` raises."""
    catboost = pytest.importorskip("catboost")
    params = {"verbose": False, "allow_writing_files": False, "cat_features": [0]}
    model = catboost.CatBoostClassifier(iterations=60, depth=6, **params)
    rows, y = noisy_rows(600)
    rows = np.column_stack([rows[:, 0].round().astype(int).astype(str), rows[:, 1:]])
    rows = rows.astype(object)
    rows[:, 1:] = rows[:, 1:].astype(float)
    member = np.arange(600) < 300
    model.fit(rows[:300], y[:300])
    with pytest.raises(RuntimeError, match="Cannot clone"):
        clone(model)

    def keeps(estimator, A, b, rows):  # what a copy of the whole object does
        return copy.deepcopy(model)

    given = {"shadows": 8, "random_state": 0}
    attack = LiRAAttack(FrozenEstimator(model))
    attack.set_params(shadows=fit_shadows(model, rows, y, fit=keeps, **given))
    with pytest.warns(UninformativeShadowsWarning):
        naive = attack.fit(rows, y, membership=member).score_samples(rows, y)
    attack.set_params(shadows=fit_shadows(model, rows, y, **given))
    scores = attack.fit(rows, y, membership=member).score_samples(rows, y)
    aucs = [roc_auc(member, s) for s in (naive, scores)]
    assert abs(aucs[0] - 0.5) < 0.1
    assert aucs[1] > 0.6
