"""Whether audits of attributes find what is there, and nothing else.

Made-up surveys: a job that goes together with the label in everybody, and three columns
that do not. Null: the model was fitted on other people than those that are called its
members, so that nothing can be found. Coverage: all intervals of an audit of 200
records of each side, of the advantage that the same model has over all of its 3,000
members. Power: a model that was fitted on the members.

    python benchmarks/attribute_inference.py [--audits 200]
"""

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd
from _results import save, table
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import audit_attributes
from skmia.shadows import ShadowModels, fit_shadows

MODELS = {
    "DecisionTree": DecisionTreeClassifier(random_state=0),
    "RandomForest": RandomForestClassifier(10, random_state=0),
    "LogisticRegression": LogisticRegression(max_iter=500),
}
BOUNDED: dict[str, Any] = {"n_records": 200, "n_values": 10}


def survey(n, seed):
    """Rows and labels; only the job has to do with these."""
    rng = np.random.default_rng(seed)
    job = rng.choice(["baker", "clerk", "smith", "vet"], n)
    X = pd.DataFrame(
        {
            "job": job,
            "income": -500 + 300 * rng.normal(size=n),
            "town": rng.choice(["a", "b"], n, p=[0.9, 0.1]),
            "age": rng.integers(18, 90, n),
        }
    )
    noise = rng.random(n) < 0.3
    y = np.where(noise, rng.integers(2, size=n), np.isin(job, ["smith", "vet"]))
    return X, y.astype(int)


def fitted(name, X, y):
    """The model in a Pipeline that takes texts."""
    steps = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["job", "town"]),
        remainder="passthrough",
    )
    return make_pipeline(steps, MODELS[name]).fit(X, y)


def sides(X, y, n):
    """Members first, then non-members."""
    return X[:n], y[:n], X[n:], y[n:]


def null(name, audits, shadows):
    """Audits with any column found, where nothing can be; and the mean advantage."""
    wrong, advantages = 0, []
    for seed in range(audits):
        X, y = survey(600, seed)
        model = fitted(name, X[:200], y[:200])
        inference = audit_attributes(
            model,
            *sides(X[200:], y[200:], 200),
            shadows=shadows,
            random_state=seed,
            **BOUNDED,
        )
        wrong += bool(inference.found)
        advantages += [column.advantage for column in inference.columns]
    return {
        "model": name,
        "compared with": f"{shadows} models" if shadows else "non-members",
        "audits": audits,
        "any column found": f"{100 * wrong / audits:.1f} %",
        "mean advantage": f"{100 * np.mean(np.array(advantages, dtype=float)):.2f} %",
    }


def coverage(name, audits):
    """Audits all of whose intervals hold the advantage over all records."""
    X, y = survey(6000, 1)
    model = fitted(name, X[:3000], y[:3000])
    shadows = fit_shadows(
        model, X, y, shadows=ShadowModels(4, keep_models=True), random_state=0
    )
    given = sides(X, y, 3000)
    whole = audit_attributes(
        model, *given, shadows=shadows, n_records=3000, n_values=10
    )
    truth = np.array([column.advantage for column in whole.columns])
    held, widths = 0, []
    for seed in range(audits):
        part = audit_attributes(
            model, *given, shadows=shadows, random_state=seed, **BOUNDED
        )
        low, high = (
            np.array([getattr(column, end) for column in part.columns])
            for end in ("low", "high")
        )
        held += bool(((low <= truth) & (truth <= high)).all())
        widths.append((high - low).mean())
    return {
        "model": name,
        "audits": audits,
        "all intervals hold": f"{100 * held / audits:.1f} %",
        "advantage of job, income, town, age": ", ".join(
            f"{100 * value:.1f}" for value in truth
        ),
        "mean width": f"{100 * np.mean(widths):.1f}",
    }


def power(name, n, audits):
    """How often each column is found in a model that was fitted on the members."""
    found = np.zeros(4)
    for seed in range(audits):
        X, y = survey(2 * n, seed)
        model = fitted(name, X[:n], y[:n])
        inference = audit_attributes(
            model, *sides(X, y, n), shadows=4, random_state=seed, n_values=10
        )
        found += [column.outcome == "found" for column in inference.columns]
    job, income, town, age = (f"{100 * share / audits:.0f} %" for share in found)
    row = {"model": name, "members": n, "audits": audits}
    return row | {"job": job, "income": income, "town": town, "age": age}


def main():
    """Play all, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audits", type=int, default=200)
    audits = parser.parse_args().audits
    warnings.simplefilter("ignore")
    nulls = [null(name, audits, 4) for name in MODELS]
    nulls += [null(name, audits, None) for name in MODELS]
    covered = [coverage(name, audits) for name in MODELS]
    powers = [
        power(name, n, max(10, audits // 10)) for name in MODELS for n in (100, 400)
    ]
    text = "\n\n".join(
        [
            "## Nothing to find\n\nModels of other people. The intervals of the four "
            "columns hold together at 95 %, so that a column may be found in 2.5 %.",
            table(nulls),
            "## Coverage\n\nOf the advantage over 3,000 members and as many others, by "
            "audits of 200 of each; 95 % are promised.",
            table(covered),
            "## What is found\n\nIn models that were fitted on the members.",
            table(powers),
        ]
    )
    data = {"null": nulls, "coverage": covered, "power": powers}
    save("attribute_inference", "Audits of attributes", text, data)


if __name__ == "__main__":
    main()
