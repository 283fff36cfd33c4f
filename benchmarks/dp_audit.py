"""Do attacks on worst-case rows prove less than the epsilon that was promised?

Every mechanism is run on neighbouring data sets, made so that its noise is all that
hides the difference: few other rows, or rows that cancel out, a row at the edge of what
is allowed, and an attacker who knows all other rows. Of noisy gradients, boosting,
naive Bayes and the scaler the attacker sees every noisy sum of the training, as the
guarantee allows; of the others, and where it says `model alone`, the published model,
coefficients and all. Neighbours are data sets of which one has a row more, or another
row in place of one; a person of two rows is in or out, or has other rows, where it says
so. What an attack proves of mu, where noise is Gaussian, is `mu_lower_bound`, and its
epsilon at delta = 1e-5 follows; where delta is 0 it is `epsilon_lower_bound`. Each
seed's bound is below the truth with a chance of 95 %.

Cells that were played before are read from their files, however many runs they are of.
"""

import argparse
import json
import time
import warnings
from functools import cache
from pathlib import Path

import joblib
import numpy as np
from _dp_canaries import CANARIES, DELTA, NORM, SOFT, STIFF, Canary, one_at_a_time
from _results import save, table
from dp_accounting import get_epsilon_gaussian
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.metrics import epsilon_lower_bound, mu_lower_bound

FOLDER = Path(__file__).parent / ".cache" / "dp_audit"
EPSILONS = (1.0, 4.0)
NEIGHBORS = ("add_remove", "replace")
# Of pure differential privacy, whatever delta is given.
PURE = {"objective", "objective, three classes", "objective, curvature"}
PURE |= {"tree", "forest", "norm search, objective"}
NOTES = """
`bound of all runs` is that of the runs of all seeds together, at 95 %, on as many
`samples` of either side. Where scores are sums of Gaussian noise, their distance in
standard deviations is mu: `estimate` is the epsilon of it, and `if normal` its lower
bound at 95 %, which takes that for granted. An estimate is as often above the truth as
below.

Noisy gradients and boosting are audited with 100 or 1,000 persons in each run, each in
or out by a coin and with a column or a category of its own, so that a run is as many
samples. A gradient at the clip in every step spends all of the budget but what searches
do, and the sum over all steps, along the direction of that gradient, is the best attack
there is. The weights that are published are a mean over the last steps and tell less
(`model alone`).

Where a bound is far from epsilon, it is for the number of samples, which `if normal`
shows as well, or because the attacker looks at the model alone. With `objective`, the
weights are near zero, where a row's gradient is half of the greatest that it may be. A
vote of `teachers`, and a search for a norm or a range, answer yes or no, or a place on
a grid, and part of the budget goes to other answers. A bound of 0 on 1,000 samples or
fewer, at epsilon 1, says nothing either way.

The last rows, from `diffprivlib as it is` on, are controls, with one row replaced: what
has to be found. diffprivlib's own logistic regression is given the rows without the
scaling to norm 1; its noise is for a curvature that is too small. In processes its
classes all have the same noise. Of both, all runs together prove more than the epsilon
that was asked for. Without noise, the bound is what the number of runs allows.
"""


def epsilon_of(mu):
    """The epsilon of mu-Gaussian differential privacy, by dp-accounting."""
    return float(get_epsilon_gaussian(1 / mu, DELTA)) if mu > 1e-3 else 0.0


def bound(name, inside, outside, seed):
    """What the scores prove of epsilon."""
    scores = np.concatenate([inside, outside])
    member = np.arange(len(scores)) < len(inside)
    if name in PURE or name in CONTROLS:
        return epsilon_lower_bound(member, scores, random_state=seed)
    return epsilon_of(mu_lower_bound(member, scores, random_state=seed))


def bound_if_normal(cell):
    """The bound of all runs where scores are known to be normal."""
    distance, n = cell["distance"], cell["samples"]
    error = np.sqrt((2 + distance**2 / 4) / n)
    return epsilon_of(distance - norm.ppf(0.95) * error)


def run_cell(name, canary, epsilon, neighbors, n_seeds):
    """The bounds of every seed, that of all runs, and how they were played."""
    start = time.process_time()
    given = {
        "epsilon": epsilon,
        "delta": DELTA,
        "neighbors": neighbors,
        "group_size": canary.size,
    }
    played = []
    for seed in range(n_seeds):
        seeds = np.random.RandomState(seed).randint(2**31 - 1, size=2 * canary.runs)
        played.append(canary.play(given, seeds, neighbors, canary.size))
    inside, outside = (np.concatenate(side) for side in zip(*played, strict=True))
    spread = np.sqrt((inside.var() + outside.var()) / 2)
    return {
        "bounds": [bound(name, a, b, seed) for seed, (a, b) in enumerate(played)],
        "pooled": bound(name, inside, outside, 0),
        "distance": float((inside.mean() - outside.mean()) / spread) if spread else 0.0,
        "samples": min(len(inside), len(outside)),
        "seconds": time.process_time() - start,
    }


# ---- controls: what the audit has to find


def control(score):
    """A canary of the controls' own fits, with one row replaced."""

    def play(given, seeds, neighbors, size):
        half = len(seeds) // 2
        return tuple(
            np.array([score(given["epsilon"], int(seed), inside) for seed in part])
            for inside, part in ((True, seeds[:half]), (False, seeds[half:]))
        )

    return play


@cache
def _has_diffprivlib_imported():
    """Import it as the objective mechanism does, whatever the scikit-learn release."""
    model = DifferentialPrivacyClassifier(
        STIFF, mechanism="objective", data_norm=NORM, random_state=0
    )
    model.fit(np.zeros((2, 1)), [0, 1])


def _published(epsilon, seed, C, X, y):
    """diffprivlib's logistic regression as it is, fitted."""
    _has_diffprivlib_imported()
    from diffprivlib.accountant import BudgetAccountant
    from diffprivlib.models import LogisticRegression as Published

    class WithoutMultiClass(Published):
        """Its own ``__init__`` passes a parameter that scikit-learn 1.8 removed."""

        def __init__(self, **params):
            LogisticRegression.__init__(self, fit_intercept=False, **params)
            self.epsilon, self.data_norm = epsilon, NORM
            self.accountant = BudgetAccountant()

    model = WithoutMultiClass(C=C, tol=1e-10, max_iter=100_000, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of SciPy's
        return model.fit(X, y)


def published_curvature(epsilon, seed, inside):
    """The row goes to the origin: its curvature no longer holds the weight near 0."""
    X = np.append(np.zeros((3, 1)), [[NORM if inside else 0.0]], axis=0)
    weights = _published(epsilon, seed, SOFT.C, X, np.array([0, 1, 0, 1])).coef_
    return -abs(weights[0, 0])


def published_classes(epsilon, seed, inside):
    """The row goes from one class to another, and both have the same noise."""
    X = np.append(np.zeros((4, 1)), [[NORM]], axis=0)
    y = np.array([0, 1, 2, 2, 0 if inside else 1])
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        weights = _published(epsilon, seed, STIFF.C, X, y).coef_
    return weights[0, 0] - weights[1, 0]


CONTROLS = {
    "diffprivlib as it is": (Canary(control(published_curvature), runs=100), 1.0),
    "its classes in processes": (Canary(control(published_classes), runs=15), 0.5),
    "no noise to speak of": (
        Canary(
            one_at_a_time(
                lambda clf: clf.estimator_.coef_[0, 0],
                STIFF,
                (np.zeros((3, 1)), np.array([0, 1, 0])),
                (np.array([NORM]), 1),
                (np.array([NORM]), 0),
                data_norm=NORM,
                mechanism="objective",
            )
        ),
        1e9,
    ),
}


def cells():
    """Name, canary, epsilon and neighbours of everything that is played."""
    for name, canary in CANARIES.items():
        for neighbors in canary.cells:
            for epsilon in EPSILONS:
                yield name, canary, epsilon, neighbors
    for name, (canary, epsilon) in CONTROLS.items():
        yield name, canary, epsilon, "replace"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--table", action="store_true", help="of what was played before"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", help="names of canaries")
    args = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows, missing = [], []
    for name, canary, epsilon, neighbors in cells():
        if args.only and name not in args.only:
            continue
        place = f"{name}-{neighbors}-{epsilon:g}.json"
        path = FOLDER / place.replace(", ", "-").replace(" ", "-")
        if not path.exists() and args.table:
            missing.append(f"{name} ({neighbors}, {epsilon:g})")
            continue
        if not path.exists():
            with threadpool_limits(1):
                cell = run_cell(name, canary, epsilon, neighbors, args.seeds)
            path.write_text(json.dumps(cell))
        cell = json.loads(path.read_text())
        bounds = cell["bounds"]
        below = int(np.sum(np.less_equal(bounds, epsilon)))
        pure = name in PURE or name in CONTROLS
        rows.append(
            {
                "canary": name,
                "neighbours": neighbors,
                "epsilon": f"{epsilon:g}",
                "samples": cell["samples"],
                "seeds below": f"{below} of {len(bounds)}",
                "largest bound": f"{max(bounds):.2f}",
                "bound of all runs": f"{cell['pooled']:.2f}",
                "of epsilon": f"{cell['pooled'] / epsilon:.0%}",
                "if normal": "" if pure else f"{bound_if_normal(cell):.2f}",
                "estimate": "" if pure else f"{epsilon_of(cell['distance']):.2f}",
                "CPU s": f"{cell['seconds']:.0f}",
            }
        )
        print(rows[-1], flush=True)
    text = " ".join((__doc__ or "").split("\n\n")[1].split())
    save(
        "dp_audit",
        "Audit of the differential privacy defense",
        f"{text}\n\n{table(rows)}\n\n"
        + "\n\n".join(" ".join(part.split()) for part in NOTES.split("\n\n"))
        + (f"\n\nNot played: {'; '.join(missing)}." if missing else ""),
        rows,
    )


if __name__ == "__main__":
    main()
