"""Tables whose hashes are kept: an audit hashes its rows once, for all attacks."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from skmia._tables import _content, hash_rows, hashing_once, keep_hashes
from skmia.audit import audit_classifier


@pytest.mark.parametrize(
    "attacks",
    [
        ["loss"],
        ["loss", "lira", "rmia", "stacked"],
        ["loss", "gap", "lira", "calibrated", "quantile"],
    ],
)
def test_an_audit_hashes_its_rows_once(monkeypatch, attacks):
    shapes, inner = [], _content._row_sums

    def counted(X):
        shapes.append(getattr(X, "shape", None))
        return inner(X)

    monkeypatch.setattr(_content, "_row_sums", counted)
    X, y = make_classification(
        400, 12, n_informative=5, flip_y=0.2, random_state=np.random.RandomState(3)
    )
    # Two rows that occur twice: in the pool, and not in the figures.
    X[1], y[1], X[399], y[399] = X[0], y[0], X[398], y[398]
    model = DecisionTreeClassifier(random_state=0).fit(X[:200], y[:200])
    sides = X[:200], y[:200], X[200:], y[200:]
    audit_classifier(model, *sides, attacks=attacks, shadows=4, random_state=0)
    assert shapes.count(X.shape) == 1
    assert shapes.count((396, 12)) == 0


def test_hashes_are_kept_within_the_call_and_are_the_callers_own():
    X = np.arange(12.0).reshape(4, 3)
    plain = hash_rows(X)
    with hashing_once():
        keep_hashes(X, part=(part := X[1:]), rows=np.arange(1, 4))
        hash_rows(X)[:] = 0
        assert np.array_equal(hash_rows(X), plain)
        assert np.array_equal(hash_rows(part), plain[1:])
    X[0] = 7
    assert hash_rows(X)[0] != plain[0]
