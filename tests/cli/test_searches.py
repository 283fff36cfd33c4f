"""``skmia audit`` of a search or a threshold wrapper, and what long runs cost."""

import logging

import joblib
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)

from skmia.cli._messages import boundary

GRID = {"decisiontreeclassifier__min_samples_leaf": [1, 20]}


@pytest.fixture
def save(work):
    """Fit a model around that of the files, on its training rows, and save it."""

    def put(around, name="around.skops"):
        rows = joblib.load(work / "model.joblib"), _read(work)
        model = around(clone(rows[0])).fit(*rows[1])
        skops.io.dump(model, work / name)
        return model

    return put


def _read(work):
    table = pd.read_parquet(work / "train.parquet")
    return table.drop(columns=["id", "income"]), table["income"]


def test_a_search_is_audited_as_what_it_chose(save, audit):
    model = save(lambda inner: GridSearchCV(inner, GRID, cv=2))
    skops.io.dump(model.best_estimator_, "best.skops")
    status, out, err = audit(model="around.skops")
    assert (status, err) == (0, "")
    title = out.splitlines()[0]
    assert title.endswith("DecisionTreeClassifier) (inside GridSearchCV)")
    assert "The GridSearchCV was audited as its best_estimator_" in out
    _, best, _ = audit(model="best.skops")
    figures = [line for line in out.splitlines() if "AUC" in line]
    assert figures == [line for line in best.splitlines() if "AUC" in line]
    status, out, err = audit("--refit-search", model="around.skops")
    assert (status, err) == (0, "")
    assert "Each shadow model searches again (GridSearchCV)" in out


@pytest.mark.parametrize(
    "around",
    [
        lambda inner: FixedThresholdClassifier(inner, threshold=0.3, pos_label=">50K"),
        lambda inner: TunedThresholdClassifierCV(inner, cv=2, scoring="accuracy"),
    ],
)
def test_thresholds(around, save, audit):
    save(around)
    status, out, err = audit(model="around.skops")
    if status == 2:
        # It holds its scorer, which is no type that skops trusts.
        options = err.partition("add ")[2].split()
        assert all(name.startswith("sklearn.metrics.") for name in options[1::2])
        status, out, err = audit(*options, model="around.skops")
    assert (status, err) == (0, "")
    assert "was audited as the classifier inside" in " ".join(out.split())


def test_a_search_without_a_model_is_one_line(save, audit):
    save(lambda inner: GridSearchCV(inner, GRID, cv=2, refit=False))
    status, out, err = audit(model="around.skops")
    assert (status, out) == (2, "")
    assert err.startswith("skmia: error: The GridSearchCV has refit=False")
    assert err.count("\n") == 1


def test_the_cost_of_long_runs_is_one_line(capsys):
    logger = logging.getLogger("skmia")
    before = logger.level
    with boundary():
        # As fit_shadows does, of runs that take long and show no progress.
        logger.info("shadows: 4 fits x 1e+02 s")
    logger.info("shadows: 5 fits x 1e+02 s")
    assert capsys.readouterr() == ("", "skmia: note: shadows: 4 fits x 1e+02 s\n")
    assert logger.level == before
