"""Networks by noisy gradient descent, through DifferentialPrivacyClassifier."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmia.defenses import DifferentialPrivacyClassifier


def private(estimator=None, *, epsilon=4.0, random_state=0, **params):
    estimator = MLPClassifier((20,)) if estimator is None else estimator
    return DifferentialPrivacyClassifier(
        estimator, epsilon=epsilon, random_state=random_state, **params
    )


def blobs(n=400, n_classes=3, seed=0):
    return make_classification(
        n,
        8,
        n_informative=6,
        n_classes=n_classes,
        class_sep=2.0,
        random_state=seed,
    )


def test_digits_are_learnt_as_well_as_by_logistic_regression():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0
    )
    scores = {
        epsilon: private(MLPClassifier(), epsilon=epsilon)
        .fit(X_train, y_train)
        .score(X_test, y_test)
        for epsilon in (1.0, 10.0)
    }
    # Five splits of digits gave .86 and .95; one has an error of .01.
    assert scores[1.0] > 0.82
    assert scores[10.0] > 0.93


def test_learns_what_no_line_can():
    X, y = make_moons(4000, noise=0.15, random_state=0)
    networks = private(MLPClassifier((50,)), epsilon=8.0).fit(X[:2000], y[:2000])
    line = private(LogisticRegression(), epsilon=8.0).fit(X[:2000], y[:2000])
    assert networks.score(X[2000:], y[2000:]) > line.score(X[2000:], y[2000:]) + 0.03


def test_says_what_was_spent():
    X, y = blobs()
    clf = private(epsilon=2.0, delta=1e-6).fit(X, y)
    assert clf.mechanism_ == "gradient"
    assert clf.spent_epsilon_ <= 2.0
    assert clf.spent_delta_ == 1e-6
    assert clf.mu_ > 0
    assert clf.data_norm_ > 0


def test_model_is_scikit_learns_and_holds_nothing_of_the_rows():
    X, y = blobs()
    model = private(MLPClassifier((7, 5), activation="tanh")).fit(X, y).estimator_
    assert isinstance(model, MLPClassifier)
    assert [c.shape for c in model.coefs_] == [(8, 7), (7, 5), (5, 3)]
    assert [i.shape for i in model.intercepts_] == [(7,), (5,), (3,)]
    assert model.out_activation_ == "softmax"
    for gone in ("loss_", "loss_curve_", "best_loss_", "t_"):
        assert not hasattr(model, gone)
    values = [v for v in vars(model).values() if isinstance(v, np.ndarray)]
    assert all(len(v) != len(X) for v in values)
    assert not any(isinstance(v, np.random.RandomState) for v in vars(model).values())


def test_pickled_model_says_the_same():
    X, y = blobs()
    clf = private().fit(X, y)
    again = pickle.loads(pickle.dumps(clf))
    assert (again.predict_proba(X) == clf.predict_proba(X)).all()
    assert not hasattr(clone(clf), "estimator_")


@pytest.mark.parametrize("names", [np.array(["no", "yes"]), np.array(["a", "b", "c"])])
def test_labels_of_text(names):
    X, y = blobs(n_classes=len(names))
    clf = private().fit(X, names[y])
    assert list(clf.classes_) == list(names)
    proba = clf.predict_proba(X)
    assert proba.shape == (len(X), len(names))
    assert proba.sum(axis=1) == pytest.approx(1.0)
    assert (clf.predict(X) == names[y]).mean() > 0.7
    assert (clf.estimator_.predict(X) == clf.predict(X)).all()


@pytest.mark.parametrize("activation", ["identity", "logistic", "relu", "tanh"])
@pytest.mark.parametrize("hidden", [(20,), (20, 10), 20, [20, 10]])
def test_activations_and_layers(activation, hidden):
    X, y = blobs(n_classes=2)
    clf = private(MLPClassifier(hidden, activation=activation), epsilon=8.0)
    assert clf.fit(X, y).score(X, y) > 0.75


@pytest.mark.parametrize(
    "frame", [pd.DataFrame, lambda X, columns: pl.DataFrame(X, schema=columns)]
)
def test_frames_in_a_pipeline_with_a_scaler(frame):
    X, y = blobs(2000)
    table = frame(X * 100, columns=[f"c{i}" for i in range(8)])
    clf = private(make_pipeline(StandardScaler(), MLPClassifier((20,))), epsilon=8.0)
    clf.fit(table, y)
    if frame is pd.DataFrame:  # scikit-learn 1.6 knows no others' names
        assert list(clf.feature_names_in_) == [f"c{i}" for i in range(8)]
    assert clf.score(table, y) > 0.7
    assert set(clf.budget_) >= {"scaler", "classifier"}


def test_sparse_rows_give_the_same_as_dense_ones():
    rng = np.random.RandomState(0)
    X = sparse.random_array((300, 30), density=0.2, format="csr", rng=rng)
    y = rng.randint(3, size=300)
    dense = private().fit(X.toarray(), y).predict_proba(X.toarray())
    assert private().fit(X, y).predict_proba(X) == pytest.approx(dense)


def test_rare_classes_are_told_as_rare():
    X, y = make_classification(
        3000, 6, weights=[0.95], class_sep=2.0, flip_y=0.0, random_state=0
    )
    proba = private(epsilon=8.0).fit(X, y).predict_proba(X)[:, 1]
    assert proba.mean() == pytest.approx(y.mean(), abs=0.05)
    assert proba[y == 1].mean() > 3 * proba[y == 0].mean()


def test_weights_decide_whose_labels_are_learnt():
    rng = np.random.RandomState(0)
    X = np.repeat(rng.normal(2, 1, size=(500, 2)), 2, axis=0)
    y = np.tile([0, 1], 500)  # every row has both labels
    for heavy in (0, 1):
        weight = np.where(y == heavy, 1.0, 0.1)
        proba = private(epsilon=8.0).fit(X, y, sample_weight=weight).predict_proba(X)
        assert proba[:, heavy].mean() == pytest.approx(1 / 1.1, abs=0.06)


def test_weights_beyond_the_bound_are_cut_to_it():
    X, y = blobs()
    weight = np.ones(len(y))
    clf = private(max_sample_weight=2.0).fit(X, y, sample_weight=2 * weight)
    far = private(max_sample_weight=2.0).fit(X, y, sample_weight=50 * weight)
    assert (clf.predict_proba(X) == far.predict_proba(X)).all()


def test_a_penalty_shrinks_the_coefficients():
    X, y = blobs()
    sizes = [
        sum(
            np.square(c).sum()
            for c in private(MLPClassifier((10,), alpha=alpha))
            .fit(X, y)
            .estimator_.coefs_
        )
        for alpha in (0.0, 1e2, 1e8)
    ]
    assert sizes[0] > sizes[1] > sizes[2]


def test_the_first_weights_come_from_the_networks_own_seed():
    X, y = blobs()

    def fit(seed):
        estimator = MLPClassifier((10,), random_state=seed)
        return private(estimator, epsilon=1e3).fit(X, y).estimator_.coefs_[0]

    assert (fit(3) == fit(3)).all()
    assert not np.allclose(fit(3), fit(4), rtol=0.1)


def test_noise_is_not_repeated_without_a_seed():
    X, y = blobs()
    estimator = MLPClassifier((10,), random_state=0)
    one, other = (
        private(estimator, random_state=None).fit(X, y).estimator_.coefs_[0]
        for _ in range(2)
    )
    assert (one != other).all()


def test_a_replaced_row_costs_as_much_as_a_group_of_two():
    X, y = blobs()
    replaced = private(neighbors="replace").fit(X, y)
    of_two = private(group_size=2).fit(X, y)
    assert (replaced.predict_proba(X) == of_two.predict_proba(X)).all()
    assert private().fit(X, y).mu_ == replaced.mu_ == of_two.mu_


def test_persons_may_have_several_rows():
    X, y = blobs(300)
    X, y, groups = np.repeat(X, 3, 0), np.repeat(y, 3), np.repeat(np.arange(300), 3)
    clf = private(group_size=3, epsilon=8.0).fit(X, y, groups=groups)
    promised = private(group_size=3, epsilon=8.0).fit(X, y)
    assert clf.score(X, y) > 0.8
    # Clipped together, persons cost what rows do; by a promise alone, three times that.
    assert clf.score(X, y) >= promised.score(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hidden_layer_sizes": ()}, "take LogisticRegression"),
        ({"hidden_layer_sizes": (9, 9, 9)}, "one or two layers"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes"),
        ({"early_stopping": True}, "looks at rows without noise"),
        ({"activation": "cosine"}, "activation"),
        ({"alpha": -1.0}, "alpha"),
        ({"warm_start": True}, "warm_start"),
    ],
)
def test_what_has_no_private_counterpart_is_an_error(params, message):
    X, y = blobs()
    clf = private(MLPClassifier().set_params(**params))
    with pytest.raises(ValueError, match=message):
        clf.fit(X, y)


def test_how_weights_are_found_without_noise_does_not_matter():
    X, y = blobs()
    ways = {"solver": "lbfgs", "max_iter": 3, "learning_rate_init": 9.0, "tol": 1.0}
    plain = private(MLPClassifier((20,))).fit(X, y)
    other = private(MLPClassifier((20,), **ways)).fit(X, y)
    assert (plain.predict_proba(X) == other.predict_proba(X)).all()


@pytest.mark.parametrize("value", [1e-300, 1e200])
def test_rows_of_any_scale(value):
    X, y = blobs()
    proba = private().fit(X * value, y).predict_proba(X * value)
    assert np.isfinite(proba).all()
