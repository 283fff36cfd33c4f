"""Models that a fit of today would not repeat: traps 28 to 31.

Audited as a user does it, each reads less by LiRA than the same model audited rightly.
The report says so, with what the model stores of its fit where it stores it, and keeps
no limit.
"""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers.data import noisy_rows
from skmia.attacks import LiRAAttack
from skmia.audit import Policy, audit_classifier
from skmia.exceptions import UninformativeShadowsWarning
from skmia.shadows import ShadowModels, fit_shadows

lightgbm = pytest.importorskip("lightgbm")

N = 300  # rows of either side
BOOSTED = lightgbm.LGBMClassifier(
    n_estimators=200, num_leaves=8, n_jobs=1, random_state=0, verbose=-1
)
FOREST = RandomForestClassifier(20, random_state=0)
NETWORK = MLPClassifier((32,), max_iter=3, random_state=0)
UNLIKE = "The model is unlike its "

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::skmia.exceptions.ShadowFitWarning",
    "ignore:The argument 'eval_set':FutureWarning",
)


@pytest.fixture(scope="module")
def rows():
    X, y = noisy_rows(2 * N, 12, flip_y=0.3)
    return StandardScaler().fit(X[:N]).transform(X), y


def audit(model, X, y, *, n=N, attacks=("lira",), shadows=8, **params):
    if isinstance(shadows, int):
        shadows = ShadowModels(shadows, counterfactual=False)
    report = audit_classifier(
        model,
        *(X[:n], y[:n], X[N:], y[N:]),
        attacks=attacks,
        shadows=shadows,
        random_state=0,
        **params,
    )
    return report, [g for g in report.guards if g.name == "shadows_unlike_target"]


def auc(report):
    frame = report.to_frame()
    chosen = (frame["attack"] == "lira") & (frame["metric"] == "auc")
    return frame[chosen]["value"].item()


def stopped_early(X, y):
    stop = lightgbm.early_stopping(5, verbose=False)
    model = clone(BOOSTED).fit(
        X[:N], y[:N], eval_set=[(X[N:], y[N:])], callbacks=[stop]
    )
    right = clone(BOOSTED).set_params(n_estimators=model.best_iteration_)
    return (model, {}), (right.fit(X[:N], y[:N]), {})


def weights_not_given(X, y, model):
    weight = np.exp(1.5 * np.random.default_rng(0).normal(size=len(y)))
    model = clone(model).fit(X[:N], y[:N], sample_weight=weight[:N])
    return (model, {}), (
        model,
        {"fit_params": {"sample_weight": (weight[:N], weight[N:])}},
    )


def boosted_with_weights(X, y):
    return weights_not_given(X, y, clone(BOOSTED).set_params(n_estimators=30))


def histograms_with_weights(X, y):
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    return weights_not_given(X, y, model)


def a_part_of_the_rows(X, y):
    model = clone(FOREST).fit(X[:N], y[:N])
    return (model, {"n": 60}), (model, {})


def a_part_of_the_rows_of_histograms(X, y):
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    model.fit(X[:N], y[:N])
    return (model, {"n": 60}), (model, {})


def changed(X, y, model, **params):
    right = clone(model).fit(X[:N], y[:N])
    return (clone(model).fit(X[:N], y[:N]).set_params(**params), {}), (right, {})


def fewer_trees_now(X, y):
    return changed(X, y, FOREST, n_estimators=1)


def larger_leaves_now(X, y):
    return changed(X, y, FOREST, min_samples_leaf=100)


def larger_leaves_of_a_tree_now(X, y):
    return changed(X, y, DecisionTreeClassifier(random_state=0), min_samples_leaf=100)


def trained_further(X, y):
    model = clone(NETWORK).fit(X[:N], y[:N])
    for _ in range(150):
        model.partial_fit(X[:N], y[:N])
    right = clone(NETWORK).set_params(max_iter=153).fit(X[:N], y[:N])
    return (model, {}), (right, {})


# How much less is read, and what the report says first.
MISMATCHES = {
    stopped_early: (0.03, "The model was stopped at 17 of 200 trees. "),
    boosted_with_weights: (0.01, "The model was fitted with rows of unequal weights"),
    # By how much depends on the release of scikit-learn.
    histograms_with_weights: (0.01, UNLIKE),
    a_part_of_the_rows: (0.03, "The model was fitted on 300 rows, and 60 were passed"),
    a_part_of_the_rows_of_histograms: (
        0.03,
        "The model was fitted on 300 rows, and 60 were passed",
    ),
    fewer_trees_now: (0.1, "The model has 20 trees, and n_estimators=1"),
    larger_leaves_now: (0.4, "The model was fitted with min_samples_leaf=1, and has 1"),
    larger_leaves_of_a_tree_now: (
        0.1,
        "The model has leaves of 1 rows, and min_samples",
    ),
    trained_further: (0.1, "The model made 153 passes over its rows, and max_iter=3"),
}


@pytest.mark.parametrize("made", MISMATCHES, ids=lambda made: made.__name__)
def test_trap_a_fit_of_today_is_another(rows, made):
    less, words = MISMATCHES[made]
    wrong, right = made(*rows)
    read, said = audit(wrong[0], *rows, **wrong[1])
    leaked, silence = audit(right[0], *rows, **right[1])
    assert auc(read) < auc(leaked) - less
    assert silence == []
    assert said[0].message.startswith(words)
    assert {guard.severity for guard in said} == {"warning"}
    decision = read.decide(Policy(max_auc=0.99))
    assert decision.outcome == "revise"
    assert any("'shadows_unlike_target'" in line for line in decision.reasons)
    # What no model stores is seen in how it answers, but for a part of the rows.
    assert said[-1].message.startswith(UNLIKE) or "n" in wrong[1]


@pytest.mark.slow
@pytest.mark.parametrize("made", MISMATCHES, ids=lambda made: made.__name__)
def test_more_shadows_see_it_too(rows, made):
    model, params = made(*rows)[0]
    _, said = audit(model, *rows, shadows=16, **params)
    assert said[0].message.startswith(MISMATCHES[made][1])


def test_a_fit_that_stops_the_shadows_is_the_same_fit(rows):
    X, y = rows

    def fit(model, X, y, rows, **params):
        stop = lightgbm.early_stopping(5, verbose=False)
        held_out = np.arange(len(y)) < len(y) // 4
        return model.fit(
            X[~held_out],
            y[~held_out],
            eval_set=[(X[held_out], y[held_out])],
            callbacks=[stop],
        )

    model = fit(clone(BOOSTED), X[:N], y[:N], np.arange(N))
    _, said = audit(model, X, y)
    assert said[0].message.startswith("The model was stopped at ")
    # Neither the trees nor the rows that it held out differ from its shadows' now.
    _, silence = audit(model, X, y, fit=fit)
    assert silence == []


def test_it_is_seen_in_pipelines_and_in_models_from_files(rows):
    X, y = rows
    scaled = make_pipeline(StandardScaler(), clone(NETWORK)).fit(X[:N], y[:N])
    scaled = pickle.loads(pickle.dumps(scaled))
    _, said = audit(scaled, X, y, n=100)
    assert said[0].message.startswith("The MLPClassifier in 'mlpclassifier' was fitted")
    assert "in 'standardscaler' was fitted on 300 rows" in said[1].message
    search = GridSearchCV(FOREST, {"max_depth": [3, None]}, cv=3).fit(X[:N], y[:N])
    _, said = audit(search, X, y, n=100)
    assert "fitted on 300 rows, and 100 were passed" in said[0].message


def test_members_that_it_has_not_seen(rows):
    """Half of what is passed as members was not learnt from: any attack reads less."""
    X, y = rows
    model = clone(FOREST).fit(X[: N // 2], y[: N // 2])
    read, said = audit(model, X, y, attacks=("loss",))
    leaked, silence = audit(model, X, y, n=N // 2, attacks=("loss",))
    assert read.worst("auc")[1] < leaked.worst("auc")[1] - 0.1
    assert silence == []
    (guard,) = said
    assert guard.severity == "warning"
    assert "some of them it has not seen" in guard.message


def test_what_is_no_more_than_a_note(rows):
    X, y = rows
    model = clone(FOREST).fit(X[:N], y[:N])
    # Without shadows, members that are missing leave less to compare and no more.
    _, said = audit(model, X, y, n=100, attacks=("loss",))
    assert [guard.severity for guard in said] == ["note"]
    # A row in a hundred changes little.
    _, said = audit(model, X, y, n=N - 3)
    assert [guard.severity for guard in said] == ["note"]
    # Shadows that are there already may have been fitted as the model was.
    shadows = fit_shadows(model, X, y, shadows=8, random_state=0)
    _, said = audit(model.set_params(min_samples_leaf=20), X, y, shadows=shadows)
    assert [guard.severity for guard in said] == ["note"]


def test_an_attack_alone_says_so(rows):
    X, y = rows
    model = clone(FOREST).fit(X[:N], y[:N])
    membership = np.arange(2 * N) < N
    attack = LiRAAttack(FrozenEstimator(model), shadows=4, random_state=0)
    attack.fit(X, y, membership=membership)
    attack.fit(X[200:], y[200:], membership=membership[200:])  # as a fold has them
    membership[N : N + 100] = True
    with pytest.warns(UninformativeShadowsWarning, match="it has not seen"):
        attack.fit(X, y, membership=membership)
    membership[N:] = False
    model.set_params(n_estimators=5)
    with pytest.warns(UninformativeShadowsWarning, match="n_estimators=5"):
        attack.fit(X, y, membership=membership)
