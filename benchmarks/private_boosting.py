"""Boosting with differential privacy: its rule, and how accurate it is.

The rule was settled on made-up data: additive scores of columns that are skewed, have
long tails or are nominal, with three interactions, and classes of unequal size. Then
the figures on real data, half of the rows for training, with nothing tuned on them;
beside the same learner without privacy, and `interpret.privacy`, whose guarantee does
not hold for text columns, and which gets ranges and types that are read from the rows
(`pip install interpret-core`).
"""

import argparse
import importlib
import time
import warnings
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
from _data import load_adult
from _results import save, table
from scipy.special import ndtr
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._boosting import _boosting

# Training rows, columns, classes, epsilon.
CELLS = [
    (1000, 14, 2, 1.0),
    (15000, 14, 2, 1.0),
    (15000, 14, 2, 10.0),
    (5000, 30, 2, 1.0),
    (4000, 14, 5, 2.0),
]
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "half the time": {"time": 0.5},
    "twice the time": {"time": 2.0},
    "half the rounds": {"rounds": 0.5},
    "twice the rounds": {"rounds": 2.0},
    "2 leaves": {"n_leaves": 2},
    "6 leaves": {"n_leaves": 6},
    "half the clip": {"clip": 0.5},
    "twice the clip": {"clip": 2.0},
    "half the spread": {"spread": 0.5},
    "twice the spread": {"spread": 2.0},
}


def made_up(n, d, n_classes, seed):
    """Rows, kinds of the columns, and classes."""
    rng = np.random.default_rng(seed)
    n_scores = 1 if n_classes == 2 else n_classes
    mixing = np.eye(d) + 0.3 * rng.normal(size=(d, d)) / np.sqrt(d)
    hidden = rng.normal(size=(n, d)) @ mixing
    sizes = rng.gamma(1.0, 1.0, d)
    sizes /= np.sqrt((sizes**2).sum())
    columns, kinds, scores = [], [], np.zeros((n, n_scores))
    for z, size in zip(hidden.T, sizes, strict=True):
        if rng.random() < 0.4:
            chances = 1 / np.arange(1, rng.integers(2, 12) + 1)
            ends = np.cumsum(chances / chances.sum())
            column = np.searchsorted(ends, ndtr(z)).clip(max=len(ends) - 1)
            scores += size * rng.normal(size=(len(ends), n_scores))[column]
            kinds.append("nominal")
        else:
            a, b = rng.normal(size=(2, n_scores))
            bend = np.tanh(2 * (z - rng.normal()))
            scores += size * (z[:, None] * a + bend[:, None] * b)
            shapes = [z, np.exp(z), np.round(10 * z), np.maximum(z, 0) ** 3]
            column = shapes[rng.integers(4)] * 10.0 ** rng.integers(-1, 4)
            column = column + (0, 0, 1900)[rng.integers(3)]
            kinds.append("continuous")
        columns.append(column)
    i, j = rng.integers(0, d, (2, 3))
    scores += np.tanh(hidden[:, i] * hidden[:, j]) @ rng.normal(size=(3, n_scores)) / 4
    scores *= rng.uniform(1.0, 2.5) / scores.std(axis=0)
    if n_scores == 1:
        middle = np.quantile(scores, rng.choice([0.5, 0.75, 0.9]))
        y = rng.random(n) < 1 / (1 + np.exp(middle - scores[:, 0]))
    else:
        y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    return np.array(columns, dtype=float).T, kinds, y.astype(int)


def variant(time=1.0, rounds=1.0, clip=1.0, spread=1.0, **changes):
    """The rule with something else chosen."""
    make_rule = _boosting.make_rule

    def changed(*args):
        rule = make_rule(*args)
        n_rounds = max(round(rule.n_rounds * rounds), 2)
        return replace(
            rule,
            n_rounds=n_rounds,
            step=rule.step * time * rule.n_rounds / n_rounds,
            clip=rule.clip * clip,
            noise_of_gradient=rule.noise_of_gradient * clip,
            spread=rule.spread * spread,
            **changes,
        )

    return mock.patch.object(_boosting, "make_rule", changed)


def figures(model, X, y):
    """Accuracy, log-loss and ROC AUC (of two classes)."""
    proba = model.predict_proba(X)
    two = proba.shape[1] == 2
    return (
        (np.asarray(model.classes_)[proba.argmax(axis=1)] == y).mean(),
        log_loss(y, np.clip(proba, 1e-9, 1), labels=model.classes_),
        roc_auc_score(y, proba[:, 1]) if two else np.nan,
    )


def try_rule(n_seeds):
    """Log-loss of each variant in each cell, the mean over seeds."""
    rows = []
    for n, d, n_classes, epsilon in CELLS:
        names = [*VARIANTS, "no privacy", "no features"]
        losses: dict[str, list[float]] = {name: [] for name in names}
        for seed in range(n_seeds):
            X, kinds, y = made_up(n + 5000, d, n_classes, seed)
            for name, changes in VARIANTS.items():
                with variant(**changes):
                    model = DifferentialPrivacyClassifier(
                        HistGradientBoostingClassifier(),
                        epsilon=epsilon,
                        feature_types=kinds,
                        random_state=seed,
                    ).fit(X[:n], y[:n])
                losses[name].append(figures(model, X[n:], y[n:])[1])
            plain = HistGradientBoostingClassifier(max_iter=60).fit(X[:n], y[:n])
            losses["no privacy"].append(figures(plain, X[n:], y[n:])[1])
            share = np.bincount(y[:n], minlength=n_classes)[y[n:]] / n
            losses["no features"].append(-np.log(share).mean())
        cell = {"rows": n, "columns": d, "classes": n_classes, "epsilon": epsilon}
        rows.append(cell | {k: f"{np.mean(v):.3f}" for k, v in losses.items()})
        print(rows[-1], flush=True)
    return rows


def fit_interpret(epsilon, seed, X, y):
    """The learner of interpret, given what it may not be given: ranges of the rows."""
    library = importlib.import_module("interpret.privacy")
    numbers = X.select_dtypes("number").columns
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return library.DPExplainableBoostingClassifier(
            epsilon=epsilon,
            feature_types=["continuous" if c in numbers else "nominal" for c in X],
            privacy_bounds={c: (X[c].min(), X[c].max()) for c in numbers},
            random_state=seed,
            n_jobs=1,
        ).fit(X, y)


def fit_ours(epsilon, seed, X, y):
    """Ours, with everything searched privately."""
    return DifferentialPrivacyClassifier(
        HistGradientBoostingClassifier(), epsilon=epsilon, random_state=seed
    ).fit(X, y)


def fit_plain(epsilon, seed, X, y):
    """Without privacy."""
    if hasattr(X, "columns"):
        text = X.select_dtypes(exclude="number").columns
        X = X.astype(dict.fromkeys(text, "category"))
    return HistGradientBoostingClassifier(random_state=seed).fit(X, y)


def try_data(n_seeds):
    """Accuracy, log-loss and AUC on data sets of the benchmarks."""
    X, y = load_adult(30000)
    adult = X.reset_index(drop=True), np.asarray(y)
    digits = load_digits(return_X_y=True)
    rows = []
    for name, (X, y), n in (
        ("Adult", adult, 30000),
        ("Adult", adult, 10000),
        ("digits", digits, 1797),
    ):
        for learner, fit, epsilons in (
            ("ours", fit_ours, (0.5, 1.0, 4.0, 10.0)),
            ("interpret", fit_interpret, (0.5, 1.0, 4.0, 10.0)),
            ("no privacy", fit_plain, (np.inf,)),
        ):
            if learner == "interpret" and name != "Adult":
                continue  # two classes only
            for epsilon in epsilons:
                found, started = [], time.process_time()
                for seed in range(n_seeds):
                    order = np.random.RandomState(seed).permutation(len(y))[:n]
                    parts = np.split(order, [n // 2])
                    train, test = (
                        (X.iloc[p] if hasattr(X, "iloc") else X[p], y[p]) for p in parts
                    )
                    model = fit(epsilon, seed, *train)
                    if learner == "no privacy" and name == "Adult":
                        text = X.select_dtypes(exclude="number").columns
                        kinds = dict.fromkeys(text, "category")
                        test = test[0].astype(kinds), test[1]
                    found.append(figures(model, *test))
                seconds = (time.process_time() - started) / n_seeds
                accuracy, loss, auc = np.mean(found, axis=0)
                rows.append(
                    {
                        "data": name,
                        "training rows": n // 2,
                        "learner": learner,
                        "epsilon": "-" if np.isinf(epsilon) else epsilon,
                        "accuracy": f"{accuracy:.3f}",
                        "log-loss": f"{loss:.3f}",
                        "ROC AUC": "" if np.isnan(auc) else f"{auc:.3f}",
                        "seconds, with predicting": f"{seconds:.1f}",
                    }
                )
                print(rows[-1], flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--rule-seeds", type=int, default=2, help="0 leaves the rule out"
    )
    arguments = parser.parse_args()
    with threadpool_limits(1):
        data = try_data(arguments.seeds)
        rule = try_rule(arguments.rule_seeds) if arguments.rule_seeds else []
    text = [
        f"Half of the rows for training, mean of {arguments.seeds} seeds, delta 1e-5, "
        "neighbours by adding or leaving out a row. Ours searches ranges and "
        "categories with a part of the budget; interpret is given them.",
        table(data),
    ]
    if rule:
        text += [
            "The rule on made-up data: log-loss, mean of "
            f"{arguments.rule_seeds} seeds.",
            table(rule),
        ]
    save(
        "private_boosting",
        "Boosting with differential privacy",
        "\n\n".join(text),
        {"data": data, "rule": rule},
    )


if __name__ == "__main__":
    main()
