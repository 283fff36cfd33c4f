"""WeightedSmoothingClassifier: its formulas, its two ways of training, its noise."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from _helpers import SoftLabelEcho
from skmia._tables import RowNoise, as_rows
from skmia.defenses import WeightedSmoothingClassifier
from skmia.defenses._soft import project_on_simplex, trains_in_epochs
from skmia.defenses._weighted_smoothing import noise_scale, soft_label_of_noise
from skmia.signals import confidence


def mlp(**settings):
    settings = {"max_iter": 15, "tol": 0.0, "n_iter_no_change": 100} | settings
    return MLPClassifier((8,), learning_rate_init=0.01, **settings)


def sgd(**settings):
    return SGDClassifier(**{"loss": "log_loss", "max_iter": 10, "tol": None} | settings)


BOTH_WAYS = [LogisticRegression(), sgd()]
both_ways = pytest.mark.parametrize("inner", BOTH_WAYS)
both_targets = pytest.mark.parametrize("on", ["labels", "features"])


def test_noise_scale_row_by_row():
    rng = np.random.RandomState(0)
    proba, y = rng.dirichlet(np.ones(4), size=30), rng.randint(3, size=30)
    expected = []
    for p, c in zip(proba, y, strict=True):
        entropies = []
        for row in proba[y == c]:
            others = [k for k in range(4) if k != c]
            entropy = -(1 - row[c]) * np.log(row[c])
            entropies.append(entropy - sum(row[k] * np.log(1 - row[k]) for k in others))
        own = -(1 - p[c]) * np.log(p[c])
        own -= sum(p[k] * np.log(1 - p[k]) for k in range(4) if k != c)
        w = (own - np.mean(entropies)) / np.std(entropies)
        largest = sorted(p)[::-1]
        expected.append((largest[0] - largest[1]) * max(0, 1 - w))
    assert min(expected) == 0
    np.testing.assert_allclose(noise_scale(proba, y), expected, rtol=1e-10)


def test_noise_scale_at_the_edges():
    # All rows of a class alike, single rows, certain rows: w is 0, and u what it is.
    proba = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [0, 0, 1], [0.4, 0.4, 0.2]])
    scale = noise_scale(proba, np.array([0, 0, 2, 1]))
    np.testing.assert_allclose(scale, [0.5, 0.5, 1, 0], atol=1e-12)
    # Certain and wrong is the largest entropy that there is, and still a number.
    scale = noise_scale(np.array([[1.0, 0], [0.0, 1], [1, 0]]), np.array([0, 0, 0]))
    assert scale[1] == 0
    assert (scale[[0, 2]] > 1).all()
    assert np.isfinite(scale).all()


def test_the_soft_label_has_the_gradient_of_the_noisy_loss():
    rng = np.random.RandomState(0)
    z, y = rng.randn(50, 4), rng.randint(4, size=50)
    noise = 0.03 * rng.randn(50, 4)
    proba = softmax(z, axis=1)

    def loss(z, n, c):
        noisy = np.abs(softmax(z) + n)
        return -np.log(noisy[c] / noisy.sum())

    label = proba.copy()
    for i in range(50):
        for k in range(4):
            step = 1e-6 * np.eye(4)[k]
            up, down = (
                loss(z[i] + step, noise[i], y[i]),
                loss(z[i] - step, noise[i], y[i]),
            )
            label[i, k] -= (up - down) / 2e-6
    found = soft_label_of_noise(proba, y, noise)
    np.testing.assert_allclose(found, project_on_simplex(label), atol=1e-6)
    inside = (label > 0).all(axis=1)
    assert 5 < inside.sum() < 45
    np.testing.assert_allclose(found[inside], label[inside], atol=1e-6)


def test_without_noise_the_label_is_the_own():
    rng = np.random.RandomState(0)
    proba, y = rng.dirichlet(np.ones(3), size=20), rng.randint(3, size=20)
    found = soft_label_of_noise(proba, y, np.zeros((20, 3)))
    np.testing.assert_allclose(found, np.eye(3)[y], atol=1e-12)
    certain = soft_label_of_noise(np.eye(3), np.arange(3), np.zeros((3, 3)))
    np.testing.assert_allclose(certain, np.eye(3), atol=1e-12)
    # The probability that the loss is taken of is gone: it is flat there.
    gone = soft_label_of_noise(np.eye(3)[[0]], np.array([1]), np.zeros((1, 3)))
    np.testing.assert_allclose(gone, [[1, 0, 0]])


def test_projection_is_the_closest_distribution():
    rng = np.random.RandomState(0)
    values = rng.randn(40, 5) * np.repeat([0.1, 1, 10, 1e6], 10)[:, None]
    found = project_on_simplex(values)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    # What is closest makes an obtuse angle with any other distribution.
    corners = (values - found)[:, None, :] @ (np.eye(5) - found[:, None]).swapaxes(1, 2)
    assert corners.max() < 1e-6
    inside = rng.dirichlet(np.ones(5), size=10)
    np.testing.assert_allclose(project_on_simplex(inside), inside)


def test_strength_of_the_noise_on_rows():
    rng = np.random.RandomState(0)
    X = rng.randn(8000, 3) * [1, 10, 100]
    X = np.column_stack([X, rng.randint(2, size=8000)])
    # Four levels of the sixteen for each strength.
    strength = np.repeat([0.0, 0.2, 0.4, 0.6, 0.8], 1600)
    moved = RowNoise(X, 0).copies(X, strength, 0)
    assert moved.shape == X.shape
    np.testing.assert_array_equal(moved[:1600], X[:1600])
    for s in (0.2, 0.4, 0.6):
        rows = strength == s
        sd = (moved - X)[rows, :3].std(axis=0) / X[:, :3].std(axis=0)
        # Clipped to the range of the column, which takes off a little.
        np.testing.assert_allclose(sd, s, rtol=0.1)
        # A value drawn anew is the old one half of the time.
        flipped = (moved[:, 3] != X[:, 3])[rows].mean()
        assert abs(flipped - s / 2) < 4 * 0.5 / np.sqrt(1600)
    assert (RowNoise(X, 0).copies(X, strength, 0) == moved).all()
    other = RowNoise(X, 0).copies(X, strength, 1)
    assert (other != moved)[1600:, :3].mean() > 0.99  # some at the end of the range


def test_equal_rows_have_equal_noise():
    X = np.tile(np.random.RandomState(0).randn(20, 2), (2, 1))
    moved = RowNoise(X, 0).copies(X, np.full(40, 0.5), 0)
    np.testing.assert_array_equal(moved[:20], moved[20:])


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame, list, "sparse"])
def test_noise_keeps_the_container(container):
    rng = np.random.RandomState(0)
    words = rng.choice(["a", "b", "c"], size=200)
    columns = {"n": rng.randn(200), "i": rng.randint(1000, size=200), "t": words}
    if container == "sparse":
        X = sparse.random_array((200, 30), density=0.1, rng=0, format="csr")
    elif container is list:
        X = as_rows([list(row) for row in zip(*columns.values(), strict=True)])
    else:
        X = container(columns)
    strength = np.linspace(0, 1.5, 200)
    moved = RowNoise(X, 0).copies(X, strength, 0)
    if container == "sparse":
        assert (moved != X).nnz > 20
        assert type(moved) is type(X)
    elif container is list:
        assert {type(v) for v in moved[:, 2]} == {str, np.str_} or isinstance(
            moved[0, 2], str
        )
    else:
        assert type(moved) is container
        assert list(moved.columns) == ["n", "i", "t"]
        assert [str(t) for t in moved.dtypes] == [str(t) for t in X.dtypes]
        changed = np.asarray(moved["t"]) != words
        assert changed[-50:].mean() > changed[:50].mean()


def test_labels_get_noise_where_unseen_answers_are_sure():
    """The label of a row that nothing is sure of stays as it is."""
    rng = np.random.RandomState(0)
    sure = np.repeat([0.5, 0.97], 100)
    X = np.column_stack([rng.permutation(200), sure])
    y = np.where(np.arange(200) % 10, "a", "b")  # "b" is unlikely, and noted as such
    own = np.eye(2)[(y == "b").astype(int)]
    n_fits, moved = 20, np.zeros(200)
    for seed in range(n_fits):
        clf = WeightedSmoothingClassifier(SoftLabelEcho(), noise=0.2, random_state=seed)
        labels = clf.fit(X, y).estimator_.predict_proba(X)
        moved += np.abs(labels - own).max(axis=1) / n_fits
    assert moved[:100].max() < 1e-4
    scale = 0.2 * noise_scale(np.column_stack([sure, 1 - sure]), (y == "b") * 1)
    rows = (np.arange(200) >= 100) & (y == "a")
    np.testing.assert_allclose(scale[rows], scale[rows][0])
    # What goes to the other class, of noise that is added to both.
    own_noise, other = scale[rows][0] * rng.standard_normal((2, 100_000))
    share = np.abs(other) / (np.abs(1 + own_noise) + np.abs(other))
    error = share.std() / np.sqrt(n_fits * rows.sum())
    assert abs(moved[rows].mean() - share.mean()) < 4 * error


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (MLPClassifier(), True),
        (MLPClassifier(solver="sgd"), True),
        (MLPClassifier(solver="lbfgs"), False),
        (MLPClassifier(early_stopping=True), False),
        (MLPClassifier(solver="sgd", learning_rate="adaptive"), False),
        (SGDClassifier(loss="log_loss"), True),
        (SGDClassifier(), False),
        (SGDClassifier(loss="log_loss", class_weight="balanced"), False),
        (SGDClassifier(loss="log_loss", early_stopping=True), False),
        (GaussianNB(), False),
        (make_pipeline(StandardScaler(), MLPClassifier()), True),
        (make_pipeline(StandardScaler(), LogisticRegression()), False),
    ],
)
def test_who_trains_in_epochs(model, expected):
    assert trains_in_epochs(model) is expected


@both_targets
@pytest.mark.parametrize("scaled", [False, True])
def test_a_network_is_trained_for_its_epochs(scaled, on, data):
    X, y = data
    model = make_pipeline(StandardScaler(), mlp()) if scaled else mlp()
    clf = WeightedSmoothingClassifier(model, on=on, random_state=0).fit(X, y)
    last = clf.estimator_[-1] if scaled else clf.estimator_
    assert last.t_ == 15 * len(X)
    assert last.max_iter == 15
    if scaled:
        # The step before was fitted on the rows as they are.
        np.testing.assert_allclose(clf.estimator_[0].mean_, X.mean(axis=0))
    stops = WeightedSmoothingClassifier(
        mlp(max_iter=200, tol=10.0, n_iter_no_change=4), random_state=0
    ).fit(X, y)
    # The first epoch is an improvement on infinity.
    assert stops.estimator_.t_ == 5 * len(X)


@pytest.mark.parametrize("model", [mlp(max_iter=60), sgd(max_iter=60)])
def test_epochs_without_noise_are_ordinary_training(model, data):
    X, y = data
    X = StandardScaler().fit_transform(X)
    clf = WeightedSmoothingClassifier(model, noise=0, random_state=0).fit(X, y)
    assert clf.score(X, y) > 0.9
    bare = model.set_params(random_state=0)
    bare.fit(X, y) if isinstance(model, SGDClassifier) else [
        bare.partial_fit(X, y, classes=np.unique(y)) for _ in range(60)
    ]
    gap = np.abs(bare.predict_proba(X) - clf.predict_proba(X)).mean()
    assert gap < 0.05


@pytest.mark.parametrize("inner", [LogisticRegression(C=100), mlp(max_iter=100)])
def test_noise_lowers_confidence(inner, data):
    X, y = data
    column = np.searchsorted(np.unique(y), y)
    sure = [
        confidence(
            WeightedSmoothingClassifier(inner, noise=noise, random_state=0)
            .fit(X, y)
            .predict_proba(X),
            column,
        ).mean()
        for noise in (0.0, 0.5)
    ]
    assert sure[1] < sure[0] - 0.01


@pytest.mark.slow
@both_targets
def test_noise_hides_members(on):
    """Two overlapping clusters: a tree knows its members' labels, less so with noise.

    Shown for the loss attack on 300 members and as many others, over 20 draws: the mean
    gain is three standard errors above zero, and 0.02 at least.
    """
    gains, member = [], np.arange(600) < 300
    for seed in range(20):
        rng = np.random.RandomState(seed)
        y = rng.randint(2, size=600)
        X = rng.randn(600, 5) + 0.8 * y[:, None]
        leakage = {}
        for noise in (0.0, 1.0):
            clf = WeightedSmoothingClassifier(
                DecisionTreeClassifier(min_samples_leaf=3),
                noise=noise,
                on=on,
                random_state=seed,
            ).fit(X[member], y[member])
            score = confidence(clf.predict_proba(X), y)
            leakage[noise] = roc_auc_score(member, score)
        assert leakage[0.0] > 0.55
        gains.append(leakage[0.0] - leakage[1.0])
    assert np.mean(gains) > 0.02
    assert np.mean(gains) > 3 * np.std(gains, ddof=1) / np.sqrt(len(gains))


def test_a_seed_decides_on_everything(data):
    X, y = data
    for inner in (mlp(), sgd(), RandomForestClassifier(3)):
        for on in ("labels", "features"):
            a, b, c = (
                WeightedSmoothingClassifier(inner, on=on, random_state=seed)
                .fit(X, y)
                .predict_proba(X)
                for seed in (0, 0, 1)
            )
            np.testing.assert_array_equal(a, b)
            assert (a != c).any()


@both_targets
@both_ways
def test_text_labels_and_a_class_of_two_rows(inner, on, data):
    X, y = data
    X = np.vstack([X, [[0, 0, 0, 9.0], [0, 0, 0, 9.5]]])
    y = np.append(y, ["quince", "quince"])
    clf = WeightedSmoothingClassifier(inner, on=on, noise=0.2, random_state=0)
    clf.fit(X, y)
    assert clf.classes_.tolist() == ["apple", "fig", "pear", "quince"]
    assert clf.score(X, y) > 0.8
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1)


@both_targets
@both_ways
def test_frames_with_text(inner, on, data):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["fruit"] = np.where(X[:, 0] > 1, "round", "long")
    # By position: older scikit-learn finds no names in a recent polars frame.
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), [0, 1, 2, 3]),
            ("text", OneHotEncoder(handle_unknown="ignore"), [4]),
        ]
    )
    clf = WeightedSmoothingClassifier(
        make_pipeline(columns, inner), on=on, noise=0.2, random_state=0
    )
    proba = clf.fit(frame, y).predict_proba(frame)
    assert clf.feature_names_in_.tolist() == ["a", "b", "c", "d", "fruit"]
    assert clf.score(frame, y) > 0.8
    in_polars = pl.DataFrame(frame.to_dict(orient="list"))
    other = clf.fit(in_polars, y).predict_proba(in_polars)
    if on == "labels":
        np.testing.assert_allclose(other, proba, rtol=1e-6)
    else:
        # The noise follows from the bits of a row, and scaling may round otherwise.
        assert clf.score(in_polars, y) > 0.8


@both_targets
@both_ways
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows(container, inner, on, data):
    X, y = data
    X = container(np.where(np.abs(X) > 1, X, 0))
    clf = WeightedSmoothingClassifier(inner, on=on, noise=0.2, random_state=0)
    assert clf.fit(X, y).score(X, y) > 0.8


@both_targets
@both_ways
def test_weights_reach_the_classifier(inner, on, data):
    X, y = data
    weight = np.where(y == "fig", 0.0, 1.0)
    clf = WeightedSmoothingClassifier(inner, on=on, noise=0.1, random_state=0)
    clf.fit(X, y, sample_weight=weight)
    assert clf.score(X[y != "fig"], y[y != "fig"]) > 0.8
    assert (clf.predict(X) == "fig").mean() < 0.2
    piped = WeightedSmoothingClassifier(
        make_pipeline(inner), on=on, noise=0.1, random_state=0
    )
    name = f"{type(inner).__name__.lower()}__sample_weight"
    piped.fit(X, y, **{name: weight})
    assert (piped.predict(X) == "fig").mean() < 0.2
    with config_context(enable_metadata_routing=True):
        asked = make_pipeline(
            type(inner)(**inner.get_params()).set_fit_request(sample_weight=True)
        )
        routed = WeightedSmoothingClassifier(
            asked, on=on, noise=0.1, random_state=0
        ).fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(routed.predict_proba(X), piped.predict_proba(X))


def test_classifiers_without_weights(data):
    X, y = data
    clf = WeightedSmoothingClassifier(
        KNeighborsClassifier(3), noise=0.1, random_state=0
    )
    assert clf.fit(X, y).score(X, y) > 0.9


def test_documents():
    documents = ["red apple", "green fig", "red red apple", "fig fig"] * 5
    y = ["apple", "fig"] * 10
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    # Documents that occur in two classes of folds only: all folds have all of them.
    documents = [f"{text} number{i}" for i, text in enumerate(documents)]
    clf = WeightedSmoothingClassifier(model, noise=0.1, random_state=0)
    assert clf.fit(documents, y).score(documents, y) == 1
    with pytest.raises(ValueError, match=r"columns of a table. Got X of shape \(20,\)"):
        clf.set_params(on="features").fit(documents, y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"noise": -0.1}, r"'noise' .* \[0, inf\). Got -0.1"),
        ({"on": "rows"}, r"'on' .* \['features', 'labels'\]. Got 'rows'"),
        ({"cv": 1}, r"'cv' .* \[2, inf\). Got 1"),
    ],
)
def test_parameters_are_checked(settings, message, data):
    with pytest.raises(ValueError, match=message):
        WeightedSmoothingClassifier(**settings).fit(*data)


def test_noise_is_declared_and_arguments_are_left_alone(data):
    X, y = data
    assert get_tags(WeightedSmoothingClassifier()).classifier_tags.poor_score
    before = X.copy()
    for inner in (LogisticRegression(), mlp()):
        for on in ("labels", "features"):
            WeightedSmoothingClassifier(inner, on=on, random_state=0).fit(X, y)
    np.testing.assert_array_equal(X, before)
    assert not hasattr(inner, "coefs_")


@pytest.mark.filterwarnings("ignore")  # checks fit on a handful of records
@pytest.mark.slow
@both_targets
def test_sklearn_compatible_in_epochs(on):
    """As tests/test_common.py has it around classifiers without epochs."""
    # Three epochs without noise, and one with it.
    check_estimator(WeightedSmoothingClassifier(sgd(max_iter=4), on=on))
