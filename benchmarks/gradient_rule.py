"""Which schedule noisy gradient descent should have: the rule of `_gradient/_rule.py`.

Test accuracy on made-up rows alone, over how far descent goes and how much is clipped,
beside that of the rule. No data set of any other benchmark or test is looked at.
"""

import argparse
import math
import sys
import time
import warnings
from functools import partial
from unittest import mock

import numpy as np
from _made_up_rows import images, points, survey, visits
from _results import save, table

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._gradient import _logistic
from skmia.defenses._private._gradient._rule import Schedule, schedule_of

small = partial(points, n_columns=6, n_classes=2)
wide = partial(points, n_columns=60, n_classes=5)
few = partial(visits, n_classes=4, n_columns=100)
# Name, rows, how many to train on, seeds, epsilons.
CELLS = [
    ("images", images, 300, 3, (4,)),
    ("images", images, 900, 3, (1, 4, 10, 32)),
    ("survey", survey, 1000, 3, (1, 4)),
    ("survey", survey, 5000, 2, (0.25, 1, 4)),
    ("visits", visits, 2500, 1, (4, 8, 16)),
    ("visits, 4 classes, 100 columns", few, 1000, 3, (1, 4)),
    ("3 clusters, 20 columns", points, 1000, 4, (0.5, 1, 4)),
    ("2 clusters, 6 columns", small, 300, 6, (1, 4)),
    ("5 clusters, 60 columns", wide, 3000, 2, (0.5, 1, 4)),
]
# As parts of the rule's.
WAYS = (0.5, 0.7, 1.0, 1.4, 2.0)
CLIPS = (0.6, 1.0, 1.7)


def quality(total, n_inputs, n_outputs, mu):
    return total * mu / math.sqrt(n_inputs * n_outputs)


def changed(way, clip, seen, *sizes):
    """The rule's schedule, with another way and clip."""
    rule = schedule_of(*sizes)
    seen.append((quality(*sizes), rule.n_steps * rule.step * rule.clip))
    return Schedule(
        rule.n_steps, rule.step * way / clip, rule.clip * clip, rule.momentum
    )


def score(X, y, n, epsilon, seed, way, clip, seen):
    patch = mock.patch.object(
        _logistic, "schedule_of", partial(changed, way, clip, seen)
    )
    with patch:
        clf = DifferentialPrivacyClassifier(epsilon=epsilon, random_state=seed)
        clf.fit(X[:n], y[:n])
    return clf.score(X[n:], y[n:])


def row_of(name, make, n, n_seeds, epsilon):
    grid = [(way, clip) for clip in CLIPS for way in WAYS]
    scores = np.zeros((n_seeds, len(grid)))
    seen: list[tuple[float, float]] = []
    for seed in range(n_seeds):
        X, y = make(2 * n + 2000, 1000 + seed)
        for at, (way, clip) in enumerate(grid):
            scores[seed, at] = score(X, y, n, epsilon, seed, way, clip, seen)
    mean = scores.mean(axis=0)
    best, own = mean.argmax(), grid.index((1.0, 1.0))
    near = [grid[i][0] for i in np.flatnonzero(mean > mean.max() - 0.01)]
    q, way = np.mean(seen, axis=0)
    return {
        "rows": name,
        "n": n,
        "epsilon": epsilon,
        "quality": f"{q:.0f}",
        "way of the rule": f"{way:.0f}",
        "rule": f"{mean[own]:.3f}",
        "best": f"{mean[best]:.3f}",
        "at way, clip": " x, ".join(f"{part:g}" for part in grid[best]) + " x",
        "ways within .01": f"{min(near):g} x to {max(near):g} x",
        "scores": mean.round(4).tolist(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cells with this in their name")
    parser.add_argument("--quick", action="store_true", help="no file is written")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    start, rows = time.perf_counter(), []
    for name, make, n, n_seeds, epsilons in CELLS:
        for epsilon in epsilons if args.only in name else ():
            rows.append(row_of(name, make, n, n_seeds, epsilon))
            shown = [str(v) for k, v in rows[-1].items() if k != "scores"]
            print(" | ".join(shown), file=sys.stderr, flush=True)
    if args.quick:
        return
    gaps = [float(row["best"]) - float(row["rule"]) for row in rows]
    columns = [{k: v for k, v in row.items() if k != "scores"} for row in rows]
    save(
        "gradient_rule",
        "How far noisy gradient descent should go, on made-up rows",
        "Test accuracy of DifferentialPrivacyClassifier(LogisticRegression()), delta = "
        "1e-5, one row added or left out, scales searched privately. The quality is "
        "the noisy number of rows times mu, over the root of the number of "
        "coefficients; the way is steps times step size times clip. The best is that "
        f"of {len(WAYS) * len(CLIPS)} schedules, and too good for having been picked; "
        f"the rule is {np.mean(gaps):.3f} below it in the mean, {max(gaps):.3f} at "
        f"most.\n\n{table(columns)}\n\nTook {time.perf_counter() - start:.0f} s.",
        rows,
    )


if __name__ == "__main__":
    main()
