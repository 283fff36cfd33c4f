"""How often the intervals of `audit_learner`, and of differences, hold the truth.

A pool of rows is fixed. Each run audits a learner anew, on other halves of the pool;
the truth of a run is the mean figure of all models of the other runs, some thousands,
and beside it that of 200 of them. Learners: a tree that leaks, with scores that many
rows share; a shallower tree, as a defense; and answers at random, which leak nothing.
Differences are of two learners on the same halves, and on other halves.

    python benchmarks/learner_coverage.py [--runs 100] [--models 32] [--keep FOLDER]
"""

import argparse
import pickle
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
from _results import save, table
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from skmia.audit import audit_learner, compare
from skmia.metrics import metrics_at

RATES = (0.1, 0.01)
METRICS = [metric.name for metric in metrics_at(RATES)]
ATTACKS = ["loss", "lira"]
X, y = make_classification(
    400, n_features=20, n_informative=6, flip_y=0.2, random_state=0
)


class Noise(ClassifierMixin, BaseEstimator):
    """Answers at random, whatever it was trained on."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seed_ = np.random.RandomState(self.random_state).randint(2**31 - 1)
        return self

    def predict_proba(self, X):
        drawn = np.random.RandomState(self.seed_).uniform(0.01, 0.99, size=len(X))
        return np.column_stack([1 - drawn, drawn])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


LEARNERS = {
    "tree of depth 6": DecisionTreeClassifier(max_depth=6),
    "tree of depth 3": DecisionTreeClassifier(max_depth=3),
    "answers at random": Noise(),
}


def audits(runs, n_models, keep):
    """Reports of every learner, run by run."""
    found: dict[str, list] = {name: [] for name in LEARNERS}
    for run in range(runs):
        for name, learner in LEARNERS.items():
            path = keep and keep / f"{name} {n_models} {run}.pickle"
            if path and path.exists():
                found[name].append(pickle.loads(path.read_bytes()))
                continue
            report = audit_learner(
                *(learner, X, y),
                n_models=n_models,
                attacks=ATTACKS,
                max_fprs=RATES,
                random_state=run,
            )
            if path:
                path.write_bytes(pickle.dumps(report))
            found[name].append(report)
    return found


def values(report, attack, metric):
    """Figures of the models of one audit."""
    return report._evidence.game.values[attack, metric]


def counted(intervals, truths, fresh):
    """How often intervals hold each truth, and where they miss."""
    low, high = np.array(intervals).T
    truths = np.asarray(truths)
    above, below = (low > truths + 1e-9).mean(), (high < truths - 1e-9).mean()
    of_200 = ((low <= fresh + 1e-9) & (high >= fresh - 1e-9)).mean()
    return {
        "truth": f"{truths.mean():.4f}",
        "covers %": f"{100 * (1 - above - below):.0f}",
        "too high %": f"{100 * above:.0f}",
        "too low %": f"{100 * below:.0f}",
        "of 200 models %": f"{100 * of_200:.0f}",
        "width": f"{(high - low).mean():.4f}",
    }


def without_own(means):
    """For each run the mean over the others."""
    means = np.asarray(means)
    return (means.sum() - means) / (len(means) - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--models", type=int, default=32)
    parser.add_argument("--keep", type=Path, default=None)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.keep:
        arguments.keep.mkdir(exist_ok=True)
    reports = audits(arguments.runs, arguments.models, arguments.keep)
    few = max(1, 200 // arguments.models)
    rows: list[dict] = []
    differences: list[dict] = []
    figures = {
        (name, attack, metric): np.array([values(r, attack, metric) for r in of])
        for name, of in reports.items()
        for attack in ATTACKS
        for metric in METRICS
    }
    for (name, attack, metric), found in figures.items():
        means = found.mean(axis=1)
        ends = [
            (f.low, f.high)
            for report in reports[name]
            for f in report.figures
            if (f.attack, f.metric) == (attack, metric)
        ]
        cell = {"learner": name, "attack": attack, "figure": metric}
        # The 200 fresh models are those of the next runs.
        fresh = [np.roll(means, -1 - i)[:few].mean() for i in range(len(means))]
        rows.append(cell | counted(ends, without_own(means), np.array(fresh)))
    for name, of in reports.items():
        for metric in METRICS:
            tops = [
                without_own(figures[name, attack, metric].mean(axis=1))
                for attack in ATTACKS
            ]
            best = [report.strongest(metric) for report in of]
            ends = [(f.low, f.high) for f in best]
            truth = np.max(tops, axis=0)
            cell = {"learner": name, "attack": "strongest", "figure": metric}
            rows.append(cell | counted(ends, truth, truth))
    for one, other in combinations(reports, 2):
        for halves, shift in (("the same", 0), ("others", 1)):
            add_differences(differences, reports, figures, one, other, halves, shift)
    for name in reports:
        add_differences(differences, reports, figures, name, name, "others", 1)
    text = (
        f"Nominally 95 %. {arguments.runs} audits of {arguments.models} models of "
        f"{len(X)} rows; one binomial error is "
        f"{100 * np.sqrt(0.05 * 0.95 / arguments.runs):.1f} points. An interval is too "
        "high where its lower end is above the truth. At no leak the lower end of the "
        "advantage and of the TPR is chance, and theirs are conservative; so are those "
        "of the strongest.\n\n## Figures\n\n"
        f"{table(rows)}\n\n## Differences, the second minus the first\n\n"
        f"{table(differences)}"
    )
    save(
        "learner_coverage",
        "How often intervals of a learner hold the truth",
        text,
        {"figures": rows, "differences": differences},
    )


def add_differences(rows, reports, figures, one, other, halves, shift):
    """Rows of `compare` for two learners, on the same halves or on others."""
    first, second = reports[one], np.roll(np.arange(len(reports[other])), -shift)
    compared = [
        compare(a, reports[other][j]) for a, j in zip(first, second, strict=True)
    ]
    for attack in [*ATTACKS, "strongest"]:
        for metric in METRICS:
            names = ATTACKS if attack == "strongest" else [attack]
            a, b = (
                np.max(
                    [without_own(figures[name, k, metric].mean(axis=1)) for k in names],
                    axis=0,
                )
                for name in (one, other)
            )
            ends = [
                (d.low, d.high)
                for of in compared
                for d in of.differences
                if (d.attack, d.metric) == (attack, metric)
            ]
            cell = {
                "first": one,
                "second": other,
                "halves": halves,
                "attack": attack,
                "figure": metric,
            }
            rows.append(cell | counted(ends, b - a, b - a))


if __name__ == "__main__":
    main()
