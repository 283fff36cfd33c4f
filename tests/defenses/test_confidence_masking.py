"""ConfidenceMaskingClassifier: what each method shows, and that no label changes."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from _helpers import corners
from skmia.defenses import ConfidenceMaskingClassifier
from skmia.defenses._confidence_masking import _round, _show_largest
from skmia.defenses._minimal_distortion import distort, ranked
from skmia.metrics import roc_auc

METHODS = ["label", "minimal_distortion", "round", "temperature", "top_k"]
# Rows whose largest values are far apart, close, equal, and rounded to equals.
HARD = np.array(
    [
        [0.98, 0.01, 0.005, 0.005],
        [0.46, 0.54, 0.0, 0.0],
        [0.49, 0.49, 0.02, 0.0],
        [0.25, 0.25, 0.25, 0.25],
        [0.449, 0.452, 0.05, 0.049],
        [0.0, 0.0, 0.0, 1.0],
    ]
)


@pytest.fixture(scope="module")
def data():
    y = np.repeat([0, 1, 2, 3], 40)
    return corners(y, 5, 1.5), np.array(list("abcd"))[y]


def proba_from(seed, n=2000, n_classes=6):
    rng = np.random.RandomState(seed)
    return np.concatenate(
        [rng.dirichlet(np.full(n_classes, a), size=n) for a in (0.05, 0.5, 5)]
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "inner", [LogisticRegression(), RandomForestClassifier(n_estimators=5)]
)
def test_labels_stay(method, inner, data):
    X, y = data
    clf = ConfidenceMaskingClassifier(inner, method=method, random_state=0).fit(X, y)
    inside = clf.estimator_.predict_proba(X)
    assert (clf.predict(X) == clf.classes_[inside.argmax(axis=1)]).all()
    proba = clf.predict_proba(X)
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (proba != inside).any()


@pytest.mark.parametrize("method", METHODS)
def test_a_fitted_model_stays_as_it_is(method, data):
    X, y = data
    model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, y)
    # Trained on one half of the rows, told on the other.
    attack = LogisticRegression().fit(
        ranked(np.r_[np.eye(4), np.full((4, 4), 0.25)]), [1] * 4 + [0] * 4
    )
    frozen = FrozenEstimator(model)
    clf = ConfidenceMaskingClassifier(
        frozen, method=method, attack_estimator=FrozenEstimator(attack)
    )
    # Rows of two of the four classes: the model's own classes count.
    clf.fit(X[:80], y[:80])
    assert clf.estimator_ is frozen
    assert clf.classes_.tolist() == list("abcd")
    assert clf.predict_proba(X).shape == (160, 4)
    assert (clf.predict(X) == model.predict(X)).all()
    assert clf.n_features_in_ == 5


def test_labels_that_a_frozen_model_does_not_know(data):
    X, y = data
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    with pytest.raises(ValueError, match=r"does not know: \['z'\]"):
        ConfidenceMaskingClassifier(frozen).fit(X[:2], ["a", "z"])


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_rounded_to_places_that_sum_to_one(decimals):
    proba = proba_from(decimals)
    said = _round(proba, 10**decimals)
    units = said * 10**decimals
    np.testing.assert_allclose(units, np.rint(units), atol=1e-9)
    np.testing.assert_allclose(said.sum(axis=1), 1)
    assert (said >= 0).all()
    # Largest remainders are off by less than a unit, and two more where tied.
    assert np.abs(said - proba).max() < 3 / 10**decimals
    assert (np.abs(said - proba) < 1 / 10**decimals).mean() > 0.9
    label = proba.argmax(axis=1)
    assert (said.argmax(axis=1) == label).all()
    others = said.copy()
    others[np.arange(len(said)), label] = -1
    assert (others.max(axis=1) < said.max(axis=1)).all()


def test_rounding_worked_out_by_hand():
    # Two tenths go to the largest remainders, of 0.46 the .6, of 0.452 the .52.
    np.testing.assert_allclose(
        _round(HARD, 10),
        [
            [1.0, 0.0, 0.0, 0.0],
            [0.4, 0.6, 0.0, 0.0],  # 0.5 and 0.5, but for the label
            [0.6, 0.4, 0.0, 0.0],
            [0.4, 0.2, 0.2, 0.2],  # 0.3, 0.3, 0.2, 0.2 but for the label
            [0.4, 0.5, 0.1, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ],
    )


def test_rounding_leaves_rounded_values():
    proba = np.array([[0.3, 0.7], [0.1, 0.9], [1.0, 0.0], [0.6, 0.4]])
    np.testing.assert_allclose(_round(proba, 10), proba)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_top_k_shows_k_values(k):
    proba = proba_from(k)
    said = _show_largest(proba, k)
    np.testing.assert_allclose(said.sum(axis=1), 1)
    np.testing.assert_allclose(ranked(said)[:, :k], ranked(proba)[:, :k])
    rest = ranked(said)[:, k:]
    np.testing.assert_allclose(rest, rest[:, :1] + np.zeros(rest.shape))
    assert (said.argmax(axis=1) == proba.argmax(axis=1)).all()


@pytest.mark.parametrize("said", [_show_largest(HARD, 1), _round(HARD, 100)])
def test_labels_of_hard_rows_stay(said):
    assert (said.argmax(axis=1) == HARD.argmax(axis=1)).all()


def test_top_k_of_all_hides_nothing_and_says_so(data):
    X, y = data
    clf = ConfidenceMaskingClassifier(method="top_k", k=3)
    with pytest.warns(UserWarning, match="hides nothing of 4 classes"):
        clf.fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X), clf.estimator_.predict_proba(X))
    with pytest.warns(UserWarning, match="hides nothing of 4 classes"):
        clf.set_params(k=9).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X), clf.estimator_.predict_proba(X))


def test_temperature_divides_margins(data):
    X, y = data
    clf = ConfidenceMaskingClassifier(method="temperature", temperature=3).fit(X, y)
    margins = clf.estimator_.decision_function(X)
    np.testing.assert_allclose(clf.predict_proba(X), softmax(margins / 3, axis=1))


def test_temperature_of_probabilities_of_zero(data):
    X, y = data
    clf = ConfidenceMaskingClassifier(DecisionTreeClassifier(), method="temperature")
    proba = clf.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(proba, clf.estimator_.predict_proba(X))


def test_label_is_all_that_is_said(data):
    X, y = data
    clf = ConfidenceMaskingClassifier(method="label").fit(X, y)
    assert np.unique(clf.predict_proba(X)).tolist() == [0, 1]


class Band:
    """An inference model that is no monotone function of the confidence."""

    classes_ = np.array([0, 1])

    def predict_proba(self, proba):
        sure = proba[:, 0]
        member = np.where((sure > 0.9) | ((sure > 0.5) & (sure < 0.7)), 0.8, 0.3)
        return np.column_stack([1 - member, member])


def test_distortion_is_the_least():
    """Against a brute-force search of every share."""
    proba = proba_from(0, n=50, n_classes=3)
    attack = Band()
    said = distort(proba, attack)
    member = attack.predict_proba(ranked(proba))[:, 1] > 0.5
    assert 0.2 < member.mean() < 0.9
    np.testing.assert_array_equal(said[~member], proba[~member])
    assert (attack.predict_proba(ranked(said))[:, 1] <= 0.5).all()
    shares = np.linspace(0, 0.99, 9901)
    for before, after in zip(proba[member], said[member], strict=True):
        mixed = (1 - shares[:, None]) * before + shares[:, None] / 3
        free = attack.predict_proba(ranked(mixed))[:, 1] <= 0.5
        expected = mixed[free.argmax()]
        np.testing.assert_allclose(after, expected, atol=2e-4)
    assert (said.argmax(axis=1) == proba.argmax(axis=1)).all()


def test_where_no_share_is_enough_the_best_is_taken():
    attack = LogisticRegression().fit([[1.0, 0.0], [0.5, 0.5]], [1, 0])
    attack.intercept_ += 10
    said = distort(np.array([[1.0, 0.0], [0.2, 0.8]]), attack)
    np.testing.assert_allclose(said, [[0.505, 0.495], [0.497, 0.503]])


@pytest.mark.parametrize("attack", [None, GaussianNB()])
def test_its_own_inference_model_is_left_undecided(attack):
    rng = np.random.RandomState(1)
    X, y = rng.randn(300, 5), rng.randint(2, size=300)
    member = np.arange(300) < 150
    inner = RandomForestClassifier(n_estimators=20, random_state=0)
    clf = ConfidenceMaskingClassifier(
        inner, method="minimal_distortion", attack_estimator=attack, random_state=0
    ).fit(X[member], y[member])

    def read(proba):
        return clf.attack_estimator_.predict_proba(ranked(proba))[:, 1]

    inside, said = clf.estimator_.predict_proba(X), clf.predict_proba(X)
    assert roc_auc(member, read(inside)) > 0.75
    assert (read(inside)[member] > 0.5).mean() > 0.7
    assert (read(said) <= 0.5).all()
    # The label tells what it told before.
    right = clf.predict(X) == y
    assert right[member].mean() - right[~member].mean() > 0.3


def test_a_frozen_model_needs_a_fitted_inference_model(data):
    X, y = data
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    for attack in (None, LogisticRegression()):
        clf = ConfidenceMaskingClassifier(
            frozen, method="minimal_distortion", attack_estimator=attack
        )
        with pytest.raises(ValueError, match=r"attack_estimator=FrozenEstimator"):
            clf.fit(X, y)
    three = LogisticRegression().fit(np.eye(4), [0, 1, 2, 2])
    clf.set_params(attack_estimator=FrozenEstimator(three))
    with pytest.raises(ValueError, match="must know two classes"):
        clf.fit(X, y)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"method": "hide"}, ValueError, "'method' parameter must be a str among"),
        ({"decimals": 0}, ValueError, r"'decimals' parameter must be an int in \[1"),
        ({"k": 0}, ValueError, r"'k' parameter must be an int in \[1, inf\)"),
        ({"temperature": 0.5}, ValueError, "'temperature' parameter must be a float"),
        (
            {"method": "minimal_distortion", "attack_estimator": "mlp"},
            TypeError,
            "'attack_estimator' parameter must be a scikit-learn classifier",
        ),
    ],
)
def test_parameters_are_checked(settings, error, message, data):
    with pytest.raises(error, match=message):
        ConfidenceMaskingClassifier(**settings).fit(*data)
