"""Networks on the other side of a record, against refits and other shadows."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, make_classification
from sklearn.neural_network import MLPClassifier

from skmia.shadows._counterfactual._family import Records, TrainingRows
from skmia.shadows._counterfactual._table import family_of
from skmia.signals import logit

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def _prepared(model, X, y, member, weight=None):
    weight = np.ones(len(y)) if weight is None else weight
    n = member.sum()
    rows = TrainingRows(X[member], y[member], weight[member], np.arange(n))
    return family_of(model).prepare(model, rows)


def _records(X, y, member, weight=None):
    weight = np.ones(len(y)) if weight is None else weight
    unit = np.where(member, np.cumsum(member) - 1, -1)
    return Records(X, y, weight, np.ones(len(y), dtype=int), unit)


def _other(model, X, y, member, weight=None):
    ask = _prepared(model, X, y, member, weight)
    return ask(_records(X, y, member, weight))


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    member = np.arange(len(y)) % 2 == 0
    model = MLPClassifier((32,), max_iter=60, random_state=0)
    return model.fit(X[member], y[member]), member


def test_without_hidden_layers_it_is_a_logistic_regression():
    # At the optimum of a network without hidden layers, whose damping is alpha.
    X, y = make_classification(120, 6, random_state=0)
    member = np.arange(120) < 90

    def fit(rows):
        network = MLPClassifier(
            (), solver="lbfgs", alpha=5.0, tol=1e-10, max_iter=5000, random_state=0
        )
        return network.fit(X[rows], y[rows])

    model = fit(member)
    ask = _prepared(model, X, y, member)
    records = _records(X, y, member)

    def part(rows):
        return Records(
            *(getattr(records, name)[rows] for name in ("X", "y", "weight")),
            records.count[rows],
            records.unit[rows],
        )

    members = np.flatnonzero(member)
    others = np.flatnonzero(~member)
    # Members first and alone: their pull at the optimum gives the damping.
    told = np.concatenate([ask(part(members)), ask(part(others))])
    asked = np.concatenate([members, others])
    here = logit(model.predict_proba(X[asked]), y[asked])
    expected = []
    for row in asked:
        rows = member.copy()
        rows[row] = not member[row]
        expected.append(logit(fit(rows).predict_proba(X[[row]]), y[[row]])[0])
    moved, true = logit(told, y[asked]) - here, np.asarray(expected) - here
    assert np.corrcoef(moved, true)[0, 1] > 0.98
    # The intercept is damped as well, which the network's own penalty leaves alone.
    np.testing.assert_allclose(moved, true, rtol=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gaps_are_those_of_refits(digits, activation):
    # One batch of all rows in their order from one start: a refit differs by the row.
    X, y = digits
    member = np.arange(len(y)) % 2 == 0

    def fit(rows):
        network = MLPClassifier(
            (32,),
            activation=activation,
            batch_size=int(rows.sum()),
            shuffle=False,
            max_iter=100,
            learning_rate_init=0.005,
            random_state=0,
        )
        return network.fit(X[rows], y[rows])

    model = fit(member)
    there = logit(_other(model, X, y, member), y)
    here = logit(model.predict_proba(X), y)
    asked = np.random.default_rng(0).choice(len(y), 60, replace=False)
    true = []
    for row in asked:
        rows = member.copy()
        rows[row] = not member[row]
        true.append(logit(fit(rows).predict_proba(X[[row]]), y[[row]])[0] - here[row])
    for side in (member[asked], ~member[asked]):
        predicted, observed = (there - here)[asked][side], np.array(true)[side]
        assert np.corrcoef(predicted, observed)[0, 1] > 0.8
        slope = (predicted @ observed) / (predicted @ predicted)
        assert 0.3 < slope < 3


def test_members_are_surer_with_their_own_row(digits, fitted):
    (X, y), (model, member) = digits, fitted
    here = logit(model.predict_proba(X), y)
    there = logit(_other(model, X, y, member), y)
    assert (there[member] < here[member]).all()
    assert (there[~member] > here[~member]).all()


def test_containers_and_blocks_agree(digits, fitted):
    (X, y), (model, member) = digits, fitted
    expected = _other(model, X, y, member)
    np.testing.assert_allclose(
        _other(model, sparse.csr_matrix(X), y, member), expected, rtol=1e-6, atol=1e-12
    )
    # What the first records chose stands for later ones.
    ask, records = _prepared(model, X, y, member), _records(X, y, member)
    ask(records)
    some = Records(
        X[:7], y[:7], records.weight[:7], records.count[:7], records.unit[:7]
    )
    np.testing.assert_allclose(ask(some), expected[:7], rtol=1e-6, atol=1e-12)


def test_single_precision_is_near(digits):
    X, y = digits
    member = np.arange(len(y)) % 2 == 0
    model = MLPClassifier((32,), max_iter=20, random_state=0)
    single = model.fit(X[member].astype(np.float32), y[member])
    answers = _other(single, X.astype(np.float32), y, member)
    double = MLPClassifier((32,), max_iter=20, random_state=0).fit(X[member], y[member])
    gap = logit(answers, y) - logit(single.predict_proba(X.astype(np.float32)), y)
    expected = logit(_other(double, X, y, member), y) - logit(
        double.predict_proba(X), y
    )
    assert np.corrcoef(gap, expected)[0, 1] > 0.99


def test_weight_moves_further(digits, fitted):
    (X, y), (model, member) = digits, fitted
    ask = _prepared(model, X, y, member)
    records = _records(X, y, member)
    once = logit(ask(records), y)
    heavier = Records(X, y, 3 * records.weight, records.count, records.unit)
    here = logit(model.predict_proba(X), y)
    assert (np.abs(logit(ask(heavier), y) - here) > np.abs(once - here)).all()
    no_weight = Records(X, y, 0 * records.weight, records.count, records.unit)
    np.testing.assert_allclose(logit(ask(no_weight), y), here, rtol=1e-6)


def test_early_stopping_holds_out_some_of_the_pull(digits):
    X, y = digits
    member = np.arange(len(y)) % 2 == 0
    model = MLPClassifier(
        (32,), max_iter=20, early_stopping=True, validation_fraction=0.4, random_state=0
    ).fit(X[member], y[member])
    assert np.isfinite(_other(model, X, y, member)).all()


def test_what_is_not_known_is_nan(digits, fitted):
    (X, y), (model, member) = digits, fitted
    ask = _prepared(model, X, y, member)
    records = _records(X, y, member)
    unknown = np.where(np.arange(len(y)) == 1, -1, y)
    counts = records.count.copy()
    counts[0] = np.sum(y[member] == y[0])  # all rows of its class
    answers = ask(Records(X, unknown, records.weight, counts, records.unit))
    assert np.isnan(answers[:2]).all()
    assert np.isfinite(answers[2:]).all()


def test_saturated_answers_have_no_gap():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, 0] > 0).astype(int)
    X[:20] *= 1e4  # their probabilities are 0 or 1 to the last digit
    member = np.arange(200) % 2 == 0
    model = MLPClassifier((8,), max_iter=100, random_state=0).fit(X[member], y[member])
    answers, proba = _other(model, X, y, member), model.predict_proba(X)
    certain = proba[:, 1] == 1
    assert certain.any()
    np.testing.assert_array_equal(answers[certain], proba[certain])
    assert (answers[~certain, 1] < 1).all()


@pytest.mark.parametrize("layers", [(), (16, 8), (1200,)])
def test_any_number_of_layers(layers):
    X, y = make_classification(150, 8, n_informative=6, n_classes=3, random_state=0)
    member = np.arange(150) % 2 == 0
    model = MLPClassifier(layers, max_iter=30, random_state=0)
    model.fit(X[member], y[member])
    answers = _other(model, X, y, member)
    np.testing.assert_allclose(answers.sum(axis=1), 1)
