"""What a candidate leaks: its models judge each other, as an attacker would them.

Each model is fitted on a random half of the rows, with the defense. The others but its
complement are its shadows, so that the attacker knows the defense, and no fit is for
the attack alone.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from skmia._models import answering, iter_class_probabilities
from skmia._tables import any_seen, one_of_copies, take_rows
from skmia.attacks import LabelOnlyAttack, LiRAAttack, RMIAAttack
from skmia.defenses import masks_outputs
from skmia.exceptions import (
    OneSidedRecordsWarning,
    OverlapWarning,
    UninformativeShadowsWarning,
)
from skmia.metrics import Metric, get_metric, mean_roc_auc_interval
from skmia.model_selection._reading import Reading, strongest
from skmia.model_selection._recommend._candidates import Candidate
from skmia.model_selection._recommend._private import Spending, spending_of
from skmia.model_selection._recommend._rows import Rows
from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows
from skmia.signals import logit

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
# Copies that the label-only attack asks about, as the scorer of leakage does.
_N_LABEL_QUERIES = 32
_COPIES, _LABELS = "copies", "labels"


@dataclass
class Figures:
    """What was measured of one candidate, on the rows of the choice or of the check."""

    utility: float
    utility_error: float
    log_loss: float
    leakage: Reading
    # Of each model: its utility, and what the strongest attack finds.
    utilities: list[float]
    leakages: list[float]


@dataclass
class Play:
    """The models of one candidate so far: what they say of the rows, not themselves.

    Parameters
    ----------
    candidate : Candidate
        What is fitted.
    rows : Rows
        On halves of which.
    scorer : callable or None
        Of scikit-learn, for the utility; None for the negative log-loss, which the
        signals tell.
    """

    candidate: Candidate
    rows: Rows
    scorer: Callable[..., float] | None
    member: list[BoolArray] = field(default_factory=list)
    # (n_models, n_rows) each, by name.
    said: dict[str, list[FloatArray]] = field(default_factory=dict)
    # Of each model, by whether it is for the check.
    utility: dict[bool, list[float]] = field(
        default_factory=lambda: {False: [], True: []}
    )
    seconds: list[float] = field(default_factory=list)
    # What each fit of a private candidate has spent.
    spent: list[Spending] = field(default_factory=list)

    @property
    def n_models(self) -> int:
        """How many there are."""
        return len(self.member)

    def add(self, n_models: int, seed: int, n_jobs: int | None) -> None:
        """Fit further models; the same seed draws the same halves for all candidates.

        Parameters
        ----------
        n_models : int
            How many.
        seed : int
            Of the halves and of the fits.
        n_jobs : int or None
            Fits at a time.
        """
        rows = self.rows
        models = ShadowModels(
            n_models, train_size=0.5, keep_models=True, refit_search=True
        )
        params = dict(rows.params)
        if self.candidate.needs_persons:
            params["groups"] = rows.persons
        fitted = fit_shadows(
            self.candidate.estimator,
            rows.X,
            rows.y,
            shadows=models,
            groups=rows.persons,
            params=params,
            n_jobs=n_jobs,
            random_state=seed,
        )
        assert fitted.models is not None
        assert fitted.fit_seconds is not None
        assert fitted.predict_seconds is not None
        self.seconds += (fitted.fit_seconds + fitted.predict_seconds).tolist()
        self.member += list(fitted.member)
        for name, values in fitted.signals.items():
            self.said.setdefault(name, []).extend(values)
        new = enumerate(fitted.models, start=self.n_models - n_models)
        for k, model in new:
            self._ask(k, model, seed)

    def _ask(self, k: int, model: Any, seed: int) -> None:
        """Ask the model of number `k` what its signals do not tell."""
        member = self.member[k]
        rows = self.rows
        known = np.isin(rows.y, model.classes_)
        for check, values in self.utility.items():
            held_out = np.flatnonzero(~member & known & (rows.check == check))
            value = self._utility(k, model, held_out)
            if not np.isfinite(value):
                raise ValueError(
                    f"The 'scoring' parameter must be finite. Got {value} for "
                    f"{self.candidate.name} on {len(held_out)} held-out rows instead."
                )
            values.append(value)
        if self.candidate.is_private:
            self.spent.append(spending_of(model))
        if masks_outputs(model):
            self._ask_behind(model, member, known, seed)

    def _utility(self, k: int, model: Any, held_out: NDArray[np.intp]) -> float:
        rows = self.rows
        if self.scorer is None:
            # scikit-learn's needs every class among the rows.
            return -float(_loss(self.said["logit"][k][held_out]).mean())
        X, y = take_rows(rows.X, held_out), rows.y[held_out]
        return float(self.scorer(model, X, y))

    def _ask_behind(
        self, model: Any, member: BoolArray, known: BoolArray, seed: int
    ) -> None:
        """Ask a model that masks its outputs for labels, and about copies of rows."""
        rows = self.rows
        values = np.empty(len(rows.y))
        for block, proba in iter_class_probabilities(
            answering(model), rows.X, rows.classes, rows.copies
        ):
            values[block] = logit(proba, rows.columns[block])
        self.said.setdefault(_COPIES, []).append(values)
        scores, of = np.full(len(rows.y), np.nan), np.flatnonzero(known)
        # No threshold is read here; a low max_fpr would warn of few rows.
        attack = LabelOnlyAttack(
            FrozenEstimator(model),
            n_queries=_N_LABEL_QUERIES,
            max_fpr=0.5,
            random_state=seed,
        )
        X, y = take_rows(rows.X, of), rows.y[of]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OverlapWarning)
            attack.fit(X, y, membership=member[of])
            scores[of] = attack.score_samples(X, y)
        self.said.setdefault(_LABELS, []).append(scores)

    def figures(self, metric: Metric, *, check: bool) -> Figures:
        """Read utility and leakage, of the rows of the check or of the others.

        Parameters
        ----------
        metric : Metric
            Of the leakage.
        check : bool
            On which rows.

        Returns
        -------
        Figures
            Means over the models.
        """
        rows, member = self.rows, np.stack(self.member)
        once = one_of_copies(member, ~member, rows.hashes, rows.persons)
        held = np.stack(
            [
                np.bincount(rows.columns[m], minlength=len(rows.classes)) > 0
                for m in member
            ]
        )
        # Rows of a class that a model has not seen would tell that they are no members.
        asked = once & (rows.check == check) & (member | held[:, rows.columns])
        seen = any_seen(member, rows.hashes, rows.persons)
        fewest = int((asked & ~seen).sum(axis=1).min())
        metric.check_resolvable(
            fewest, "rows of the check" if check else "rows of the choice"
        )
        readings = [
            read
            for scores in self._scores(member)
            for read in _readings(metric, seen, asked, scores, rows.persons)
        ]
        utility = np.array(self.utility[check])
        loss = _loss(np.stack(self.said["logit"]))
        out = asked & ~member
        return Figures(
            utility=float(utility.mean()),
            utility_error=float(utility.std(ddof=1) / np.sqrt(len(utility))),
            log_loss=float(loss[out].mean()),
            leakage=strongest(reading for reading, _ in readings),
            utilities=utility.tolist(),
            leakages=max(readings, key=lambda read: read[0].value)[1],
        )

    def _scores(self, member: BoolArray) -> list[FloatArray]:
        """Scores of every attack, (n_models, n_rows)."""
        said = {name: np.stack(values) for name, values in self.said.items()}
        found = [said["logit"], said["correctness"]]
        for answers in ("logit", _COPIES):
            if answers in said:
                found += _compared(said[answers], member, self.rows)
        if _LABELS in said:
            found.append(said[_LABELS])
        return [scores.astype(np.float64) for scores in found]


def _loss(logits: FloatArray) -> FloatArray:
    """Of the true class; a probability of 0 is cut off as scikit-learn does it."""
    loss = np.logaddexp(0.0, -logits.astype(np.float64))
    return np.minimum(loss, -np.log(np.finfo(np.float64).eps))


def _compared(logits: FloatArray, member: BoolArray, rows: Rows) -> list[FloatArray]:
    """What attacks with shadows say of every model, by the others but its complement.

    With few models RMIA finds more than LiRA, and with many nearly as much as an attack
    that learns from all signals, at no cost.
    """
    signals = ShadowSignals({"logit": logits}, member)
    # Nothing is read of the target's own answers.
    n_classes = len(rows.classes)
    alike = np.full((len(rows.y), n_classes), 1 / n_classes)
    known = {} if rows.persons is None else {"groups": rows.persons}
    found = []
    for kind in (LiRAAttack, RMIAAttack):
        attack = kind("precomputed", shadows=signals, max_fpr=0.5)
        scores = np.full(member.shape, np.nan)
        with warnings.catch_warnings():
            # Of few models; and of those that answer alike whatever they learn from.
            warnings.simplefilter("ignore", OneSidedRecordsWarning)
            warnings.simplefilter("ignore", UninformativeShadowsWarning)
            attack.fit(alike, rows.columns, **known)
            for k, (of, _, own) in enumerate(attack.score_shadows(every=True)):
                scores[k, of] = own
        found.append(scores)
    return found


def _readings(
    metric: Metric,
    member: BoolArray,
    asked: BoolArray,
    scores: FloatArray,
    persons: NDArray[np.intp] | None,
) -> list[tuple[Reading, list[float]]]:
    """Read an attack per row, and per person where these are known."""
    asked = asked & np.isfinite(scores)
    of_rows = []
    of_persons = []
    for k, own in enumerate(scores):
        rows = np.flatnonzero(asked[k])
        of_rows.append((member[k, rows], own[rows], rows))
        if persons is not None:
            names, first, of = np.unique(
                persons[rows], return_index=True, return_inverse=True
            )
            mean = np.bincount(of, own[rows]) / np.bincount(of)
            of_persons.append((member[k, rows[first]], mean, names))
    units = [of_rows] if persons is None else [of_rows, of_persons]
    whose = [persons, None] if persons is not None else [None]
    return [
        _read(metric, unit, groups) for unit, groups in zip(units, whose, strict=True)
    ]


def _read(
    metric: Metric,
    parts: list[tuple[BoolArray, FloatArray, NDArray[np.intp]]],
    persons: NDArray[np.intp] | None,
) -> tuple[Reading, list[float]]:
    """Read an attack; turned round where it is surely the wrong way."""
    auc = get_metric("auc")
    if _mean(auc, parts, persons)[0].high < auc.chance:
        # Of many readings some are so by chance; either way an attacker would do it.
        parts = [(member, -own, of) for member, own, of in parts]
    return _mean(metric, parts, persons)


def _mean(
    metric: Metric,
    parts: list[tuple[BoolArray, FloatArray, NDArray[np.intp]]],
    persons: NDArray[np.intp] | None,
) -> tuple[Reading, list[float]]:
    """Mean over the models, with an interval for other records, and each of them.

    The mean of the ends of the models' intervals is an interval of the mean, however
    the models depend on each other.
    """
    values = [float(metric.value(member, own)) for member, own, _ in parts]
    if metric.name == "auc":
        low, high = mean_roc_auc_interval(
            [member for member, _, _ in parts],
            [own for _, own, _ in parts],
            [of if persons is None else persons[of] for _, _, of in parts],
        )
    else:
        ends = [
            metric.interval(
                member, own, groups=None if persons is None else persons[of]
            )
            for member, own, of in parts
        ]
        low, high = np.mean(ends, axis=0).tolist()
    return Reading(float(np.mean(values)), low, high), values
