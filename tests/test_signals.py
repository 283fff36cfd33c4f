"""Signals against given figures, exact arithmetic and SciPy."""

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from scipy.stats import entropy as scipy_entropy
from scipy.stats import rankdata

from skmia import signals
from skmia.signals import MEMBER_SIGN, SATURATED_LOGIT, SIGNALS, SMALLEST_PROBABILITY

PROBA = np.array([[0.1, 0.85, 0.05], [0.1, 0.5, 0.4]])
COLUMNS = np.array([1, 2])

every_signal = pytest.mark.parametrize("name", sorted(SIGNALS))


def random_rows(seed, n=200, n_classes=4, dtype=np.float64):
    rng = np.random.RandomState(seed)
    proba = softmax(3 * rng.normal(size=(n, n_classes)), axis=1).astype(dtype)
    return proba, rng.randint(n_classes, size=n)


def with_gap(q):
    """Rows of two classes that miss 1 by the tiny `q`."""
    q = np.asarray(q, dtype=np.float64)
    return np.column_stack([1.0 - q, q]), np.zeros(len(q), dtype=int)


def test_figures_of_tf_privacy():
    """C4: from logits and from probabilities."""
    logits = np.array([[1.0, 2.0, -3.0], [-1.0, 1.0, 0.0]])
    proba = softmax(logits, axis=1)
    kept = proba.copy()
    y = np.array([1, 2])
    p_true = [0.72747516, 0.24472847]
    assert_allclose(signals.confidence(proba, y), p_true, atol=1e-7)
    assert_allclose(signals.loss(proba, y), [0.31817543, 1.40760596], atol=1e-7)
    assert_allclose(signals.logit(proba, y), [0.98185009, -1.12692802], atol=1e-7)
    assert_allclose(signals.hinge(proba, y), [1.0, -1.0], atol=1e-7)
    assert_array_equal(proba, kept)
    assert_allclose(signals.loss(PROBA, COLUMNS), [0.16251893, 0.91629073], atol=1e-7)
    assert_allclose(signals.logit(PROBA, COLUMNS), [1.73460106, -0.40546511], atol=1e-7)


def test_figures_of_inspire():
    """C13: entropy and modified entropy, saturated rows among them."""
    proba = [[0.7, 0.2, 0.1], [1, 0, 0], [0.1, 0.8, 0.1], [0, 0, 1]]
    y = [0, 0, 0, 2]
    assert_allclose(
        signals.entropy(proba, y), [0.80181855, 0, 0.63903186, 0], atol=1e-7
    )
    assert_allclose(
        signals.modified_entropy(proba, y), [0.16216725, 0, 3.37041297, 0], atol=1e-7
    )


def test_saturated_logits_are_finite_and_symmetric():
    """C5: two peers give +36.74 / -36.84 and ±103.6; ours is the smallest double."""
    values = signals.logit([[1, 0], [0, 1]], [0, 0])
    assert_array_equal(values, [SATURATED_LOGIT, -SATURATED_LOGIT])
    assert_allclose(SATURATED_LOGIT, -math.log(np.finfo(np.float64).tiny))
    assert_array_equal(signals.hinge([[1, 0], [0, 1]], [0, 0]), values)
    assert_array_equal(signals.loss([[1, 0], [0, 1]], [0, 0]), [0, SATURATED_LOGIT])


@pytest.mark.parametrize("clip", [1e-16, 1e-45, 1e-30])
def test_ranking_does_not_depend_on_the_clip(clip):
    """C5: on rows without probabilities of 0 and 1, any clip gives one order."""
    proba, y = random_rows(0)
    p = np.clip(proba[np.arange(len(y)), y], clip, 1 - 1e-16)
    theirs = np.log(p) - np.log(1 - p)
    assert_array_equal(rankdata(signals.logit(proba, y)), rankdata(theirs))


@every_signal
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_arguments_stay_and_output_is_double(name, dtype):
    proba, y = random_rows(1, dtype=dtype)
    kept = proba.copy(), y.copy()
    proba.flags.writeable = y.flags.writeable = False
    values = SIGNALS[name](proba, y)
    assert values.dtype == np.float64
    assert values.shape == y.shape
    assert np.isfinite(values).all()
    assert_array_equal(proba, kept[0])
    assert_array_equal(y, kept[1])


@every_signal
def test_lists_integers_and_no_rows(name):
    rows = [[1, 0], [0, 1]]
    expected = SIGNALS[name](np.array(rows, dtype=float), np.array([0, 0]))
    assert_array_equal(SIGNALS[name](rows, [0, 0]), expected)
    assert_array_equal(SIGNALS[name](np.array(rows, dtype=bool), [0, 0]), expected)
    assert SIGNALS[name](np.empty((0, 3)), np.empty(0, dtype=int)).shape == (0,)


@every_signal
def test_a_row_does_not_depend_on_the_others(name):
    proba, y = random_rows(2)
    together = SIGNALS[name](proba, y)
    alone = [SIGNALS[name](proba[i : i + 1], y[i : i + 1])[0] for i in range(20)]
    assert_allclose(together[:20], alone, rtol=1e-14)


@every_signal
def test_the_sign_is_that_of_members(name):
    p = np.linspace(0.51, 0.99, 25)
    proba = np.column_stack([p, 1 - p])
    oriented = MEMBER_SIGN[name] * SIGNALS[name](proba, np.zeros(25, dtype=int))
    assert (np.diff(oriented) >= 0).all()
    wrong = MEMBER_SIGN[name] * SIGNALS[name](proba, np.ones(25, dtype=int))
    if name == "entropy" or name.startswith("top_"):  # these do not know the label
        assert_array_equal(wrong, oriented)
    else:
        assert wrong.max() < oriented.min()


def test_logit_and_loss_keep_the_digits_close_to_one():
    """1 - p is 0 from p = 1 - 1e-17 on; the other class still tells them apart."""
    q = np.array([1e-9, 1e-15, 1e-17, 1e-30, 1e-200, 1e-307])
    proba, y = with_gap(q)
    assert_allclose(signals.logit(proba, y), -np.log(q) + np.log1p(-q), rtol=1e-12)
    assert_allclose(signals.loss(proba, y), q + q * q / 2, rtol=1e-9)
    # The same rows seen from the other class.
    assert_allclose(signals.logit(proba, 1 - y), np.log(q) - np.log1p(-q), rtol=1e-12)
    assert_allclose(signals.loss(proba, 1 - y), -np.log(q), rtol=1e-12)


def test_modified_entropy_keeps_the_digits_close_to_one():
    q = np.array([1e-3, 1e-9, 1e-17, 1e-30, 1e-100])
    # -q log(1 - q), once for the true class and once for the other.
    assert_allclose(
        signals.modified_entropy(*with_gap(q)), -2 * q * np.log1p(-q), rtol=1e-6
    )
    assert_allclose(
        signals.entropy(*with_gap(q)),
        -q * np.log(q) - (1 - q) * np.log1p(-q),
        rtol=1e-9,
    )


def test_float32_keeps_what_float32_holds():
    proba = np.array([[1.0, 1e-12], [1.0, 1e-20]], dtype=np.float32)
    values = signals.logit(proba, np.array([0, 0]))
    assert_allclose(values, -np.log([1e-12, 1e-20]), rtol=1e-6)


@pytest.mark.parametrize("name", ["logit", "loss", "confidence"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equal_probabilities_tie(name, dtype):
    """Rounding in the other classes must not order records that are alike."""
    rows = [[0.9, 0.1, 0.0], [0.9, 0.03, 0.07], [0.9, 0.07, 0.03], [0.9, 0.05, 0.05]]
    values = SIGNALS[name](np.array(rows, dtype=dtype), np.zeros(4, dtype=int))
    assert len(np.unique(values)) == 1


def test_cut_and_rounded_outputs_are_not_certain():
    """A model that reports its top class only, or two digits, has others of 0."""
    cut = np.array([[0.9, 0.0, 0.0], [0.0, 0.6, 0.0]])
    assert_allclose(signals.logit(cut, [0, 1]), np.log([9.0, 1.5]), rtol=1e-12)
    assert_allclose(signals.loss(cut, [0, 1]), -np.log([0.9, 0.6]), rtol=1e-12)
    # The true class is among those that were cut.
    assert_array_equal(signals.logit(cut, [1, 0]), [-SATURATED_LOGIT] * 2)


@pytest.mark.parametrize("seed", range(3))
def test_loss_and_confidence_follow_from_the_logit(seed):
    """What ShadowSignals.get relies on, for rows that sum to one and that do not."""
    proba, y = random_rows(seed)
    masked = np.where(proba >= np.sort(proba, axis=1)[:, [-2]], proba, 0.0).round(2)
    rows = np.vstack([proba, masked])
    columns = np.concatenate([y, y])
    logit = signals.logit(rows, columns)
    assert_allclose(
        signals.loss(rows, columns), np.logaddexp(0, -logit), rtol=1e-9, atol=1e-15
    )
    assert_allclose(signals.confidence(rows, columns), expit(logit), atol=1e-12)


def test_order_survives_from_one_saturation_to_the_other():
    q = np.logspace(-307, math.log10(0.4), 400)
    proba = np.column_stack([np.r_[q, 0.5, 1 - q[::-1]], np.r_[1 - q, 0.5, q[::-1]]])
    y = np.zeros(len(proba), dtype=int)
    for name in ("logit", "hinge", "loss"):
        values = MEMBER_SIGN[name] * SIGNALS[name](proba, y)
        assert (np.diff(values) > 0).all()
    logit = signals.logit(proba, y)
    assert_allclose(logit, -logit[::-1], rtol=1e-8)
    assert np.abs(logit).max() < SATURATED_LOGIT


def test_against_loops():
    proba, y = random_rows(3, n=40)
    modified, hinge = [], []
    for row, c in zip(proba.tolist(), y, strict=True):
        others = [p for j, p in enumerate(row) if j != c]
        modified.append(
            -(1 - row[c]) * math.log(row[c]) - sum(p * math.log(1 - p) for p in others)
        )
        hinge.append(math.log(row[c] / max(others)))
    assert_allclose(signals.modified_entropy(proba, y), modified, rtol=1e-10)
    assert_allclose(signals.hinge(proba, y), hinge, rtol=1e-10)
    assert_allclose(signals.entropy(proba, y), scipy_entropy(proba, axis=1))
    assert_array_equal(signals.correctness(proba, y), proba.argmax(axis=1) == y)


def test_confident_wrong_answers():
    """Finite, high for the signals that know the label, low for the one that doesn't.

    A certain wrong answer costs -log of the clip twice: for the class and its rival.
    """
    values = signals.modified_entropy([[0.0, 1.0], [0.0, 0.0]], [0, 0])
    assert_allclose(values, [2 * SATURATED_LOGIT, SATURATED_LOGIT])
    assert signals.entropy([[0.0, 1.0]], [0])[0] == 0
    half = Fraction(1, 2)
    assert_allclose(
        signals.modified_entropy([[0.5, 0.5]], [0]), [2 * half * math.log(2)]
    )


def test_zeros_are_not_negative():
    """-0.0 would print as a sign and break a bitwise comparison."""
    for name in sorted(SIGNALS):
        values = SIGNALS[name]([[1.0, 0.0]], [0])
        assert not np.signbit(values).any()


def test_below_the_clip_counts_as_zero():
    tiny = SMALLEST_PROBABILITY / 4
    values = signals.logit([[1.0, tiny], [1.0, 0.0]], [0, 0])
    assert values[0] == values[1] == SATURATED_LOGIT


@pytest.mark.parametrize(
    ("proba", "y", "match"),
    [
        ([0.5, 0.5], [0, 1], r"'proba' .* Got shape \(2,\)"),
        ([[1.0], [1.0]], [0, 0], "at least two classes"),
        ([["a", "b"]], [0], "numeric array"),
        ([[0.5, 0.5]], [0, 1], r"'y' .* Got shape \(2,\)"),
        ([[0.5, 0.5]], [0.0], "dtype float64 instead; encode labels"),
        ([[0.5, 0.5]], ["a"], "encode labels"),
        ([[0.5, 0.5]], [2], r"'y' parameter must lie in \[0, 1\].*Got 2 to 2"),
        ([[0.5, 0.5]], [-1], r"Got -1 to -1"),
        ([[0.5, np.nan]], [0], "Got values from nan"),
        ([[1.5, -0.5]], [0], r"Got values from -0.5 to 1.5 instead; margins"),
        ([[np.inf, 0.0]], [0], "to inf"),
    ],
)
@every_signal
def test_what_is_no_probability_is_refused(name, proba, y, match):
    with pytest.raises(ValueError, match=match):
        SIGNALS[name](proba, y)


@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_largest_probabilities(n_classes):
    proba, y = random_rows(4, n_classes=n_classes)
    padded = np.sort(np.column_stack([proba, np.zeros(len(y))]), axis=1)[:, ::-1]
    for rank in (1, 2, 3):
        assert_array_equal(SIGNALS[f"top_{rank}"](proba, y), padded[:, rank - 1])


def test_every_signal_has_a_side_and_a_name():
    assert set(SIGNALS) == set(MEMBER_SIGN)
    assert all(signal.__name__ == name for name, signal in SIGNALS.items())
    public = [name for name in SIGNALS if not name.startswith("top_")]
    assert all(getattr(signals, name) is SIGNALS[name] for name in public)
    assert set(public) < set(signals.__all__)
