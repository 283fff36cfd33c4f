"""What shadow models hold in memory, and how it grows."""

import tracemalloc
import weakref

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.shadows import ShadowModels, fit_shadows

rows = []


class RowsWatcher(DecisionTreeClassifier):
    """Notes whether the rows of its fit are still in memory when it is asked."""

    def fit(self, X, y, sample_weight=None):
        rows[:] = weakref.ref(X), weakref.ref(y)
        return super().fit(X, y, sample_weight)

    def predict_proba(self, X, check_input=True):
        assert [held() for held in rows] == [None, None]
        return super().predict_proba(X, check_input)


def test_training_rows_are_let_go_before_a_shadow_is_asked():
    X = np.random.RandomState(0).normal(size=(60, 2))
    y = np.arange(60) % 2
    models = ShadowModels(4, counterfactual=False)
    fit_shadows(RowsWatcher(max_depth=2), X, y, shadows=models, random_state=0)


def peak_of(n_records, n_shadows):
    """Peak beside the data and the result, and the result, in bytes."""
    X = np.random.RandomState(0).normal(size=(n_records, 5))
    y = np.arange(n_records) % 2
    tracemalloc.start()
    try:
        shadows = fit_shadows(
            DummyClassifier(), X, y, shadows=n_shadows, random_state=0
        )
        return tracemalloc.get_traced_memory()[1], shadows
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("grown", ["records", "shadows"])
def test_memory_grows_no_faster_than_records_and_shadows(grown):
    small, large = {
        "records": ((5_000, 8), (40_000, 8)),
        "shadows": ((5_000, 8), (5_000, 64)),
    }[grown]
    peak_of(200, 4)  # what is imported at first use
    growth = np.log(peak_of(*large)[0] / peak_of(*small)[0]) / np.log(8)
    assert growth <= 1.05


def test_signals_are_held_once():
    peak, shadows = peak_of(5_000, 64)
    held = sum(values.nbytes for values in shadows.signals.values())
    assert peak < 1.3 * (held + shadows.member.nbytes)
