"""The trade-off plot: what is drawn, and where it comes from."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
from scipy.stats import t
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from skmia.model_selection import (
    AuditableClassifier,
    LeakageTradeoffDisplay,
    best_under_leakage,
    leakage_scorer,
    utility_under_leakage,
)

GRID = {"estimator__max_depth": [1, 2, 4, None]}


@pytest.fixture(autouse=True)
def no_window():
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    return noisy_rows(160)


@pytest.fixture(scope="module")
def search(data):
    return GridSearchCV(
        AuditableClassifier(DecisionTreeClassifier(random_state=0)),
        GRID,
        scoring={
            "accuracy": "accuracy",
            "f1": "f1",
            "neg_leakage": leakage_scorer("advantage"),
        },
        refit=best_under_leakage(max_leakage=0.25, compare="value"),
        cv=3,
        error_score="raise",
    ).fit(*data)


def frontier_by_hand(leakage, utility):
    """Candidates that no other one is as good as in both and better in one."""
    kept = [
        i
        for i in range(len(leakage))
        if not any(
            (leakage[j] <= leakage[i] and utility[j] > utility[i])
            or (leakage[j] < leakage[i] and utility[j] >= utility[i])
            for j in range(len(leakage))
        )
    ]
    return sorted(kept, key=lambda i: leakage[i])


def test_frontier_by_brute_force():
    rng = np.random.RandomState(0)
    for _ in range(50):
        leakage, utility = rng.uniform(size=(2, 12))
        display = LeakageTradeoffDisplay(leakage=leakage, utility=utility)
        assert display.frontier.tolist() == frontier_by_hand(leakage, utility)


def test_frontier_of_equals_and_of_what_was_not_measured():
    display = LeakageTradeoffDisplay(
        leakage=[0.6, 0.6, 0.5, 0.7, np.nan, 0.4],
        utility=[0.8, 0.8, 0.7, 0.8, 0.9, np.nan],
    )
    assert display.frontier.tolist() == [2, 0]


def test_what_is_drawn(search):
    display = LeakageTradeoffDisplay.from_search(search)
    results = search.cv_results_
    leakage, accuracy = -results["mean_test_neg_leakage"], results["mean_test_accuracy"]
    points, _, bars = display.points_
    np.testing.assert_array_equal(points.get_xdata(), leakage)
    np.testing.assert_array_equal(points.get_ydata(), accuracy)
    across, along = (np.array(bar.get_segments()) for bar in bars)
    # To the upper end of the mean over three folds, and its standard error.
    folds = [results[f"split{k}_test_neg_leakage"] for k in range(3)]
    reach = t.ppf(0.975, 2) * np.std(folds, axis=0, ddof=1) * np.sqrt(1 / 3 + 1 / 2)
    right = across[:, :, 0].max(axis=1)
    np.testing.assert_allclose(right, np.minimum(leakage + reach, 1))
    half = np.ptp(along[:, :, 1], axis=1) / 2
    np.testing.assert_allclose(half, results["std_test_accuracy"] / np.sqrt(3))
    front = frontier_by_hand(leakage, accuracy)
    np.testing.assert_array_equal(display.frontier_line_.get_xdata(), leakage[front])
    np.testing.assert_array_equal(display.frontier_line_.get_ydata(), accuracy[front])
    chosen = search.best_index_
    assert display.chosen_line_.get_xdata() == [leakage[chosen]]
    assert display.chosen_line_.get_ydata() == [accuracy[chosen]]
    assert display.limit_line_.get_xdata() == [0.25, 0.25]
    assert display.ax_.get_xlabel() == "Leakage (advantage of membership inference)"
    assert display.ax_.get_ylabel() == "Accuracy"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert sorted(labels) == ["Chosen", "Frontier", "Limit", "Tried"]
    assert display.figure_ is display.ax_.figure


def test_another_utility_axes_and_styles(search):
    from matplotlib import pyplot as plt

    _, ax = plt.subplots()
    display = LeakageTradeoffDisplay.from_search(
        search,
        ax=ax,
        utility="f1",
        max_leakage=0.3,
        points_kwargs={"label": "All"},
        frontier_kwargs={"color": "k"},
        chosen_kwargs={"markersize": 20},
        limit_kwargs={"linestyle": ":"},
    )
    assert display.ax_ is ax
    assert ax.get_ylabel() == "F1"
    assert display.limit_line_.get_xdata() == [0.3, 0.3]
    assert display.frontier_line_.get_color() == "k"
    assert display.chosen_line_.get_markersize() == 20
    np.testing.assert_array_equal(
        display.points_[0].get_ydata(), search.cv_results_["mean_test_f1"]
    )


def test_without_errors_choice_or_limit():
    display = LeakageTradeoffDisplay(leakage=[0.6, 0.5], utility=[0.7, 0.6]).plot()
    assert display.chosen_line_ is None
    assert display.limit_line_ is None
    assert display.plot(display.ax_) is display


def test_a_halving_search_shows_its_last_rung(data):
    search = HalvingGridSearchCV(
        AuditableClassifier(DecisionTreeClassifier(random_state=0)),
        GRID,
        scoring=utility_under_leakage(max_leakage=0.6),
        refit="score",
        cv=2,
        factor=2,
        min_resources=80,
        random_state=0,
        return_train_score=False,
        error_score="raise",
    ).fit(*data)
    display = LeakageTradeoffDisplay.from_search(search)
    rung = search.cv_results_["iter"]
    rows = np.flatnonzero(rung == rung.max())
    assert 0 < len(rows) < len(rung)
    np.testing.assert_array_equal(
        display.points_[0].get_xdata(),
        -search.cv_results_["mean_test_neg_leakage"][rows],
    )
    assert rows[display.chosen] == search.best_index_
    assert display.max_leakage == 0.6
    assert "AUC" in display.ax_.get_xlabel()


def test_a_search_without_a_choice(data):
    search = GridSearchCV(
        AuditableClassifier(DecisionTreeClassifier(max_depth=2)),
        {"estimator__random_state": [0]},
        scoring={"accuracy": "accuracy", "neg_leakage": leakage_scorer()},
        refit=False,
        cv=2,
        error_score="raise",
    ).fit(*data)
    assert LeakageTradeoffDisplay.from_search(search).chosen is None


def test_what_is_refused(search):
    with pytest.raises(NotFittedError):
        LeakageTradeoffDisplay.from_search(GridSearchCV(DecisionTreeClassifier(), {}))
    with pytest.raises(ValueError, match="no scorer named 'auc'"):
        LeakageTradeoffDisplay.from_search(search, utility="auc")
    with pytest.raises(ValueError, match="must be negative leakage"):
        LeakageTradeoffDisplay.from_search(search, metric="f1")


def test_only_drawing_needs_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    display = LeakageTradeoffDisplay(leakage=[0.6], utility=[0.7])
    assert display.frontier.tolist() == [0]
    with pytest.raises(ImportError, match=r"needs matplotlib.*'skmia\[report\]'"):
        display.plot()
