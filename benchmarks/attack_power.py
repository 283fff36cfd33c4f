"""How much every attack finds, by data set, model and number of shadows.

All against all: 66 models in complementary pairs for each cell, fitted once and kept in
benchmarks/.cache. A target is one of their training sets, fitted anew; its shadows are
4, 8, 16 or 64 of the other models, never its own complement. The reference is
what the field uses: LiRA with a variance of its own for every record, and 64 shadows.

    python benchmarks/attack_power.py [--targets 8] [--jobs 2] [--data NAME ...]
        [--models NAME ...] [--skip DATA/MODEL ...]
"""

import argparse
import json
import time
import warnings
from typing import Any

import numpy as np
from _cells import DATA, FOLDER, MODELS, N_MODELS, cell_shadows, make_cell
from _results import save, table
from joblib import Parallel, delayed
from scipy import stats
from scipy.special import expit
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_limits

from skmia._models import class_probabilities, seeded_clone
from skmia._tables import take_rows
from skmia.attacks import ATTACKS, ShadowAttack
from skmia.metrics import roc_auc, tpr_at_fpr
from skmia.shadows import ShadowSignals

BUDGETS = (4, 8, 16, 64)
METRICS = {
    "AUC": roc_auc,
    "TPR@1%": lambda m, s: tpr_at_fpr(m, s, 0.01),
    "TPR@0.1%": lambda m, s: tpr_at_fpr(m, s, 0.001),
}
# Short names of attacks with their settings. An attack that is not named here is run
# with its defaults, under its short name.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "loss": ("loss", {}),
    "quantile": ("quantile", {}),
    "label only": ("label_only", {"n_queries": 10}),
    "LiRA per record": ("lira", {"variance": "per_record"}),
    "LiRA": ("lira", {}),
    "LiRA offline": ("lira", {"mode": "offline"}),
    "RMIA": ("rmia", {}),
    "RMIA offline": ("rmia", {"mode": "offline"}),
    "calibrated, OUT mean": ("calibrated", {}),
    "calibrated, midpoint": ("calibrated", {"reference": "midpoint"}),
    "calibrated, percentile": ("calibrated", {"reference": "percentile"}),
    "shadow classifier": ("shadow_classifier", {}),
    "stacked": ("stacked", {}),
}
_named = {short for short, _ in VARIANTS.values()}
_all = VARIANTS | {short: (short, {}) for short in ATTACKS if short not in _named}
EVERY_ATTACK = {name: (ATTACKS[short], given) for name, (short, given) in _all.items()}
# With shadows, from the arrays alone; and without, one figure for each target.
SHADOW_ATTACKS = {
    k: v for k, v in EVERY_ATTACK.items() if issubclass(v[0], ShadowAttack)
}
PLAIN_ATTACKS = {k: v for k, v in EVERY_ATTACK.items() if k not in SHADOW_ATTACKS}
REFERENCE = ("LiRA per record", 64)
# The targets before it served while StackedAttack was developed.
FIRST_TARGET = 16


def shadows_of(target, n_shadows):
    """The next models in the circle of pairs, without the target's own pair."""
    pairs = (target // 2 + 1 + np.arange(n_shadows // 2)) % (N_MODELS // 2)
    return (2 * pairs[:, None] + [0, 1]).ravel()


def take(shadows, chosen):
    return ShadowSignals(
        {name: values[chosen] for name, values in shadows.signals.items()},
        shadows.member[chosen],
    )


def make_attack(attack, estimator, settings):
    given = attack(estimator, **settings)
    if "random_state" in given.get_params():
        given.set_params(random_state=0)
    return given


def judge(member, scores):
    return [metric(member, scores) for metric in METRICS.values()]


def attack_target(data, model, shadows, target):
    """Figures of every attack on one target."""
    X, y, estimator = make_cell(data, model)
    member = shadows.member[target]
    rows = np.flatnonzero(member)
    labels = np.asarray(y)
    classes = np.unique(labels)
    column = np.searchsorted(classes, labels)
    found = {}
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        fitted = seeded_clone(estimator, target).fit(take_rows(X, rows), labels[rows])
        proba = class_probabilities(fitted, X, classes)
        for name, (attack, settings) in PLAIN_ATTACKS.items():
            given = make_attack(attack, FrozenEstimator(fitted), settings)
            given.fit(X, labels, membership=member)
            found[name, 0] = judge(member, given.score_samples(X, labels))
        for n_shadows in BUDGETS:
            subset = {"shadows": take(shadows, shadows_of(target, n_shadows))}
            for name, (attack, settings) in SHADOW_ATTACKS.items():
                given = make_attack(attack, "precomputed", settings | subset)
                given.fit(proba, column)
                scores = given.score_samples(proba, column)
                found[name, n_shadows] = judge(member, scores)
    return found


def time_attacks(shadows, column):
    """Seconds that all attacks with 64 shadows take to be fitted, and to score.

    The first model is the target, with its logit of the true `column` and the rest
    shared by the other classes.
    """
    subset = {"shadows": take(shadows, shadows_of(0, 64))}
    p = expit(shadows.get("logit")[0].astype(np.float64))
    proba = np.tile(((1 - p) / column.max())[:, None], column.max() + 1)
    proba[np.arange(len(p)), column] = p
    fitting = scoring = 0.0
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        for attack, settings in SHADOW_ATTACKS.values():
            start = time.perf_counter()
            given = make_attack(attack, "precomputed", settings | subset)
            given.fit(proba, column)
            fitted = time.perf_counter()
            given.score_samples(proba, column)
            fitting += fitted - start
            scoring += time.perf_counter() - fitted
    return fitting, scoring


def run_cell(data, model, n_targets, jobs):
    """Figures of every target, by attack and number of shadows."""
    path = FOLDER / f"power-{data}-{model}-{n_targets}.json".lower().replace(" ", "-")
    if path.exists():
        rows = json.loads(path.read_text())
        if {row["attack"] for row in rows} == EVERY_ATTACK.keys():
            return rows
    shadows = cell_shadows(data, model, jobs)
    # One of each of the pairs.
    targets = FIRST_TARGET + 2 * np.arange(n_targets)
    results = Parallel(jobs)(
        delayed(attack_target)(data, model, shadows, int(t)) for t in targets
    )
    rows = []
    for name, n_shadows in results[0]:
        values = np.array([found[name, n_shadows] for found in results])
        rows.append(
            {
                "data": data,
                "model": model,
                "attack": name,
                "n_shadows": n_shadows,
                "values": dict(zip(METRICS, values.T.tolist(), strict=True)),
            }
        )
    path.write_text(json.dumps(rows))
    return rows


def half_width(values):
    """Of the 95 % interval of a mean over targets (Student's t)."""
    n = len(values)
    return stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)


def against_reference(cells):
    """Geometric means against the reference, over the cells where it finds any.

    One row for each attack, one column for each number of shadows; and the cells where
    the attack is below nine tenths of a reference that finds more than 0.5 %.
    """
    lines = []
    for name in [*PLAIN_ATTACKS, *SHADOW_ATTACKS]:
        line = {"attack": name}
        for n_shadows in BUDGETS:
            key = (name, 0 if name in PLAIN_ATTACKS else n_shadows)
            ratios, found = [], []
            for cell in cells:
                reference = np.mean(cell[REFERENCE]["values"]["TPR@0.1%"])
                ours = np.mean(cell[key]["values"]["TPR@0.1%"])
                if reference > 0.001:
                    # A figure of 0 is half a member in that many records.
                    ratios.append(max(ours, 1e-4) / reference)
                if reference > 0.005:
                    found.append(ours / reference)
            mean = np.exp(np.mean(np.log(ratios)))
            lowest, below = min(found), sum(ratio < 0.9 for ratio in found)
            line[f"{n_shadows} shadows"] = f"{mean:.2f}"
            line[f"lowest with {n_shadows}"] = f"{lowest:.2f} ({below} of {len(found)})"
        if name in PLAIN_ATTACKS:
            # They take no shadows: one figure says all.
            same = f"{BUDGETS[0]} shadows"
            line |= dict.fromkeys((f"{k} shadows" for k in BUDGETS), line[same])
        lines.append(line)
    heads = ["attack", *(f"{k} shadows" for k in BUDGETS)]
    heads += [f"lowest with {k}" for k in BUDGETS]
    return [{head: line.get(head, "") for head in heads} for line in lines]


def against_best_single(cells):
    """Where the stacked attack is behind the best single one with equal shadows.

    The best is chosen on the very figures that are compared, which favours it. Behind
    means that the 95 % interval of the paired difference over targets is below 0.
    """
    lines = []
    for n_shadows in BUDGETS:
        for metric in METRICS:
            behind = []
            for cell in cells:
                found = {
                    name: np.array(cell[name, n_shadows]["values"][metric])
                    for name in SHADOW_ATTACKS
                }
                ours = found.pop("stacked")
                best = max(found, key=lambda name: found[name].mean())
                gain = ours - found[best]
                if gain.mean() + half_width(gain) < 0:
                    about = cell["stacked", n_shadows]
                    behind.append(
                        f"{about['data']} {about['model']} ({best}: {gain.mean():+.4f})"
                    )
            lines.append(
                {
                    "shadows": n_shadows,
                    "metric": metric,
                    "at or ahead": f"{len(cells) - len(behind)} of {len(cells)}",
                    "behind": "; ".join(behind) or "nowhere",
                }
            )
    return lines


def below_chance(cells):
    """Attacks with shadows whose AUC is below 1/2 by more than its interval."""
    return [
        f"{row['data']} {row['model']}, {row['attack']}, {row['n_shadows']} shadows: "
        f"{np.mean(auc):.4f}"
        for cell in cells
        for row in cell.values()
        if row["n_shadows"]
        for auc in [row["values"]["AUC"]]
        if np.mean(auc) + half_width(auc) < 0.5
    ]


def cost(data, model):
    """Time of all attacks with 64 shadows beside the time those shadows took."""
    shadows = cell_shadows(data, model)
    models = 64 * float((shadows.fit_seconds + shadows.predict_seconds).mean())
    column = np.unique(make_cell(data, model)[1], return_inverse=True)[1]
    fitting, scoring = time_attacks(shadows, column)
    return {
        "data": data,
        "model": model,
        "64 shadows, s": f"{models:.1f}",
        "fitting all attacks, s": f"{fitting:.2f}",
        "scoring, s": f"{scoring:.2f}",
        "scoring / shadows": f"{scoring / models:.2%}",
        "both / shadows": f"{(fitting + scoring) / models:.1%}",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--data", nargs="*", default=list(DATA))
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    parser.add_argument("--skip", nargs="*", default=[], metavar="DATA/MODEL")
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    names = [
        (data, model)
        for data in given.data
        for model in given.models
        if f"{data}/{model}" not in given.skip
    ]
    cells = [
        {
            (row["attack"], row["n_shadows"]): row
            for row in run_cell(data, model, given.targets, given.jobs)
        }
        for data, model in names
    ]
    times = [cost(data, model) for data, model in names]
    rows = [row for cell in cells for row in cell.values()]
    lines = [
        {
            "data": row["data"],
            "model": row["model"],
            "attack": row["attack"],
            "shadows": row["n_shadows"] or "none",
        }
        | {
            metric: f"{np.mean(values):.4f} ± {half_width(values):.4f}"
            for metric, values in row["values"].items()
        }
        for row in rows
    ]
    save(
        "attack_power",
        "Attack power",
        f"Means over {given.targets} targets with 95 % intervals of the mean. The "
        "reference is LiRA with a variance of its own for every record and 64 shadows."
        "\n\n## Against the reference\n\nGeometric means over the cells where the "
        "reference finds more than 0.1 % of the members. The lowest is over the cells "
        "where it finds more than 0.5 %; in brackets, in how many of them the attack "
        "is below 0.9.\n\n"
        + table(against_reference(cells))
        + "\n\n## The stacked attack against the best single one\n\nWith the same "
        "shadows; the best is picked in each cell on the figures compared.\n\n"
        + table(against_best_single(cells))
        + "\n\n## Below chance\n\nAttacks with shadows whose AUC is below 0.5 by more "
        "than its interval: "
        + ("; ".join(below_chance(cells)) or "none")
        + ".\n\n## Time\n\nAll variants of attacks on 64 given shadows, against "
        "fitting those shadows and asking them about the pool; seconds of one core."
        "\n\n" + table(times) + "\n\n## By cell\n\n" + table(lines),
        rows,
    )


if __name__ == "__main__":
    main()
