"""Copies of rows: bounded blocks, means that keep their digits, one density."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from _helpers import noisy_rows
from skmia._tables import Copies, Queries, _queries, mean_answer
from skmia.signals import SIGNALS

X, _ = noisy_rows(n_features=5)


def test_blocks_are_bounded_and_cover_every_copy_once(monkeypatch):
    copies = Copies(Queries.checked(7, "noise", 0.1, 0.1, 5), X)
    ((_, _, whole),) = copies.blocks(X)
    whole = whole.reshape(7, *X.shape)
    for limit, width in ((60, 1), (20, 1), (5, 1), (60, 30)):
        monkeypatch.setattr(_queries, "_BLOCK_VALUES", limit)
        met = np.zeros(len(X), dtype=int)
        for rows, n, block in copies.blocks(X, width):
            assert block.size <= limit
            assert len(block) * width <= limit
            part = block.reshape(n, -1, X.shape[1])
            first = met[rows]
            assert (first == first[0]).all()
            assert_array_equal(part, whole[first[0] : first[0] + n, rows])
            met[rows] += n
        assert (met == 7).all()


def test_means_of_singles_keep_the_digits_that_singles_have():
    """One minus p is told by the other classes, next to a float32's 1."""
    copies = Copies(Queries.checked(3, "noise", 0.1, 0.1), X)
    rest = np.float32(1e-12)

    def ask(rows):
        return np.tile(np.float32([1, rest]), (len(rows), 1))

    mean = mean_answer(ask, X, copies)
    assert mean.dtype == np.float32
    value = SIGNALS["logit"](mean, np.zeros(len(X), dtype=int))
    assert_allclose(value, -np.log(1e-12), rtol=1e-6)

    def whole(rows):
        return np.tile([1, 0], (len(rows), 1))

    assert_array_equal(mean_answer(whole, X, copies), whole(X).astype(float))


def test_rows_in_another_density_are_refused():
    copies = Copies(Queries.checked(2, "auto", 0.1, 0.1), X)
    with pytest.raises(ValueError, match="X was dense in fit, and is sparse now"):
        list(copies.blocks(sparse.csr_array(X)))
    copies = Copies(Queries.checked(2, "auto", 0.1, 0.1), sparse.csr_array(X))
    with pytest.raises(ValueError, match="X was sparse in fit, and is dense now"):
        list(copies.blocks(X))
