"""Hot paths take no more than a few times what NumPy takes for a pass over the data.

No seconds are stated: each figure is a ratio to a plain NumPy computation of the same
run. Ceilings are about three times what was measured when they were set, so that
neither a busy machine nor another release of NumPy passes them. A loop over rows in
Python, or a step that is quadratic in the rows, does.
"""

import numpy as np
import pytest
from scipy import sparse

from _helpers.speed import times_of
from skmia._tables import hash_rows
from skmia.attacks import LiRAAttack, RMIAAttack
from skmia.metrics import roc_auc, roc_vertices, tpr_at_fpr
from skmia.shadows import ShadowSignals, draw_design
from skmia.signals import SIGNALS

pytestmark = pytest.mark.slow

N = 100_000
N_CLASSES = 3


@pytest.fixture(scope="module")
def records():
    """Probabilities of some classes, and the true ones."""
    rng = np.random.default_rng(0)
    z = np.exp(2 * rng.standard_normal((N, N_CLASSES)))
    return z / z.sum(axis=1, keepdims=True), rng.integers(N_CLASSES, size=N)


# Over the logarithm of all probabilities.
SIGNAL_CEILINGS = {
    "logit": 7,
    "hinge": 7,
    "loss": 7,
    "confidence": 1,
    "entropy": 15,
    "modified_entropy": 20,
    "correctness": 2,
    "top_1": 3,
    "top_2": 3,
    "top_3": 3,
}


def test_every_signal_is_guarded():
    assert set(SIGNAL_CEILINGS) == set(SIGNALS)


@pytest.mark.parametrize("name", SIGNAL_CEILINGS)
def test_signals_of_probabilities(records, name):
    proba, y = records
    measured = times_of(
        lambda: SIGNALS[name](proba, y), lambda: np.log(proba).sum(axis=1)
    )
    assert measured < SIGNAL_CEILINGS[name]


@pytest.fixture(scope="module")
def shadows():
    """Signals that gain where a shadow saw the record, with and without other sides."""
    n, rng = 30_000, np.random.default_rng(1)
    y = rng.integers(N_CLASSES, size=n)
    member = draw_design(y, 16, 0.5, np.random.RandomState(0))
    step = np.where(member, 0.7, -0.7).astype(np.float32)
    values = rng.standard_normal(member.shape, dtype=np.float32) + step
    own, other = {"logit": values}, {"logit": values - 2 * step}
    return {
        "one side": ShadowSignals(own, member),
        "two sides": ShadowSignals(own, member, other=other),
    }


# Over the mean and the variance of each record's signals. A fit plays the attack on
# each shadow, to find thresholds.
@pytest.mark.parametrize(
    ("attack", "sides", "fit_ceiling", "score_ceiling"),
    [
        (LiRAAttack, "one side", 700, 70),
        (LiRAAttack, "two sides", 450, 35),
        (RMIAAttack, "one side", 2600, 90),
        (RMIAAttack, "two sides", 4500, 200),
    ],
)
def test_attacks_on_given_shadows(
    records, shadows, attack, sides, fit_ceiling, score_ceiling
):
    signals = shadows[sides].signals["logit"]
    n = signals.shape[1]
    proba, y = (array[:n] for array in records)
    membership = np.arange(n) % 2 == 0
    made = attack("precomputed", shadows=shadows[sides])

    def fit():
        made.fit(proba, y, membership=membership)

    def score():
        made.score_samples(proba, y)

    def moments():
        return signals.mean(axis=0), signals.var(axis=0)

    assert times_of(fit, moments, n_runs=3) < fit_ceiling
    assert times_of(score, moments) < score_ceiling


def tpr(membership, scores):
    return tpr_at_fpr(membership, scores, 0.001)


# Over sorting the scores. The second ceiling is for scores with many ties.
@pytest.mark.parametrize(
    ("function", "ceiling", "ceiling_of_ties"),
    [(roc_vertices, 30, 18), (roc_auc, 15, 24), (tpr, 30, 18)],
)
def test_roc_of_a_million_scores(function, ceiling, ceiling_of_ties):
    rng = np.random.default_rng(2)
    membership = rng.uniform(size=1_000_000) < 0.5
    scores = rng.standard_normal(len(membership)) + membership
    tied = np.round(scores, 2)
    for values, most in [(scores, ceiling), (tied, ceiling_of_ties)]:
        measured = times_of(
            lambda v=values: function(membership, v), lambda v=values: np.sort(v), 3
        )
        assert measured < most


# Over one multiplication and one sum of a dense table.
@pytest.mark.parametrize(
    ("kind", "ceiling"),
    [("float64", 9), ("float32", 9), ("sparse", 4), ("frame", 9), ("text", 6)],
)
def test_hashing_of_rows(records, kind, ceiling):
    _, y = records
    X = np.random.default_rng(3).standard_normal((N, 20))
    table = X
    if kind == "float32":
        table = X.astype(np.float32)
    elif kind == "sparse":
        table = sparse.csr_array(np.where(X > 1, X, 0))
    elif kind == "frame":
        table = pytest.importorskip("pandas").DataFrame(X)
    elif kind == "text":
        pandas = pytest.importorskip("pandas")
        table = pandas.DataFrame({"a": y, "b": y % 2}).astype(str)
    measured = times_of(
        lambda: hash_rows(table, y), lambda: np.multiply(X, 3.0).sum(axis=1)
    )
    assert measured < ceiling


# Over as many permutations as there are shadows.
@pytest.mark.parametrize(
    ("train_size", "ceiling", "ceiling_of_persons"), [(0.5, 6, 5), (0.8, 12, 8)]
)
def test_drawing_the_design(records, train_size, ceiling, ceiling_of_persons):
    _, y = records
    n_shadows, rng = 16, np.random.RandomState(4)
    persons = np.unique(rng.randint(N // 3, size=N), return_inverse=True)[1]
    for units, most in [(None, ceiling), (persons, ceiling_of_persons)]:
        measured = times_of(
            lambda u=units: draw_design(y, n_shadows, train_size, rng, units=u),
            lambda: [rng.permutation(N) for _ in range(n_shadows)],
            3,
        )
        assert measured < most
