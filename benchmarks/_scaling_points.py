"""What is measured at one point of `scaling.py`, in a process of its own.

Shadow models, then every attack on them, of made-up records. The learner is naive Bayes
that counts its own seconds, so that they can be taken off: what is left is ours.
"""

import time
import warnings
from dataclasses import dataclass, replace

import numpy as np
from _fresh_process import Steps, children, memory, seconds_of
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from threadpoolctl import threadpool_limits

from skmia.attacks import ATTACKS
from skmia.shadows import ShadowModels, fit_shadows

# Fewer are not enough for an attack.
FEWEST = 4
# They ask the target, or fit models of features, and use no shadow model.
PLAIN = ("loss", "quantile", "label_only")
SHADOWS, LEARNER = "shadows, ours", "shadows, the learner's"
WORKERS = "shadows, in workers"
IMPORTS = 400  # records of a run before, which imports all that is needed


@dataclass(frozen=True)
class Point:
    """Sizes of what is measured."""

    records: int = 20_000
    shadows: int = 8
    features: int = 10
    classes: int = 3
    jobs: int = 1


class CountedNB(GaussianNB):
    """Naive Bayes that counts the seconds that it takes."""

    seconds = 0.0

    def fit(self, X, y, sample_weight=None):
        start = time.process_time()
        super().fit(X, y, sample_weight)
        CountedNB.seconds += time.process_time() - start
        return self

    def predict_proba(self, X):
        start = time.process_time()
        proba = super().predict_proba(X)
        CountedNB.seconds += time.process_time() - start
        return proba


def draw(point):
    """Records of overlapping classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(point.classes, size=point.records)
    centres = rng.normal(size=(point.classes, point.features)) / point.features**0.5
    X = rng.normal(size=(point.records, point.features))
    X += centres[y]
    return X, y


def measure(point, attacks):
    """Seconds and memory of each step, in a list of dicts."""
    with warnings.catch_warnings(), threadpool_limits(1):
        # Naive Bayes leaks nothing, and attacks say so.
        warnings.simplefilter("ignore")
        _measure(replace(point, records=IMPORTS, shadows=FEWEST, classes=3), attacks)
        return _measure(point, attacks)


def _measure(point, attacks):
    X, y = draw(point)
    member = np.random.default_rng(1).uniform(size=len(y)) < 0.5
    target = CountedNB().fit(X[member], y[member])
    steps = Steps()
    CountedNB.seconds = 0.0
    # Those of a run before have imported what they need.
    started = {pid: seconds_of(pid) for pid in children()}
    shadows = steps.run(
        SHADOWS,
        lambda: fit_shadows(
            CountedNB(),
            X,
            y,
            shadows=ShadowModels(
                point.shadows, counterfactual=False, keep_models=False
            ),
            n_jobs=point.jobs,
            random_state=0,
        ),
    )
    if point.jobs == 1:
        steps.steps[0]["cpu"] -= CountedNB.seconds
        learner = {"step": LEARNER, "cpu": CountedNB.seconds, "peak_mib": 0.0}
    else:
        workers = [pid for pid in children() if memory("VmHWM", pid) > 50]
        spent = [seconds_of(pid) - started.get(pid, 0.0) for pid in workers]
        peak = max(memory("VmHWM", pid) for pid in workers)
        learner = {"step": WORKERS, "cpu": sum(spent), "peak_mib": peak}
    steps.steps.append(learner)
    for name in attacks:
        if name not in PLAIN and point.shadows < FEWEST:
            continue
        attack = ATTACKS[name](FrozenEstimator(target))
        own = {"shadows": shadows, "random_state": 0}
        if name in PLAIN:
            own.pop("shadows")
        known = attack.get_params(deep=False)
        attack.set_params(**{k: v for k, v in own.items() if k in known})
        steps.run(f"{name}, fit", lambda a=attack: a.fit(X, y, membership=member))
        steps.run(f"{name}, score", lambda a=attack: a.score_samples(X, y))
    return steps.steps
