"""Attacks that read both sides of every record find nothing where nothing leaks.

A third set: the target is fitted on rows of neither the claimed members nor the
non-members; all three sets are in the shadows' pool. An interval of 95 % covers an AUC
of 0.5 in 19 of 20 seeds, and whoever is accused is accused wrongly.

A target that ignores its data: its answers are noise of its own, and so are those of
its shadows, on both sides. The stacked attack, which learns from shadows, must not
learn anything from how they were drawn, nor from closed forms that are wrong.

    python benchmarks/counterfactual_null.py [--seeds 20] [--jobs 1]
"""

import argparse
import warnings
from functools import partial
from typing import Any

import numpy as np
from _results import save, table
from joblib import Parallel, delayed
from scipy.special import expit
from scipy.stats import binom
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from skmia.attacks import (
    CalibratedLossAttack,
    LiRAAttack,
    RMIAAttack,
    ShadowClassifierAttack,
    StackedAttack,
)
from skmia.metrics import roc_auc, roc_auc_interval
from skmia.shadows import ShadowModels, fit_shadows, register_counterfactual

MAX_FPR = 0.05
SIZE = 300  # of each of three sets
VARIANTS = {
    "LiRA": LiRAAttack,
    "LiRA, per record": partial(LiRAAttack, variance="per_record"),
    "LiRA, pooled": partial(LiRAAttack, variance="pooled"),
    "LiRA, global": partial(LiRAAttack, variance="global"),
    "LiRA, offline": partial(LiRAAttack, mode="offline"),
    "RMIA": RMIAAttack,
    "RMIA, offline": partial(RMIAAttack, mode="offline"),
    "calibrated, OUT mean": CalibratedLossAttack,
    "calibrated, midpoint": partial(CalibratedLossAttack, reference="midpoint"),
    "calibrated, percentile": partial(CalibratedLossAttack, reference="percentile"),
    "stacked": partial(StackedAttack, random_state=0),
    "shadow classifier": partial(ShadowClassifierAttack, random_state=0),
}
NEEDS_FOUR = {"shadow classifier"}  # reads what shadows answer, and no other side
NUMBERS = (2, 3, 4, 8)
# Whose closed forms are exact. Of the second, 64 shadows are made without a fit.
FITTED, NOT_FITTED = LinearDiscriminantAnalysis(), GaussianNB()


class Blind(ClassifierMixin, BaseEstimator):
    """Answers a row by a function of its own, whatever it was fitted on."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        rng = np.random.default_rng(self.random_state)
        self.waves_ = rng.normal(scale=50, size=(X.shape[1], 3))
        return self

    def noise(self, X, column):
        return 2 * np.sin(X @ self.waves_[:, column])

    def answer(self, logit):
        p = expit(logit)[:, None]
        rest = np.full((len(p), len(self.classes_) - 1), 1.0)
        return np.hstack([p, (1 - p) * rest / rest.shape[1]])

    def predict_proba(self, X):
        return self.answer(self.noise(X, 0))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def wrong_other_side(model, rows):
    """Off by noise of half of the spread of the answers, for others by a quarter."""

    def ask(records):
        X = np.asarray(records.X)
        error = model.noise(X, 1) * np.where(records.inside, 0.5, 0.25)
        return model.answer(model.noise(X, 0) + error)

    return ask


def even(rng):
    return rng.normal(size=(600, 4)), rng.randint(2, size=600)


def copies(rng):
    X, y = even(rng)
    again = rng.randint(400, size=200)
    X[400:], y[400:] = X[again], y[again]
    return X, y


def tiny_classes(rng):
    X, y = even(rng)
    return X, np.where(np.arange(600) < 12, 2 + np.arange(600) // 4, y)


#: Data, and the fraction of the records in a shadow.
DESIGNS = {
    "halves": (even, 0.5),
    "three tenths": (even, 0.3),
    "three quarters": (even, 0.75),
    "copies": (copies, 0.5),
    "tiny classes": (tiny_classes, 0.5),
}


def third_set(seed, learner, n_shadows):
    """Whether each interval covers 0.5, and how many are accused."""
    X, y = make_classification(
        3 * SIZE, 10, n_informative=5, flip_y=0.2, random_state=seed
    )
    rng = np.random.RandomState(seed)
    order = rng.permutation(3 * SIZE)
    X, y, claimed = X[order], y[order], np.arange(2 * SIZE) < SIZE
    judged, membership = np.arange(2 * SIZE), np.arange(3 * SIZE) >= 2 * SIZE
    target = FrozenEstimator(clone(learner).fit(X[membership], y[membership]))
    made = ShadowModels(n_shadows, train_size=1 / 3, counterfactual=True)
    shadows = fit_shadows(learner, X, y, shadows=made, random_state=seed)
    found = {}
    variants: dict[str, Any] = VARIANTS
    for name, make in variants.items():
        if name in NEEDS_FOUR and n_shadows < 4:
            continue
        attack = make(target, shadows=shadows, max_fpr=MAX_FPR)
        attack.fit(X, y, membership=membership)
        low, high = roc_auc_interval(claimed, attack.score_samples(X, y)[judged])[:2]
        accused = attack.predict(X, y)[judged]
        found[name] = bool(low <= 0.5 <= high), int(accused.sum())
    return found


def ignores_its_data(seed, design, n_shadows):
    """AUC of the stacked attack, and how many non-members it accuses, of how many."""
    register_counterfactual(Blind, wrong_other_side, exact=True)
    draw, train_size = DESIGNS[design]
    rng = np.random.RandomState(seed)
    X, y = draw(rng)
    member = rng.permutation(len(y)) < train_size * len(y)
    if draw is copies:  # a content is on one side
        _, of = np.unique(X, axis=0, return_inverse=True)
        member = (rng.permutation(of.max() + 1) < train_size * (of.max() + 1))[of]
    made = ShadowModels(n_shadows, train_size=train_size, counterfactual=True)
    shadows = fit_shadows(Blind(), X, y, shadows=made, random_state=seed)
    target = FrozenEstimator(Blind(random_state=seed + 10_000).fit(X, y))
    attack = StackedAttack(target, shadows=shadows, max_fpr=MAX_FPR, random_state=0)
    attack.fit(X, y)
    auc = roc_auc(member, attack.score_samples(X, y))
    accused = attack.predict(X, y)[~member]
    return auc, int(accused.sum()), len(accused)


def quietly(function, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    run, seeds = Parallel(given.jobs), range(given.seeds)
    asked = given.seeds * 2 * SIZE
    most = binom.isf(0.025, asked, MAX_FPR) / asked
    rows = []
    for learner, n_shadows in [*((FITTED, n) for n in NUMBERS), (NOT_FITTED, 64)]:
        played = run(delayed(quietly)(third_set, s, learner, n_shadows) for s in seeds)
        for name in played[0]:
            covered, accused = np.sum([found[name] for found in played], axis=0)
            rows.append(
                {
                    "attack": name,
                    "shadows": n_shadows,
                    "intervals that cover 0.5": f"{covered} of {given.seeds}",
                    "accused": f"{accused / asked:.2%}",
                }
            )
    blind = []
    for design in DESIGNS:
        for n_shadows in NUMBERS:
            if design == "tiny classes" and n_shadows < 4:
                continue
            found = np.array(
                run(
                    delayed(quietly)(ignores_its_data, s, design, n_shadows)
                    for s in seeds
                )
            )
            error = found[:, 0].std(ddof=1) / np.sqrt(len(found))
            blind.append(
                {
                    "shadows' rows": design,
                    "shadows": n_shadows,
                    "AUC": f"{found[:, 0].mean():.4f} ± {2 * error:.4f}",
                    "accused": f"{found[:, 1].sum() / found[:, 2].sum():.2%}",
                }
            )
    save(
        "counterfactual_null",
        "Both sides of every record, where nothing leaks",
        f"{given.seeds} seeds; a false positive rate of {MAX_FPR:.0%} is asked for.\n\n"
        "## Targets fitted on a third set\n\nLinear discriminant analysis, and with 64 "
        "shadows GaussianNB, none of which is fitted. With chance 3 in 1,000 fewer "
        f"than {binom.ppf(0.005, given.seeds, 0.95):.0f} intervals of {given.seeds} "
        "cover 0.5. Nobody was a member: the rate accused is at most "
        f"{most:.2%} in 39 of 40 such tables.\n\n"
        + table(rows)
        + "\n\n## Targets that ignore their data\n\nThe stacked attack. The other side "
        "that shadows tell is off by noise of half of the answers' spread, for "
        "non-members of a quarter. AUC with "
        "twice its standard error over seeds.\n\n" + table(blind),
        {"third set": rows, "ignores its data": blind},
    )


if __name__ == "__main__":
    main()
