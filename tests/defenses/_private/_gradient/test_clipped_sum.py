import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from skmia.defenses._private._gradient._clipped_sum import (
    GREATEST_BOUND,
    GridRows,
    Persons,
    clipped_sums,
    exact_sum,
    grid_weights,
)

BOUND = 0.7 * 2**32


def squared_norm(sums):
    """Exactly, in Python's whole numbers."""
    return sum(int(v) ** 2 for total in sums for v in total.ravel())


def is_bounded(difference, bound):
    return squared_norm(difference) <= Fraction(bound) ** 2


def layers(rng, n=40, scales=(1.0, 30.0)):
    """Inputs and signals of two layers, some rows long and some short."""
    inputs, signals = [], []
    for n_inputs, n_outputs in ((7, 5), (4, 3)):
        rows = rng.normal(size=(n, n_inputs)) * rng.choice(scales, size=(n, 1))
        inputs.append(rows)
        signals.append(rng.normal(size=(n, n_outputs)) * rng.choice(scales, (n, 1)))
    return inputs, signals


def sums_of(inputs, signals, bound=BOUND, persons=None):
    return clipped_sums([GridRows.of(a, 1.0) for a in inputs], signals, bound, persons)


@pytest.mark.parametrize("seed", range(3))
def test_one_row_moves_the_sums_by_the_bound_at_most(seed):
    inputs, signals = layers(np.random.RandomState(seed))
    every = sums_of(inputs, signals)
    at_bound = 0
    for row in range(len(inputs[0])):
        less = sums_of(
            [np.delete(a, row, 0) for a in inputs],
            [np.delete(s, row, 0) for s in signals],
        )
        moved = [a - b for a, b in zip(every, less, strict=True)]
        assert is_bounded(moved, BOUND)
        at_bound += not is_bounded(moved, BOUND * (1 - 1e-4))
    assert at_bound > 10  # most are clipped, and lose no more than they have to


@pytest.mark.parametrize("n_outputs", [1, 2, 30, 1000])
@pytest.mark.parametrize("bound", [1.0, 1000.5, 2.0**20, BOUND, GREATEST_BOUND])
def test_no_row_is_beyond_the_bound_however_it_is_rounded(bound, n_outputs):
    rng = np.random.RandomState(0)
    for _ in range(30):
        row = np.exp(rng.normal(scale=8, size=(1, 5))) * rng.choice([-1, 1], (1, 5))
        # Halves are what rounding moves farthest.
        whole = rng.randint(-3, 4, size=(1, n_outputs)) + 0.5
        signal = whole * 2.0**-16 * rng.choice([1.0, 2.0**14])
        moved = sums_of([row], [signal], bound)
        assert is_bounded(moved, bound)


def test_a_replaced_row_moves_the_sums_by_twice_the_bound():
    row, signal = np.full((1, 3), 9.0), np.array([[5.0, -5.0]])
    one = sums_of([row], [signal])[0]
    other = sums_of([row], [-signal])[0]
    assert is_bounded([one - other], 2 * BOUND)
    assert not is_bounded([one - other], 1.999 * BOUND)


def test_short_gradients_are_summed_as_they_are():
    inputs, signals = layers(np.random.RandomState(0), scales=(0.01,))
    for rows, signal, total in zip(
        inputs, signals, sums_of(inputs, signals), strict=True
    ):
        expected = rows.T @ signal
        found = total * 2.0**-32
        np.testing.assert_allclose(found, expected, atol=40 * 2.0**-16 * 0.05)


def test_long_ones_keep_their_direction():
    row, signal = np.array([[0.6, 0.8]]), np.array([[30.0, -40.0, 0.0]])
    found = sums_of([row], [signal])[0] * 2.0**-32
    np.testing.assert_allclose(found, 0.7 * np.outer(row, signal / 50), atol=1e-4)


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("with_persons", [False, True])
def test_the_order_of_the_rows_changes_no_bit(as_sparse, with_persons):
    rng = np.random.RandomState(0)
    inputs, signals = layers(rng, n=501)
    groups = rng.randint(200, size=501)
    results = []
    for order in (np.arange(501), rng.permutation(501)):
        rows = [sparse.csr_matrix(a[order]) if as_sparse else a[order] for a in inputs]
        persons = Persons.of(groups[order]) if with_persons else None
        results.append(sums_of(rows, [s[order] for s in signals], persons=persons))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_sparse_rows_give_the_sums_of_dense_ones():
    rng = np.random.RandomState(0)
    rows = rng.normal(size=(50, 20)) * (rng.uniform(size=(50, 20)) < 0.2)
    signal = rng.normal(size=(50, 3))
    dense = sums_of([rows], [signal])[0]
    # The norm of a row may round in its last bit, which moves few entries by a unit.
    np.testing.assert_allclose(
        sums_of([sparse.csr_matrix(rows)], [signal])[0], dense, atol=50 * 2**17
    )


@pytest.mark.parametrize("bound", [1.0, 2.0**20, BOUND])
@pytest.mark.parametrize("direction", ["same", "opposite", "random"])
def test_one_person_moves_the_sums_by_the_bound_at_most(direction, bound):
    rng = np.random.RandomState(0)
    inputs, signals = layers(rng, n=60)
    groups = np.sort(rng.randint(15, size=60))
    if direction != "random":
        for values in (*inputs, *signals):
            values[:] = values[0]
        if direction == "opposite":
            signals[0][::2] *= -1
    every = sums_of(inputs, signals, bound, Persons.of(groups))
    for person in np.unique(groups):
        keep = groups != person
        less = sums_of(
            [a[keep] for a in inputs],
            [s[keep] for s in signals],
            bound,
            Persons.of(groups[keep]),
        )
        moved = [a - b for a, b in zip(every, less, strict=True)]
        assert is_bounded(moved, bound)


def test_rows_of_a_person_that_cancel_are_not_clipped():
    rows = np.array([[0.6, 0.8], [0.6, 0.8], [0.0, 0.1]])
    signal = np.array([[50.0], [-50.0], [0.5]])
    together = sums_of([rows], [signal], persons=Persons.of(np.array([1, 1, 1])))[0]
    np.testing.assert_allclose(together.ravel() * 2.0**-32, [0, 0.05], atol=1e-4)


def test_persons_of_one_row_are_rows():
    inputs, signals = layers(np.random.RandomState(0))
    single = sums_of(inputs, signals, persons=Persons.of(np.arange(40)))
    for one, other in zip(single, sums_of(inputs, signals), strict=True):
        np.testing.assert_allclose(one, other, atol=40 * 2**17)


def test_sums_are_those_of_whole_numbers_of_any_length():
    rng = np.random.RandomState(0)
    values = rng.randint(-(2**16), 2**16, size=(70_000, 3)).astype(float)
    whole = rng.randint(-(2**16), 2**16, size=(70_000, 2)).astype(float)
    expected = values.astype(np.int64).T @ whole.astype(np.int64)
    np.testing.assert_array_equal(exact_sum(values, whole), expected)


def test_products_with_weights_are_exact():
    rng = np.random.RandomState(0)
    rows = GridRows.of(rng.normal(size=(20, 9)) * 1e6, 8.0)
    weights = grid_weights(rng.normal(size=(9, 4)) * np.array([1e-3, 1, 100, 1e9]))
    expected = rows.values.astype(np.int64).astype(object) @ weights.astype(
        np.int64
    ).astype(object)
    np.testing.assert_array_equal(rows.product(weights), expected.astype(float))
    # No partial sum, in whatever order, is beyond what a float holds exactly.
    assert (np.abs(rows.values) @ np.abs(weights)).max() < 2**52


def test_a_bound_beyond_what_is_exact_is_an_error():
    with pytest.raises(ValueError, match="bound"):
        sums_of([np.ones((1, 1))], [np.ones((1, 1))], 2.0**38)


_SCRIPT = """
import hashlib
import numpy as np
from skmia.defenses._private._gradient._clipped_sum import GridRows, clipped_sums
rng = np.random.RandomState(0)
rows = GridRows.of(rng.normal(size=(3000, 300)), 1.0)
total = clipped_sums([rows], [rng.normal(size=(3000, 20))], 2.0**32)[0]
print(hashlib.sha256(total.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_threads_change_no_bit():
    found = set()
    for threads in ("1", "2", "4"):
        environment = dict(os.environ, OPENBLAS_NUM_THREADS=threads)
        environment["OMP_NUM_THREADS"] = threads
        found.add(
            subprocess.run(
                [sys.executable, "-c", _SCRIPT],
                env=environment,
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        )
    assert len(found) == 1
