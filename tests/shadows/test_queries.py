"""Shadows asked about copies of the records: by hand, and unchanged without."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import NeverFitted
from skmia._tables import Perturbation
from skmia.attacks import LiRAAttack
from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows
from skmia.signals import SATURATED_LOGIT, SIGNALS, confidence, loss

X, Y = make_classification(
    120, 5, n_informative=4, n_redundant=0, n_classes=3, flip_y=0.2, random_state=0
)


def fit(estimator, X=X, y=Y, n_jobs=None, **params):
    # What costs no fit is in no cache, and more than asked for.
    given = {"n_models": 4, "n_queries": 3, "counterfactual": False} | params
    shadows = ShadowModels(**given)
    return fit_shadows(estimator, X, y, shadows=shadows, n_jobs=n_jobs, random_state=0)


def by_hand(model, X, queries, classes=(0, 1, 2)):
    """Mean probabilities over the records and their copies, query by query."""
    noise = np.resize(queries.noise, queries.n_queries)
    rate = np.resize(queries.flip_rate, queries.n_queries)
    perturbation = Perturbation(queries.perturb, queries.seed).fit(X)
    proba = [model.predict_proba(X)]
    for i in range(queries.n_queries):
        copies = perturbation.copies(X, np.array([i]), noise[[i]], rate[[i]])
        proba.append(model.predict_proba(copies))
    assert_array_equal(model.classes_, classes)
    return np.mean(proba, axis=0)


def mixed_frame():
    rng = np.random.RandomState(0)
    return pd.DataFrame(
        {
            "town": rng.choice(["here", "there", "far"], 120),
            "age": rng.randint(18, 90, 120),
            "size": X[:, 0],
        }
    )


def case(name):
    """A learner, the records in a container, and their labels."""
    text = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["town"]),
            (StandardScaler(), ["age", "size"]),
        ),
        LogisticRegression(),
    )
    # scikit-learn 1.6 takes no polars columns by name.
    codes = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    counts = np.where(X > 0.5, 1.0, 0.0)
    return {
        "array": (LogisticRegression(), X),
        "saturated": (DecisionTreeClassifier(), X),
        "pandas": (text, mixed_frame()),
        "polars": (codes, pl.from_pandas(mixed_frame().drop(columns="size"))),
        "csr": (BernoulliNB(), sparse.csr_array(counts)),
        "coo": (BernoulliNB(), sparse.coo_matrix(counts)),
    }[name]


every_container = pytest.mark.parametrize(
    "name", ["array", "saturated", "pandas", "polars", "csr", "coo"]
)


@every_container
def test_signals_are_those_of_the_mean_answer_by_hand(name):
    estimator, rows = case(name)
    shadows = fit(
        estimator,
        rows,
        noise=(0.2, 0.5),
        flip_rate=0.3,
        keep_models=True,
    )
    queries = shadows.queries
    assert (queries.n_queries, queries.perturb) == (3, "auto")
    assert (queries.noise, queries.flip_rate) == ((0.2, 0.5), (0.3,))
    asked = rows.tocsr() if sparse.issparse(rows) else rows
    plain = fit(estimator, rows, n_queries=0)
    for k, model in enumerate(shadows.models):
        proba = by_hand(model, asked, queries)
        for signal, values in shadows.signals.items():
            expected = SIGNALS[signal](proba, Y)
            # The two means are rounded in different orders.
            assert_allclose(values[k], expected, rtol=1e-6, atol=1e-6, err_msg=signal)
    assert (plain.signals["logit"] != shadows.signals["logit"]).mean() > 0.5


def test_a_saturated_answer_is_one_of_several():
    """A tree answers 0 or 1: the mean is a fraction, which no infinity decides."""
    shadows = fit(DecisionTreeClassifier(), n_queries=9, noise=0.3)
    p = shadows.get("confidence") * 10
    assert_allclose(p, np.rint(p), atol=1e-4)
    fractions = np.unique(np.rint(p))
    assert len(fractions) > 8
    between = (p > 0.5) & (p < 9.5)
    assert np.abs(shadows.signals["logit"][between]).max() < np.log(9) + 1e-5
    # Where all ten agree, it is as saturated as a single answer.
    assert np.abs(shadows.signals["logit"]).max() == np.float32(SATURATED_LOGIT)


def test_derived_signals_are_those_of_the_mean_answer():
    """The loss follows from the stored logit; a mean of logits would break that."""
    shadows = fit(LogisticRegression(C=100), noise=0.5, keep_models=True)
    for k, model in enumerate(shadows.models):
        proba = by_hand(model, X, shadows.queries)
        for name, signal in (("loss", loss), ("confidence", confidence)):
            assert_allclose(shadows.get(name)[k], signal(proba, Y), rtol=1e-4)


# What does not change


def test_without_queries_nothing_of_them_matters():
    plain = fit_shadows(LogisticRegression(), X, Y, shadows=4, random_state=0)
    other = fit(LogisticRegression(), n_queries=0, noise=2.0, perturb="resample")
    assert plain.queries is other.queries is None
    assert_array_equal(plain.member, other.member)
    for name, values in plain.signals.items():
        assert values.tobytes() == other.signals[name].tobytes()


def test_the_shadows_are_those_that_are_asked_once():
    """Design and models are the same; only what they are asked about differs."""
    plain = fit(DecisionTreeClassifier(), n_queries=0, keep_models=True)
    asked = fit(DecisionTreeClassifier(), keep_models=True)
    assert_array_equal(plain.member, asked.member)
    for one, other in zip(plain.models, asked.models, strict=True):
        assert one.random_state == other.random_state
        assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_a_cache_tells_queries_apart(tmp_path):
    settings = [
        {"n_queries": 0},
        {"n_queries": 2},
        {"n_queries": 3},
        {"noise": 0.2},
        {"noise": (0.2, 0.3)},
        {"flip_rate": 0.3},
        {"perturb": "resample"},
    ]
    stored = 0
    for given in settings:
        first = fit(GaussianNB(), cache_dir=tmp_path, n_models=2, **given)
        entries = len(list(tmp_path.iterdir()))
        assert entries == stored + 2, given
        again = fit(GaussianNB(), cache_dir=tmp_path, n_models=2, **given)
        assert len(list(tmp_path.iterdir())) == entries
        assert again.queries == first.queries
        for name, values in first.signals.items():
            assert values.tobytes() == again.signals[name].tobytes()
        stored = entries


@every_container
def test_the_same_for_any_backend_and_blocks(name, monkeypatch):
    estimator, rows = case(name)
    results = []
    for backend, n_jobs in (("sequential", 1), ("loky", 2), ("threading", 2)):
        with joblib.parallel_config(backend=backend):
            results.append(fit(estimator, rows, n_models=2, n_jobs=n_jobs))
    # A few records at a time, and one query after the other.
    monkeypatch.setattr("skmia._tables._queries._BLOCK_VALUES", 100)
    results.append(fit(estimator, rows, n_models=2))
    for other in results[1:]:
        assert other.queries == results[0].queries
        for signal, values in results[0].signals.items():
            # BLAS sums small batches in another order.
            assert_allclose(other.signals[signal], values, rtol=1e-5, atol=1e-5)
    for other in results[1:3]:
        for signal, values in results[0].signals.items():
            assert other.signals[signal].tobytes() == values.tobytes()


# Remembered


def test_queries_are_saved(tmp_path):
    shadows = fit(GaussianNB(), noise=(0.1, 0.3))
    assert repr(shadows).endswith("'top_3'], n_queries=3)")
    shadows.to_npz(tmp_path / "with.npz")
    assert ShadowSignals.from_npz(tmp_path / "with.npz").queries == shadows.queries
    plain = fit(GaussianNB(), n_queries=0)
    assert "queries" not in repr(plain)
    plain.to_npz(tmp_path / "without.npz")
    # No array of that name: such a file is what it was before there were queries.
    with np.load(tmp_path / "without.npz") as file:
        assert "queries" not in file.files
    assert ShadowSignals.from_npz(tmp_path / "without.npz").queries is None


def test_a_damaged_record_of_the_queries_is_refused(tmp_path):
    path = tmp_path / "shadows.npz"
    fit(GaussianNB()).to_npz(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    for text in ("{", "[]", '{"n_queries": 3}', '{"n_queries": -1}'):
        np.savez(path, **(arrays | {"queries": np.array(text)}))
        with pytest.raises(ValueError, match="is not a readable shadow file"):
            ShadowSignals.from_npz(path)


def test_queries_of_another_kind():
    with pytest.raises(TypeError, match=r"'queries' parameter .* Got 3 instead"):
        ShadowSignals({"logit": [[1.0]]}, [[True]], queries=3)


# Refused


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"n_queries": -1}, ValueError, r"'n_queries' .* \[0, inf\). Got -1 instead"),
        ({"n_queries": 2.0}, TypeError, "'n_queries' parameter must be an int"),
        ({"perturb": "blur"}, ValueError, "'perturb' parameter .* Got 'blur' instead"),
        ({"noise": 0}, ValueError, r"'noise' parameter .* \(0, inf\). Got 0 instead"),
        ({"noise": []}, TypeError, "'noise' parameter must be a float or a sequence"),
        ({"flip_rate": 1.0}, ValueError, r"'flip_rate' .* \(0, 1\). Got 1.0 instead"),
        ({"n_queries": 0, "noise": -1}, ValueError, "'noise' .* Got -1 instead"),
        ({"X": np.stack([X, X], axis=2)}, ValueError, r"rows of a table.*n_queries=0"),
        (
            {"X": sparse.csr_array(X), "perturb": "noise"},
            ValueError,
            "perturb='noise' would fill the zeros of a sparse X",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_before_a_fit(given, error, match):
    with pytest.raises(error, match=match):
        fit(NeverFitted(), **given)


def test_another_container_with_other_copies_is_refused(tmp_path):
    """Sparse columns are resampled and dense ones take noise: other copies."""
    X, y = make_classification(80, 5, random_state=0)
    shadows = fit(BernoulliNB(), X, y, n_models=4, n_queries=2)
    path = tmp_path / "shadows.npz"
    shadows.to_npz(path)
    for given in (shadows, ShadowSignals.from_npz(path)):
        attack = LiRAAttack(BernoulliNB(), shadows=given, random_state=0)
        attack.fit(pd.DataFrame(X), y)
        with pytest.raises(ValueError, match="in another container"):
            attack.fit(sparse.csr_array(X), y)
