"""How much every attack finds, by data set, model and number of shadows.

All against all: 66 models in complementary pairs for each cell, fitted once and kept in
benchmarks/.cache. A target is one of their training sets, fitted anew; its shadows are
4, 8, 16 or 64 of the other models, never its own complementary twin. The reference is
what the field uses: LiRA with a variance of its own for every record, and 64 shadows.

    python benchmarks/attack_power.py [--targets 8] [--jobs 2] [--data NAME ...]
        [--models NAME ...] [--skip DATA/MODEL ...]
"""

import argparse
import json
import time
import warnings

import numpy as np
from _cells import DATA, FOLDER, MODELS, N_MODELS, cell_shadows, make_cell
from _results import save, table
from joblib import Parallel, delayed
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_limits

from skmia.attacks import (
    CalibratedLossAttack,
    LabelOnlyAttack,
    LiRAAttack,
    LossThresholdAttack,
    QuantileAttack,
    RMIAAttack,
    ShadowClassifierAttack,
    StackedAttack,
)
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.shadows import ShadowSignals
from skmia.utils._cloning import seeded_clone
from skmia.utils._response import class_probabilities
from skmia.utils._rows import take_rows

BUDGETS = (4, 8, 16, 64)
METRICS = {
    "AUC": roc_auc,
    "TPR@1%": lambda m, s: tpr_at_fpr(m, s, 0.01),
    "TPR@0.1%": lambda m, s: tpr_at_fpr(m, s, 0.001),
}
# With shadows: from the arrays alone.
SHADOW_ATTACKS = {
    "LiRA per record": (LiRAAttack, {"variance": "per_record"}),
    "LiRA": (LiRAAttack, {}),
    "LiRA offline": (LiRAAttack, {"mode": "offline"}),
    "RMIA": (RMIAAttack, {}),
    "RMIA offline": (RMIAAttack, {"mode": "offline"}),
    "calibrated, OUT mean": (CalibratedLossAttack, {}),
    "calibrated, midpoint": (CalibratedLossAttack, {"reference": "midpoint"}),
    "calibrated, percentile": (CalibratedLossAttack, {"reference": "percentile"}),
    "shadow classifier": (ShadowClassifierAttack, {}),
    "stacked": (StackedAttack, {}),
}
# Without: one figure for each target.
PLAIN_ATTACKS = {
    "loss": (LossThresholdAttack, {}),
    "quantile": (QuantileAttack, {"random_state": 0}),
    "label only": (LabelOnlyAttack, {"n_queries": 30, "random_state": 0}),
}
REFERENCE = ("LiRA per record", 64)


def shadows_of(target, n_shadows):
    """The next models in the circle of pairs, without the target's own pair."""
    pairs = (target // 2 + 1 + np.arange(n_shadows // 2)) % (N_MODELS // 2)
    return (2 * pairs[:, None] + [0, 1]).ravel()


def judge(member, scores):
    return [metric(member, scores) for metric in METRICS.values()]


def attack_target(data, model, shadows, target):
    """Figures of every attack on one target, and the seconds that each one took."""
    X, y, estimator = make_cell(data, model)
    member = shadows.member[target]
    rows = np.flatnonzero(member)
    labels = np.asarray(y)
    classes = np.unique(labels)
    column = np.searchsorted(classes, labels)
    found, seconds = {}, {}
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        fitted = seeded_clone(estimator, target).fit(take_rows(X, rows), labels[rows])
        proba = class_probabilities(fitted, X, classes)
        for name, (attack, settings) in PLAIN_ATTACKS.items():
            given = attack(FrozenEstimator(fitted), **settings)
            given.fit(X, labels, membership=member)
            found[name, 0] = judge(member, given.score_samples(X, labels))
        for n_shadows in BUDGETS:
            chosen = shadows_of(target, n_shadows)
            subset = ShadowSignals(
                {name: values[chosen] for name, values in shadows.signals.items()},
                shadows.member[chosen],
            )
            for name, (attack, settings) in SHADOW_ATTACKS.items():
                start = time.perf_counter()
                given = attack("precomputed", shadows=subset, **settings)
                if "random_state" in given.get_params():
                    given.set_params(random_state=0)
                scores = given.fit(proba, column).score_samples(proba, column)
                seconds[name, n_shadows] = time.perf_counter() - start
                found[name, n_shadows] = judge(member, scores)
    return found, seconds


def run_cell(data, model, n_targets, jobs):
    """Means and standard errors over targets, by attack and number of shadows."""
    path = FOLDER / f"power-{data}-{model}-{n_targets}.json".lower().replace(" ", "-")
    if path.exists():
        return json.loads(path.read_text())
    shadows = cell_shadows(data, model, jobs)
    # One of each of the pairs.
    targets = 2 * np.arange(n_targets)
    results = Parallel(jobs)(
        delayed(attack_target)(data, model, shadows, int(t)) for t in targets
    )
    rows = []
    for name, n_shadows in results[0][0]:
        values = np.array([found[name, n_shadows] for found, _ in results])
        took = [s.get((name, n_shadows), np.nan) for _, s in results]
        rows.append(
            {
                "data": data,
                "model": model,
                "attack": name,
                "n_shadows": n_shadows,
                "mean": dict(zip(METRICS, values.mean(axis=0).tolist(), strict=True)),
                "error": dict(
                    zip(
                        METRICS,
                        (values.std(axis=0, ddof=1) / np.sqrt(n_targets)).tolist(),
                        strict=True,
                    )
                ),
                "attack_seconds": None if n_shadows == 0 else float(np.mean(took)),
                "shadow_seconds": float(
                    n_shadows * (shadows.fit_seconds + shadows.predict_seconds).mean()
                ),
            }
        )
    path.write_text(json.dumps(rows))
    return rows


def summary(cells):
    """Geometric means against the reference, over the cells where it finds any."""
    lines = []
    for name, n_shadows in [
        *[(name, 0) for name in PLAIN_ATTACKS],
        *[(name, k) for k in BUDGETS for name in SHADOW_ATTACKS],
    ]:
        ratios, worst = [], []
        for rows in cells:
            by_key = {(r["attack"], r["n_shadows"]): r["mean"] for r in rows}
            reference = by_key[REFERENCE]["TPR@0.1%"]
            ours = by_key[name, n_shadows]["TPR@0.1%"]
            if reference > 0.001:
                # A figure of 0 is half a member in that many records.
                ratios.append(max(ours, 1e-4) / reference)
            if reference > 0.005:
                worst.append(ours / reference)
        lines.append(
            {
                "attack": name,
                "shadows": n_shadows or "none",
                "TPR@0.1% against the reference": round(
                    float(np.exp(np.mean(np.log(ratios)))), 2
                ),
                "lowest (reference above 0.005)": round(min(worst), 2),
                "cells": len(ratios),
            }
        )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--data", nargs="*", default=list(DATA))
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    parser.add_argument("--skip", nargs="*", default=[], metavar="DATA/MODEL")
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    cells = [
        run_cell(data, model, given.targets, given.jobs)
        for data in given.data
        for model in given.models
        if f"{data}/{model}" not in given.skip
    ]
    lines = [
        {
            "data": row["data"],
            "model": row["model"],
            "attack": row["attack"],
            "shadows": row["n_shadows"] or "none",
        }
        | {key: f"{row['mean'][key]:.4f} ± {row['error'][key]:.4f}" for key in METRICS}
        for rows in cells
        for row in rows
    ]
    save(
        "attack_power",
        "Attack power",
        f"Means over {given.targets} targets ± standard error. The reference is LiRA "
        "with a variance of its own for every record and 64 shadows.\n\n"
        "## Against the reference\n\nGeometric means over the cells where the "
        "reference finds more than 0.1 % of the members.\n\n"
        + table(summary(cells))
        + "\n\n## By cell\n\n"
        + table(lines),
        [row for rows in cells for row in rows],
    )


if __name__ == "__main__":
    main()
