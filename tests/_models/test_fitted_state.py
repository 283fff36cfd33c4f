"""What a model stores of its fit, against its rows and parameters of today."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from _helpers.data import noisy_rows
from skmia._models import find_mismatches
from skmia.defenses import (
    ConfidenceMaskingClassifier,
    HighEntropyClassifier,
    LabelSmoothingClassifier,
    SelfDistillationClassifier,
)
from skmia.model_selection import AuditableClassifier

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")
catboost = pytest.importorskip("catboost")

N = 240
TREE = DecisionTreeClassifier(max_depth=4, random_state=0)
FOREST = RandomForestClassifier(8, random_state=0)
SCALED = make_pipeline(StandardScaler(), LogisticRegression())
NETWORK = MLPClassifier((4,), max_iter=3, random_state=0)
LIGHTGBM = lightgbm.LGBMClassifier(n_estimators=12, n_jobs=1, verbose=-1)
XGBOOST = xgboost.XGBClassifier(n_estimators=12, n_jobs=1)
CATBOOST = catboost.CatBoostClassifier(
    iterations=12, verbose=0, allow_writing_files=False, thread_count=1
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Of a scorer of scikit-learn that is deprecated, and of estimators' parameters.
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module", params=[2, 3])
def rows(request):
    return noisy_rows(N, 8, n_classes=request.param)


@pytest.fixture(scope="module")
def two_classes():
    return noisy_rows(N, 8)


def of(params, model):
    return clone(model).set_params(**params)


UNSCALED = of({"scale_pos_weight": 1, "verbosity": 0}, XGBOOST)
# Each stores how many rows it was fitted on.
COUNTING = [
    TREE,
    DecisionTreeClassifier(min_samples_leaf=0.03, max_leaf_nodes=9),
    FOREST,
    ExtraTreesClassifier(8),
    GradientBoostingClassifier(n_estimators=4),
    HistGradientBoostingClassifier(max_iter=4),
    KNeighborsClassifier(),
    GaussianNB(),
    NETWORK,
    SGDClassifier(loss="log_loss", max_iter=5, early_stopping=True),
    SVC(),
    GaussianProcessClassifier(),
    SCALED,
    make_pipeline(MinMaxScaler(), PCA(3), KNeighborsClassifier()),
    make_pipeline(
        ColumnTransformer(
            [("scaled", StandardScaler(), [0, 1]), ("kept", "passthrough", [2, 3])]
        ),
        SelectFromModel(TREE),
        GaussianNB(),
    ),
    VotingClassifier([("tree", TREE), ("bayes", GaussianNB())], voting="soft"),
    StackingClassifier([("tree", TREE), ("bayes", GaussianNB())], cv=3),
    CalibratedClassifierCV(TREE, cv=3, ensemble=False),
    OneVsRestClassifier(SCALED),
    GridSearchCV(make_pipeline(TREE), {"decisiontreeclassifier__max_depth": [2]}, cv=3),
    GridSearchCV(make_pipeline(TREE), {"steps": [[("other", GaussianNB())]]}, cv=3),
    AuditableClassifier(FOREST),
    ConfidenceMaskingClassifier(make_pipeline(TREE)),
    LIGHTGBM,
    CATBOOST,
]
# These were fitted on a part of the rows, or say nothing of them.
OTHERS = [
    LogisticRegression(max_iter=2),
    HistGradientBoostingClassifier(max_iter=30, early_stopping=True),
    GradientBoostingClassifier(n_estimators=4, subsample=0.5),
    GradientBoostingClassifier(n_estimators=20, n_iter_no_change=2),
    RandomForestClassifier(8, max_samples=0.5),
    RandomForestClassifier(8, max_samples=50),
    RandomForestClassifier(8, class_weight="balanced"),
    RandomForestClassifier(8, class_weight="balanced_subsample", bootstrap=False),
    DecisionTreeClassifier(class_weight="balanced"),
    of({"early_stopping": True, "max_iter": 10}, NETWORK),
    of({"solver": "lbfgs"}, NETWORK),
    BaggingClassifier(TREE, 4, max_samples=0.5),
    AdaBoostClassifier(TREE, n_estimators=4),
    CalibratedClassifierCV(TREE, cv=3),
    OneVsOneClassifier(TREE),
    make_pipeline(RFE(TREE, n_features_to_select=3), TREE),
    LabelSmoothingClassifier(FOREST),
    HighEntropyClassifier(of({"batch_size": 50}, NETWORK)),
    SelfDistillationClassifier(TREE),
    of({"subsample": 0.5, "subsample_freq": 1}, LIGHTGBM),
    of({"bagging_fraction": 0.5, "bagging_freq": 1}, LIGHTGBM),
    of({"class_weight": "balanced"}, LIGHTGBM),
    of({"is_unbalance": True}, LIGHTGBM),
    of({"num_iterations": 5}, LIGHTGBM),
    # No split is left after a few trees.
    of({"n_estimators": 300, "min_child_samples": 115}, LIGHTGBM),
    XGBOOST,
    of({"subsample": 0.5}, XGBOOST),
    of({"booster": "gblinear"}, XGBOOST),
    of({"scale_pos_weight": 2.5, "verbosity": 0}, XGBOOST),
    xgboost.XGBRFClassifier(n_estimators=12, n_jobs=1),
    of({"auto_class_weights": "Balanced"}, CATBOOST),
]


@pytest.mark.parametrize("model", COUNTING + OTHERS, ids=lambda model: str(model)[:40])
def test_a_fit_of_today_matches_itself(rows, model):
    assert find_mismatches(clone(model).fit(*rows), (N, N)) == []


@pytest.mark.parametrize(
    "model", [*COUNTING, XGBOOST, UNSCALED], ids=lambda m: str(m)[:40]
)
def test_rows_are_counted(rows, model):
    if model is CATBOOST and len(set(rows[1])) > 2:
        pytest.skip("it tells no counts where there are several values in a leaf")
    fitted = clone(model).fit(*rows)
    more = find_mismatches(fitted, (N - 20, N - 20))
    fewer = find_mismatches(fitted, (N + 20, N + 20))
    assert {found.kind for found in more} == {"more_rows"}
    assert {found.kind for found in fewer} == {"fewer_rows"}
    assert all(f"fitted on {N} rows" in found.message for found in more + fewer)
    assert all(found.matters for found in more + fewer)
    # Rows of weight 0 are counted by some libraries.
    assert find_mismatches(fitted, (N - 20, N + 20)) == []
    assert not any(found.matters for found in find_mismatches(fitted, (N - 2, N - 2)))


def test_rows_of_histograms(two_classes):
    """Early stopping holds rows out, and more than it kept is told of the others."""
    model = HistGradientBoostingClassifier(max_iter=4, early_stopping=True)
    model.fit(*two_classes)
    assert find_mismatches(model, (N, N)) == []
    (found,) = find_mismatches(model, (N // 2, N // 2))
    assert found.kind == "more_rows"
    # A version that stores its trees elsewhere says nothing.
    del model._predictors
    assert find_mismatches(model, (N // 2, N // 2)) == []


WEIGHED = [
    TREE,
    FOREST,
    ExtraTreesClassifier(8),
    GradientBoostingClassifier(n_estimators=4),
    GaussianNB(),
    VotingClassifier([("tree", TREE)]),
    LIGHTGBM,
    XGBOOST,
    CATBOOST,
]


@pytest.mark.parametrize("model", WEIGHED, ids=lambda model: str(model)[:40])
def test_weights_are_seen(rows, model):
    if model is CATBOOST and len(set(rows[1])) > 2:
        pytest.skip("it tells no counts where there are several values in a leaf")
    weight = np.exp(np.random.default_rng(0).normal(size=N))
    fitted = clone(model).fit(*rows, sample_weight=weight)
    (found,) = find_mismatches(fitted, (N, N))
    assert found.kind == "weights"
    assert "fit_params={'sample_weight'" in found.message
    assert find_mismatches(fitted, (N, N), {"sample_weight": weight}) == []
    assert find_mismatches(fitted, (N, N), {"step__sample_weight": weight}) == []
    # Ones are no more than none.
    ones = {"sample_weight": np.ones(N)}
    assert [m.kind for m in find_mismatches(fitted, (N, N), ones)] == ["weights"]
    # Equal ones are none.
    fitted = clone(model).fit(*rows, sample_weight=np.full(N, 2.0))
    kinds = {found.kind for found in find_mismatches(fitted, (N, N))}
    assert "weights" not in kinds


SUMMED = [GaussianNB(), FOREST, of({"max_samples": 0.1}, FOREST), XGBOOST, CATBOOST]


@pytest.mark.parametrize("model", SUMMED, ids=lambda model: str(model)[:40])
def test_sums_of_whole_weights_are_no_rows(two_classes, model):
    """Taken for rows they were told to be twice as many as the members."""
    weight = np.random.default_rng(0).integers(1, 4, 2 * N).astype(float)
    given, member = {"sample_weight": weight}, np.arange(2 * N) < N
    fitted = clone(model).fit(*two_classes, sample_weight=weight[:N])
    assert find_mismatches(fitted, (N, N), given, member) == []
    if isinstance(model, ExtraTreesClassifier | RandomForestClassifier):
        return  # what it drew of them is random
    fewer, more = np.arange(2 * N) < N - 30, np.arange(2 * N) < N + 30
    for member, kind in ((fewer, "more_rows"), (more, "fewer_rows")):
        n = int(member.sum())
        (found,) = find_mismatches(fitted, (n, n), given, member)
        assert found.kind == kind
        assert f"weights sum to {int(weight[:N].sum())}" in found.message


def test_weights_of_steps(two_classes):
    weight = np.random.default_rng(0).integers(1, 4, N).astype(float)
    names = "standardscaler__sample_weight", "gaussiannb__sample_weight"
    for given in ({names[0]: weight}, {names[1]: weight}, dict.fromkeys(names, weight)):
        model = make_pipeline(StandardScaler(), GaussianNB()).fit(*two_classes, **given)
        assert find_mismatches(model, (N, N), given) == []


def test_how_many_a_forest_draws_is_rounded(two_classes):
    X, y = two_classes
    model = RandomForestClassifier(2, max_samples=0.1).fit(X[:146], y[:146])
    assert 15 / 0.1 > 146 * 1.02
    assert find_mismatches(model, (146, 146)) == []


def partial_fits(X, y):
    model = clone(NETWORK).fit(X, y)
    for _ in range(5):
        model.partial_fit(X, y)
    return model


def pruned(X, y):
    model = clone(FOREST).fit(X, y)
    model.estimators_ = model.estimators_[:3]
    return model


CHANGED = {
    "max_iter=3": partial_fits,
    "has 3 trees": pruned,
    "n_estimators=4": lambda X, y: of({}, FOREST).fit(X, y).set_params(n_estimators=4),
    "min_samples_leaf=1, and has 50": lambda X, y: (
        of({}, FOREST).fit(X, y).set_params(min_samples_leaf=50)
    ),
    "min_samples_leaf=50": lambda X, y: (
        of({}, TREE).fit(X, y).set_params(min_samples_leaf=50)
    ),
    "max_depth=2": lambda X, y: of({}, TREE).fit(X, y).set_params(max_depth=2),
    "max_leaf_nodes=3": lambda X, y: (
        of({}, TREE).fit(X, y).set_params(max_leaf_nodes=3)
    ),
    "max_iter=40": lambda X, y: (
        HistGradientBoostingClassifier(max_iter=5).fit(X, y).set_params(max_iter=40)
    ),
    "max_iter=2": lambda X, y: (
        HistGradientBoostingClassifier(max_iter=5).fit(X, y).set_params(max_iter=2)
    ),
    "n_estimators=9": lambda X, y: (
        GradientBoostingClassifier(n_estimators=5).fit(X, y).set_params(n_estimators=9)
    ),
    "max_depth=3, and has 6": lambda X, y: (
        GradientBoostingClassifier(n_estimators=5).fit(X, y).set_params(max_depth=6)
    ),
    "pca' was fitted with n_components=3": lambda X, y: (
        make_pipeline(PCA(3), GaussianNB()).fit(X, y).set_params(pca__n_components=5)
    ),
    "'tree' was fitted with max_depth=4": lambda X, y: (
        of({}, VotingClassifier([("tree", TREE)]))
        .fit(X, y)
        .set_params(tree__max_depth=9)
    ),
    "estimator' was fitted with decisiontreeclassifier__max_depth=4": lambda X, y: (
        of({}, BaggingClassifier(make_pipeline(TREE), 3))
        .fit(X, y)
        .set_params(estimator__decisiontreeclassifier__max_depth=9)
    ),
    "estimator' was fitted with min_samples_leaf=1": lambda X, y: (
        of({}, GridSearchCV(TREE, {"max_depth": [2, 3]}, cv=3))
        .fit(X, y)
        .set_params(estimator__min_samples_leaf=9)
    ),
    "n_estimators=40": lambda X, y: (
        of({}, LIGHTGBM).fit(X, y).set_params(n_estimators=40)
    ),
    "num_leaves=31, and has 5": lambda X, y: (
        of({}, LIGHTGBM).fit(X, y).set_params(num_leaves=5)
    ),
    "has 12 trees, and n_estimators=30": lambda X, y: (
        of({}, XGBOOST).fit(X, y).set_params(n_estimators=30)
    ),
}


@pytest.mark.parametrize("words", CHANGED)
def test_parameters_that_were_changed_are_seen(two_classes, words):
    found = find_mismatches(CHANGED[words](*two_classes), (N, N))
    assert "changed" in {mismatch.kind for mismatch in found}
    assert any(words in mismatch.message for mismatch in found)


def stopped(name, X, y):
    half = slice(N // 2), slice(N // 2, None)
    # Labels that are wrong are fitted worse with every tree.
    against = {"eval_set": [(X[half[1]], 1 - y[half[1]])]}
    if name == "lightgbm":
        against["callbacks"] = [lightgbm.early_stopping(2, verbose=False)]
        model = clone(LIGHTGBM)
    elif name == "xgboost":
        model = of({"early_stopping_rounds": 2}, XGBOOST)
        against["verbose"] = False
    else:
        model = of({"early_stopping_rounds": 2}, CATBOOST)
    return model.fit(X[half[0]], y[half[0]], **against)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost"])
def test_early_stopping_is_seen(two_classes, name):
    model = make_pipeline(stopped(name, *two_classes))
    count = (N // 2, N // 2)
    (found,) = find_mismatches(model, count)
    assert found.kind == "stopped"
    assert "was stopped at 1 of 12 trees" in found.message
    assert "Pass fit=" in found.message
    # Shadows that are given an evaluation set are stopped as well.
    assert find_mismatches(model, count, {"step__eval_set": []}) == []
    if name != "catboost":  # which takes no parameters after the fit
        model[0].set_params(n_estimators=1)
        assert find_mismatches(model, count) == []


class FirstHalf(DecisionTreeClassifier):
    """Fits what it likes, and so do its shadows."""

    def fit(self, X, y):
        return super().fit(X[: len(X) // 2], y[: len(X) // 2])


@pytest.mark.parametrize("model", [FirstHalf(), make_pipeline(FirstHalf())])
def test_nothing_is_said_of_a_fit_of_the_users_own(two_classes, model):
    assert find_mismatches(clone(model).fit(*two_classes), (N, N)) == []


def test_a_frozen_part_is_left_alone(two_classes):
    X, y = two_classes
    model = make_pipeline(FrozenEstimator(StandardScaler().fit(X[:50])), TREE)
    assert find_mismatches(model.fit(X, y), (N, N)) == []


def test_threshold_wrappers(two_classes):
    for model in (FixedThresholdClassifier(TREE), TunedThresholdClassifierCV(TREE)):
        fitted = clone(model).fit(*two_classes)
        assert find_mismatches(fitted, (N, N)) == []
        fitted.set_params(estimator__max_depth=9)
        assert [found.kind for found in find_mismatches(fitted, (N, N))] == ["changed"]
