"""AdversarialRegularizationClassifier: its gradient, its reference, its two games."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.special import softmax
from scipy.stats import entropy
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from _helpers import global_state
from skmia.defenses import AdversarialRegularizationClassifier
from skmia.defenses._adversarial_regularization import held_out
from skmia.defenses._inference_model import InferenceModel, described, described_slopes
from skmia.signals import confidence


class Telltale(ClassifierMixin, BaseEstimator):
    """Says 0.8 of the own class of a row that it was fitted on, and 0.75 of others.

    The class is the row's second feature. Labels do not matter to what it says, and
    are remembered as the soft label of each row.
    """

    def fit(self, X, y, sample_weight):
        self.classes_, column = np.unique(y, return_inverse=True)
        self.rows_, row = np.unique(X[:, 0], return_inverse=True)
        self.labels_ = np.zeros((len(self.rows_), len(self.classes_)))
        np.add.at(self.labels_, (row, column), sample_weight)
        return self

    def predict_proba(self, X):
        own = np.where(np.isin(X[:, 0], self.rows_), 0.8, 0.75)
        # Not quite the same for all, as answers are.
        own = own + 0.01 * np.sin(X[:, 0])
        first = np.where(X[:, 1] == 0, own, 1 - own)
        return np.column_stack([first, 1 - first])


class Diary:
    """Remembers what each epoch was trained on."""

    def partial_fit(self, X, y, **others):
        weight = others.get("sample_weight", np.zeros(len(y)))
        self.epochs_ = [*getattr(self, "epochs_", ()), (X, y, weight)]
        return super().partial_fit(X, y, **others)


class DiarySGD(Diary, SGDClassifier): ...


class DiaryMLP(Diary, MLPClassifier): ...


def mlp(cls=MLPClassifier, **settings):
    settings = {"max_iter": 10, "tol": 0.0, "n_iter_no_change": 100} | settings
    return cls((8,), learning_rate_init=0.01, **settings)


def sgd(cls=SGDClassifier):
    return cls(loss="log_loss", max_iter=10, tol=None)


def defended(inner=None, **settings):
    return AdversarialRegularizationClassifier(inner, **{"random_state": 0} | settings)


def members_of(X, y):
    """The rows that are not held out, which the seed decides on first."""
    return np.flatnonzero(~held_out(X, y, 0.1, np.random.RandomState(0)))


both_ways = pytest.mark.parametrize("inner", [LogisticRegression(), sgd()])


def answers(n_classes, seed=0):
    """Logits and classes of members and of a reference, less sure of its own."""
    rng = np.random.RandomState(seed)
    y, y_reference = rng.randint(n_classes, size=200), rng.randint(n_classes, size=40)
    z = rng.randn(200, n_classes) + 1.5 * np.eye(n_classes)[y]
    return z, y, softmax(rng.randn(40, n_classes), axis=1), y_reference


def difference(f, z, width=1e-5):
    """Central differences of f, row by row, by each of the logits."""
    steps = width * np.eye(z.shape[1])
    return np.stack([(f(z + e) - f(z - e)) / (2 * width) for e in steps], axis=1)


def test_what_the_inference_model_sees():
    proba = np.random.RandomState(0).dirichlet(np.ones(4), size=20)
    y = np.arange(20) % 4
    seen = described(proba, y)
    own = proba[np.arange(20), y]
    np.testing.assert_array_equal(seen[:, 0], own)
    np.testing.assert_allclose(seen[:, 1], np.log(own / (1 - own)), rtol=1e-10)
    np.testing.assert_allclose(seen[:, 2], entropy(proba, base=4, axis=1), rtol=1e-10)
    sure = described(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0]))
    assert np.isfinite(sure).all()
    np.testing.assert_allclose(sure[0, 1], -sure[1, 1])


@pytest.mark.parametrize("n_classes", [2, 5])
def test_slopes_of_what_is_seen(n_classes):
    z, y, _, _ = answers(n_classes)
    for j, slope in enumerate(described_slopes(softmax(z, axis=1), y)):
        numeric = difference(lambda at, j=j: described(softmax(at, axis=1), y)[:, j], z)
        np.testing.assert_allclose(slope, numeric, atol=1e-8)


def test_certain_rows_know_the_way_back():
    """Where nothing is left for the own class, or for the others."""
    proba = np.array([[1.0, 0, 0], [0, 1, 0]])
    slopes = described_slopes(proba, np.array([0, 0]))
    np.testing.assert_allclose(slopes[1], [[1, -0.5, -0.5], [1, -1, 0]])
    np.testing.assert_array_equal(slopes[0], np.zeros((2, 3)))
    np.testing.assert_array_equal(slopes[2], np.zeros((2, 3)))
    y = np.arange(40) % 2
    for estimator in (None, DecisionTreeClassifier(), KNeighborsClassifier(1)):
        spy = InferenceModel(estimator, np.random.RandomState(0))
        spy.fit(np.eye(2)[y], y, np.full((10, 2), 0.5), y[:10])
        assert np.isfinite(spy.gain_slope(np.eye(2)[y], y)).all()


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("C", [1.0, 0.01])
def test_slope_of_the_gain_by_the_logits(C, n_classes):
    z, y, proba_reference, y_reference = answers(n_classes)
    proba = softmax(z, axis=1)
    spy = InferenceModel(LogisticRegression(C=C), np.random.RandomState(0))
    spy.fit(proba, y, proba_reference, y_reference)
    numeric = difference(
        lambda at: spy.log_membership(described(softmax(at, axis=1), y)) / 2, z
    )
    found = spy.gain_slope(proba, y)
    # Its difference quotients are a tenth of a standard deviation wide.
    np.testing.assert_allclose(found, numeric, atol=0.01 * np.abs(numeric).max())
    assert (found[np.arange(200), y] > 0).mean() > 0.9


def test_sides_of_unequal_size_count_the_same():
    """Members are the reference ten times over: nothing tells them apart."""
    _, _, proba, y = answers(3)
    spy = InferenceModel(None, np.random.RandomState(0))
    spy.fit(np.tile(proba, (10, 1)), np.tile(y, 10), proba, y)
    h = np.exp(spy.log_membership(described(proba, y)))
    np.testing.assert_allclose(h, 0.5, atol=1e-6)
    np.testing.assert_allclose(spy.gain_slope(proba, y), 0, atol=1e-6)


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.9])
def test_each_class_gives_its_share_and_never_all(fraction):
    rng, sizes = np.random.RandomState(0), np.array([100, 40, 13, 2, 1])
    y = rng.permutation(np.repeat(np.arange(5), sizes))
    for _ in range(30):
        counts = np.bincount(y[held_out(rng.randn(156, 2), y, fraction, rng)])
        counts = np.append(counts, np.zeros(5 - len(counts)))
        assert (counts < sizes).all()
        near = np.abs(counts - fraction * sizes) < 1.1  # of all, it is rounded too
        assert (near | (counts == 0)).all()
        assert near[:2].all()


def test_who_is_held_out_is_random():
    rng, n_draws = np.random.RandomState(0), 2000
    y, X = np.repeat([0, 1], [8, 12]), np.arange(20)[:, None]
    often = sum(held_out(X, y, 0.2, rng) for _ in range(n_draws)) / n_draws
    assert np.abs(often - 0.2).max() < 4 * np.sqrt(0.2 * 0.8 / n_draws)


def test_equal_rows_are_held_out_together():
    rng = np.random.RandomState(0)
    X = np.repeat(np.arange(20.0), 3)[:, None]
    y = np.tile([0, 0, 1], 20)  # of each three, one has another label
    for _ in range(30):
        out = held_out(X, y, 0.3, rng).reshape(20, 3)
        assert (out.all(axis=1) | ~out.any(axis=1)).all()
        assert out.any()


def test_nothing_to_hold_out_is_an_error():
    with pytest.raises(ValueError, match=r"reference_fraction=0.1 holds out no row of"):
        defended().fit([[0.0], [1.0], [2.0]], ["a", "b", "c"])
    # Three rows each, but all the same.
    with pytest.raises(ValueError, match="no row of 6 rows in 2 classes"):
        defended().fit(np.repeat([[0.0], [1.0]], 3, axis=0), [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("settings", [{"alpha": 0}, {"n_rounds": 1}])
def test_without_the_gain_it_is_a_plain_fit_of_the_members(settings, data):
    X, y = data
    weight = np.random.RandomState(1).uniform(size=60)
    clf = defended(LogisticRegression(), **settings).fit(X, y, sample_weight=weight)
    rows = members_of(X, y)
    assert len(rows) == 54
    bare = LogisticRegression().fit(X[rows], y[rows], sample_weight=weight[rows])
    np.testing.assert_allclose(clf.predict_proba(X), bare.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize("inner", [sgd(DiarySGD), mlp(DiaryMLP)])
@pytest.mark.parametrize("alpha", [0, 50])
def test_an_epoch_is_of_each_member_once(alpha, inner, data):
    X, y = data[0] / 4, data[1]  # answers are not certain
    weight = np.arange(60.0) if isinstance(inner, SGDClassifier) else None
    clf = defended(inner, alpha=alpha).fit(X, y, sample_weight=weight)
    row_of = {row.tobytes(): i for i, row in enumerate(X)}
    own, orders = [], set()
    for rows, labels, weights in clf.estimator_.epochs_:
        order = np.array([row_of[row.tobytes()] for row in rows])
        np.testing.assert_array_equal(np.sort(order), members_of(X, y))
        np.testing.assert_array_equal(weights, 0 * order if weight is None else order)
        own.append((labels == y[order]).mean())
        orders.add(tuple(order))
    assert len(own) == len(orders) == 10
    assert own[0] == 1  # there is nothing to answer to yet
    assert (min(own) < 1) == (alpha > 0)


def moved(**settings):
    """How much of its label each member has lost."""
    y = np.arange(60) % 2
    X = np.column_stack([np.arange(60.0), y])
    clf = defended(Telltale(), **settings).fit(X, y)
    labels = clf.estimator_.labels_
    return 1 - labels[np.arange(54), y[members_of(X, y)]]


def test_how_far_labels_move():
    # What Telltale says does not depend on labels: all rounds have one answer. The
    # label is the mean over rounds, of which the first has the own label.
    two, five = moved(n_rounds=2), moved()
    assert two.min() > 0.01
    np.testing.assert_allclose(five / two, (4 / 5) / (1 / 2), rtol=1e-3)
    little, twice = moved(alpha=0.1), moved(alpha=0.2)
    np.testing.assert_allclose(twice, 2 * little, rtol=1e-3)


overfitting = mlp(max_iter=100, alpha=0).set_params(hidden_layer_sizes=64)


@pytest.mark.parametrize(
    "inner",
    [pytest.param(overfitting, marks=pytest.mark.slow), RandomForestClassifier(20)],
)
def test_members_stand_out_less(inner):
    """Labels by chance, learnt by heart: members are surer than the other half."""
    rng = np.random.RandomState(0)
    y = rng.randint(2, size=400)
    X = rng.randn(400, 60) + 0.2 * y[:, None]

    def gap(alpha):
        clf = defended(inner, alpha=alpha, reference_fraction=0.3)
        sure = confidence(clf.fit(X[:200], y[:200]).predict_proba(X), y)
        return sure[:200].mean() - sure[200:].mean()

    bare = gap(0)
    assert bare > 0.15
    assert gap(5) < 0.6 * bare


def test_epochs_are_counted(data):
    X, y = data
    inner = make_pipeline(StandardScaler(), mlp())
    for n_rounds, expected in ((None, 10), (4, 4)):
        clf = defended(inner, n_rounds=n_rounds).fit(X, y)
        assert clf.estimator_[-1].t_ == expected * 54
        mean = X[members_of(X, y)].mean(axis=0)
        np.testing.assert_allclose(clf.estimator_[0].mean_, mean)
    stops = defended(mlp(max_iter=200, tol=10.0, n_iter_no_change=4)).fit(X, y)
    assert stops.estimator_.t_ == 5 * 54  # the first is an improvement on infinity


@pytest.mark.parametrize("inner", [mlp(), sgd(), RandomForestClassifier(3)])
def test_a_seed_decides_on_everything(inner, data):
    X, y = data
    before = global_state()
    attack = RandomForestClassifier(3)
    a, b, c = (
        defended(inner, n_rounds=3, attack_estimator=attack, random_state=seed)
        .fit(X, y)
        .predict_proba(X)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    assert (global_state() == before).all()


@both_ways
def test_arguments_are_left_alone(inner, data):
    X, y = data
    weight, attack = np.ones(60), LogisticRegression()
    for array in (X, y, weight):
        array.setflags(write=False)
    defended(inner, attack_estimator=attack).fit(X, y, sample_weight=weight)
    assert not hasattr(inner, "coef_")
    assert not hasattr(attack, "coef_")


@pytest.mark.parametrize(
    "inner", [LogisticRegression(), sgd(), KNeighborsClassifier(3), LinearSVC()]
)
@pytest.mark.parametrize("left_out", ["fig", None])
def test_columns_are_in_the_order_of_text_labels(inner, left_out, data):
    X, y = (part[data[1] != left_out] for part in data)
    clf = defended(inner).fit(X, y)
    names = [name for name in ("apple", "fig", "pear") if name != left_out]
    assert clf.classes_.tolist() == names
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (clf.predict(X) == clf.classes_[proba.argmax(axis=1)]).all()
    assert clf.score(X, y) > 0.8


@both_ways
def test_frames_with_text(inner, data):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["fruit"] = np.where(X[:, 0] > 1, "round", "long")
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), [0, 1]), ("text", OneHotEncoder(), [4])]
    )
    clf = defended(make_pipeline(columns, inner))
    proba = clf.fit(frame, y).predict_proba(frame)
    assert clf.feature_names_in_.tolist() == ["a", "b", "c", "d", "fruit"]
    X = pl.DataFrame(frame.to_dict(orient="list"))
    np.testing.assert_allclose(clf.fit(X, y).predict_proba(X), proba, rtol=1e-6)


@both_ways
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows(container, inner, data):
    X, y = np.where(np.abs(data[0]) > 1, data[0], 0), data[1]
    dense = defended(inner).fit(X, y).predict_proba(X)
    clf = defended(inner).fit(container(X), y)
    np.testing.assert_allclose(clf.predict_proba(container(X)), dense, atol=1e-4)


@both_ways
def test_weights_reach_the_classifier(inner, data):
    X, y = data
    weight = np.where(y == "fig", 0.0, 1.0)
    clf = defended(inner).fit(X, y, sample_weight=weight)
    assert (clf.predict(X) == "fig").mean() < 0.2
    piped = defended(Pipeline([("clf", inner)]))
    piped.fit(X, y, clf__sample_weight=weight)
    np.testing.assert_allclose(piped.predict_proba(X), clf.predict_proba(X))
    with config_context(enable_metadata_routing=True):
        asked = clone(inner).set_fit_request(sample_weight=True)
        routed = defended(Pipeline([("clf", asked)])).fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(routed.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": -1}, r"'alpha' .* \[0, inf\). Got -1"),
        ({"reference_fraction": 1.0}, r"'reference_fraction' .* \(0, 1\). Got 1.0"),
        ({"n_rounds": 0}, r"'n_rounds' .* \[1, inf\). Got 0"),
        ({"attack_estimator": StandardScaler()}, "'attack_estimator' .*StandardScaler"),
    ],
)
def test_parameters_are_checked(settings, message, data):
    with pytest.raises(ValueError, match=message):
        defended(**settings).fit(*data)


@both_ways
def test_copies_and_pickles(inner, data):
    X, y = data
    clf = defended(inner, attack_estimator=LogisticRegression(C=3)).fit(X, y)
    read = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(read.predict_proba(X), clf.predict_proba(X))
    copy = clone(clf)
    assert copy.get_params()["attack_estimator__C"] == 3
    assert not hasattr(copy, "classes_")
    np.testing.assert_array_equal(copy.fit(X, y).predict_proba(X), clf.predict_proba(X))
