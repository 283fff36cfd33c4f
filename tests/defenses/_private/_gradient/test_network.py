import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax

from skmia.defenses._private._accounting import rows_between
from skmia.defenses._private._gradient import _network_descent
from skmia.defenses._private._gradient._clipped_sum import (
    INPUT_BITS,
    SIGNAL_BITS,
    GridRows,
    Persons,
    clipped_sums,
)
from skmia.defenses._private._gradient._network import Network, derivatives
from skmia.defenses._private._gradient._network_descent import (
    PrivateRows,
    descend,
    find_centres,
)
from skmia.defenses._private._gradient._network_rule import Schedule
from skmia.defenses._private._gradient._preparation import prepare
from skmia.defenses._private._noise import NoiseSource

UNITS = 2.0 ** (INPUT_BITS + SIGNAL_BITS)
ACTIVATIONS = ("identity", "logistic", "relu", "tanh")


def prepared_rows(rng, n=40, d=5, as_matrix=np.asarray):
    X = rng.normal(size=(n, d)) + 1
    ready = prepare(
        as_matrix(X),
        np.ones(n),
        persons=None,
        norm=None,
        fit_intercept=True,
        mu=1e5,
        source=NoiseSource(rng),
    )
    return X, ready


def network(rng, ready, hidden, n_outputs, activation="relu"):
    made = Network.start(
        ready.rows.values.shape[1],
        hidden,
        n_outputs,
        activation=activation,
        radius=ready.radius,
        random_state=rng,
    )
    weights = [rng.normal(size=w.shape) for w in made.weights]
    centres = [rng.normal(size=c.shape) * 0.1 for c in made.centres]
    for layer, centre in enumerate(centres, 1):
        made = made.with_centre(layer, centre)
    return made.with_weights(weights)


def targets_of(rng, n, n_outputs):
    if n_outputs == 1:
        return rng.randint(2, size=(n, 1)).astype(float)
    return np.eye(n_outputs)[rng.randint(n_outputs, size=n)]


def loss_of_row(made, row, target, flat):
    """The log-loss of one row, in plain floating point, for weights in one vector."""
    shapes = [w.shape for w in made.weights]
    ends = np.cumsum([a * b for a, b in shapes])
    weights = [
        w.reshape(s) for w, s in zip(np.split(flat, ends[:-1]), shapes, strict=True)
    ]
    functions = {
        "identity": lambda z: z,
        "logistic": expit,
        "relu": lambda z: np.maximum(z, 0),
        "tanh": np.tanh,
    }
    given = row / made.radius
    for layer, weight in enumerate(weights[:-1]):
        said = functions[made.activation](given @ weight) * made.gain(layer)
        given = np.append(said - made.centres[layer], 0.25)
    out = given @ weights[-1]
    if len(out) == 1:
        return np.logaddexp(0, out[0]) - target[0] * out[0]
    return np.log(np.exp(out).sum()) - out @ target


def gradients_by_differences(made, rows, targets, step=1e-5):
    """One gradient for each row, of all weights, by central differences."""
    flat = np.concatenate([w.ravel() for w in made.weights])
    gradients = np.zeros((len(rows), len(flat)))
    for i, (row, target) in enumerate(zip(rows, targets, strict=True)):
        for j in range(len(flat)):
            moved = np.zeros_like(flat)
            moved[j] = step
            up = loss_of_row(made, row, target, flat + moved)
            down = loss_of_row(made, row, target, flat - moved)
            gradients[i, j] = (up - down) / (2 * step)
    return gradients


def inputs_and_signals(made, rows, targets):
    inputs, slopes, outputs = made.forward(rows)
    return inputs, made.signals(slopes, derivatives(outputs, targets))


@pytest.mark.parametrize("hidden", [(4,), (4, 3)])
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_norms_and_clipped_sums_are_those_of_the_gradients_of_each_row(
    activation, n_outputs, hidden
):
    rng = np.random.RandomState(0)
    _, ready = prepared_rows(rng, n=8)
    made = network(rng, ready, hidden, n_outputs, activation)
    targets = targets_of(rng, 8, n_outputs)
    rows = ready.rows.values * 2.0**-INPUT_BITS
    gradients = gradients_by_differences(made, rows, targets)
    norms = np.linalg.norm(gradients, axis=1)

    inputs, signals = inputs_and_signals(made, ready.rows, targets)
    squares = sum(
        (a.norms * 2.0**-INPUT_BITS * np.linalg.norm(s, axis=1)) ** 2
        for a, s in zip(inputs, signals, strict=True)
    )
    assert np.sqrt(squares) == pytest.approx(norms, rel=2e-3, abs=1e-5)

    clip = float(np.median(norms))
    factors = np.minimum(1, clip / norms)
    sums = clipped_sums(inputs, signals, clip * UNITS)
    flat = np.concatenate([s.ravel() for s in sums]) / UNITS
    assert flat == pytest.approx(factors @ gradients, abs=2e-3 * norms.max())


def test_persons_are_clipped_by_the_norm_of_their_rows_together():
    rng = np.random.RandomState(1)
    _, ready = prepared_rows(rng, n=9)
    made = network(rng, ready, (4, 3), 3)
    targets = targets_of(rng, 9, 3)
    rows = ready.rows.values * 2.0**-INPUT_BITS
    gradients = gradients_by_differences(made, rows, targets)
    groups = np.array([0, 0, 0, 1, 1, 2, 3, 3, 4])
    together = np.array([gradients[groups == g].sum(axis=0) for g in range(5)])
    norms = np.linalg.norm(together, axis=1)
    clip = float(np.median(norms))
    inputs, signals = inputs_and_signals(made, ready.rows, targets)
    sums = clipped_sums(inputs, signals, clip * UNITS, Persons.of(groups))
    flat = np.concatenate([s.ravel() for s in sums]) / UNITS
    expected = np.minimum(1, clip / norms) @ together
    assert flat == pytest.approx(expected, abs=2e-3 * norms.max())


@pytest.mark.parametrize("hidden", [(30,), (30, 20)])
def test_a_row_more_moves_all_sums_by_the_clip_at_most_to_the_last_bit(hidden):
    rng = np.random.RandomState(2)
    _, ready = prepared_rows(rng, n=300, d=20)
    made = network(rng, ready, hidden, 4)
    targets = targets_of(rng, 300, 4)
    bound = 0.5 * UNITS

    def sums(chosen):
        rows = GridRows(ready.rows.values[chosen], ready.rows.norms[chosen])
        given = inputs_and_signals(made, rows, targets[chosen])
        return clipped_sums(*given, bound)

    every = sums(np.arange(300))
    shuffled = sums(rng.permutation(300))
    assert all((a == b).all() for a, b in zip(every, shuffled, strict=True))
    for left_out in rng.permutation(300)[:20]:
        less = sums(np.delete(np.arange(300), left_out))
        moved = [int(v) for a, b in zip(every, less, strict=True) for v in (a - b).flat]
        assert sum(v**2 for v in moved) <= bound**2
        # And by what the row adds alone: the others' parts are as they were.
        alone = sums(np.array([left_out]))
        assert moved == [int(v) for a in alone for v in a.flat]


@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_plain_network_says_the_same_on_rows_as_they_are(
    activation, n_outputs, hidden
):
    rng = np.random.RandomState(3)
    X, ready = prepared_rows(rng)
    made = network(rng, ready, hidden, n_outputs, activation)
    _, _, outputs = made.forward(ready.rows)
    coefs, intercepts = made.plain(ready)
    functions = {
        "identity": lambda z: z,
        "logistic": expit,
        "relu": lambda z: np.maximum(z, 0),
        "tanh": np.tanh,
    }
    values = X
    for coef, intercept in zip(coefs[:-1], intercepts[:-1], strict=True):
        values = functions[activation](values @ coef + intercept)
    plain = values @ coefs[-1] + intercepts[-1]
    # But for rows that were shortened.
    kept = np.linalg.norm(X, axis=1) < ready.norm
    assert kept.sum() >= 10
    assert plain[kept] == pytest.approx(outputs[kept], abs=2e-3)


def private_rows(rng, ready, targets):
    weights = np.ones(len(targets))
    return PrivateRows(ready.rows, targets, weights, None, NoiseSource(rng))


def test_without_noise_it_fits_what_it_is_shown():
    rng = np.random.RandomState(4)
    X, ready = prepared_rows(rng, n=200)
    y = (np.abs(X[:, 0] - 1) > 0.7).astype(int)  # no line tells the two apart
    start = Network.start(
        6, (30,), 2, activation="relu", radius=ready.radius, random_state=rng
    )
    rows = private_rows(rng, ready, np.eye(2)[y])
    start = find_centres(start, rows, 200.0, 1e5)
    fitted = descend(
        start,
        rows,
        total=200.0,
        schedule=Schedule(200, 20.0),
        noise=1e-5,
        penalties=[0.0, 0.0],
    )
    assert (fitted.forward(ready.rows)[2].argmax(axis=1) == y).mean() > 0.95


def test_centres_are_the_means_of_what_the_layers_say():
    rng = np.random.RandomState(5)
    _, ready = prepared_rows(rng, n=500)
    start = Network.start(
        6, (30, 20), 2, activation="relu", radius=ready.radius, random_state=rng
    )
    rows = private_rows(rng, ready, np.eye(2)[rng.randint(2, size=500)])
    centred = find_centres(start, rows, 500.0, 1e6)
    inputs, _, _ = centred.forward(ready.rows)
    for given, centre in zip(inputs[1:], centred.centres, strict=True):
        left = np.linalg.norm(given.values[:, :-1].mean(axis=0)) * 2.0**-INPUT_BITS
        assert left < 0.35 * np.linalg.norm(centre)


def test_noise_of_a_step_has_the_deviation_that_it_says():
    rng = np.random.RandomState(6)
    _, ready = prepared_rows(rng, n=30)
    rows = private_rows(rng, ready, np.eye(2)[rng.randint(2, size=30)])
    one = GridRows.of(np.ones((30, 1)), 1.0)
    signals = [np.ones((30, 2000))]
    (sums,) = rows.noisy_sums([([one], signals)], 0.5, 7.0)
    # 2,000 draws: the error of a standard deviation is 1.6 %.
    assert sums.std() == pytest.approx(7.0 * 0.5, rel=0.07)


@pytest.mark.parametrize("as_matrix", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("hidden", [(8,), (8, 5)])
def test_blocks_of_rows_change_no_bit(hidden, as_matrix, monkeypatch):
    def fitted(block):
        monkeypatch.setattr(_network_descent, "_BLOCK", block)
        rng = np.random.RandomState(7)
        _, ready = prepared_rows(rng, n=150, as_matrix=as_matrix)
        rows = private_rows(rng, ready, targets_of(rng, 150, 3))
        start = network(rng, ready, hidden, 3)
        start = find_centres(start, rows, 150.0, 1.0)
        return descend(
            start,
            rows,
            total=150.0,
            schedule=Schedule(10, 5.0),
            noise=2.0,
            penalties=[0.1] * (len(hidden) + 1),
        )

    whole = fitted(150)
    for block in (149, 64, 1):
        again = fitted(block)
        for one, other in zip(whole.weights, again.weights, strict=True):
            np.testing.assert_array_equal(one, other)


def test_neighbours_that_are_two_rows_apart_have_twice_the_noise():
    # What the mechanism divides its mu by.
    assert rows_between("replace") == 2 * rows_between("add_remove")


def test_targets_of_one_column_are_those_of_two():
    outputs = np.array([[0.3], [-2.0]])
    both = np.hstack([-outputs / 2, outputs / 2])
    two = softmax(both, axis=1) - np.array([[0.0, 1.0], [1.0, 0.0]])
    one = derivatives(outputs, np.array([[1.0], [0.0]]))
    assert one[:, 0] == pytest.approx(two[:, 1])
