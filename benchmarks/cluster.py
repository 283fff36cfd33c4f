"""Whether two workers of a cluster fit shadows in half the time of one.

A scheduler and workers of one thread, each a process with folders of its own and, where
the machine has as many, a core of its own: no file is shared, as between machines. A
forest on Location-30 and boosting on Adult, by one worker, by two, and by two processes
of this machine without a cluster. The signals of all three must be equal to the last
bit. Workers have imported what they need before the clock starts; data crosses to them
while it runs. Wall time means something on an idle machine only.

    python benchmarks/cluster.py [--shadows 32] [--rows 32561]
"""

import argparse
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
from _data import load_adult, load_location30
from _results import save, table
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.preprocessing import OrdinalEncoder

from skmia.shadows import ShadowModels, fit_shadows

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from _helpers.cluster import cluster

ASKED = 1.8


def cells(n_rows):
    """Name, learner, rows and labels."""
    X, y = load_location30()
    forest = RandomForestClassifier(100)
    yield "forest of 100 trees, Location-30", forest, X[:n_rows], y[:n_rows]
    X, y = load_adult()
    X = X.assign(
        **{
            name: OrdinalEncoder().fit_transform(X[[name]]).ravel()
            for name in X.select_dtypes(exclude="number")
        }
    )
    boosting = HistGradientBoostingClassifier(max_iter=200, early_stopping=False)
    rows = X.to_numpy(np.float64)[:n_rows], y.to_numpy()[:n_rows]
    yield "boosting of 200 rounds, Adult", boosting, *rows


def fit(learner, X, y, n_shadows, n_jobs=None):
    """Shadows, and the seconds of wall time until they were there."""
    start = time.perf_counter()
    models = ShadowModels(n_shadows, counterfactual=False)
    made = fit_shadows(learner, X, y, shadows=models, n_jobs=n_jobs, random_state=0)
    return made, time.perf_counter() - start


def warm_up(learner, X, y, n_jobs=None):
    """Let every worker import what it needs: each gets several of these."""
    fit(learner, X[:300], y[:300], 16, n_jobs)


def are_equal(one, other):
    return all(
        values.tobytes() == other.signals[name].tobytes()
        for name, values in one.signals.items()
    )


def measure(folder, n_shadows, name, learner, X, y):
    cores = sorted(os.sched_getaffinity(0))
    found = {"name": name, "n_records": len(X), "n_shadows": n_shadows}
    with cluster(folder, 0) as made, joblib.parallel_config(backend="dask"):
        there = []
        for k in range(2):
            made.add_workers(1, core=cores[k] if len(cores) > 1 else None)
            warm_up(learner, X, y)
            shadows, wall = fit(learner, X, y, n_shadows)
            spent = float(np.sum(shadows.fit_seconds) + np.sum(shadows.predict_seconds))
            found[f"wall_{k + 1}"], found[f"work_{k + 1}"] = wall, spent
            there.append(shadows)
    warm_up(learner, X, y, n_jobs=2)
    here, found["wall_here"] = fit(learner, X, y, n_shadows, n_jobs=2)
    found["equal"] = all(are_equal(shadows, here) for shadows in there)
    found["ratio"] = found["wall_1"] / found["wall_2"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shadows", type=int, default=32)
    parser.add_argument("--rows", type=int, help="fewer records, to try it out")
    given = parser.parse_args()
    # Resource warnings of dask's own sockets; none of ours.
    warnings.simplefilter("ignore", ResourceWarning)
    load, found = os.getloadavg()[0], []
    for cell in cells(given.rows):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(Path(folder), given.shadows, *cell))
    lines = [
        {
            "learner, data": one["name"],
            "records": f"{one['n_records']:,}",
            "1 worker, s": f"{one['wall_1']:.1f}",
            "2 workers, s": f"{one['wall_2']:.1f}",
            "ratio": f"{one['ratio']:.2f}",
            "workers at work": f"{one['work_1'] / one['wall_1']:.0%}, "
            f"{one['work_2'] / one['wall_2'] / 2:.0%}",
            "without a cluster, 2 jobs, s": f"{one['wall_here']:.1f}",
            "equal to the last bit": "yes" if one["equal"] else "NO",
        }
        for one in found
    ]
    save(
        "cluster",
        "One worker of a cluster against two",
        f"{given.shadows} shadow models each, wall time of `fit_shadows` on a dask "
        "cluster whose workers are processes of one thread, with a core and folders "
        f"of their own. Asked: {ASKED} times as fast with two. All figures on one "
        "machine, whose cores the scheduler and the process that asks use as well; "
        "between two machines the network comes on top. Workers are at work while a "
        f"shadow is fitted or asked. Load at the start: {load:.1f}.\n\n" + table(lines),
        {"cells": found, "asked": ASKED, "load_at_start": load},
    )
    if not all(one["equal"] for one in found):
        sys.exit("Signals of the cluster are not those of this machine.")


if __name__ == "__main__":
    main()
