"""One shadow: a copy that is fitted and asked, and its answers as arrays."""

import decimal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config

from skmia._models import iter_class_probabilities, own_generators, seeded_clone
from skmia._tables import copy_rows, slice_metadata
from skmia.shadows._content import describe
from skmia.shadows._pool import Pool
from skmia.shadows._warnings import Warned
from skmia.signals import SIGNALS


@dataclass
class ShadowResult:
    """What comes back from a worker: one row of every signal."""

    signals: dict[str, NDArray[np.float32]]
    n_missing_classes: int
    fit_seconds: float
    predict_seconds: float
    model: Any = None
    warned: Warned = field(default_factory=Counter)


@dataclass
class ShadowTask:
    """What all shadows of a call have in common, but for the pool."""

    estimator: Any
    classes: NDArray
    signals: tuple[str, ...]
    params: dict[str, Any]
    keep_model: bool = False

    def key(self) -> str:
        """Describe what decides a result beside the pool, the rows and the seed."""
        config = get_config()
        for name in ("display", "print_changed_only"):
            config.pop(name, None)
        arithmetic = decimal.getcontext()
        settings = config, arithmetic.prec, arithmetic.rounding
        # Seeds and n_jobs are set in every shadow: those given do not matter.
        return describe(
            (seeded_clone(self.estimator, 0), self.signals, self.params)
        ) + describe(settings)

    def run(self, pool: Pool, rows: NDArray[np.bool_], seed: int) -> ShadowResult:
        """Fit one shadow on `rows` and question it about the whole pool."""
        with own_generators(seed):
            return self._run(pool, rows, seed)

    def _run(self, pool: Pool, rows: NDArray[np.bool_], seed: int) -> ShadowResult:
        index = np.flatnonzero(rows)
        n = len(rows)
        start = time.perf_counter()
        model = seeded_clone(self.estimator, seed)
        metadata = slice_metadata(pool.metadata, index, n)
        model.fit(copy_rows(pool.X, index), pool.y[index], **self.params, **metadata)
        fitted = time.perf_counter()
        kept = {name: np.empty(n, dtype=np.float32) for name in self.signals}
        answers = iter_class_probabilities(model, pool.X, self.classes, pool.copies)
        for block, proba in answers:
            for name, values in kept.items():
                values[block] = SIGNALS[name](proba, pool.columns[block])
        return ShadowResult(
            kept,
            len(self.classes) - len(model.classes_),
            fitted - start,
            time.perf_counter() - fitted,
            model if self.keep_model else None,
        )
