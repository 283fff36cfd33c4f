"""PoolAttack: the template of the attacks that compare record by record."""

from abc import abstractmethod
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import class_probabilities
from skmia._tables import any_copy, hash_rows, match_rows, mean_answer
from skmia.attacks._shadow_base import ShadowAttack
from skmia.exceptions import UnknownRowsWarning
from skmia.signals import FloatArray
from skmia.utils import check_labels, warn


class PoolAttack(ShadowAttack):
    """Base class of the attacks that know each record of the pool on its own.

    It finds the rows of a later call in the pool by content, and asks the kept models
    about rows that are not there. A subclass turns signals into scores, through
    ``_score_pool`` and ``_score_unknown``.
    """

    def _score(self, X: Any, y: Any) -> tuple[FloatArray, float]:
        proba, columns = self._answers(X, y)
        values = self._soften(self._answers_of(proba, columns))
        if self._target.precomputed:
            return self._score_pool(values, self._precomputed_rows(columns, y))
        rows = np.full(len(columns), -1)
        if y is not None:
            # The pool was asked about true labels; a predicted one is another record.
            labels = check_labels(y, len(columns), type(self).__name__)
            rows = match_rows(hash_rows(X, labels), self._hashes)
        unknown = int((rows < 0).sum())
        if not unknown:
            return self._score_pool(values, rows)
        if unknown < len(rows) and not self._one_scale():
            warn(
                f"{unknown} of {len(rows)} rows are not in the pool that the shadow "
                "models were fitted on. All rows of this call are scored offline, from "
                "the shadows that have not seen them; these scores and those of calls "
                "within the pool are on different scales.",
                UnknownRowsWarning,
            )
        return self._ask_models(X, columns, values, rows)

    def _precomputed_rows(self, columns: NDArray[np.intp], y: Any) -> NDArray[np.intp]:
        pool = self._target.columns
        if len(columns) != len(pool):
            raise ValueError(
                "With estimator='precomputed' and given shadows, the rows of X are the "
                f"shadows' {len(pool)} records in the same order. Got {len(columns)} "
                "rows instead."
            )
        if y is None:
            raise ValueError(
                "With estimator='precomputed', y must be passed: the shadows' signals "
                "are those of the true classes."
            )
        if differ := int((columns != pool).sum()):
            raise ValueError(
                "With estimator='precomputed' and given shadows, y is that of fit, row "
                f"by row. Got {differ} of {len(pool)} rows with another class instead; "
                "pass the records in the order of fit."
            )
        return np.arange(len(pool))

    def _ask_models(
        self,
        X: Any,
        columns: NDArray[np.intp],
        values: dict[str, NDArray],
        rows: NDArray[np.intp],
    ) -> tuple[FloatArray, float]:
        """Score offline, from what the kept models say of `X`."""
        if self.shadows_.models is None:
            raise ValueError(
                "Some rows are not in the pool that the shadow models were fitted on, "
                "or came without labels, and the models were not kept. Pass rows of "
                "the pool with their labels, or make the shadows with "
                "ShadowModels(keep_models=True)."
            )
        answers = []
        for model in self.shadows_.models:
            ask = partial(class_probabilities, model, classes=self._target.classes)
            proba = mean_answer(ask, X, self._copies)
            answers.append(self._answers_of(proba, columns))
        said = {s: np.stack([one[s] for one in answers]) for s in self._signals()}
        seen = np.zeros((len(answers), len(columns)), dtype=bool)
        # The same features under another label count as seen: the model knows them.
        by_features = any_copy(self.shadows_.member, self._x_hashes)
        for member, where in (
            (by_features, match_rows(hash_rows(X), self._x_hashes)),
            (self._member, rows),
        ):
            known = where >= 0
            seen[:, known] = member[:, where[known]]
        return self._score_unknown(values, self._soften(said), ~seen)

    @abstractmethod
    def _score_pool(
        self, values: dict[str, NDArray], rows: NDArray[np.intp]
    ) -> tuple[FloatArray, float]:
        """Scores and offset of the target's `values` on the pool's `rows`."""

    @abstractmethod
    def _score_unknown(
        self,
        values: dict[str, NDArray],
        said: dict[str, NDArray],
        out: NDArray[np.bool_],
    ) -> tuple[FloatArray, float]:
        """Scores and offset from what the shadows `said` where they are `out`."""

    @abstractmethod
    def _one_scale(self) -> bool:
        """Whether rows inside and outside of the pool are scored alike."""
