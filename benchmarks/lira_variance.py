"""What shrinking a record's variance buys LiRA, on Location-30.

Eight targets apart from 64 shadows, all in complementary pairs; every variance with
4, 8, 16 and 64 of the shadows. Means over the targets, with the standard error.

    python benchmarks/lira_variance.py [--jobs 2]
"""

import argparse
import time
import warnings

import numpy as np
from _data import load_location30
from _results import save, table
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import LiRAAttack
from skmia.attacks._scores._gaussian import VARIANCES
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.shadows import ShadowSignals, fit_shadows

N_TARGETS = 8
BUDGETS = (4, 8, 16, 64)
MODELS = {
    "LogisticRegression(C=10)": LogisticRegression(C=10, max_iter=200),
    "MLP(128)": MLPClassifier((128,), max_iter=100),
    "RandomForest(100)": RandomForestClassifier(100),
    "DecisionTree": DecisionTreeClassifier(),
}
METRICS = {
    "AUC": roc_auc,
    "TPR@1%": lambda m, s: tpr_at_fpr(m, s, 0.01),
    "TPR@0.1%": lambda m, s: tpr_at_fpr(m, s, 0.001),
}


def probabilities(logit):
    """Two columns with the given logit, however large it is."""
    logit = logit.astype(np.float64)
    return np.column_stack([expit(-logit), expit(logit)])


def readings(values, member, n_shadows, **settings):
    """One row of metrics for each target, against the same shadows."""
    rows = slice(N_TARGETS, N_TARGETS + n_shadows)
    shadows = ShadowSignals({"logit": values[rows]}, member[rows])
    column = np.ones(values.shape[1], dtype=int)
    found = []
    for target in range(N_TARGETS):
        X = probabilities(values[target])
        attack = LiRAAttack("precomputed", shadows=shadows, **settings)
        scores = attack.fit(X, column).score_samples(X, column)
        found.append([metric(member[target], scores) for metric in METRICS.values()])
    return np.array(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    jobs = parser.parse_args().jobs
    X, y = load_location30()
    lines, data = [], []
    for name, model in MODELS.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLP: not converged, as is usual there
            shadows = fit_shadows(
                model,
                X,
                y,
                shadows=N_TARGETS + max(BUDGETS),
                n_jobs=jobs,
                random_state=0,
            )
        seconds = time.perf_counter() - start
        for n_shadows in BUDGETS:
            for variance in VARIANCES:
                found = readings(
                    shadows.signals["logit"],
                    shadows.member,
                    n_shadows,
                    variance=variance,
                )
                mean = found.mean(axis=0)
                error = found.std(axis=0, ddof=1) / np.sqrt(N_TARGETS)
                figures = {
                    key: f"{m:.3f} ± {e:.3f}"
                    for key, m, e in zip(METRICS, mean, error, strict=True)
                }
                lines.append(
                    {"model": name, "shadows": n_shadows, "variance": variance}
                    | figures
                )
                data.append(
                    {"model": name, "n_shadows": n_shadows, "variance": variance}
                    | dict(zip(METRICS, mean.round(4).tolist(), strict=True))
                    | {"fit_seconds_all": round(seconds, 1)}
                )
    save(
        "lira_variance",
        "LiRA's variance on Location-30",
        f"Online LiRA, mean of {N_TARGETS} targets ± standard error; every target is "
        "fitted on a stratified half of the 5,010 records and judged on all of them."
        "\n\n" + table(lines),
        data,
    )


if __name__ == "__main__":
    main()
