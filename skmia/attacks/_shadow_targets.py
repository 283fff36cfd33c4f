"""ShadowsAsTargets: what an attack says of shadows, each judged by the others."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skmia.attacks._base import MembershipAttack
from skmia.attacks._leave_out import leave_groups_out
from skmia.attacks._scores import (
    Comparison,
    blocks,
    enough_scores,
    every_nth,
    other_shadows,
    pseudo_targets,
    upper_quantile,
)
from skmia.shadows import ShadowSignals
from skmia.signals import BoolArray, FloatArray, IndexArray

# Records that are judged at a time.
BLOCK = 2**14


class ShadowsAsTargets(MembershipAttack):
    """Attacks with a formula, or something learnt, that shadows can be judged by.

    `ShadowAttack` has the shadows, and is the base class of the attacks.
    """

    shadows_: ShadowSignals
    max_fpr: float
    # Who has seen what, copies included; what the shadows say of that, and the signal
    # that the formula reads.
    _member: BoolArray
    _compared: Comparison
    _read: str
    # Rows, membership and scores of shadows, of an attack that has learnt from others.
    _judged: list[tuple[IndexArray, BoolArray, NDArray[np.floating]]]

    def _is_online(self) -> bool:
        """Whether records of the pool are compared with IN shadows as well."""
        return False

    def _online(self, x: NDArray, values: NDArray, member: BoolArray) -> FloatArray:
        """Scores of `x` (n,) given `values` and `member`, both (n_shadows, n)."""
        return self._offline(x, values, ~member)

    def _offline(self, x: NDArray, values: NDArray, out: BoolArray) -> FloatArray:
        """Scores of `x` (n,) given `values` where `out`, both (n_shadows, n)."""
        raise NotImplementedError(f"{type(self).__name__} has no formula _offline")

    def _formula(self, x: NDArray, values: NDArray, member: BoolArray) -> FloatArray:
        """Scores of records of the pool, as `_is_online` says."""
        if self._is_online():
            return self._online(x, values, member)
        return self._offline(x, values, ~member)

    def _judge_shadows(
        self,
        score: Callable[[NDArray, NDArray, BoolArray], FloatArray],
        targets: IndexArray | None = None,
        *,
        enough: float | None = None,
    ) -> Iterator[tuple[BoolArray, FloatArray]]:
        """Membership and scores of the shadows used as targets, judged by others.

        Records are along the last axis: all of them, or about `enough` over all
        shadows. `score` gets a block of them at a time.
        """
        complements, n_records = self.shadows_.complements, self.shadows_.n_records
        if targets is None:
            targets = pseudo_targets(complements, n_records)
        compared = self._compared
        for k in targets:
            left_out = complements
            if compared.stays_in:
                # Of a pair each is judged by the other: the two are further apart than
                # a target is from them, so a threshold errs on accusing less.
                left_out = np.full_like(complements, -1)
            rest = other_shadows(k, left_out)
            x = compared.answers(self._read, k, apart=False)
            rows = np.arange(n_records)
            if enough is not None:
                rows = every_nth(rows, n_records * len(targets), enough, int(k))
            scores = [
                score(x[part], *compared.rows(self._read, part, rest))
                for block in blocks(len(rows), BLOCK)
                for part in [block if len(rows) == n_records else rows[block]]
            ]
            yield self._member[k, rows], np.concatenate(scores, axis=-1)

    def _offset_of(
        self, score: Callable[[NDArray, NDArray, BoolArray], FloatArray]
    ) -> float:
        judged = self._judge_shadows(score, enough=enough_scores(self.max_fpr))
        return upper_quantile([s[~member] for member, s in judged], self.max_fpr)

    def score_shadows(
        self, *, every: bool = False
    ) -> Iterator[tuple[IndexArray, BoolArray, NDArray[np.floating]]]:
        """Judge shadows as if they were targets, each by the others.

        What is chosen for the attack, such as how the scores of a person's rows are put
        together, is chosen on these and not on the target.

        Parameters
        ----------
        every : bool, default=False
            All shadows in their order, and all records of the pool, in place of as many
            as a choice takes. An attack that learns from shadows is then asked about
            none that it has learnt from, nor about the complement of one.

        Yields
        ------
        rows : ndarray of int of shape (n_rows,)
            Records of the pool: all, or a sample where these are many.
        member : ndarray of bool of shape (n_rows,)
            Whether a shadow was fitted on them.
        scores : ndarray of shape (n_rows,)
            What the attack says of them, from shadows other than this one and its
            complement; two or three that tell both sides of a record leave none out.
            Nothing is yielded where an attack keeps no such scores, unless `every`
            shadow is asked for.
        """
        check_is_fitted(self, "membership_")
        yield from self._all_plays() if every else self._plays()

    def _plays(self) -> Iterator[tuple[IndexArray, BoolArray, NDArray[np.floating]]]:
        """What `score_shadows` yields, on the scale of the target's scores."""
        if hasattr(self, "_judged"):
            yield from self._judged
        elif hasattr(self, "_read"):
            yield from self._plays_of(None)

    def _plays_of(
        self, targets: IndexArray | None
    ) -> Iterator[tuple[IndexArray, BoolArray, FloatArray]]:
        """What the formula says of some shadows, or as many as a choice takes."""
        rows = np.arange(self.shadows_.n_records)
        for member, scores in self._judge_shadows(self._formula, targets):
            yield rows, member, scores

    def _all_plays(self) -> Iterator[tuple[IndexArray, BoolArray, NDArray]]:
        """What `score_shadows` yields of every shadow, on all records."""
        if hasattr(self, "_read") and not hasattr(self, "_judged"):
            yield from self._plays_of(np.arange(self.shadows_.n_shadows))
        else:
            yield from leave_groups_out(self, self._member)
