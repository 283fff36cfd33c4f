"""ReferenceAttack: the template of scores that are one formula on the arrays."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skmia.attacks._base import upper_quantile
from skmia.attacks._pool_base import PoolAttack
from skmia.attacks._scores._turns import other_shadows, turns
from skmia.signals import FloatArray

_Judged = TypeVar("_Judged")


class ReferenceAttack(PoolAttack):
    """Base class of the attacks that compare a record with its reference values.

    A subclass writes the formula, ``_online`` and ``_offline``, as functions of the
    target's values and of the shadows'. Thresholds, and whatever else is chosen,
    come from the shadows, each a target in turn.
    """

    def _fit_shadow_attack(
        self,
        values: dict[str, NDArray],
        member: NDArray[np.bool_],
        random_state: np.random.RandomState,
    ) -> None:
        (self._name,) = self._signals()
        self._values, self._member = values[self._name], member
        self._choose()
        offline = self._offset_of(lambda x, v, m: self._offline(x, v, ~m))
        online = self._offset_of(self._online) if self._is_online() else offline
        self.offset_, self.offline_offset_ = online, offline

    def _choose(self) -> None:
        """Choose what the user left open, on shadows used as targets."""

    def _shadows_in_turn(
        self, score: Callable[[NDArray, NDArray, NDArray[np.bool_]], _Judged]
    ) -> Iterator[tuple[NDArray[np.bool_], _Judged]]:
        """Membership and scores of the shadows, each judged by the others."""
        for k in turns(self.shadows_.member):
            rest = other_shadows(k, self.shadows_.partners)
            yield (
                self._member[k],
                score(self._values[k], self._values[rest], self._member[rest]),
            )

    def _offset_of(
        self, score: Callable[[NDArray, NDArray, NDArray[np.bool_]], FloatArray]
    ) -> float:
        scores = [s[~member] for member, s in self._shadows_in_turn(score)]
        return upper_quantile(np.concatenate(scores), self.max_fpr)

    def _score_pool(
        self, values: dict[str, NDArray], rows: NDArray[np.intp]
    ) -> tuple[FloatArray, float]:
        x = values[self._name]
        said, member = self._values[:, rows], self._member[:, rows]
        if self._is_online():
            return self._online(x, said, member), self.offset_
        return self._offline(x, said, ~member), self.offset_

    def _score_unknown(
        self,
        values: dict[str, NDArray],
        said: dict[str, NDArray],
        out: NDArray[np.bool_],
    ) -> tuple[FloatArray, float]:
        scores = self._offline(values[self._name], said[self._name], out)
        return scores, self.offline_offset_

    def _one_scale(self) -> bool:
        return not self._is_online()

    @abstractmethod
    def _is_online(self) -> bool:
        """Whether records of the pool are compared with IN shadows as well."""

    @abstractmethod
    def _online(
        self, x: NDArray, values: NDArray, member: NDArray[np.bool_]
    ) -> FloatArray:
        """Scores of `x` (n,) given `values` and `member`, both (n_shadows, n)."""

    @abstractmethod
    def _offline(
        self, x: NDArray, values: NDArray, out: NDArray[np.bool_]
    ) -> FloatArray:
        """Scores of `x` (n,) given `values` where `out`, both (n_shadows, n)."""


def masked_mean(
    values: NDArray, mask: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Mean over shadows where `mask`, in float64, and the count; 0 where none is."""
    weight = mask.astype(np.float32)
    count = weight.sum(axis=0, dtype=np.float64)
    total = np.einsum("kn,kn->n", values, weight, dtype=np.float64)
    return total / np.maximum(count, 1), count
