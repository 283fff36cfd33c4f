"""What shadows of another training share than the target's cost: why "auto".

Targets on 30, 50 and 70 % of a pool, each judged by 16 shadows of each of these shares.
Shadows are fitted once for each data set, model and share, and serve all targets and
attacks; the targets are the same for all of them, so that costs are paired.

    python benchmarks/train_share.py [--targets 16] [--jobs 2] [--data NAME ...]
        [--models NAME ...]
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np
from _cells import make_cell
from _results import save, table
from joblib import Parallel, delayed
from sklearn.model_selection import StratifiedShuffleSplit
from threadpoolctl import threadpool_limits

from skmia._models import class_probabilities, seeded_clone
from skmia._tables import content_groups, hash_rows, take_rows
from skmia.attacks import LiRAAttack, RMIAAttack, StackedAttack
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.shadows import ShadowModels, fit_shadows

SHARES = (0.3, 0.5, 0.7)
N_SHADOWS = 16
MAX_FPR = 0.01
# Records of each data set; digits has 1,797.
POOLS = {"Location-30": 2500, "Adult": 5000, "digits": 1797}
MODELS = ("LogisticRegression", "MLP", "RandomForest", "DecisionTree")
ATTACKS = {
    "LiRA": lambda shadows: LiRAAttack("precomputed", shadows=shadows),
    "RMIA": lambda shadows: RMIAAttack("precomputed", shadows=shadows),
    "stacked": lambda shadows: StackedAttack(
        "precomputed", shadows=shadows, random_state=0
    ),
}
FIGURES = ("AUC", "TPR@1%", "FPR")


def make_pool(data, model):
    """A random part of the data without copies of a row, and the unfitted model."""
    X, y, estimator = make_cell(data, model)
    y = np.asarray(y)
    _, first = np.unique(content_groups(hash_rows(X, y)), return_index=True)
    rows = np.random.RandomState(0).permutation(np.sort(first))[: POOLS[data]]
    # A class of one record cannot be drawn by class.
    classes, count = np.unique(y[rows], return_counts=True)
    rows = rows[np.isin(y[rows], classes[count > 1])]
    return take_rows(X, rows), y[rows], estimator


def fit_target(estimator, X, y, rows, seed):
    """Probabilities of a model on `rows`, for all records."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        model = seeded_clone(estimator, seed).fit(take_rows(X, rows), y[rows])
        return class_probabilities(model, X, np.unique(y))


def fit_targets(estimator, X, y, share, n_targets, jobs):
    """Membership and probabilities of targets that were drawn independently."""
    draws = StratifiedShuffleSplit(n_targets, train_size=share, random_state=1)
    chosen = [rows for rows, _ in draws.split(np.zeros(len(y)), y)]
    member = np.zeros((n_targets, len(y)), dtype=bool)
    for k, rows in enumerate(chosen):
        member[k, rows] = True
    answers = Parallel(jobs)(
        delayed(fit_target)(estimator, X, y, rows, seed)
        for seed, rows in enumerate(chosen)
    )
    return member, answers


def judge(attack, proba, column, member):
    """AUC, TPR at 1 % FPR, and the share of non-members that `predict` accuses."""
    scores = attack.score_samples(proba, column)
    accused = attack.predict(proba, column)[~member].mean()
    return roc_auc(member, scores), tpr_at_fpr(member, scores, 0.01), accused


def attack_cell(name, shadows, targets, column):
    """Figures of shape (target shares, targets, 3) of one attack on one shadow set."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        # What an attack learns from given shadows is the same for all targets.
        first = targets[SHARES[0]][1][0]
        attack = ATTACKS[name](shadows).fit(first, column)
        return [
            [
                judge(attack, proba, column, held)
                for held, proba in zip(member, answers, strict=True)
            ]
            for member, answers in (targets[share] for share in SHARES)
        ]


def run_cell(data, model, n_targets, jobs):
    """Rows of means and standard errors, for every attack and pair of shares."""
    start = time.perf_counter()
    X, y, estimator = make_pool(data, model)
    column = np.searchsorted(np.unique(y), y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged, as is usual for the MLP
        shadows = {
            share: fit_shadows(
                estimator,
                X,
                y,
                shadows=ShadowModels(N_SHADOWS, train_size=share),
                n_jobs=jobs,
                random_state=0,
            )
            for share in SHARES
        }
    targets = {
        share: fit_targets(estimator, X, y, share, n_targets, jobs) for share in SHARES
    }
    fitted = time.perf_counter() - start
    keys = [(name, share) for name in ATTACKS for share in SHARES]
    found = Parallel(jobs)(
        delayed(attack_cell)(name, shadows[share], targets, column)
        for name, share in keys
    )
    found = {key: np.array(f) for key, f in zip(keys, found, strict=True)}
    rows = []
    for name, (t, own), share in product(ATTACKS, enumerate(SHARES), SHARES):
        figures, equal = found[name, share][t], found[name, own][t]
        rows.append(
            {
                "data": data,
                "model": model,
                "attack": name,
                "target_share": own,
                "shadow_share": share,
                **summarise(figures, FIGURES),
                **summarise((equal - figures)[:, :2], ("AUC cost", "TPR@1% cost")),
            }
        )
    seconds = time.perf_counter() - start
    print(
        f"{data}, {model}: {fitted:.0f} s of fits, {seconds:.0f} s in all", flush=True
    )
    return rows


def summarise(figures, names):
    """Mean and standard error over targets, by name."""
    mean = figures.mean(axis=0)
    error = figures.std(axis=0, ddof=1) / np.sqrt(len(figures))
    return {
        name: {"mean": round(float(m), 5), "error": round(float(e), 5)}
        for name, m, e in zip(names, mean, error, strict=True)
    }


def overall(rows):
    """Over all cells, by attack and pair of shares."""
    lines = []
    for key in product(ATTACKS, SHARES, SHARES):
        chosen = [
            row
            for row in rows
            if (row["attack"], row["target_share"], row["shadow_share"]) == key
        ]
        cost, tpr, lost, fpr = (
            np.array([row[of]["mean"] for row in chosen])
            for of in ("AUC cost", "TPR@1%", "TPR@1% cost", "FPR")
        )
        error = np.array([row["AUC cost"]["error"] for row in chosen])
        worst = chosen[int(fpr.argmax())]
        name, own, share = key
        lines.append(
            {
                "attack": name,
                "target": f"{own:.0%}",
                "shadows": f"{share:.0%}",
                "AUC cost": f"{cost.mean():.4f}",
                "largest": f"{cost.max():.4f}",
                "cells worse / better": f"{(cost > 2 * error).sum()} / "
                f"{(cost < -2 * error).sum()}",
                "TPR@1% kept": f"{tpr.sum() / (tpr + lost).sum():.0%}",
                "FPR": f"{fpr.mean():.2%}",
                "highest FPR": f"{fpr.max():.2%} ({worst['data']}, {worst['model']})",
            }
        )
    return lines


def shown(figure, digits=3):
    return f"{figure['mean']:.{digits}f} ± {figure['error']:.{digits}f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--data", nargs="*", default=list(POOLS))
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    given = parser.parse_args()
    rows = [
        row
        for data in given.data
        for model in given.models
        for row in run_cell(data, model, given.targets, given.jobs)
    ]
    lines = [
        {
            "data": row["data"],
            "model": row["model"],
            "attack": row["attack"],
            "target": f"{row['target_share']:.0%}",
            "shadows": f"{row['shadow_share']:.0%}",
            "AUC": shown(row["AUC"]),
            "AUC cost": shown(row["AUC cost"]),
            "TPR@1%": shown(row["TPR@1%"]),
            "FPR": shown(row["FPR"], 4),
        }
        for row in rows
    ]
    n_cells = len(given.data) * len(given.models)
    sizes = ", ".join(f"{data} {POOLS[data]:,}" for data in given.data)
    save(
        "train_share",
        "Shadows of another training share than the target's",
        f"Records: {sizes}. {N_SHADOWS} shadows; {given.targets} targets of each "
        "share, the same for every attack and share of the shadows. A cost is what "
        'shadows of the target\'s own share (`train_size="auto"`) find more of, on the '
        "same target. FPR is the share of non-members that `predict` accuses at "
        f"max_fpr={MAX_FPR}.\n\n## Over all cells\n\nMeans over {n_cells} pairs of "
        "data and model, and the one with the largest cost or the highest FPR. Worse "
        "or better: by more than two standard errors in AUC.\n\n"
        + table(overall(rows))
        + "\n\n## By cell\n\nMean ± standard error over targets.\n\n"
        + table(lines),
        rows,
    )


if __name__ == "__main__":
    main()
