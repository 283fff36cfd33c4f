"""All against all: every model of a design is a target, the others are its shadows."""

import warnings

import numpy as np
from joblib import Parallel, delayed
from scipy.special import expit
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from skmia._models import class_probabilities, seeded_clone
from skmia._tables import content_groups, hash_rows, take_rows
from skmia.attacks import LabelOnlyAttack, LiRAAttack, StackedAttack
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
# The stacked and the label-only attack take longer: so many targets are enough.
N_SLOW = 2
N_QUERIES = 5


def _judge(member, scores):
    return [float(metric(member, scores)) for metric in METRICS.values()]


def _fit_and_ask(estimator, X, y, classes, member, seed, ask_labels):
    """Probabilities for the pool, utility on the non-members, label-only scores."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # not converged, as is usual for the MLP
        rows = np.flatnonzero(member)
        model = seeded_clone(estimator, seed).fit(take_rows(X, rows), y[rows])
        proba = class_probabilities(model, X, classes)
        right = np.mean(np.asarray(model.predict(X))[~member] == y[~member])
        # As an output of 0 for the true class would be infinite.
        safe = np.clip(proba[~member].astype(np.float64), 1e-6, None)
        loss = log_loss(
            y[~member], safe / safe.sum(axis=1, keepdims=True), labels=classes
        )
        labels = None
        if ask_labels:
            attack = LabelOnlyAttack(
                FrozenEstimator(model), n_queries=N_QUERIES, random_state=0
            ).fit(X, y, membership=member)
            labels = _judge(member, attack.score_samples(X, y))
    return proba.astype(np.float32), float(right), float(loss), labels


def _attack(attack, proba, column, member, k, others, signals):
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        shadows = ShadowSignals(
            {name: values[others] for name, values in signals.items()}, member[others]
        )
        given = attack("precomputed", shadows=shadows)
        if "random_state" in given.get_params():
            given.set_params(random_state=0)
        given.fit(proba[k], column)
        return _judge(member[k], given.score_samples(proba[k], column))


def audit(estimator, X, y, *, n_models=16, n_jobs=2):
    """Utility and leakage of `estimator`, its defense known to the attacker.

    Models come in complementary pairs. A target's shadows are all others but its own
    complement, which would tell every membership. The design depends on the
    labels alone, so that all points of a cell have the same.

    Returns
    -------
    dict
        Accuracy and log-loss on the non-members, one value for each model, and for
        each attack a list of values for each metric.
    """
    y = np.asarray(y)
    classes, column = np.unique(y, return_inverse=True)
    # Rows of equal content go together, or a non-member would be known by its copy.
    group = content_groups(hash_rows(X, y))
    _, first = np.unique(group, return_index=True)
    rng = np.random.RandomState(0)
    member = draw_design(column[first], n_models, 0.5, rng)[:, group]
    answers = Parallel(n_jobs)(
        delayed(_fit_and_ask)(estimator, X, y, classes, row, k, k < N_SLOW)
        for k, row in enumerate(member)
    )
    proba = [answer[0] for answer in answers]
    signals = {
        name: np.stack([SIGNALS[name](p, column).astype(np.float32) for p in proba])
        for name in KEPT
    }
    complements = ShadowSignals(signals, member).complements
    everyone = np.arange(n_models)
    jobs = [
        (name, attack, k)
        for name, attack, n in (
            ("LiRA", LiRAAttack, n_models),
            ("stacked", StackedAttack, N_SLOW),
        )
        for k in range(n)
    ]
    found = Parallel(n_jobs)(
        delayed(_attack)(
            attack,
            proba,
            column,
            member,
            k,
            everyone[(everyone != k) & (everyone != complements[k])],
            signals,
        )
        for _, attack, k in jobs
    )
    attacks: dict[str, list] = {}
    for (name, _, _), values in zip(jobs, found, strict=True):
        attacks.setdefault(name, []).append(values)
    attacks["label only"] = [answer[3] for answer in answers[:N_SLOW]]
    attacks["loss"] = [
        _judge(row, -SIGNALS["loss"](p, column))
        for row, p in zip(member, proba, strict=True)
    ]
    return {
        "accuracy": [answer[1] for answer in answers],
        "log-loss": [answer[2] for answer in answers],
        "attacks": {
            name: dict(zip(METRICS, map(list, zip(*values, strict=True)), strict=True))
            for name, values in attacks.items()
        },
    }


def audit_copies(estimator, X, y, *, n_models=16, n_queries=8, n_jobs=2):
    """AUC of LiRA for every model, which is asked about copies of each record as well.

    What shows only the order of the classes shows how far apart they are to whoever
    asks about many records close by, and averages.
    """
    y = np.asarray(y)
    column = np.unique(y, return_inverse=True)[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shadows = fit_shadows(
            estimator,
            X,
            y,
            shadows=ShadowModels(n_models, n_queries=n_queries),
            n_jobs=n_jobs,
            random_state=0,
        )
    signals, member = {"logit": shadows.get("logit")}, shadows.member
    complements, everyone = shadows.complements, np.arange(n_models)
    # LiRA reads the odds of the true class alone: the others share the rest.
    own = expit(signals["logit"].astype(np.float64))
    n_classes = column.max() + 1
    found = []
    for k in everyone:
        proba = np.tile(((1 - own[k]) / (n_classes - 1))[:, None], n_classes)
        proba[np.arange(len(y)), column] = own[k]
        others = everyone[(everyone != k) & (everyone != complements[k])]
        judged = _attack(LiRAAttack, {k: proba}, column, member, k, others, signals)
        found.append(judged[0])
    return found
