"""The rule for noisy gradient descent of networks, found on made-up data.

`time` is what the step sizes of all steps add up to, for gradients that are clipped to
norm 1. The noise in the weights after all steps grows with it, whatever their number
is; what has been learnt does, too, until there is no more to learn. First, the best
time for each data set and budget; then what else may be chosen, at the time of the
rule.
"""

import argparse
import inspect
import warnings
from dataclasses import replace
from unittest import mock

import numpy as np
from _made_up import KINDS
from _results import save, table
from dp_accounting import (
    ExplicitBracketInterval,
    GaussianDpEvent,
    PoissonSampledDpEvent,
    SelfComposedDpEvent,
    calibrate_dp_mechanism,
)
from dp_accounting.pld import PLDAccountant
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._accounting import mu_of_budget
from skmia.defenses._private._gradient import _network_mechanism
from skmia.defenses._private._gradient._network_rule import choose_schedule

# Kind, training rows, columns, classes, epsilon, hidden layers.
CELLS = [
    ("clusters", 300, 10, 3, 2.0, (100,)),
    ("clusters", 800, 60, 10, 1.0, (100,)),
    ("clusters", 800, 60, 10, 4.0, (100,)),
    ("bits", 1000, 100, 5, 1.0, (50,)),
    ("bits", 2500, 300, 30, 2.0, (50,)),
    ("bits", 2500, 300, 30, 8.0, (50,)),
    ("mixed", 2000, 40, 4, 1.0, (100,)),
    ("mixed", 4000, 100, 2, 1.0, (50,)),
    ("mixed", 4000, 100, 2, 8.0, (50,)),
    ("clusters", 800, 60, 10, 4.0, (64, 32)),
    ("mixed", 4000, 100, 2, 4.0, (64, 32)),
]
TIMES = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
VARIANTS = {
    "as it is": {},
    "clip 0.35": {"clip": 0.35},
    "clip 0.7": {"clip": 0.7},
    "first 0.5": {"first": 0.5},
    "first 1": {"first": 1.0},
    "momentum 0": {"momentum": 0.0},
    "momentum 0.9": {"momentum": 0.9},
    "averaged 0.2": {"averaged": 0.2},
    "averaged 0.6": {"averaged": 0.6},
    "half the steps": {"steps": 0.5},
    "twice the steps": {"steps": 2.0},
}
N_TEST = 2000


def measure(cell, n_seeds, time=1.0, steps=1.0, **changes):
    """Accuracy and log-loss, the mean over seeds; the schedule of the last one."""
    kind, n, d, n_classes, epsilon, hidden = cell
    used, figures = [], []

    def changed(*args, **kwargs):
        rule = choose_schedule(*args, **kwargs)
        n_steps = max(round(rule.n_steps * steps), 1)
        step = rule.step * rule.n_steps / n_steps * time
        used.append(replace(rule, n_steps=n_steps, step=step, **changes))
        return used[-1]

    for seed in range(n_seeds):
        X, y = KINDS[kind](n + N_TEST, d, n_classes, seed)
        clf = DifferentialPrivacyClassifier(
            MLPClassifier(hidden), epsilon=epsilon, random_state=seed
        )
        with (
            mock.patch.object(_network_mechanism, "choose_schedule", changed),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            clf.fit(X[:n], y[:n])
        proba = np.clip(clf.predict_proba(X[n:]), 1e-7, 1)
        right = clf.classes_[proba.argmax(axis=1)] == y[n:]
        proba /= proba.sum(axis=1, keepdims=True)
        loss = log_loss(y[n:], proba, labels=clf.classes_)
        figures.append((right.mean(), loss))
    return np.mean(figures, axis=0), used[-1]


def best_times(n_seeds):
    """Every data set at several times, as parts of that of the rule."""
    rows = []
    for cell in CELLS:
        kind, n, d, n_classes, epsilon, hidden = cell
        row = {
            "data": f"{kind}, {n} x {d}, {n_classes} classes",
            "hidden": str(hidden),
            "epsilon": epsilon,
        }
        for time in TIMES:
            (accuracy, loss), used = measure(cell, n_seeds, time=time)
            row[f"time x {time}"] = f"{accuracy:.3f} / {loss:.2f}"
            if time == 1:
                row["steps of the rule"] = f"{used.n_steps} of {used.step:.1f}"
        print(row, flush=True)
        rows.append(row)
    return rows


def other_choices(n_seeds):
    """Every data set at the time of the rule, with one thing changed."""
    rows = []
    for name, changes in VARIANTS.items():
        row = {"changed": name}
        for i, cell in enumerate(CELLS, 1):
            (accuracy, loss), _ = measure(cell, n_seeds, **changes)
            row[f"data {i}"] = f"{accuracy:.3f} / {loss:.2f}"
        print(row, flush=True)
        rows.append(row)
    return rows


def noise_of_batches(_):
    """Noise of 100 steps on batches, by dp-accounting, over what is as good as it gets.

    Steps on a part of the rows are as good as steps on all of them where the noise of
    their sums is smaller by the same part. A number above 1 is what batches cost.
    """
    rows = []
    for epsilon in (1.0, 8.0):
        all_rows = 10 / mu_of_budget(epsilon, 1e-5)
        row: dict[str, object] = {"epsilon": epsilon}
        for rate in (0.5, 0.2, 0.1):
            least = all_rows * rate

            def steps(noise, rate=rate):
                batch = PoissonSampledDpEvent(rate, GaussianDpEvent(noise))
                return SelfComposedDpEvent(batch, 100)

            noise = calibrate_dp_mechanism(
                lambda: PLDAccountant(value_discretization_interval=1e-3),
                steps,
                epsilon,
                1e-5,
                ExplicitBracketInterval(0.9 * least, 2 * least),
                tol=0.002 * least,
            )
            row[f"rate {rate}"] = f"{noise / least:.2f}"
        print(row, flush=True)
        rows.append(row)
    return rows


PARTS = {"times": best_times, "choices": other_choices, "batches": noise_of_batches}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="times")
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    with threadpool_limits(1):
        rows = PARTS[args.part](args.seeds)
    text = inspect.getdoc(PARTS[args.part]) or ""
    if args.part != "batches":
        text += f" Accuracy / log-loss on {N_TEST} further rows, {args.seeds} seeds."
    save(
        f"network_rule_{args.part}",
        "The rule for networks by noisy gradient descent",
        f"{text}\n\n{table(rows)}",
        rows,
    )


if __name__ == "__main__":
    main()
