"""All against all: every model of a design is a target, the others are its shadows."""

import warnings

import numpy as np
from scipy.special import expit
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from skmia._models import class_probabilities, seeded_clone
from skmia._tables import content_groups, hash_rows, take_rows
from skmia.attacks import LabelOnlyAttack, LiRAAttack, StackedAttack
from skmia.defenses import HighEntropyClassifier
from skmia.metrics import membership_advantage, roc_auc, tpr_at_fpr
from skmia.shadows import ShadowModels, ShadowSignals, draw_design, fit_shadows
from skmia.signals import SIGNALS

METRICS = {
    "AUC": roc_auc,
    "TPR@1%": lambda m, s: tpr_at_fpr(m, s, 0.01),
    "TPR@0.1%": lambda m, s: tpr_at_fpr(m, s, 0.001),
    "advantage": membership_advantage,
}
KEPT = ("logit", "hinge", "entropy", "modified_entropy")
# With more, the stacked attack finds more of private models: `defense_shadows.py`.
N_MODELS = 8
# Targets of the label-only attack, and copies that it asks about.
N_LABEL_ONLY, N_QUERIES = 1, 4


def _judge(member, scores):
    return [float(metric(member, scores)) for metric in METRICS.values()]


def _loss(proba, y, classes):
    # As an output of 0 for the true class would be infinite.
    safe = np.clip(proba.astype(np.float64), 1e-6, None)
    return float(log_loss(y, safe / safe.sum(axis=1, keepdims=True), labels=classes))


def _fit_and_ask(estimator, X, y, classes, member, seed, ask_labels, order_too):
    """Probabilities for the pool, utility on the non-members, label-only scores.

    Probabilities and log-loss of the model as it is, and masked where that is wanted.
    """
    rows, out = np.flatnonzero(member), np.flatnonzero(~member)
    if order_too:
        estimator = HighEntropyClassifier(estimator, gamma=0)
    fitted = seeded_clone(estimator, seed).fit(take_rows(X, rows), y[rows])
    models = [fitted.estimator_, fitted] if order_too else [fitted]
    model = models[0]
    proba = [class_probabilities(m, X, classes).astype(np.float32) for m in models]
    losses = [_loss(p[out], y[out], classes) for p in proba]
    right = np.mean(np.asarray(model.predict(take_rows(X, out))) == y[out])
    labels = None
    if ask_labels:
        attack = LabelOnlyAttack(
            FrozenEstimator(model), n_queries=N_QUERIES, random_state=0
        ).fit(X, y, membership=member)
        labels = _judge(member, attack.score_samples(X, y))
    return proba, float(right), losses, labels


def _lira(proba, column, shadows):
    """LiRA on every model, which all others but its complement are shadows for."""
    attack = LiRAAttack("precomputed", shadows=shadows).fit(proba, column)
    return [_judge(m, s) for _, m, s in attack.score_shadows(every=True)]


def _stacked(proba, column, shadows, every):
    """The stacked attack on two complements, learnt once from all others.

    On `every` model it is learnt again for each pair.
    """
    if every:
        attack = StackedAttack("precomputed", shadows=shadows, random_state=0)
        judged = attack.fit(proba[0], column).score_shadows(every=True)
        return [_judge(member, scores) for _, member, scores in judged]
    pair = [0, int(shadows.complements[0])]
    rest = np.setdiff1d(np.arange(shadows.n_shadows), pair)
    others = ShadowSignals(
        {name: values[rest] for name, values in shadows.signals.items()},
        shadows.member[rest],
    )
    attack = StackedAttack("precomputed", shadows=others, random_state=0)
    attack.fit(proba[0], column)
    return [
        _judge(shadows.member[k], attack.score_samples(proba[k], column)) for k in pair
    ]


def audit(estimator, X, y, *, n_models=N_MODELS, order_too=False, every=False):
    """Utility and leakage of `estimator`, its defense known to the attacker.

    Models come in complementary pairs. A target's shadows are all others but its own
    complement, which would tell every membership. The design depends on the
    labels alone, so that all points of a cell have the same.

    Returns
    -------
    list of dict
        Accuracy and log-loss on the non-members, one value for each model, and for
        each attack a list of values for each metric: for the stacked attack of two
        models, or of `every` one. With `order_too` a second one, of
        the same models where they show the order of the classes only: other answers,
        the same labels.
    """
    y = np.asarray(y)
    classes, column = np.unique(y, return_inverse=True)
    # Rows of equal content go together, or a non-member would be known by its copy.
    group = content_groups(hash_rows(X, y))
    _, first = np.unique(group, return_index=True)
    rng = np.random.RandomState(0)
    member = draw_design(column[first], n_models, 0.5, rng)[:, group]
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # not converged, as is usual for the MLP
        answers = [
            _fit_and_ask(estimator, X, y, classes, row, k, k < N_LABEL_ONLY, order_too)
            for k, row in enumerate(member)
        ]
        return [
            {
                "accuracy": [right for _, right, _, _ in answers],
                "log-loss": [losses[i] for _, _, losses, _ in answers],
                "attacks": _attacked(
                    [proba[i] for proba, *_ in answers],
                    column,
                    member,
                    [labels for *_, labels in answers[:N_LABEL_ONLY]],
                    every,
                ),
            }
            for i in range(1 + order_too)
        ]


def _attacked(proba, column, member, label_only, every):
    """For each attack a list of values for each metric."""
    signals = {
        name: np.stack([SIGNALS[name](p, column).astype(np.float32) for p in proba])
        for name in KEPT
    }
    shadows = ShadowSignals(signals, member)
    attacks = {
        "LiRA": _lira(proba[0], column, shadows),
        "stacked": _stacked(proba, column, shadows, every),
        "label only": label_only,
        "loss": [
            _judge(row, -SIGNALS["loss"](p, column))
            for row, p in zip(member, proba, strict=True)
        ],
    }
    return {
        name: dict(zip(METRICS, map(list, zip(*values, strict=True)), strict=True))
        for name, values in attacks.items()
    }


def audit_copies(estimator, X, y, *, n_models=N_MODELS, n_queries=8):
    """AUC of LiRA for every model, which is asked about copies of each record as well.

    What shows only the order of the classes shows how far apart they are to whoever
    asks about many records close by, and averages.
    """
    y = np.asarray(y)
    column = np.unique(y, return_inverse=True)[1]
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        shadows = fit_shadows(
            estimator,
            X,
            y,
            shadows=ShadowModels(n_models, n_queries=n_queries),
            random_state=0,
        )
        logit = shadows.get("logit")
        # LiRA reads the odds of the true class alone: the others share the rest.
        own = expit(logit[0].astype(np.float64))
        n_classes = column.max() + 1
        proba = np.tile(((1 - own) / (n_classes - 1))[:, None], n_classes)
        proba[np.arange(len(y)), column] = own
        logits = ShadowSignals({"logit": logit}, shadows.member)
        return [judged[0] for judged in _lira(proba, column, logits)]
