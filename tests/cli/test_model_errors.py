"""What a model raises is one line; what is wrong with skmia keeps its traceback."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import skmia
from skmia.shadows import fit_shadows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2)).round(3)
Y = np.arange(60) % 2
ONE = {"members": "a.csv", "nonmembers": "b.csv", "columns": ["--target", "y"]}
ONE["model"] = "other.skops"


def write(model):
    for name, rows in (("a.csv", slice(30)), ("b.csv", slice(30, 60))):
        table = pd.DataFrame(X[rows], columns=["u", "v"]).assign(y=Y[rows])
        table.to_csv(name, index=False)
    skops.io.dump(model, "other.skops")


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (LogisticRegression(solver="liblinear"), {"max_iter": 10**30}),
        (SVC(), {"max_iter": 10**30}),
        (KNeighborsClassifier(), {"leaf_size": 10**30}),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_parameters_that_no_fit_can_work_with(model, params, jobs, work, refused):
    model = clone(model).fit(X[:30], Y[:30]).set_params(**params)
    with pytest.raises(OverflowError):  # neither ValueError nor TypeError
        fit_shadows(model, X, Y, shadows=2, random_state=0)
    write(model)
    line = refused("--jobs", jobs, **ONE)
    assert "the model cannot be fitted again: OverflowError: Python int too" in line


def test_all_that_the_audit_asks_is_asked_before(work, no_audit, refused):
    model = LogisticRegression().fit(X[:30], Y[:30])
    model.coef_ = np.full((1, 2), 1, dtype=object)
    model.multi_class = model.solver = {"no": "solver"}
    del model.intercept_
    write(model)
    assert "the model cannot be copied, or cannot predict" in refused(**ONE)


@pytest.mark.parametrize(
    ("where", "noted", "expected"),
    [
        (skmia.__file__, True, 3),
        (skmia.__file__, False, 3),
        ("elsewhere.py", False, 3),
        ("elsewhere.py", True, 2),
    ],
)
def test_errors_of_skmia_keep_their_traceback(
    where, noted, expected, audit, monkeypatch
):
    def fail(*args, **kwargs):
        try:
            exec(compile("raise RuntimeError('a bug')", where, "exec"))
        except RuntimeError as error:
            if noted:
                error.add_note("Raised while shadow model 0 was fitted or asked.")
            raise

    monkeypatch.setattr("skmia.audit.audit_classifier", fail)
    status, _, err = audit()
    assert status == expected
    assert ("Traceback" in err) == (status == 3)
    assert "RuntimeError: a bug" in err
