"""One scenario played through each entry of skmia: what was read, beside the truth."""

import warnings
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_validate

from hunt._records import Sides, contained, draw_weights
from hunt._splitters import SPLITTERS, most_rows, n_groups
from hunt._truth import robust_label_auc
from hunt._verdict import Outcome, attempted, questioned
from hunt._wrappers import HOLDING, LEARNING, THRESHOLDS, wrap
from skmia.attacks import ATTACKS
from skmia.audit import audit_classifier, audit_cv
from skmia.model_selection import AuditableClassifier, leakage_scorer
from skmia.shadows import auto_train_size

MAX_FPR = 0.05
# What makes an attack fast, never what makes it right.
FAST = MappingProxyType(
    {
        "quantile": {
            "regressor": HistGradientBoostingRegressor(loss="quantile", max_iter=15)
        },
        "label_only": {"n_queries": 12},
    }
)
# Attacks that know how hard each record is, nearly.
_CALIBRATED = {"lira", "rmia", "stacked"}

# Said of shadows that a fitted model inside keeps from forgetting the members.
_DEAF = {"unmoved_shadows", "informed_shadows", "UninformativeShadowsWarning"}


def takes_shadows(name):
    return "shadows" in ATTACKS[name](None).get_params(deep=False)


def band(name, scenario, truth, n_shadows, share):
    """The least and the most that an attack may read on average.

    `share` is that of the pool which each of the shadows was fitted on.
    """
    n_outside = n_shadows * (1 - share)
    if not scenario.leaks:
        return 0.5, 0.5
    if name == "label_only":
        # Perturbed copies are other records here, and say nothing.
        if set(scenario.layers) & (THRESHOLDS | LEARNING):
            return 0.5, truth.best
        right = truth.by_label(scenario.n_classes)
        return right, right
    if set(scenario.layers) & LEARNING:
        return min(truth.by_logit, truth.calibrated(n_outside / 2)) - 0.12, truth.best
    if name == "loss":
        return truth.by_logit, truth.by_logit
    if name in _CALIBRATED:
        # Few shadows on one side leave the mean and the spread there uncertain.
        few = min(n_outside, n_shadows - n_outside)
        low = truth.calibrated(few / 2) - 0.01
        if name == "rmia":
            # Ratios of probabilities, in which high logits count for little.
            low = min(low, truth.by_loss_difference(n_outside / 2) - 0.02)
    elif name == "calibrated":
        # Differences of losses, in which high logits count for little.
        low = truth.by_loss_difference(n_outside / 2) - 0.02
    else:
        low = truth.by_logit - 0.02
    return low, truth.best


def _excuse(scenario, outcome):
    """Drop the readings that the library itself has said not to be right."""
    said = outcome.said
    if scenario.copies == "near" and any(name.startswith("near") for name in said):
        outcome.readings = []
    if set(scenario.layers) & set(HOLDING) and said & _DEAF:
        outcome.readings = [r for r in outcome.readings if r.name.startswith("loss")]
    if scenario.leaks and said & {"one_sided_records", "OneSidedRecordsWarning"}:
        outcome.readings = [
            r for r in outcome.readings if r.z >= 0 or r.name.startswith("loss")
        ]
    if said & {"shadows_unlike_target", "other_train_size"}:
        # Few shadows of unequal sets are of another training fraction than the target.
        outcome.readings = [
            r for r in outcome.readings if r.z >= 0 or r.name.startswith("loss")
        ]
    if said & {"ResolutionWarning", "UninformativeShadowsWarning"}:
        outcome.readings = [r for r in outcome.readings if "accused" not in r.name]
    return outcome


def _weights(sides, side):
    """Fit metadata of one side."""
    return {} if sides.weight is None else {"sample_weight": sides.weight[side]}


def _target(scenario, sides, outcome):
    """The fitted target, in its layers, or None where one of them refuses it."""
    inside = sides.member
    X = contained(sides.rows[inside], scenario.container)

    def fit(model):
        return model.fit(X, sides.y[inside], **_weights(sides, inside))

    return attempted(
        outcome, lambda: fit(wrap(scenario.target(), scenario.layers, fit))
    )


def play_attack(scenario, replication):
    """An attack on a frozen target, by itself; the figure is the analyst's own."""
    sides, outcome = scenario.sides(replication), Outcome()
    settings = dict(scenario.settings)
    name = settings.pop("attack")
    n_shadows = settings.pop("n_shadows", 8)
    params = {"max_fpr": MAX_FPR, "random_state": replication}
    params |= FAST.get(name, {}) | settings
    if takes_shadows(name):
        params["shadows"] = n_shadows
    target = _target(scenario, sides, outcome)
    if target is None:
        return outcome
    attack = ATTACKS[name](FrozenEstimator(target), **params)
    order = scenario.rng(replication).permutation(len(sides.rows))
    sides = _taken(sides, order)
    X = contained(sides.rows, scenario.container)

    def judge():
        weights = _weights(sides, slice(None)) if takes_shadows(name) else {}
        attack.fit(X, sides.y, membership=sides.member, **weights)
        return attack.score_samples(X, sides.y), attack.predict(X, sides.y)

    judged = questioned(outcome, judge)
    if judged is None:
        return outcome
    scores, accused = judged
    counted, truth = sides.counted, scenario.truth(sides)
    if not 0 < sides.trained[counted].mean() < 1:
        return outcome
    auc = roc_auc_score(sides.trained[counted], scores[counted])
    share = auto_train_size(sides.member, n_shadows)
    low, high = band(name, scenario, truth, n_shadows, share)
    outcome.keep(f"{name} auc", auc, low, high, truth.error)
    if not (scenario.chance_copies or scenario.crowd or scenario.weights == "zeros"):
        # Rows that are counted are like all others here, and shadows of another share
        # than the target's like it: the promise is about both.
        wrongly = accused[counted & ~sides.member].mean()
        # The threshold is an estimate as well.
        error = np.sqrt(2 * MAX_FPR * (1 - MAX_FPR) / truth.n_nonmembers)
        outcome.keep(f"{name} accused", wrongly, 0, MAX_FPR, error)
    return _excuse(scenario, outcome)


def _taken(sides, order):
    weight = None if sides.weight is None else sides.weight[order]
    return Sides(sides.rows[order], sides.member[order], weight, sides.n_classes)


def play_audit(scenario, replication):
    """`audit_classifier`: every attack's AUC, and TPR at 10 % FPR where it is known."""
    sides, outcome = scenario.sides(replication), Outcome()
    settings = {"attacks": ["loss", "lira"], "n_shadows": 8} | scenario.settings
    target = _target(scenario, sides, outcome)
    if target is None:
        return outcome
    inside, outside = sides.member, ~sides.member
    params = {
        name: (value, _weights(sides, outside)[name])
        for name, value in _weights(sides, inside).items()
    }
    report = questioned(
        outcome,
        lambda: audit_classifier(
            target,
            contained(sides.rows[inside], scenario.container),
            sides.y[inside],
            contained(sides.rows[outside], scenario.container),
            sides.y[outside],
            attacks=settings["attacks"],
            shadows=settings["n_shadows"],
            max_fprs=(0.1,),
            fit_params=params or None,
            random_state=replication,
        ),
    )
    if report is None:
        return outcome
    truth, n_shadows = scenario.truth(sides), settings["n_shadows"]
    shadows = n_shadows, auto_train_size(inside, n_shadows)
    return _read(report, scenario, truth, shadows, outcome)


def _read(report, scenario, truth, shadows, outcome):
    """Figures of a report beside the truth."""
    outcome.said |= {
        guard.name for guard in report.guards if guard.severity == "warning"
    }
    figures = {(f.attack, f.metric): f.value for f in report.figures}
    aucs = {attack: v for (attack, metric), v in figures.items() if metric == "auc"}
    if scenario.masked:
        # Whatever hides behind the mask, the labels tell.
        low = robust_label_auc(scenario.gain, scenario.noise) - 0.03
        outcome.keep("headline auc", max(aucs.values()), low, 1, truth.error)
        return _excuse(scenario, outcome)
    for attack, value in aucs.items():
        low, high = band(attack, scenario, truth, *shadows)
        outcome.keep(f"{attack} auc", value, low, high, truth.error)
        tpr = figures.get((attack, "tpr@0.1"))
        if tpr is None or truth.n_nonmembers < 50:
            continue
        if not scenario.leaks:
            right, error = truth.chance_tpr(0.1)
            outcome.keep(f"{attack} tpr@0.1", tpr, right, right, error)
        elif attack == "loss" and not set(scenario.layers) & LEARNING:
            right, error = truth.tpr(0.1)
            outcome.keep(f"{attack} tpr@0.1", tpr, right, right, error)
    return _excuse(scenario, outcome)


def _all_rows(scenario, replication):
    """The rows of a cross-validation, with weights: nobody is a member yet."""
    rng = scenario.rng(replication)
    n = min(sum(scenario.sizes), most_rows(scenario.settings["splitter"]))
    share = 0.25 if scenario.copies == "natural" else 0.0
    rows = scenario.table.with_copies(n, share, rng)
    weight = draw_weights(scenario.weights, n, rng)
    return Sides(rows, np.ones(n, bool), weight, scenario.n_classes)


def _folds(scenario, rows, replication):
    """The splits, of which some may be left out."""
    rng = scenario.rng(replication)
    name, n = scenario.settings["splitter"], len(rows.rows)
    splitter = SPLITTERS[name](int(rng.integers(2**31)))
    groups = rng.integers(n_groups(name, n), size=n) if n_groups(name, n) else None
    splits = list(splitter.split(rows.rows, rows.y, groups))
    return splits[: max(len(splits) - scenario.settings.get("left_out", 0), 1)]


def _truth_of(scenario, rows, splits):
    """The truth of a cross-validation, of as many records as it surely has.

    The rows of a group change sides together, and are one record for a figure's error.
    """
    truth = scenario.truth(rows)
    once = rows.counted
    n = len(rows.rows)
    in_group = n / (n_groups(scenario.settings["splitter"], n) or n)
    n_members, n_nonmembers = (
        max(
            min(sum(once[split[side]].sum() for split in splits), once.sum())
            // in_group,
            1,
        )
        for side in (0, 1)
    )
    return replace(truth, n_members=int(n_members), n_nonmembers=int(n_nonmembers))


def play_cv(scenario, replication):
    """`audit_cv` of what `cross_validate` returned."""
    rows, outcome = _all_rows(scenario, replication), Outcome()
    splits = _folds(scenario, rows, replication)
    X = contained(rows.rows, scenario.container)
    model = wrap(scenario.target(), scenario.layers, None)
    if scenario.weights == "zeros":
        # The weights are not in the results: it takes a classifier that remembers.
        model = AuditableClassifier(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = cross_validate(
            model,
            X,
            rows.y,
            cv=splits,
            params=_weights(rows, slice(None)) or None,
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
    attacks = scenario.settings.get("attacks", "default")
    report = questioned(
        outcome,
        lambda: audit_cv(
            results,
            X,
            rows.y,
            attacks=attacks,
            max_fprs=(0.1,),
            random_state=replication,
        ),
    )
    if report is None:
        return outcome
    share = np.mean([len(train) for train, _ in splits]) / len(rows.rows)
    shadows = (report.shadows or {"n_shadows": 0})["n_shadows"], share
    truth = _truth_of(scenario, rows, splits)
    return _read(report, scenario, truth, shadows, outcome)


def play_scorer(scenario, replication):
    """`leakage_scorer` over the folds of a cross-validation, as a search calls it."""
    rows, outcome = _all_rows(scenario, replication), Outcome()
    splits = _folds(scenario, rows, replication)
    name = scenario.settings.get("attack")
    attack = None
    if name is not None:
        attack = ATTACKS[name](None, **FAST.get(name, {}))
        if takes_shadows(name):
            attack.set_params(shadows=4)
    scorer = leakage_scorer(
        attack=attack,
        members=scenario.settings.get("members", "balanced"),
        random_state=replication,
    )
    leakage = []
    for train, test in splits:
        model = AuditableClassifier(wrap(scenario.target(), scenario.layers, None))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            X = contained(rows.rows[train], scenario.container)
            model.fit(X, rows.y[train], **_weights(rows, train))
        X = contained(rows.rows[test], scenario.container)
        value = questioned(
            outcome, lambda m=model, X=X, y=rows.y[test]: -scorer(m, X, y)
        )
        if value is None:
            return outcome
        leakage.append(value)
    truth = _truth_of(scenario, rows, splits)
    low, high = band(name or "loss", scenario, truth, n_shadows=4, share=0.5)
    if name is None:
        # The stronger of two: more than either, by a little, where nothing leaks.
        high += 0.6 * truth.error * np.sqrt(len(splits))
    if scenario.masked:
        low, high = robust_label_auc(scenario.gain, scenario.noise) - 0.03, 1
    outcome.keep("leakage", np.mean(leakage), low, high, truth.error)
    return _excuse(scenario, outcome)
