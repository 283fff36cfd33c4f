"""What each defense costs and what it hides, beside the model's own regularisation.

Every point is a defense at one strength: 16 models in complementary pairs are fitted
with it, and each is attacked with the others as its shadows, so that the attacker knows
the defense. Utility is that of the records which a model has not seen.

    python benchmarks/defense_frontier.py [--jobs 2] [--data NAME ...]
        [--models NAME ...] [--skip DATA/MODEL ...]

Points are kept in benchmarks/.cache: a run that was stopped goes on where it was.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
from _defense_audit import N_SLOW, audit, audit_copies
from _defense_plots import plot_cell
from _defense_points import (
    DATA,
    MODELS,
    ORDER,
    PUBLIC_SHARE,
    SELENA_ORDER,
    UNDEFENDED,
    base_model,
    defenses,
    private,
)
from _defense_tables import (
    best_points,
    by_method,
    every_point,
    over_cells,
    shown,
    summary,
    winners,
)
from _results import FOLDER as RESULTS
from _results import save, table
from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).parent / ".cache" / "frontier"
# What shows only the order of the classes, or only their ranks with other confidences.
MASKED = ("HAMP", ORDER, SELENA_ORDER)
# AUC of the strongest attack from which a model is asked about copies.
LEAKS = 0.6
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


def _path(*names):
    name = re.sub(r"[^a-z0-9.]+", "-", " ".join(names).lower())
    return FOLDER / f"{name.strip('-')}.json"


def run_cell(data, model, jobs):
    """Figures of every point of a cell, from the cache where it holds them."""
    found = []
    for method, strength, estimator, X, y in cell_points(data, model):
        path = _path(data, model, method, strength)
        if not path.exists():
            start = time.perf_counter()
            figures = audit(estimator, X, y, n_jobs=jobs)
            figures["seconds"] = time.perf_counter() - start
            path.write_text(json.dumps(figures))
            print(f"{path.stem}: {figures['seconds']:.0f} s", flush=True)
        about = {"data": data, "model": model, "method": method, "strength": strength}
        found.append(about | json.loads(path.read_text()))
    return found


def ask_about_copies(cells, best, jobs):
    """Where outputs are masked, let the attacker ask about copies; all figures.

    Such a point keeps the larger AUC. That is done for the best points only, of models
    that leak.
    """
    asked = {}
    for (data, model), point, _, _ in best:
        undefended = next(p for p in cells[data, model] if p["method"] == UNDEFENDED)
        if point["method"] not in MASKED or undefended["AUC"] < LEAKS:
            continue
        path = _path(data, model, point["method"], point["strength"], "copies")
        if path in asked:
            continue
        if not path.exists():
            estimator, X, y = next(
                rest
                for method, strength, *rest in cell_points(data, model)
                if (method, strength) == (point["method"], point["strength"])
            )
            start = time.perf_counter()
            auc = audit_copies(estimator, X, y, n_jobs=jobs)
            took = time.perf_counter() - start
            path.write_text(json.dumps({"AUC": auc, "seconds": took}))
            print(f"{path.stem}: {took:.0f} s", flush=True)
        figures = json.loads(path.read_text())
        auc = float(np.mean(figures["AUC"]))
        about = {"data": data, "model": model, "strength": point["strength"]}
        asked[path] = about | {"method": f"{point['method']}, copies"} | figures
        if auc > point["AUC"]:
            point.update(AUC=auc, strongest="LiRA, copies")
    return list(asked.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--data", nargs="*", default=list(DATA))
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    parser.add_argument("--skip", nargs="*", default=[], metavar="DATA/MODEL")
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    cells, seconds, raw = {}, 0.0, []
    for data in given.data:
        for model in given.models:
            if f"{data}/{model}" in given.skip:
                continue
            found = run_cell(data, model, given.jobs)
            raw += found
            seconds += sum(point["seconds"] for point in found)
            cells[data, model] = [summary(point) for point in found]
    n_classes = {data: len(np.unique(DATA[data]()[1])) for data in given.data}
    chosen = {by: best_points(cells, n_classes, by) for by in ("accuracy", "log-loss")}
    best = [*chosen["accuracy"], *chosen["log-loss"]]
    asked = ask_about_copies(cells, best, given.jobs)
    seconds += sum(figures["seconds"] for figures in asked)
    raw += asked
    for (data, model), points in cells.items():
        plot_cell(data, model, points, RESULTS / "defense_frontier")
    by_accuracy = by_method(cells, chosen["accuracy"])
    by_loss = by_method(cells, chosen["log-loss"])
    named = [shown(line) for line in by_accuracy if line["method"] in NAMED]
    save(
        "defense_frontier",
        "Defenses beside regularisation",
        f"""\
Means over 16 models in complementary pairs, each attacked with the others but its
complement as shadows, which are trained with the defense. AUC and TPR are those of the
strongest of LiRA, the stacked and the label-only attack (the last two on {N_SLOW} of
the models);
`loss attack` is the balanced accuracy of the loss threshold at its best threshold.
Accuracy and log-loss are of records that the models have not seen. Gradient boosting on
Location-30 stops after 5 rounds, for the time it takes, where it does not memorise all
that it could. All points took {seconds / 60:.0f} minutes.

`below` is how far the AUC is below that of the model's own regularisation (C,
min_samples_leaf, max_depth, alpha, number of iterations) at the same utility, read off
straight lines between its points; where no regularisation is as good, below that of the
best. Strengths were chosen on the figures that are shown, for regularisation as for
defenses, among points that keep 90 % of the undefended accuracy. What masks outputs
looks free under accuracy alone; it pays in log-loss, hence both tables. And it gives
more away to whoever asks about copies of a record: the best points of HAMP and of
"order of classes only" are attacked with LiRA on 8 perturbed copies as well, where the
undefended AUC is {LEAKS} or more. Other points of these methods, in the last table, are
not.

"""
        + "## The best in every cell, at equal accuracy\n\n"
        + table(winners(by_accuracy, cells))
        + "\n\n## The best in every cell, at equal log-loss\n\n"
        + table(winners(by_loss, cells))
        + "\n\n## Methods over all cells, at equal accuracy\n\n"
        + table(over_cells(by_accuracy))
        + "\n\n## Methods over all cells, at equal log-loss\n\n"
        + table(over_cells(by_loss))
        + "\n\n## Four methods with a name, at their best\n\n"
        + table(named)
        + "\n\n## Every method at its best, at equal accuracy\n\n"
        + table([shown(line) for line in by_accuracy])
        + "\n\n## Every point\n\n"
        + table(every_point(cells)),
        raw,
    )


if __name__ == "__main__":
    main()
