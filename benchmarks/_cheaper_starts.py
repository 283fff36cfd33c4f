"""Starts from the solution on the pool: cost, and what they leave in the answers."""

import time

import numpy as np
from _cheaper_data import adult_numbers
from _data import load_location30
from sklearn.linear_model import LogisticRegression, SGDClassifier

from skmia.shadows import draw_design, fit_shadows
from skmia.signals import logit

N_SHADOWS = 2
FEW = 16


def _make(solver, tol, **more):
    if solver == "sgd":
        return SGDClassifier(loss="log_loss", tol=tol, random_state=0, **more)
    more |= {"solver": solver, "tol": tol, "max_iter": 5000, "random_state": 0}
    return LogisticRegression(**more)


def _from_pool(solver, tol, pool):
    def fit(X, y):
        if solver == "sgd":
            start = {"coef_init": pool.coef_, "intercept_init": pool.intercept_}
            return _make(solver, tol).fit(X, y, **start)
        model = _make(solver, tol, warm_start=True)
        model.coef_, model.intercept_ = pool.coef_.copy(), pool.intercept_.copy()
        model.classes_ = pool.classes_
        return model.fit(X, y)

    return fit


def _measure(name, solver, X, y, factors, tight):
    """Rows of the table for one solver, from zeros and from the pool's solution."""
    _, columns = np.unique(y, return_inverse=True)
    member = draw_design(columns, N_SHADOWS, 0.5, np.random.RandomState(0))
    rows = [
        np.random.default_rng(k).permutation(np.flatnonzero(m))
        for k, m in enumerate(member)
    ]

    def logits(fit):
        seconds, values, steps = 0.0, [], []
        for index in rows:
            A, b = X[index], y[index]
            start = time.process_time()
            model = fit(A, b)
            seconds += time.process_time() - start
            steps.append(np.max(model.n_iter_))
            values.append(logit(model.predict_proba(X), columns))
        return np.array(values), seconds, np.mean(steps)

    exact = logits(tight)[0]
    inside = np.sum(exact * member, axis=0) / member.sum(axis=0)
    gap = (inside - np.sum(exact * ~member, axis=0) / (~member).sum(axis=0)).mean()
    tol = 1e-3 if solver == "sgd" else 1e-4
    pool = _make(solver, tol).fit(X, y)
    ways = {"zeros": _make(solver, tol).fit}
    for factor in factors:
        ways[f"pool, tol / {factor}"] = _from_pool(solver, tol / factor, pool)
    table, cold = [], None
    for way, fit in ways.items():
        values, seconds, steps = logits(fit)
        cold = cold or seconds
        off = values - exact
        trace = off[~member].mean() - off[member].mean()
        row = {
            "solver": name,
            "start": way,
            "CPU / from zeros": f"{seconds / cold:.2f}",
            "iterations": f"{steps:.0f}",
            "rms change of logits": f"{np.sqrt((off**2).mean()):.1e}",
            "largest": f"{np.abs(off).max():.1e}",
            "shift": f"{off.mean() / gap:+.2%}",
            "trace": f"{trace / gap:+.3%}",
        }
        print(row, flush=True)
        table.append(row)
    return table


def starts():
    """Rows of the table, of all solvers."""
    X, y = adult_numbers(4000)
    wide, places = (values[:2000] for values in load_location30())
    tight = _make("newton-cholesky", 1e-10).fit
    table = _measure(
        "lbfgs, Location-30",
        "lbfgs",
        wide.astype(np.float64),
        places,
        (1, 10),
        _make("lbfgs", 1e-8).fit,
    )
    for solver in ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga", "sgd"):
        factors = (1, 10, 100) if solver == "newton-cg" else (1, 10)
        table += _measure(solver, solver, X, y, factors, tight)
    return table


def end_to_end(table):
    """Gain of the one solver that is cheaper and as good, over all that shadows do."""
    X, y = adult_numbers(4000)
    [ratio] = [
        float(row["CPU / from zeros"])
        for row in table
        if row["solver"] == "newton-cholesky" and row["start"] == "pool, tol / 10"
    ]
    model = LogisticRegression(solver="newton-cholesky")
    start = time.process_time()
    shadows = fit_shadows(model, X, y, shadows=FEW, n_jobs=1, random_state=0)
    total = time.process_time() - start
    start = time.process_time()
    model.fit(X, y)
    pool = time.process_time() - start
    fits = np.asarray(shadows.fit_seconds).sum()
    beside = (
        np.asarray(shadows.predict_seconds).sum()
        + np.asarray(shadows.counterfactual_.seconds).sum()
    )
    # Seconds of the workers are of the wall; on a busy machine only their share holds.
    share = fits / (fits + beside)
    gain = share * (1 - ratio) - pool / total
    return {"few": FEW, "share": share, "gain": gain}
