"""What each defense costs and what it hides, beside the model's own regularisation.

Every point is a defense at one strength: 16 models in complementary pairs are fitted
with it, and each is attacked with the others as its shadows, so that the attacker knows
the defense. Utility is that of the records which a model has not seen.

    python benchmarks/defense_frontier.py [--jobs 2] [--data NAME ...]
        [--models NAME ...]

Points are kept in benchmarks/.cache: a run that was stopped goes on where it was.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
from _defense_audit import N_SLOW, audit
from _defense_plots import plot_cell
from _defense_points import (
    DATA,
    MODELS,
    OWN,
    PUBLIC_SHARE,
    UNDEFENDED,
    base_model,
    defenses,
    private,
)
from _results import FOLDER as RESULTS
from _results import save, table
from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).parent / ".cache" / "frontier"
# The loss attack without shadows is for one figure of the literature, and is no match.
STRONG = ("LiRA", "stacked", "label only")
NAMED = (
    "adversarial regularization",
    "adversarial training",
    "differential privacy",
    "weighted smoothing",
)


def cell_points(data, model):
    """Method, strength, estimator, records and labels of every point of a cell."""
    X, y = DATA[data]()
    base = base_model(data, model)
    for point in defenses(model, base):
        yield *point, X, y
    public = None
    if model in ("MLP", "HistGradientBoosting"):
        X, public, y, _ = train_test_split(
            X, y, test_size=PUBLIC_SHARE, stratify=y, random_state=0
        )
    for point in private(model, base, public):
        yield *point, X, y


def run_cell(data, model, jobs):
    """Figures of every point of a cell, from the cache where it holds them."""
    found = []
    for method, strength, estimator, X, y in cell_points(data, model):
        name = re.sub(
            r"[^a-z0-9.]+", "-", f"{data} {model} {method} {strength}".lower()
        )
        path = FOLDER / f"{name.strip('-')}.json"
        if not path.exists():
            start = time.perf_counter()
            figures = audit(estimator, X, y, n_jobs=jobs)
            figures["seconds"] = time.perf_counter() - start
            path.write_text(json.dumps(figures))
            print(f"{name}: {figures['seconds']:.0f} s", flush=True)
        about = {"data": data, "model": model, "method": method, "strength": strength}
        found.append(about | json.loads(path.read_text()))
    return found


def strongest(point, metric):
    """The largest mean among the strong attacks, and whose it is."""
    means = {name: float(np.mean(point["attacks"][name][metric])) for name in STRONG}
    best = max(means, key=means.get)
    return means[best], best


def summary(point):
    """The figures that tables and plots show."""
    auc, attack = strongest(point, "AUC")
    loss = np.mean(point["attacks"]["loss"]["advantage"])
    return {
        "accuracy": float(np.mean(point["accuracy"])),
        "log-loss": float(np.mean(point["log-loss"])),
        "AUC": auc,
        "strongest": attack,
        "LiRA": float(np.mean(point["attacks"]["LiRA"]["AUC"])),
        "TPR@1%": strongest(point, "TPR@1%")[0],
        "TPR@0.1%": strongest(point, "TPR@0.1%")[0],
        # With the best threshold: (1 + TPR - FPR) / 2.
        "loss attack": float((1 + loss) / 2),
    }


def frontier(points):
    """AUC and accuracy of those that no other one beats in both, by growing AUC."""
    front = []
    for auc, accuracy in sorted((p["AUC"], p["accuracy"]) for p in points):
        if not front or accuracy > front[-1][1]:
            front.append((auc, accuracy))
    return front


def auc_at(front, accuracy):
    """AUC of regularisation at this accuracy: between its points, a straight line.

    The line flatters regularisation, as there need not be a model on it. None where
    it never gets that accurate; below its least accurate point, chance.
    """
    aucs, accuracies = np.array(front).T
    if accuracy > accuracies[-1]:
        return None
    # Nothing learned leaks nothing.
    return float(np.interp(accuracy, np.r_[0, accuracies], np.r_[0.5, aucs]))


def gain(point, own):
    """How far below regularisation's AUC a point is, at its accuracy."""
    rival = auc_at(own, point["accuracy"])
    return None if rival is None else rival - point["AUC"]


def _best(points, own, undefended):
    """The point furthest below regularisation, of those that still predict.

    A point that is more accurate than any regularisation is compared with the most
    accurate of it. Points which lose half of the undefended accuracy are not offered.
    """

    def score(point):
        below = gain(point, own)
        return own[-1][0] - point["AUC"] if below is None else below

    usable = [p for p in points if p["accuracy"] >= undefended["accuracy"] / 2]
    best = max(usable or points, key=score)
    return best, score(best)


def by_method(cells):
    """The best trade-off of every method in every cell."""
    lines = []
    for (data, model), points in cells.items():
        undefended = next(p for p in points if p["method"] == UNDEFENDED)
        own = frontier([p for p in points if p["method"] in (UNDEFENDED, OWN)])
        methods = dict.fromkeys(p["method"] for p in points)
        for method in methods:
            if method in (UNDEFENDED, OWN):
                continue
            best, below = _best(
                [p for p in points if p["method"] == method], own, undefended
            )
            rival = auc_at(own, best["accuracy"])
            lines.append(
                {
                    "data": data,
                    "model": model,
                    "method": method,
                    "strength": best["strength"],
                    "accuracy": f"{best['accuracy']:.3f}",
                    "undefended": f"{undefended['accuracy']:.3f}",
                    "log-loss": f"{best['log-loss']:.2f}",
                    "AUC": f"{best['AUC']:.3f}",
                    "undefended AUC": f"{undefended['AUC']:.3f}",
                    "regularisation AUC": "none so accurate"
                    if rival is None
                    else f"{rival:.3f}",
                    "below": below,
                }
            )
    return lines


def _shown(line):
    return line | {"below": f"{line['below']:+.3f}"}


def winners(lines, cells):
    """The method furthest below regularisation in every cell."""
    chosen = []
    for data, model in cells:
        here = [x for x in lines if (x["data"], x["model"]) == (data, model)]
        chosen.append(_shown(max(here, key=lambda line: line["below"])))
    return chosen


def over_cells(lines):
    """For every method, in how many cells it is below regularisation."""
    rows = []
    for method in dict.fromkeys(line["method"] for line in lines):
        below = np.array([x["below"] for x in lines if x["method"] == method])
        rows.append(
            {
                "method": method,
                "cells": len(below),
                "below by 0.05 or more": int((below >= 0.05).sum()),
                "below at all": int((below > 0).sum()),
                "median": f"{np.median(below):+.3f}",
                "worst": f"{below.min():+.3f}",
                "best": f"{below.max():+.3f}",
            }
        )
    return sorted(rows, key=lambda row: -float(row["median"]))


def every_point(cells):
    return [
        {
            "data": data,
            "model": model,
            "method": point["method"],
            "strength": point["strength"],
        }
        | {
            key: f"{point[key]:.3f}"
            for key in ("accuracy", "log-loss", "AUC", "LiRA", "TPR@1%", "TPR@0.1%")
        }
        | {
            "strongest": point["strongest"],
            "loss attack": f"{point['loss attack']:.3f}",
        }
        for (data, model), points in cells.items()
        for point in points
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--data", nargs="*", default=list(DATA))
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    cells, seconds, raw = {}, 0.0, []
    for data in given.data:
        for model in given.models:
            found = run_cell(data, model, given.jobs)
            raw += found
            seconds += sum(point["seconds"] for point in found)
            cells[data, model] = [
                {key: point[key] for key in ("method", "strength")} | summary(point)
                for point in found
            ]
            plot_cell(data, model, cells[data, model], RESULTS / "defense_frontier")
    lines = by_method(cells)
    named = [_shown(line) for line in lines if line["method"] in NAMED]
    save(
        "defense_frontier",
        "Defenses beside regularisation",
        f"""\
Means over 16 models in complementary pairs, each attacked with the others but its twin
as shadows, which are trained with the defense. AUC and TPR are those of the strongest
of LiRA, the stacked and the label-only attack (the last two on {N_SLOW} of the models);
`loss attack` is the balanced accuracy of the loss threshold at its best threshold.
Accuracy and log-loss are of records that the models have not seen. All points took
{seconds / 60:.0f} minutes.

`below` is how far the AUC is below that of the model's own regularisation (C,
min_samples_leaf, max_depth, alpha, number of iterations) at the same accuracy, read off
straight lines between its points; where no regularisation is as accurate, below that of
the most accurate. Strengths were chosen on the figures that are shown, for
regularisation as for defenses.

"""
        "## The best in every cell\n\n"
        + table(winners(lines, cells))
        + "\n\n## Methods over all cells\n\n"
        + table(over_cells(lines))
        + "\n\n## The methods with a name in the literature on tables\n\n"
        + table(named)
        + "\n\n## Every method at its best\n\n"
        + table([_shown(line) for line in lines])
        + "\n\n## Every point\n\n"
        + table(every_point(cells)),
        raw,
    )


if __name__ == "__main__":
    main()
