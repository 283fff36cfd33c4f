"""How much every attack finds, by data set, model and number of shadows.

All against all: 66 models in complementary pairs for each cell, fitted once and kept in
benchmarks/.cache. A target is one of their training sets, fitted anew; its shadows are
1, 2, 4, 8, 16 or 64 of the other models, never its own complement, and tell the other
side where their learner has a closed form, compared with what these shadows show. Where
a shadow costs no fit, as many as the library makes of that number take their place. The
reference is what the field uses: LiRA with a variance of its own for every record, and
64 shadows that show the side they were fitted on.

    python benchmarks/attack_power.py [--targets 8] [--jobs 2]
        [--cells DATA/MODEL ...] [--light [DATA/MODEL ...]] [--attacks NAME ...]
"""

import argparse
import json
import time
import warnings
from typing import Any

import numpy as np
from _cells import (
    CELLS,
    FOLDER,
    N_MODELS,
    NEW_DATA,
    cell_name,
    cell_shadows,
    make_cell,
)
from _power_tables import (
    against_best_single,
    against_reference,
    below_chance,
    half_width,
)
from _results import FOLDER as RESULTS
from _results import save, table
from joblib import Parallel, delayed
from scipy.special import expit
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_limits

from skmia._models import class_probabilities, seeded_clone
from skmia._tables import take_rows
from skmia.attacks import ATTACKS, ShadowAttack
from skmia.metrics import roc_auc, tpr_at_fpr

BUDGETS = (1, 2, 4, 8, 16, 64)
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
    "LiRA, one side": ("lira", {}),
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
# As published, with the side that each shadow was fitted on.
ONE_SIDED = ("LiRA per record", "LiRA, one side")
# Figures of an attack against the reference are taken at every number of shadows; of
# these, which are behind in all cells, at two.
SELDOM = {
    "LiRA offline",
    "RMIA offline",
    "calibrated, OUT mean",
    "calibrated, percentile",
    "shadow classifier",
}
SELDOM_BUDGETS = (8, 64)
# The targets before it served while StackedAttack was developed.
FIRST_TARGET = 16


def shadows_of(target, n_shadows, n_models):
    """The next models in the circle of pairs, without the target's own pair."""
    n_pairs = n_models // 2
    pairs = (target // 2 + 1 + np.arange((n_shadows + 1) // 2)) % n_pairs
    return (2 * pairs[:, None] + [0, 1]).ravel()[:n_shadows]


def take(data, model, cell, target, n_shadows, both_sides):
    """A target's shadows, of one number."""
    whole = cell.shadows
    if both_sides and whole.counterfactual_.n_fits < whole.n_shadows:
        # Made without a fit, for this number, and of a design that is not the target's.
        return cell_shadows(data, model, n_models=n_shadows, random_state=1).shadows
    chosen = shadows_of(target, n_shadows, whole.n_shadows)
    return cell.take(chosen, both_sides=both_sides)


def make_attack(attack, estimator, settings):
    given = attack(estimator, **settings)
    if "random_state" in given.get_params():
        given.set_params(random_state=0)
    return given


def judge(member, scores):
    return [metric(member, scores) for metric in METRICS.values()]


def attack_target(data, model, cell, target, budgets, attacks):
    """Figures of every attack on one target; none where it takes more shadows."""
    X, y, estimator = make_cell(data, model)
    member = cell.shadows.member[target]
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
            if name not in attacks:
                continue
            given = make_attack(attack, FrozenEstimator(fitted), settings)
            given.fit(X, labels, membership=member)
            found[name, 0] = judge(member, given.score_samples(X, labels))
        for n_shadows in budgets:
            given_shadows = {
                both_sides: take(data, model, cell, target, n_shadows, both_sides)
                for both_sides in (False, True)
            }
            for name, (attack, settings) in SHADOW_ATTACKS.items():
                seldom = name in SELDOM and n_shadows not in SELDOM_BUDGETS
                if name not in attacks or seldom:
                    continue
                subset = {"shadows": given_shadows[name not in ONE_SIDED]}
                given = make_attack(attack, "precomputed", settings | subset)
                try:
                    given.fit(proba, column)
                except ValueError:
                    if n_shadows >= 4:
                        raise
                    continue
                scores = given.score_samples(proba, column)
                found[name, n_shadows] = judge(member, scores)
    return found


def time_attacks(shadows, column):
    """Seconds that all attacks with 64 shadows take to be fitted, and to score.

    The first model is the target, with its logit of the true `column` and the rest
    shared by the other classes.
    """
    subset = {"shadows": shadows}
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


def earlier_reference(data, model):
    """The reference of an earlier run, on the same targets and shadows."""
    rows = json.loads((RESULTS / "attack_power.json").read_text())["results"]
    [row] = [
        row
        for row in rows
        if (row["data"], row["model"]) == (data, model)
        and (row["attack"], row["n_shadows"]) == REFERENCE
    ]
    return row


def run_cell(data, model, n_targets, jobs, light, attacks):
    """Figures of every target, by attack and number of shadows.

    The reference of a `light` cell is that of an earlier run. Fewer models are fitted
    for it, the first of the same, unless all are there.
    """
    path = FOLDER / f"power-{data}-{model}-{n_targets}.json".lower().replace(" ", "-")
    if path.exists():
        return json.loads(path.read_text())
    # One of each of the pairs.
    targets = FIRST_TARGET + 2 * np.arange(n_targets)
    n_models = N_MODELS
    budgets: tuple[int, ...] = BUDGETS
    if light and not (FOLDER / cell_name(data, model, N_MODELS, 0)).exists():
        budgets = BUDGETS[:-1]
        n_models = int(targets[-1]) + 2 + budgets[-1]
    cell = cell_shadows(data, model, jobs, n_models)
    results = Parallel(jobs)(
        delayed(attack_target)(data, model, cell, int(t), budgets, attacks)
        for t in targets
    )
    rows = [earlier_reference(data, model)] if light else []
    for name, n_shadows in results[0]:
        # The library may ask for more shadows, of some targets or of all.
        if not all((name, n_shadows) in found for found in results):
            continue
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


def cost(data, model):
    """Time of all attacks with 64 shadows beside the time those shadows took."""
    cell = cell_shadows(data, model)
    seconds = cell.shadows.fit_seconds + cell.shadows.predict_seconds
    models = 64 * float(seconds.mean())
    closed_form = cell.shadows.counterfactual_.seconds
    column = np.unique(make_cell(data, model)[1], return_inverse=True)[1]
    fitting, scoring = time_attacks(cell.take(shadows_of(0, 64, N_MODELS)), column)
    return {
        "data": data,
        "model": model,
        "64 shadows, s": f"{models:.1f}",
        "closed form / shadows": ""
        if closed_form is None
        else f"{64 * float(closed_form.mean()) / models:.0%}",
        "fitting all attacks, s": f"{fitting:.2f}",
        "scoring, s": f"{scoring:.2f}",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cells", nargs="*", metavar="DATA/MODEL")
    parser.add_argument("--light", nargs="*", metavar="DATA/MODEL")
    parser.add_argument("--attacks", nargs="*", default=list(EVERY_ATTACK))
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    names = [
        (data, model)
        for data, model in CELLS
        if given.cells is None or f"{data}/{model}" in given.cells
    ]
    # Without a cell beside it, all.
    light = [
        n for n in names if given.light == [] or "/".join(n) in (given.light or ())
    ]
    cells = [
        {
            (row["attack"], row["n_shadows"]): row
            for row in run_cell(
                *name, given.targets, given.jobs, name in light, given.attacks
            )
        }
        for name in names
    ]
    new = [c for c in cells if c[REFERENCE]["data"] in NEW_DATA]
    times = [cost(data, model) for data, model in names if (data, model) not in light]
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
    new = [cell for cell in cells if cell[REFERENCE]["data"] in NEW_DATA]
    old = [cell for cell in cells if cell not in new]
    known = (
        BUDGETS,
        [name for name in PLAIN_ATTACKS if name in given.attacks],
        [name for name in SHADOW_ATTACKS if name in given.attacks],
        REFERENCE,
    )
    parts = {
        "Against the reference": "Geometric means over the cells where the reference "
        "finds more than 0.1 % of the members; in brackets, over how many: an attack "
        "may take more shadows, and some cells have fewer models. The lowest is over "
        "the cells where the reference finds more than 0.5 % and that have more than "
        "1,000 non-members; in brackets, in how many of them the attack is below 0.9."
        "\n\n" + table(against_reference(old, *known)),
        "Cells that nothing was developed on": "The same over Credit and Caravan, "
        "which were chosen before anything was run on them.\n\n"
        + (table(against_reference(new, *known)) if new else "Not run."),
        "The stacked attack against the best single one": "With the same shadows; the "
        "best is picked in each cell on the figures compared.\n\n"
        + table(against_best_single(cells, *known)),
        "Below chance": "Attacks with shadows whose AUC is below 0.5 by more than its "
        f"interval: {'; '.join(below_chance(cells)) or 'none'}.",
        "Time": "All variants of attacks on 64 given shadows, beside fitting those "
        "shadows and asking them about the pool, and their closed forms beside that; "
        "seconds of one core.\n\n" + (table(times) if times else "Not taken."),
        "By cell": table(lines),
    }
    # A part does not take the place of all attacks and cells.
    whole = (
        given.light is None
        and given.cells is None
        and set(EVERY_ATTACK) <= set(given.attacks)
    )
    save(
        "attack_power" if whole else "counterfactual_power",
        "Attack power" if whole else "Attack power with both sides of every record",
        f"Means over {given.targets} targets with 95 % intervals of the mean. The "
        "reference is LiRA with a variance of its own for every record and 64 shadows, "
        "each on the side that it was fitted on.\n\n"
        + "\n\n".join(f"## {title}\n\n{text}" for title, text in parts.items()),
        rows,
    )


if __name__ == "__main__":
    main()
