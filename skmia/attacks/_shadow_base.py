"""ShadowAttack: the template of the attacks that compare with shadow models."""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import Copies, any_copy, hash_rows, mean_answer, take_rows
from skmia.attacks._base import MembershipAttack
from skmia.attacks._nonmembers import check_has_records
from skmia.attacks._target import Target
from skmia.exceptions import OneSidedRecordsWarning
from skmia.shadows import ShadowSignals, check_shadows, fit_shadows
from skmia.signals import MEMBER_SIGN, SATURATED_LOGIT, SIGNALS
from skmia.utils import check_option, check_real, warn

# Signals that shadows stored in other units may hold too: close to the end is at it.
_SATURATED = 0.999 * SATURATED_LOGIT


class ShadowAttack(MembershipAttack):
    """Base class of the attacks that need shadow models.

    It fits them or takes those that it is given. A subclass learns from the arrays in
    ``_fit_shadow_attack`` and judges answers in ``_score``. Signals go by name in
    dicts, all of them oriented so that high speaks for a member.
    """

    # Hashes, or None for a precomputed target, which has no records.
    _hashes: Any
    _x_hashes: Any

    # Whether "auto" keeps the shadow models, to ask them about rows outside the pool.
    _asks_shadows = True

    def _check_params(self) -> None:
        for name in self._signals():
            check_option(name, "signal", tuple(SIGNALS))
        check_real(self.max_fpr, "max_fpr", 0, 1, closed="neither")
        shadows = check_shadows(self.shadows)
        given = isinstance(shadows, ShadowSignals)
        if shadows.queries if given else shadows.n_queries:
            check_has_records(
                self.estimator,
                type(self).__name__,
                "with n_queries asks the target about perturbed copies of the records",
                "n_queries=0, with shadows that were made so",
            )

    def _fit_attack(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> None:
        n = len(target.columns)
        if target.precomputed:
            self._hashes = self._x_hashes = None
        else:
            # A target that cannot answer fails here, before its shadows are fitted.
            target.probabilities(take_rows(X, [0]))
            self._hashes = hash_rows(X, target.labels)
            self._x_hashes = hash_rows(X)
        if isinstance(self.shadows, ShadowSignals):
            shadows = self._check_given(self.shadows, n)
        else:
            shadows = self._fit_own(target, X, params, random_state)
        self.shadows_ = shadows
        # What the shadows were asked about, in the same copies.
        self._copies = Copies(shadows.queries, X) if shadows.queries else None
        # "Out" means that no copy of the record was seen.
        self._member = (
            shadows.member
            if self._hashes is None
            else any_copy(shadows.member, self._hashes)
        )
        if self._member.all():
            raise ValueError(
                "The 'shadows' parameter has every record in every shadow, so that "
                "nothing tells what a non-member looks like. Pass shadows that leave "
                "records out."
            )
        self._warn_of_one_sided_records()
        values = {s: MEMBER_SIGN[s] * shadows.get(s) for s in self._signals()}
        self._ends = {name: _saturation(said) for name, said in values.items()}
        self._fit_shadow_attack(self._soften(values), self._member, random_state)

    def _warn_of_one_sided_records(self) -> None:
        """Warn of records that no shadow has left out, or of some that none holds."""
        always = int(self._member.all(axis=0).sum())
        never = int((~self._member.any(axis=0)).sum())
        for count, what in ((always, "in every shadow"), (never, "in no shadow")):
            # All of them in no shadow is a design: reference models, mode="offline".
            if 0 < count < self._member.shape[1]:
                warn(
                    f"{count} of {self._member.shape[1]} records are {what}: they are "
                    "judged by what is typical of the others, and may read as safe "
                    "when they are not. Fit more shadows, or on a share closer to a "
                    "half.",
                    OneSidedRecordsWarning,
                )

    def _signals(self) -> tuple[str, ...]:
        """Names of the signals that the attack reads."""
        return ("logit",)

    def _fit_own(
        self,
        target: Target,
        X: Any,
        params: dict[str, Any],
        random_state: np.random.RandomState,
    ) -> ShadowSignals:
        if target.precomputed:
            raise ValueError(
                "With estimator='precomputed' there is nothing to fit shadow models "
                "with. Pass shadows=ShadowSignals(signals, member), whose records are "
                "the rows of X in the same order."
            )
        models = check_shadows(
            self.shadows, target.membership, keep_models=self._asks_shadows
        )
        return fit_shadows(
            self.estimator,
            X,
            target.labels,
            shadows=models,
            params=params,
            n_jobs=self.n_jobs,
            random_state=random_state,
            verbose=self.verbose,
        )

    def _check_given(self, shadows: ShadowSignals, n: int) -> ShadowSignals:
        if shadows.n_records != n:
            raise ValueError(
                f"The 'shadows' parameter has signals of {shadows.n_records} records, "
                f"but X has {n} rows. Pass the pool that the shadows were asked about."
            )
        known = shadows.record_hashes
        if (
            known is not None
            and self._hashes is not None
            and not np.array_equal(known, self._hashes)
        ):
            differ = int((known != self._hashes).sum())
            raise ValueError(
                "The 'shadows' parameter was made from other records: the content of "
                f"{differ} of {n} rows of X and y differs. Pass the same rows in the "
                "same order."
            )
        return shadows

    def _soften(self, values: dict[str, NDArray]) -> dict[str, NDArray]:
        """Saturated values pulled in, to just beyond the largest that are not.

        A forest's probability of exactly 1 is not infinitely surer than 0.99. Left
        at the clip, a few such values inflate every mean and spread: on Location-30
        they took LiRA's TPR at 0.1 % FPR on a random forest from 1.00 to 0.03.
        """
        softened = {}
        for name, said in values.items():
            bound, limit = self._ends[name]
            beyond = np.abs(said) >= bound
            softened[name] = np.where(beyond, np.copysign(limit, said), said)
        return softened

    def _probabilities(self, X: Any) -> NDArray[np.floating]:
        return mean_answer(self._target.probabilities, X, self._copies)

    def _answers_of(
        self, proba: NDArray[np.floating], columns: NDArray[np.intp]
    ) -> dict[str, NDArray]:
        """Every signal of one model's answers."""
        return {s: MEMBER_SIGN[s] * SIGNALS[s](proba, columns) for s in self._signals()}

    @abstractmethod
    def _fit_shadow_attack(
        self,
        values: dict[str, NDArray],
        member: NDArray[np.bool_],
        random_state: np.random.RandomState,
    ) -> None:
        """Learn from signals by name and membership, all (n_shadows, n_records)."""


def _saturation(values: NDArray) -> tuple[float, float]:
    """The magnitude from which values are pulled in, and the one they get.

    They get half a step (log 2) more than the largest of `values` that is not
    saturated. Where some are, that is the end of the scale for a target as well;
    where none is, only a target's own saturated values are pulled in.
    """
    magnitude = np.abs(values)
    saturated = magnitude >= _SATURATED
    limit = float(magnitude[~saturated].max(initial=0.0)) + float(np.log(2))
    return limit if saturated.any() else _SATURATED, limit
