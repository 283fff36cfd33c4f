"""What the metrics take, and what they refuse in which words."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skmia import metrics
from skmia.metrics import (
    allowed_false_positives,
    clopper_pearson,
    epsilon_at_threshold,
    epsilon_lower_bound,
    is_resolvable,
    membership_advantage_interval,
    ppv_at_prior,
    roc_auc,
    roc_auc_interval,
    roc_vertices,
    tpr_at_fpr,
    tpr_at_fpr_interval,
)
from skmia.metrics._ranking import sorted_sides

M, S = [1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1]


def test_public_names_are_sorted_and_there():
    assert metrics.__all__ == sorted(metrics.__all__)
    for name in metrics.__all__:
        assert getattr(metrics, name).__doc__


@pytest.mark.parametrize(
    "membership",
    [
        [True, True, False, False],
        (1, 1, 0, 0),
        np.array([1.0, 1.0, 0.0, 0.0], dtype=np.float32),
        np.array([True, True, False, False], dtype=object),
        pd.Series([True, True, False, False], index=[7, 7, 1, 0]),
        pd.Series([True, True, False, False], dtype="boolean"),
        pd.Series([1, 1, 0, 0], dtype="Int64"),
        pl.Series([True, True, False, False]),
    ],
    ids=lambda m: type(m).__module__ + "." + str(getattr(m, "dtype", "sequence")),
)
@pytest.mark.parametrize(
    "container", [list, np.float32, pd.Series, pl.Series, np.asfortranarray]
)
def test_kinds_of_input(membership, container):
    sides = sorted_sides(membership, container([3, 1, 2, 0]))
    assert [side.tolist() for side in sides] == [[1, 3], [0, 2]]
    assert {side.dtype for side in sides} == {np.dtype(np.float64)}
    assert roc_auc(membership, container([3, 1, 2, 0])) == 0.75


@pytest.mark.parametrize("scores", [[1, 0, 1, 0], [True, False, True, False]])
def test_hard_labels_are_scores(scores):
    assert roc_auc(M, scores) == 0.5


@pytest.mark.parametrize(
    ("membership", "scores", "message"),
    [
        (
            [1, 1, 1, 1],
            S,
            "needs at least one member and one non-member. Got 4 members",
        ),
        (
            [0, 0, 0, 0],
            S,
            "needs at least one member and one non-member. Got 0 members",
        ),
        ([], [], "needs at least one member and one non-member"),
        ([1, 1, 0], S, r"one entry per record. Got 3 and 4 entries instead"),
        ([1, -1, 1, -1], S, "must be binary.* Got -1 instead"),
        ([0, 1, 2, 1], S, "must be binary.* Got 2 instead"),
        ([1, 1, 0, np.nan], S, "must be binary.* Got nan instead"),
        (["in", "in", "out", "out"], S, "must be binary.* Got 'in' instead"),
        (["1", "1", "0", "0"], S, "must be binary.* Got '1' instead"),
        ([True, None, False, False], S, "must be binary"),
        (pd.Series([True, None, False, False], dtype="boolean"), S, "must be binary"),
        ([[1], [1], [0], [0]], S, r"1D array-like.* Got an array of shape \(4, 1\)"),
        (1, S, r"1D array-like.* Got an array of shape \(\)"),
        (M, [1, 2, 3, np.nan], "Input scores contains NaN"),
        (M, [1, 2, 3, np.inf], "Input scores contains infinity"),
        (M, [1, 2, 3, -np.inf], "Input scores contains infinity"),
        (M, ["a", "b", "c", "d"], "scores|strings"),
        (M, [1j, 2, 3, 4], "Complex data not supported"),
        (
            M,
            np.ones((4, 2)),
            r"'scores'.* 1D array-like.* Got an array of shape \(4, 2\)",
        ),
        (M, np.ones((4, 1, 1)), r"Got an array of shape \(4, 1, 1\) instead"),
    ],
)
@pytest.mark.parametrize("function", [roc_auc, roc_vertices, roc_auc_interval])
def test_records_that_are_refused(function, membership, scores, message):
    with pytest.raises(ValueError, match=message):
        function(membership, scores)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tpr_at_fpr(M, S, 2), r"'max_fpr' .* float in \[0, 1\]. Got 2 instead"),
        (lambda: tpr_at_fpr(M, S, np.nan), "'max_fpr' .* Got nan instead"),
        (lambda: tpr_at_fpr_interval(M, S, -0.1), "'max_fpr' .* Got -0.1 instead"),
        (lambda: is_resolvable(10, 1.1), "'max_fpr' .* Got 1.1 instead"),
        (lambda: is_resolvable(0, 0.1), r"'n_nonmembers' .* int in \[1, inf\). Got 0"),
        (lambda: ppv_at_prior(M, S, 0), r"'prior' .* float in \(0, 1\). Got 0 instead"),
        (lambda: ppv_at_prior(M, S, 1.0), r"'prior' .* Got 1.0 instead"),
        (lambda: ppv_at_prior(M, S, 0.1, max_fpr=5), "'max_fpr' .* Got 5 instead"),
        (lambda: allowed_false_positives(0, 0.1), "'n_nonmembers' .* Got 0 instead"),
        (lambda: clopper_pearson(5, 4), r"'successes' .* Got successes=5 and n=4"),
        (lambda: clopper_pearson(-1, 4), "'successes' .* Got successes=-1"),
        (lambda: clopper_pearson([0, 0], [0, 4]), r"'successes' .* n=\[0, 4\] instead"),
        (
            lambda: clopper_pearson(1, 4, 1.0),
            r"'confidence_level' .* \(0, 1\). Got 1.0",
        ),
        (
            lambda: tpr_at_fpr_interval(M, S, 0.1, confidence_level=95),
            "'confidence_level' .* Got 95 instead",
        ),
        (
            lambda: membership_advantage_interval(M, S, confidence_level=0),
            "'confidence_level' .* Got 0 instead",
        ),
        (
            lambda: roc_auc_interval(M, S, confidence_level=1),
            "'confidence_level' .* Got 1 instead",
        ),
        (
            lambda: roc_auc_interval(M, S, method="wald"),
            r"'method' .* among \['bootstrap', 'delong'\]. Got 'wald' instead",
        ),
        (lambda: roc_auc_interval(M, S, method=None), "'method' .* Got None instead"),
        (
            lambda: roc_auc_interval(M, S, method="bootstrap", n_resamples=39),
            r"'n_resamples' .* int in \[40, inf\). Got 39 instead",
        ),
        (
            lambda: roc_auc_interval(M, S, method="bootstrap", random_state="x"),
            "'x' cannot be used to seed",
        ),
        (
            lambda: epsilon_at_threshold(5, 0, 4, 4),
            r"'true_positives' .* int in \[0, 4\]. Got 5 instead",
        ),
        (
            lambda: epsilon_at_threshold(4, -1, 4, 4),
            r"'false_positives' .* int in \[0, 4\]. Got -1 instead",
        ),
        (lambda: epsilon_at_threshold(0, 0, 0, 4), "'n_members' .* Got 0 instead"),
        (lambda: epsilon_at_threshold(0, 0, 4, 0), "'n_nonmembers' .* Got 0 instead"),
        (
            lambda: epsilon_at_threshold(1, 0, 4, 4, delta=1.0),
            r"'delta' .* float in \[0, 1\). Got 1.0 instead",
        ),
        (
            lambda: epsilon_at_threshold(1, 0, 4, 4, confidence_level=1.5),
            "'confidence_level' .* Got 1.5 instead",
        ),
        (lambda: epsilon_lower_bound(M, S, delta=-1), "'delta' .* Got -1 instead"),
        (
            lambda: epsilon_lower_bound(M, S, confidence_level=0.0),
            "'confidence_level' .* Got 0.0 instead",
        ),
        (
            lambda: epsilon_lower_bound([1, 0, 0, 0], S),
            "at least two members and two non-members.* Got 1 and 3 instead",
        ),
        (
            lambda: epsilon_lower_bound([1, 1, 1, 0], S),
            "at least two members and two non-members.* Got 3 and 1 instead",
        ),
    ],
)
def test_values_that_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tpr_at_fpr(M, S, "0.1"), "'max_fpr' .* Got '0.1' instead"),
        (lambda: tpr_at_fpr(M, S, None), "'max_fpr' .* Got None instead"),
        (lambda: tpr_at_fpr(M, S, True), "'max_fpr' .* Got True instead"),
        (lambda: is_resolvable(10.0, 0.1), "'n_nonmembers' .* Got 10.0 instead"),
        (lambda: is_resolvable(True, 0.1), "'n_nonmembers' .* Got True instead"),
        (lambda: clopper_pearson(0.5, 4), "'successes' .* integers. Got float64"),
        (lambda: clopper_pearson(1, 4.0), "'n' .* integers. Got float64"),
        (
            lambda: epsilon_at_threshold(0.5, 0, 4, 4),
            "'true_positives' .* Got 0.5 instead",
        ),
        (
            lambda: roc_auc_interval(M, S, method="bootstrap", n_resamples=1e3),
            "'n_resamples' .* Got 1000.0 instead",
        ),
    ],
)
def test_types_that_are_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()
