"""The trade-off plot of several defenses: what tells them apart, and their labels."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from skmia.model_selection import (
    AuditableClassifier,
    LeakageTradeoffDisplay,
    leakage_scorer,
)


@pytest.fixture(autouse=True)
def no_window():
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def search():
    """A tree, with a depth, and a Pipeline with a smoothing of its variances."""
    smooth = make_pipeline(StandardScaler(), GaussianNB())
    grid = [
        {
            "estimator": [DecisionTreeClassifier(random_state=0)],
            "estimator__max_depth": [1, 3, None],
        },
        {"estimator": [smooth], "estimator__gaussiannb__var_smoothing": [1e-9, 0.5]},
    ]
    return GridSearchCV(
        AuditableClassifier(GaussianNB()),
        grid,
        scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
        refit=False,
        cv=2,
        error_score="raise",
    ).fit(*noisy_rows(120))


def test_each_defense_has_a_colour_and_a_marker(search):
    display = LeakageTradeoffDisplay.from_search(search)
    assert list(display.name) == ["DecisionTreeClassifier"] * 3 + ["GaussianNB"] * 2
    tree, bayes = (container[0] for container in display.points_)
    leakage = -search.cv_results_["mean_test_neg_leakage"]
    np.testing.assert_array_equal(tree.get_xdata(), leakage[:3])
    np.testing.assert_array_equal(bayes.get_xdata(), leakage[3:])
    assert tree.get_color() != bayes.get_color()
    assert tree.get_marker() != bayes.get_marker()
    legend = display.ax_.get_legend().get_texts()
    assert {"DecisionTreeClassifier", "GaussianNB"} < {t.get_text() for t in legend}


def test_candidates_are_called_by_what_differs_within_their_kind(search):
    display = LeakageTradeoffDisplay.from_search(search)
    assert list(display.label) == [
        "max_depth=1",
        "max_depth=3",
        "max_depth=None",
        "var_smoothing=1e-09",
        "var_smoothing=0.5",
    ]
    on_frontier = [display.label[i] for i in display.frontier]
    drawn = [label.get_text() for label in display.labels_]
    assert set(drawn) <= set(on_frontier)
    assert drawn


def test_kinds_by_a_parameter_of_ones_own(search):
    display = LeakageTradeoffDisplay.from_search(search, by="estimator__max_depth")
    assert list(display.name) == ["1", "3", "None", "other", "other"]
    with pytest.raises(ValueError, match=r"'by' .* Got 'depth' instead"):
        LeakageTradeoffDisplay.from_search(search, by="depth")


def test_labels_cover_neither_points_nor_one_another():
    rng = np.random.RandomState(0)
    leakage = np.sort(rng.uniform(0.5, 0.8, 9))
    utility = np.sort(rng.uniform(0.6, 0.7, 9))
    display = LeakageTradeoffDisplay(
        leakage=leakage,
        utility=utility,
        name=["one", "other", "third"] * 3,
        label=[f"strength={i}, rounds={100 * i}" for i in range(9)],
        chosen=4,
    ).plot()
    display.figure_.canvas.draw()
    assert display.labels_[0].get_text() == "strength=4, rounds=400"  # the chosen one
    assert len(display.labels_) >= 6
    text = mpl.text.Text.get_window_extent
    boxes = [text(label) for label in display.labels_]
    points = display.ax_.transData.transform(np.c_[leakage, utility])
    for i, box in enumerate(boxes):
        assert not box.count_contains(points)
        assert not box.count_overlaps(boxes[:i])
        assert not box.overlaps(display.ax_.get_legend().get_window_extent())


@pytest.mark.parametrize("key", ["name", "label"])
def test_one_entry_for_each_candidate(key):
    entries = {"name": ["a", "b"], "label": ["a", "b"], key: ["a"]}
    display = LeakageTradeoffDisplay(leakage=[0.6, 0.5], utility=[0.7, 0.6], **entries)
    with pytest.raises(ValueError, match=rf"'{key}' .* 2 candidates. Got 1 instead"):
        display.plot()
