"""What each defense costs and what it hides, beside the model's own regularisation.

Every point is a defense at one strength: 8 models in complementary pairs are fitted
with it, and each is attacked with the others as its shadows, so that the attacker knows
the defense. Utility is that of the records which a model has not seen.

    python benchmarks/defense_frontier.py [--jobs 2] [--data NAME ...]
        [--models NAME ...] [--without METHOD ...]

Points are kept in benchmarks/.cache: a run that was stopped goes on where it was. They
are not made anew when the code changes; remove the folder for that. Under three hours
on two cores.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
from _data import NotHere
from _defense_audit import (
    N_LABEL_ONLY,
    N_MODELS,
    N_QUERIES,
    audit,
    audit_copies,
)
from _defense_plots import plot_cell
from _defense_points import (
    CELLS,
    DATA,
    LOSERS,
    MODELS,
    ORDER,
    SELENA_ORDER,
    UNDEFENDED,
    estimator_of,
    ordered,
    points,
    rows_of,
)
from _defense_tables import (
    BOTH,
    UTILITIES,
    best_points,
    by_method,
    every_point,
    over_cells,
    shares_of_classes,
    shown,
    summary,
    winners,
)
from _results import FOLDER as RESULTS
from _results import save, table
from joblib import Parallel, delayed

from skmia.utils import atomic_write

FOLDER = Path(__file__).parent / ".cache" / "frontier"
# What shows no more than the order of the classes.
MASKED = ("HAMP", ORDER, SELENA_ORDER)
# AUC of the strongest attack from which a model is asked about copies, and how far
# below regularisation a point has to be to be worth asking.
LEAKS, WORTH_ASKING = 0.6, 0.03


def _path(*names):
    name = re.sub(r"[^a-z0-9.]+", "-", " ".join(names).lower())
    return FOLDER / f"{name.strip('-')}.json"


def _audit_point(data, model, method, strength):
    """Figures of a point, and of its models where they show an order only."""
    start, masked = time.perf_counter(), ordered(method, strength)
    estimator = estimator_of(data, model, method, strength)
    found = audit(estimator, *rows_of(data), order_too=masked is not None)
    found[0]["seconds"] = time.perf_counter() - start
    return zip((method, masked), found, strict=False)


def _audit_copies(data, model, method, strength):
    start = time.perf_counter()
    auc = audit_copies(estimator_of(data, model, method, strength), *rows_of(data))
    yield f"{method}, copies", {"AUC": auc, "seconds": time.perf_counter() - start}


def _keep(audited, data, model, method, strength):
    """Write figures to the cache; in a process of its own."""
    found = [*audited(data, model, method, strength)]
    # That by which a point is missed is written last.
    for name, figures in found[::-1]:
        with atomic_write(_path(data, model, name, strength)) as file:
            file.write(json.dumps(figures).encode())
    name, figures = found[0]
    print(f"{data} {model} {name} {strength}: {figures['seconds']:.0f} s", flush=True)


def run(audited, wanted, jobs):
    """Make what is missing of the points (data, model, method, strength)."""
    Parallel(jobs, batch_size=1, pre_dispatch="n_jobs")(
        delayed(_keep)(audited, *point) for point in wanted
    )


def read(point):
    """Figures of a point from the cache."""
    about = dict(zip(("data", "model", "method", "strength"), point, strict=True))
    return about | json.loads(_path(*point).read_text())


def make_points(cells, without, jobs):
    """Figures of all points; what was no match for regularisation is made last."""
    wanted = [
        (*cell, method, strength)
        for cell in cells
        for method, strength, _ in points(*cell)
        if method not in without
    ]
    missing = [point for point in wanted if not _path(*point).exists()]
    run(_audit_point, sorted(missing, key=lambda point: point[2] in LOSERS), jobs)
    found = []
    for data, model, method, strength in wanted:
        names = (method, ordered(method, strength))
        found += [read((data, model, name, strength)) for name in names if name]
    return found


def ask_about_copies(cells, best, asked, jobs):
    """Where outputs are masked, let the attacker ask about copies; figures by point.

    Such a point keeps the larger AUC. That is done for the best points only, of models
    that leak, and not of what was `asked` before.
    """
    chosen = {}
    for (data, model), point, rival, _ in best:
        key = (data, model, f"{point['method']}, copies", point["strength"])
        undefended = next(p for p in cells[data, model] if p["method"] == UNDEFENDED)
        if (
            point["method"] in MASKED
            and key not in asked
            and undefended["AUC"] >= LEAKS
            and rival.below(point) >= WORTH_ASKING
        ):
            chosen[key] = point
    run(
        _audit_copies,
        [
            (*key[:2], point["method"], point["strength"])
            for key, point in chosen.items()
            if not _path(*key).exists()
        ],
        jobs,
    )
    for key, point in chosen.items():
        auc = float(np.mean(read(key)["AUC"]))
        if auc > point["AUC"]:
            point.update(AUC=auc, strongest="LiRA, copies")
    return {key: read(key) for key in chosen}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--data", nargs="*", default=list(DATA))
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    parser.add_argument("--without", nargs="*", default=[], metavar="METHOD")
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    shares, skipped = {}, []
    for data in given.data:
        try:
            shares[data] = shares_of_classes(rows_of(data)[1])
        except NotHere as error:
            skipped.append(f"{data} is left out. {error}")
            print(skipped[-1], flush=True)
    wanted = [c for c in CELLS if c[0] in shares and c[1] in given.models]
    raw = make_points(wanted, given.without, given.jobs)
    cells = {
        cell: [summary(p) for p in raw if (p["data"], p["model"]) == cell]
        for cell in wanted
    }
    asked: dict = {}
    while True:
        chosen = {by: best_points(cells, shares, by) for by in UTILITIES}
        best = [entry for by in UTILITIES for entry in chosen[by]]
        # What it reads from copies may change which point is best.
        if not (more := ask_about_copies(cells, best, asked, given.jobs)):
            break
        asked |= more
    raw += asked.values()
    for (data, model), found in cells.items():
        plot_cell(data, model, found, RESULTS / "defense_frontier")
    lines = {by: by_method(cells, chosen[by]) for by in UTILITIES}
    minutes = sum(figures.get("seconds", 0) for figures in raw) / 60
    parts = [
        f"""\
Means over {N_MODELS} models in complementary pairs, each attacked with the others but
its complement as shadows, which are trained with the defense. AUC and TPR are those of
the strongest of LiRA, the stacked attack (two of the models) and the label-only attack
({N_LABEL_ONLY} of them, {N_QUERIES} copies of each record); `loss attack` is the
balanced accuracy of the loss threshold at its best threshold. Accuracy and log-loss are
of records that the models have not seen. Gradient boosting on Location-30 stops after 5
rounds, for the time it takes, where it does not memorise all that it could. All points
together took {minutes:.0f} minutes of one process each, on a busy machine.

`below` is how far the AUC is below that of the model's own regularisation (C,
min_samples_leaf, max_depth, number of trees, alpha, number of iterations) at the same
utility, read off straight lines between its points, which begin at a model that knows
the shares of the classes and nothing else; where no regularisation is as good, below
that of the best. At equal accuracy and log-loss, it is the smaller of the two.
Strengths were chosen on the figures that are shown, for regularisation as for defenses,
among points that keep 90 % of the undefended accuracy. What masks outputs looks free
under accuracy alone; it pays in log-loss. And it gives more away to whoever asks about
copies of a record: the best points of HAMP and of "order of classes only" are attacked
with LiRA on 8 perturbed copies as well, where the undefended AUC is {LEAKS} or more and
they are {WORTH_ASKING} below regularisation. Other points of these methods, in the last
table, are not.

Each AUC has an error of about 0.02, and those of private models are too low, by up to
0.03: see defense_shadows.md, with more models and more targets.

Adult and Caravan are scaled once, before any model: not part of what is attacked, and
outside of what differential privacy promises here. The seed is given, for which no
guarantee holds.
""",
        *skipped,
    ]
    for by in UTILITIES:
        parts += [
            f"## The best in every cell, at equal {by}",
            table(winners(lines[by])),
        ]
    for by in UTILITIES:
        parts += [
            f"## Methods over all cells, at equal {by}",
            table(over_cells(lines[by])),
        ]
    for by in ("accuracy", BOTH):
        parts += [
            f"## Every method at its best, at equal {by}",
            table([shown(line) for line in lines[by]]),
        ]
    parts += ["## Every point", table(every_point(cells))]
    save("defense_frontier", "Defenses beside regularisation", "\n\n".join(parts), raw)


if __name__ == "__main__":
    main()
