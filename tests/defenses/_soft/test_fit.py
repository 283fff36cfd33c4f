"""fit_soft: exact where it says so, and copies that change nothing but the label."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn import config_context
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skmia.defenses import LabelSmoothingClassifier, _soft
from skmia.defenses._training import TrainingData
from skmia.utils import own_random_state

CLASSES = np.array(["ant", "bee", "cow"])
OLD_MLP = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 7)


def fit_soft(model, X, q, classes, *, params=None, random_state=None, **settings):
    y, source = np.zeros(X.shape[0], int), own_random_state(random_state)
    data = TrainingData(X, y, np.asarray(classes), params or {}, source)
    return _soft.fit_soft(model, data, q, **settings)


@pytest.fixture
def soft():
    """120 rows of 4 features, and soft labels of 3 classes that follow them."""
    rng = np.random.RandomState(0)
    X = rng.randn(120, 4)
    q = np.array([rng.dirichlet(0.3 + np.exp(x[:3])) for x in X])
    return X, q, rng.uniform(0.2, 2, size=120)


def solve(X, q, w, C):
    """Softmax regression on soft labels, by a general-purpose optimiser.

    Rows of `q` need not sum to 1: an entry is the weight of that class.
    """
    d, k = X.shape[1], q.shape[1]

    def loss(theta):
        W, b = theta[: d * k].reshape(k, d), theta[d * k :]
        log_p = log_softmax(X @ W.T + b, axis=1)
        error = (np.exp(log_p) * q.sum(axis=1, keepdims=True) - q) * w[:, None]
        value = -(w[:, None] * q * log_p).sum() + (W**2).sum() / (2 * C)
        return value, np.r_[(error.T @ X + W / C).ravel(), error.sum(axis=0)]

    found = minimize(
        loss, np.zeros(d * k + k), jac=True, method="BFGS", options={"gtol": 1e-9}
    ).x
    return np.exp(log_softmax(X @ found[: d * k].reshape(k, d).T + found[d * k :], 1))


def tight(C=2.0):
    return LogisticRegression(C=C, tol=1e-10, max_iter=5000)


@pytest.mark.parametrize("C", [0.1, 2.0, 50.0])
def test_logistic_regression_is_exact(C, soft):
    X, q, w = soft
    model = fit_soft(tight(C), X, q, CLASSES, sample_weight=w, tol=0)
    np.testing.assert_allclose(model.predict_proba(X), solve(X, q, w, C), atol=1e-6)
    # Weights may come as the user's metadata too; both are multiplied.
    model = fit_soft(
        tight(C),
        X,
        q,
        CLASSES,
        sample_weight=np.sqrt(w),
        params={"sample_weight": np.sqrt(w)},
        tol=0,
    )
    np.testing.assert_allclose(model.predict_proba(X), solve(X, q, w, C), atol=1e-6)


def test_two_classes_are_exact(soft):
    X, q, w = soft
    q = np.column_stack([q[:, 0], 1 - q[:, 0]])
    model = fit_soft(tight(), X, q, [0, 1], sample_weight=w, tol=0)
    # One vector of coefficients in place of two, each half of it and less penalised.
    np.testing.assert_allclose(model.predict_proba(X), solve(X, q, w, 1.0), atol=1e-6)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.coo_matrix])
def test_sparse_rows_are_exact(container, soft):
    X, q, w = soft
    X = np.where(np.abs(X) > 0.5, X, 0)
    model = fit_soft(tight(), container(X), q, CLASSES, sample_weight=w, tol=0)
    np.testing.assert_allclose(model.predict_proba(X), solve(X, q, w, 2.0), atol=1e-6)


def test_steps_before_the_last_see_each_row_once(soft):
    """Copies would move the mean, and rows of many classes would count for more."""
    X, q, w = soft
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    name = "logisticregression__sample_weight"
    nested = make_pipeline(StandardScaler(with_mean=False), make_pipeline(tight()))
    for pipeline, key, Z in (
        (make_pipeline(StandardScaler(), tight()), name, scaled),
        (make_pipeline(tight()), name, X),
        (nested, f"pipeline__{name}", X / X.std(axis=0)),
        (make_pipeline("passthrough", StandardScaler(), tight()), name, scaled),
    ):
        model = fit_soft(pipeline, X, q, CLASSES, params={key: w}, tol=0)
        assert model is not pipeline
        assert not hasattr(pipeline[-1], "classes_")
        np.testing.assert_allclose(
            model.predict_proba(X), solve(Z, q, w, 2.0), atol=1e-6
        )


def test_weights_for_a_step_before_the_last(soft):
    X, q, w = soft
    mean = np.average(X, axis=0, weights=w)
    scaled = (X - mean) / np.sqrt(np.average((X - mean) ** 2, axis=0, weights=w))
    pipeline = make_pipeline(StandardScaler(), tight())
    params = {f"{step}__sample_weight": w for step in pipeline.named_steps}
    model = fit_soft(pipeline, X, q, CLASSES, params=params, tol=0)
    np.testing.assert_allclose(
        model.predict_proba(X), solve(scaled, q, w, 2.0), atol=1e-6
    )
    with config_context(enable_metadata_routing=True):
        for asked, Z in ((True, scaled), (False, (X - X.mean(0)) / X.std(0))):
            pipeline = make_pipeline(
                StandardScaler().set_fit_request(sample_weight=asked),
                tight().set_fit_request(sample_weight=True),
            )
            model = fit_soft(
                pipeline, X, q, CLASSES, params={"sample_weight": w}, tol=0
            )
            np.testing.assert_allclose(
                model.predict_proba(X), solve(Z, q, w, 2.0), atol=1e-6
            )


def test_selection_of_features_sees_the_likeliest_class(soft):
    X, q, _ = soft
    likeliest = CLASSES[q.argmax(axis=1)]
    expected = SelectKBest(k=2).fit(X, likeliest).get_support()
    model = fit_soft(
        make_pipeline(SelectKBest(k=2), tight()), X, q, CLASSES, random_state=0
    )
    assert (model[0].get_support() == expected).all()


@pytest.mark.parametrize("least", [1, 7, 0.1])
def test_trees_are_exact(least, soft):
    """Gini on soft labels is the squared error of a regression tree on them."""
    X, q, _ = soft
    settings = {"min_samples_leaf": least, "min_samples_split": 16, "random_state": 0}
    model = fit_soft(DecisionTreeClassifier(**settings), X, q, CLASSES, tol=0)
    expected = DecisionTreeRegressor(**settings).fit(X, q).predict(X)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-9)


def test_leaves_hold_rows_not_copies():
    """Labels that differ in how many classes they name."""
    rng = np.random.RandomState(0)
    X = rng.randn(60, 1)
    q = np.where(np.arange(60)[:, None] % 2, [0.8, 0.1, 0.1], [1.0, 0, 0])
    q = q[:, rng.permutation(3)]
    model = fit_soft(
        DecisionTreeClassifier(min_samples_leaf=10), X, q, CLASSES, random_state=0
    )
    rows_in_leaf = np.unique(model.apply(X), return_counts=True)[1]
    assert rows_in_leaf.min() >= 10
    boosted = fit_soft(
        HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=40),
        X,
        q,
        CLASSES,
        random_state=0,
    )
    # Two leaves of 40 need 80 rows: nothing can be split.
    assert len(np.unique(boosted.predict_proba(X).round(9), axis=0)) == 1


def test_neighbours_are_rows_not_copies():
    X = np.repeat(np.arange(40.0)[:, None], 1, axis=1)
    q = np.where(np.arange(40)[:, None] < 20, [1.0, 0.0], [0.0, 1.0])
    model = fit_soft(KNeighborsClassifier(5), X, q, [0, 1], random_state=0)
    own = KNeighborsClassifier(5).fit(X, q[:, 1])
    np.testing.assert_allclose(model.predict_proba(X), own.predict_proba(X))


def skewed(q):
    """Soft labels with much of the first class and little of the last."""
    q = q * [1, 0.3, 0.05]
    return q / q.sum(axis=1, keepdims=True)


def test_balanced_classes_are_balanced_by_mass(soft):
    """Every class has as many copies as any other: counting them balances nothing."""
    X, q, w = soft
    q = skewed(q)
    mass = w @ q
    weights = mass.sum() / (3 * mass)
    balanced = tight().set_params(class_weight="balanced")
    model = fit_soft(balanced, X, q, CLASSES, sample_weight=w, tol=0)
    np.testing.assert_allclose(
        model.predict_proba(X), solve(X, q * weights, w, 2.0), atol=1e-6
    )
    assert balanced.class_weight == "balanced"


def test_balanced_trees_are_exact(soft):
    """The reference is a regression tree on labels that class weights have tilted."""
    X, q, _ = soft
    q = skewed(q)
    tilted = q * 120 / (3 * q.sum(axis=0))
    weight = tilted.sum(axis=1)
    settings = {"max_leaf_nodes": 6, "min_samples_leaf": 5, "random_state": 0}
    model = fit_soft(
        DecisionTreeClassifier(class_weight="balanced", **settings),
        X,
        q,
        CLASSES,
        tol=0,
    )
    expected = DecisionTreeRegressor(**settings).fit(
        X, tilted / weight[:, None], sample_weight=weight
    )
    np.testing.assert_allclose(model.predict_proba(X), expected.predict(X), atol=1e-9)


def test_balancing_inside_of_another(soft):
    X, q, _ = soft
    inner = LogisticRegression(class_weight="balanced")
    model = fit_soft(AdaBoostClassifier(inner), X, q, CLASSES, random_state=0)
    # Drawn labels are counted as they are, so nothing had to be set.
    assert model.estimator.class_weight == "balanced"
    assert model.score(X, CLASSES[q.argmax(axis=1)]) > 0.5


@pytest.mark.parametrize("max_samples", [None, 0.5, 60])
def test_a_forest_draws_as_many_rows(max_samples, soft):
    """Trees see a row as often as without soft labels, with a label of their own."""
    X, _, _ = soft
    q = np.tile([0.7, 0.3, 0.0], (120, 1))
    forest = RandomForestClassifier(300, max_samples=max_samples, random_state=0)
    model = fit_soft(forest, X, q, CLASSES, random_state=0)
    drawn = [tree.tree_.weighted_n_node_samples[0] for tree in model.estimators_]
    assert set(drawn) == {120 if max_samples is None else 60}
    # The label that all rows share, but for the first, which has the only copy of the
    # third class. Trees draw on their own: five standard deviations of 300 of them.
    proba = model.predict_proba(X)[1:]
    assert np.abs(proba[:, 0] - 0.7).max() < 5 * np.sqrt(0.21 / 300)
    assert proba[:, 2].max() < 0.03


def test_bagging_without_return(soft):
    X, q, _ = soft
    model = fit_soft(
        BaggingClassifier(
            DecisionTreeClassifier(), 5, bootstrap=False, max_samples=0.5
        ),
        X,
        q,
        CLASSES,
        random_state=0,
    )
    assert {len(rows) for rows in model.estimators_samples_} == {60}


class Rows(LogisticRegression):
    """Remembers how many rows it was given, and how often each."""

    def fit(self, X, y, sample_weight=None):
        self.counts_ = np.unique(X[:, 0], return_counts=True)[1]
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize(
    ("wrap", "found"),
    [
        (lambda m: GridSearchCV(m, {"C": [1.0]}, cv=3), "best_estimator_"),
        (lambda m: LabelSmoothingClassifier(m, smoothing=0), "estimator_"),
        (
            lambda m: CalibratedClassifierCV(m, ensemble=False, cv=3),
            "calibrated_classifiers_",
        ),
    ],
)
def test_what_splits_rows_sees_each_once(wrap, found, soft):
    X, q, _ = soft
    model = fit_soft(wrap(Rows(max_iter=500)), X, q, CLASSES, random_state=0)
    inner = getattr(model, found)
    inner = inner[0].estimator if isinstance(inner, list) else inner
    if "Smoothing" in type(model).__name__:
        # One drawn label per row; without smoothing that is all it is fitted on.
        assert len(inner.counts_) == 120
    assert inner.counts_.max() == 1
    assert model.classes_.tolist() == CLASSES.tolist()


@pytest.mark.parametrize(
    ("inner", "once"),
    [
        (MLPClassifier((4,), early_stopping=True, max_iter=5), True),
        (SGDClassifier(early_stopping=True), True),
        (SGDClassifier(), False),
        (GradientBoostingClassifier(n_estimators=2, n_iter_no_change=1), True),
        (GradientBoostingClassifier(n_estimators=2), False),
        (HistGradientBoostingClassifier(max_iter=2), False),
        (HistGradientBoostingClassifier(max_iter=2, early_stopping=True), True),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_early_stopping_sees_each_row_once(inner, once, soft, monkeypatch):
    X, q, _ = soft
    lengths = []
    original = type(inner).fit

    def fit(self, X, y, sample_weight=None):
        lengths.append(len(X))
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        return original(self, X, y, **given)

    monkeypatch.setattr(type(inner), "fit", fit)
    # Numbers: MLPClassifier of scikit-learn 1.6 cannot stop early on text labels.
    fit_soft(inner, X, q, [0, 1, 2], random_state=0)
    assert (lengths == [120]) == once


@pytest.mark.parametrize("n_times", [34, 90])
def test_boosting_does_not_stop_early_unless_it_is_told_to(n_times, soft):
    """'auto' goes by the number of rows: 4,000 with 3 copies each, and 10,800."""
    X, q, _ = soft
    X, q = np.tile(X, (n_times, 1)), np.tile(q, (n_times, 1))
    inner = HistGradientBoostingClassifier(max_iter=1, max_leaf_nodes=2)
    assert not fit_soft(inner, X, q, CLASSES).do_early_stopping_
    assert inner.early_stopping == "auto"
    inner.set_params(early_stopping=True)
    assert fit_soft(inner, X, q, CLASSES).do_early_stopping_


@pytest.mark.parametrize(
    "inner",
    [
        KNeighborsClassifier(),
        VotingClassifier(
            [("nb", GaussianNB()), ("knn", KNeighborsClassifier())], voting="soft"
        ),
        BaggingClassifier(KNeighborsClassifier(), 3),
        MLPClassifier((8,), max_iter=300, batch_size=40),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_where_weights_do_not_reach_labels_are_drawn(inner, soft):
    X, q, _ = soft
    model = fit_soft(inner, X, q, CLASSES, random_state=0)
    assert model.classes_.tolist() == CLASSES.tolist()
    proba = model.predict_proba(X)
    own = inner.fit(X, CLASSES[q.argmax(axis=1)]).predict_proba(X)
    # Nearer to the soft labels than what the likeliest classes alone teach.
    assert np.abs(proba - q).mean() < np.abs(own - q).mean()


@pytest.mark.skipif(OLD_MLP, reason="MLPClassifier takes sample_weight from 1.7 on")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_takes_as_many_steps():
    """One step on 3 weighted copies of a row is one step on the row."""
    rng = np.random.RandomState(0)
    X = rng.randn(90, 3)
    q = np.tile([0.5, 0.3, 0.2], (90, 1))
    network = MLPClassifier((5,), max_iter=4, random_state=0)
    model = fit_soft(network, X, q, CLASSES)
    own = network.fit(X, CLASSES[np.arange(90) % 3])
    assert model.t_ == 3 * own.t_  # it counts rows
    assert model.n_iter_ == own.n_iter_
    assert model.batch_size == 3 * 90


@pytest.mark.filterwarnings("ignore::FutureWarning")  # SVC(probability=True)
def test_svc_with_probabilities_splits_rows(soft):
    X, q, _ = soft
    model = fit_soft(SVC(probability=True), X, q, CLASSES, random_state=0)
    assert model.shape_fit_ == (120, 4)
    model = fit_soft(SVC(), X, q, CLASSES, random_state=0)
    assert model.shape_fit_[0] > 240


def test_every_class_is_known():
    """A class that nothing speaks for, and one that only a trace speaks for."""
    X = np.arange(30.0)[:, None]
    q = np.zeros((30, 4))
    q[:, 0], q[:, 2] = 0.4, 0.6
    q[3] = [0.4, 0.0, 0.6 - 1e-5, 1e-5]
    classes = np.array(["a", "b", "c", "d"])
    for inner in (LogisticRegression(), KNeighborsClassifier(1), GaussianNB()):
        model = fit_soft(inner, X, q, classes, random_state=0)
        assert model.classes_.tolist() == classes.tolist()
        assert model.predict_proba(X)[:, [1, 3]].mean() < 0.05


def test_frames_keep_their_columns():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0] * 5, "t": ["u", "v"] * 10})
    q = np.tile([[0.9, 0.1], [0.2, 0.8]], (10, 1))
    seen = []

    def select(X):
        seen.append(type(X))
        return X[["x"]]

    model = fit_soft(
        make_pipeline(FunctionTransformer(select), LogisticRegression()),
        frame,
        q,
        np.array([False, True]),
    )
    assert seen == [pd.DataFrame]
    assert model.predict_proba(frame).shape == (20, 2)
    direct = fit_soft(DecisionTreeClassifier(), frame[["x"]], q, np.array([0, 1]))
    assert direct.feature_names_in_.tolist() == ["x"]


def test_pipelines_that_do_more_are_not_taken_apart(soft):
    X, q, _ = soft

    class Special(Pipeline):
        """As imbalanced-learn's, which drops and adds rows in fit."""

        def fit(self, X, y):
            self.n_seen_ = len(X)
            return super().fit(X, y)

    model = fit_soft(
        Special([("model", LogisticRegression())]), X, q, CLASSES, random_state=0
    )
    assert model.n_seen_ == 4 * 120


@pytest.mark.parametrize(
    "inner", [KNeighborsClassifier(metric="precomputed"), SVC(kernel="precomputed")]
)
def test_pairs_of_rows_have_no_copies(inner, soft):
    _, q, _ = soft
    with pytest.raises(ValueError, match="takes a square matrix of pairs of rows"):
        fit_soft(inner, np.eye(120), q, CLASSES)


def test_weights_must_be_taken(soft):
    X, q, w = soft
    with pytest.raises(TypeError, match="does not take sample_weight in fit"):
        fit_soft(KNeighborsClassifier(), X, q, CLASSES, sample_weight=w)
    with pytest.raises(TypeError, match="sample_weight"):
        fit_soft(KNeighborsClassifier(), X, q, CLASSES, params={"sample_weight": w})
    with pytest.raises(ValueError, match="as in 'logisticregression__sample_weight'"):
        fit_soft(make_pipeline(tight()), X, q, CLASSES, params={"sample_weight": w})
    with config_context(enable_metadata_routing=True):
        # Bagging would refuse weights that the classifier inside has not asked for.
        bagging = BaggingClassifier(LogisticRegression(), 2)
        assert fit_soft(bagging, X, q, CLASSES).n_features_in_ == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda q: q[:, :2], r"shape \(120, 3\). Got shape \(120, 2\) instead"),
        (lambda q: q[:5], r"shape \(120, 3\). Got shape \(5, 3\) instead"),
        (lambda q: 2 * q, "sums from 2 to 2 instead; clip and normalise"),
        (lambda q: q - [0.5, -0.25, -0.25], "Got entries from -"),
        (lambda q: np.where(q == q[0, 0], np.nan, q), "Got entries from nan"),
    ],
)
def test_soft_labels_are_checked(change, message, soft):
    X, q, _ = soft
    with pytest.raises(ValueError, match=message):
        fit_soft(LogisticRegression(), X, change(q), CLASSES)


def test_arguments_are_not_modified(soft):
    X, q, w = soft
    params = {"sample_weight": w}
    before = X.copy(), q.copy(), w.copy()
    frozen = FrozenEstimator(StandardScaler().fit(X))
    model = make_pipeline(frozen, LogisticRegression())
    fit_soft(model, X, q, CLASSES, params={"logisticregression__sample_weight": w})
    fit_soft(LogisticRegression(), X, q, CLASSES, sample_weight=w, params=params)
    for after, value in zip((X, q, w), before, strict=True):
        np.testing.assert_array_equal(after, value)
    assert list(params) == ["sample_weight"]
    assert params["sample_weight"] is w
