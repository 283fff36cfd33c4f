"""Where nothing leaks no attack finds a leak: targets that were fitted on a third set.

Twenty seeds. Records fall into three sets: claimed members, non-members, and the third
set, which alone the target was fitted on. All three are in the shadows' pool, from
which the target is drawn as the shadows are. The claim is random, so that an interval
of 95 % covers an AUC of 0.5 in 19 of 20 seeds, and whoever is accused is accused
wrongly.
"""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from skmia.attacks import ATTACKS, ShadowAttack
from skmia.metrics import roc_auc_interval
from skmia.shadows import ShadowModels, fit_shadows

N_SEEDS = 20
MAX_FPR = 0.05
SIZE = 300  # of each of the three sets
N_SHADOWS = 9  # of a third of the pool each: every record is in three
pytestmark = pytest.mark.slow
QUANTILES = HistGradientBoostingRegressor(loss="quantile", max_iter=15)

MODELS = {
    # Answers on a continuous scale, and few different ones.
    "logistic": LogisticRegression(C=10),
    "tree": DecisionTreeClassifier(min_samples_leaf=3),
}
# What makes an attack fast here, never what makes it pass.
SETTINGS = {
    "quantile": {"regressor": QUANTILES},
    "label_only": {"n_queries": 12},
    "shadow_classifier": {"per_class": False},
}
VARIANTS = {
    "lira_offline": ("lira", {"mode": "offline"}),
    "rmia_offline": ("rmia", {"mode": "offline"}),
    "midpoint": ("calibrated", {"reference": "midpoint"}),
    "percentile": ("calibrated", {"reference": "percentile"}),
}
CASES = {name: cls(None, **SETTINGS.get(name, {})) for name, cls in ATTACKS.items()} | {
    name: ATTACKS[short](None, **given) for name, (short, given) in VARIANTS.items()
}
every_attack = pytest.mark.parametrize("name", CASES)
every_model = pytest.mark.parametrize("model", MODELS)


def needs_shadows(name):
    return isinstance(CASES[name], ShadowAttack)


def draw(seed):
    """Records in random order: claimed members, non-members, the third set."""
    X, y = make_classification(
        3 * SIZE, 10, n_informative=5, flip_y=0.2, random_state=seed
    )
    order = np.random.RandomState(seed).permutation(3 * SIZE)
    return X[order], y[order], np.arange(2 * SIZE) < SIZE


def fitted(model, X, y, seed):
    return clone(model).set_params(random_state=seed).fit(X, y)


def shadows_of(model, X, y, train_size, seed):
    return fit_shadows(
        model,
        X,
        y,
        shadows=ShadowModels(N_SHADOWS, train_size=train_size),
        random_state=seed,
    )


def questioned(name, target, X, y, membership, shadows=None):
    attack = clone(CASES[name]).set_params(
        estimator=FrozenEstimator(target), max_fpr=MAX_FPR, random_state=0
    )
    if shadows is not None:
        attack.set_params(shadows=shadows)
    attack.fit(X, y, membership=membership)
    return attack.score_samples(X, y), attack.predict(X, y)


def play(model, seed):
    """Whether the interval covers 0.5, and how many were accused, by attack."""
    X, y, claimed = draw(seed)
    judged, third = np.arange(2 * SIZE), np.arange(2 * SIZE, 3 * SIZE)
    target = fitted(model, X[third], y[third], seed)
    shadows = shadows_of(model, X, y, 1 / 3, seed)
    found = {}
    for name in CASES:
        if needs_shadows(name):
            membership = np.arange(3 * SIZE) >= 2 * SIZE
            scores, predicted = questioned(name, target, X, y, membership, shadows)
            # Nobody's claim made the threshold: it is honest on all that are judged.
            accused = predicted[judged]
        else:
            scores, predicted = questioned(name, target, X[judged], y[judged], claimed)
            # The claimed non-members made it: it is honest on the others.
            accused = predicted[claimed]
        low, high = roc_auc_interval(claimed, scores[judged])
        found[name] = low <= 0.5 <= high, accused.sum(), len(accused)
    return found


@pytest.fixture(scope="module")
def played():
    return {
        name: [play(model, seed) for seed in range(N_SEEDS)]
        for name, model in MODELS.items()
    }


@every_attack
@every_model
def test_intervals_cover_one_half(played, model, name):
    """16 of 20 at least: 3 in 1,000 intervals of 95 % do worse."""
    least = binom.ppf(0.005, N_SEEDS, 0.95)
    assert least == 16
    assert sum(found[name][0] for found in played[model]) >= least


# Far below what they may accuse, for a reason.
CONSERVATIVE = {
    # More records than that fraction tie at the top, and there is nothing above them.
    ("label_only", "logistic"),
    ("label_only", "tree"),
    ("loss", "tree"),
    ("quantile", "tree"),
    # The threshold is that of one attack model, the score a mean of two, which spreads
    # less: each of the two alone accuses 5 % of the logistic regression's non-members.
    ("shadow_classifier", "logistic"),
    ("shadow_classifier", "tree"),
}


@every_attack
@every_model
def test_false_accusations_keep_to_the_promise(played, model, name):
    """Within the binomial interval of `max_fpr` over all answers, or below it.

    Attacks with shadows stay a little below. Each record is in as many shadows as any
    other, so that a shadow used as a target differs from the rest by more than a
    target does that was drawn on its own.
    """
    accused, asked = np.sum([found[name][1:] for found in played[model]], axis=0)
    assert asked == N_SEEDS * SIZE * (2 if needs_shadows(name) else 1)
    assert accused <= binom.isf(0.025, asked, MAX_FPR)
    if (name, model) not in CONSERVATIVE:
        assert accused > 0.5 * MAX_FPR * asked


@every_attack
def test_the_same_attacks_find_a_leak(name):
    """The control: a tree that was fitted on the claimed members after all."""
    X, y, claimed = draw(0)
    X, y, model = X[: 2 * SIZE], y[: 2 * SIZE], MODELS["tree"]
    target = fitted(model, X[claimed], y[claimed], 0)
    shadows = shadows_of(model, X, y, 0.5, 0) if needs_shadows(name) else None
    scores, _ = questioned(name, target, X, y, claimed, shadows)
    assert roc_auc_interval(claimed, scores).low > 0.5


def test_the_promise_is_for_targets_of_the_pool():
    """A third set that is not in the pool: the AUC stands, the threshold does not.

    Shadows of halves of one pool of n records resemble one another: an average over
    their rows has a variance of v / n about the pool's. That of a foreign target has
    2 v / n about the truth, and the pool's own another v / n. So its answers may spread
    sqrt(3) times as far as the threshold allows for. Hence the warning in the notes of
    LiRAAttack.
    """
    model, names = MODELS["logistic"], ("lira", "rmia", "calibrated")
    covered, accused = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for seed in range(N_SEEDS):
        X, y, claimed = draw(seed)
        target = fitted(model, X[2 * SIZE :], y[2 * SIZE :], seed)
        X, y = X[: 2 * SIZE], y[: 2 * SIZE]
        shadows = shadows_of(model, X, y, 0.5, seed)
        for name in names:
            scores, predicted = questioned(name, target, X, y, claimed, shadows)
            low, high = roc_auc_interval(claimed, scores)
            covered[name] += low <= 0.5 <= high
            accused[name] += predicted.sum()
    assert min(covered.values()) >= 16
    assert min(accused.values()) > binom.isf(0.001, N_SEEDS * 2 * SIZE, MAX_FPR)
