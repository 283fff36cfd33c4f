"""audit_classifier on frames, sparse matrices, lists, text columns, text labels."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import SETS, audit


def names(report):
    return {guard.name for guard in report.guards}


@pytest.fixture(scope="module")
def report():
    return audit()


def as_polars(X):
    return pl.DataFrame({f"c{j}": X[:, j] for j in range(X.shape[1])})


@pytest.mark.parametrize(
    "container",
    [pd.DataFrame, as_polars, sparse.csr_array, sparse.csc_matrix, np.ndarray.tolist],
)
def test_containers_give_the_same_figures(container, report):
    X_in, X_out = container(SETS[0]), container(SETS[2])
    if container is pd.DataFrame:
        X_in.columns = X_out.columns = list("abcdef")
    model = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    model.fit(X_in, SETS[1])
    labels = [SETS[1], SETS[3]]
    if container is pd.DataFrame:
        for X in (X_in, X_out):
            X.index = range(5, 5 + len(X))
        labels = [pd.Series(y, index=range(5, 5 + len(y))) for y in labels]
    elif container is as_polars:
        labels = [pl.Series(y) for y in labels]
    elif container is np.ndarray.tolist:
        labels = [y.tolist() for y in labels]
    held = audit(model, (X_in, labels[0], X_out, labels[1]))
    assert held.figures == report.figures
    assert "blind_classifier" not in names(held)


def hospital(n, seed):
    rng = np.random.default_rng(seed)
    ward = rng.choice(["north", "south", "west"], n)
    age = rng.integers(20, 90, n).astype(float)
    age[::9] = np.nan
    ill = rng.random(n) < np.where(ward == "west", 0.7, 0.3)
    frame = pd.DataFrame(
        {"age": age, "ward": ward, "stay": rng.exponential(size=n)},
        index=pd.Index([f"p{seed}-{i}" for i in range(n)], name="patient"),
    )
    return frame, np.where(ill, "ill", "well")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_pipeline_on_text_columns_and_text_labels(library):
    sets = [*hospital(150, 1), *hospital(130, 2)]
    if library == "polars":
        sets[::2] = [pl.from_pandas(frame) for frame in sets[::2]]
    model = make_pipeline(
        make_column_transformer(
            # By position: scikit-learn 1.6 finds no names in a recent polars frame.
            (OneHotEncoder(handle_unknown="ignore"), [1]),
            (StandardScaler(), [2]),
            remainder="drop",
        ),
        DecisionTreeClassifier(random_state=0),
    ).fit(*sets[:2])
    held = audit(model, sets)
    assert held.estimator == "Pipeline(ColumnTransformer, DecisionTreeClassifier)"
    assert held.worst("auc")[1] > 0.7
    records = held.records()
    assert set(records["label"]) == {"ill", "well"}
    if library == "pandas":
        assert records.index.name == "patient"
        assert records.index[0] == "p1-0"
        assert records.index[-1] == "p2-129"
    else:
        assert records.index.tolist() == [*range(150), *range(130)]


def test_categories_that_one_side_lacks():
    sets = [*hospital(150, 1), *hospital(130, 2)]
    sets[2].loc[:, "ward"] = sets[2]["ward"].replace("west", "south")
    for frame in sets[::2]:
        frame["ward"] = frame["ward"].astype("category")
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["ward"]),
            ("passthrough", ["stay"]),
        ),
        DecisionTreeClassifier(random_state=0),
    ).fit(*sets[:2])
    assert "blind_classifier" in names(audit(model, sets))
    assert list(sets[2]["ward"].cat.categories) == ["north", "south"]


def test_a_model_with_margins_only():
    model = LinearSVC(random_state=0).fit(*SETS[:2])
    margins = audit(model)
    assert margins.attacks == ("loss", "lira")
    assert "saturated_probabilities" not in names(margins)
