"""The table of metric names: one spelling, and what stands behind it."""

import pickle

import numpy as np
import pytest

from skmia import metrics
from skmia.metrics import get_metric, is_resolvable, metrics_at


def records():
    rng = np.random.RandomState(0)
    membership = np.repeat([True, False], [80, 120])
    return membership, rng.normal(size=200) + membership


@pytest.mark.parametrize(
    ("name", "function", "kwargs"),
    [
        ("auc", "roc_auc", {}),
        ("advantage", "membership_advantage", {}),
        ("tpr@0.1", "tpr_at_fpr", {"max_fpr": 0.1}),
    ],
)
def test_a_name_stands_for_a_function_and_its_interval(name, function, kwargs):
    metric = pickle.loads(pickle.dumps(get_metric(name)))
    value = getattr(metrics, function)(*records(), **kwargs)
    assert metric.value(*records()) == value
    interval = getattr(metrics, f"{function}_interval")
    expected = interval(*records(), **kwargs, confidence_level=0.8)
    assert metric.interval(*records(), confidence_level=0.8) == expected


@pytest.mark.parametrize("name", ["tpr@0.01", "tpr@.01", "tpr@1e-2", "tpr@0.0100"])
def test_one_spelling(name):
    metric = get_metric(name)
    assert metric.name == "tpr@0.01"
    assert metric.title == "TPR at 1 % FPR"
    assert (metric.max_fpr, metric.chance, metric.in_percent) == (0.01, 0.01, True)


def test_a_guess_reads_what_the_table_says():
    """Scores that are drawn without the membership, within five standard errors."""
    membership, noise = np.arange(40_000) % 2 == 0, np.random.RandomState(0)
    scores = noise.normal(size=40_000)
    for metric in metrics_at([0.1]):
        assert abs(metric.value(membership, scores) - metric.chance) < 0.015


@pytest.mark.parametrize(
    "name",
    [
        "AUC",
        "auc@0.1",
        "accuracy",
        "tpr",
        "tpr@",
        "tpr@1",
        "tpr@0",
        "tpr@nan",
        "tpr@1%",
        "@0.1",
        "",
        None,
        0.1,
    ],
)
def test_an_unknown_name_lists_those_that_there_are(name):
    with pytest.raises(ValueError, match="'metric' parameter must be one of") as caught:
        get_metric(name)
    message = str(caught.value)
    assert f"Got {name!r} instead" in message
    assert all(known in message for known in ("'auc'", "'advantage'", "'tpr@<FPR>'"))


@pytest.mark.parametrize("max_fpr", [0.1, 0.07, 1 / 3, 0.001])
def test_what_cannot_be_resolved_is_refused(max_fpr):
    metric = get_metric(f"tpr@{max_fpr}")
    needed = metric.needed_nonmembers
    assert is_resolvable(needed, max_fpr)
    assert not is_resolvable(needed - 1, max_fpr)
    metric.check_resolvable(needed)
    message = rf"'{metric.name}' is not resolvable: it needs {needed:,} rows, and "
    with pytest.raises(ValueError, match=message):
        metric.check_resolvable(needed - 1, "rows")
    get_metric("auc").check_resolvable(1)


def test_metrics_of_a_report():
    found = [m.name for m in metrics_at((0.5, 0.001))]
    assert found[0] == "auc"
    assert len(set(found)) == len(found)
    at = [name for name in found if name.startswith("tpr@")]
    assert at == ["tpr@0.5", "tpr@0.001"]
    # In double precision a float32 of 0.1 is 0.10000000149011612.
    singles = metrics_at(np.array([0.1, 0.001], dtype=np.float32))
    assert [m.name for m in singles if "@" in m.name] == ["tpr@0.1", "tpr@0.001"]
    assert [m.name for m in metrics_at(())] == [n for n in found if "@" not in n]
