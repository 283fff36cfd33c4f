"""A pool with a target, and simulated shadows, for the tests of attacks."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.frozen import FrozenEstimator
from sklearn.tree import DecisionTreeClassifier

from _helpers import balanced_design, halves, noisy_rows
from skmia.shadows import ShadowSignals


@pytest.fixture(scope="session")
def pool():
    """Read-only rows, so that an attack that writes into them fails."""
    X, y = noisy_rows(240, n_classes=3, seed=7)
    member = halves(240, seed=1)
    for array in (X, y, member):
        array.flags.writeable = False
    tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
    model = tree.fit(X[member], y[member])
    return SimpleNamespace(
        X=X, y=y, member=member, model=model, frozen=FrozenEstimator(model)
    )


@pytest.fixture(scope="session")
def attack_on():
    """Fit an attack on arrays: shadows' logits and membership, the target's logits."""

    def fit(cls, values, member, target, **params):
        proba = np.column_stack([expit(-target), expit(target)])
        y = np.ones(len(target), dtype=int)
        shadows = ShadowSignals({"logit": values}, member)
        return cls("precomputed", shadows=shadows, **params).fit(proba, y), proba, y

    return fit


@pytest.fixture(scope="session")
def simulated():
    """Logits that are normal for each record, with a mean and a spread of its own."""

    def draw(seed, n_shadows, gap, train_size=0.5, n=1500):
        rng = np.random.RandomState(seed)
        member = balanced_design(n, n_shadows, train_size, rng)
        mean, spread = 2 * rng.normal(size=n), np.sqrt(4 / rng.chisquare(4, n))
        truth = rng.permutation(n) < n // 2
        values = mean + spread * rng.normal(size=member.shape) + gap * member
        target = mean + spread * rng.normal(size=n) + gap * truth
        return values.astype(np.float32), member, target, truth

    return draw


def pytest_collection_modifyitems(items):
    # Small random designs leave records on one side only; that such records are
    # announced has a test of its own, in test_shadow_base.py.
    announced = "ignore::skmia.exceptions.OneSidedRecordsWarning"
    for item in items:
        if "attacks" in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings(announced))
