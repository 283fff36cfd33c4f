"""One shadow: a copy that is fitted and asked, and its answers as arrays."""

import decimal
import time
import weakref
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config

from skmia._models import (
    LabelsAsProbabilities,
    answering,
    fit_by_hook,
    fit_own,
    iter_class_probabilities,
    limit_threads,
    own_generators,
    seeded_clone,
    silence,
    unpublished_fits,
    without_accountants,
)
from skmia._tables import copy_rows, slice_metadata
from skmia.shadows._content import describe
from skmia.shadows._counterfactual import (
    NotCoveredError,
    Plan,
    ShadowOtherSide,
    other_side,
)
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
    # Of the other side of every record, NaN where it is not known; and why not.
    other: dict[str, NDArray[np.float32]] | None = None
    why_not: str = ""
    counterfactual_seconds: float = 0.0
    other_side: ShadowOtherSide | None = None
    warned: Warned = field(default_factory=Counter)


@dataclass
class ShadowTask:
    """What all shadows of a call have in common, but for the pool."""

    estimator: Any
    classes: NDArray
    signals: tuple[str, ...]
    params: dict[str, Any]
    keep_model: bool = False
    # The user's own, in place of the estimator's.
    fit: Callable[..., Any] | None = None
    # Where the target gives no more, whatever else the shadows have.
    labels_only: bool = False
    # The closed form of the other side of records, or None.
    plan: Plan | None = None
    # The target, and the shadows that a hook returned.
    known: list[weakref.ref[Any]] = field(default_factory=list)
    # What NumPy does about a division by zero: of the caller's, as threads and
    # processes have their own.
    errors: Any = field(default_factory=np.geterr)

    def key(self) -> str:
        """Describe what decides a result beside the pool, the rows and the seed."""
        config = get_config()
        for name in ("display", "print_changed_only"):
            config.pop(name, None)
        settings = config, _arithmetic(), self.errors
        # Seeds and threads are set in every shadow: those given do not matter.
        recipe = without_accountants(seeded_clone(self.estimator, 0))
        limit_threads(recipe, always=True)
        decides: tuple[Any, ...]
        decides = recipe, self.signals, self.params, self.fit, self.labels_only
        if self.plan is not None:
            decides += (self.plan.family, self.plan.weight)
        return describe(decides) + describe(settings)

    def _check_is_new(self, model: Any) -> None:
        """Raise for a model that is the target, or another shadow as well.

        Where fits run in processes of their own, they are copies, and fitted apart.
        """
        if any(known() is model for known in self.known):
            raise ValueError(
                "The 'fit' parameter must be a callable that fits the estimator that "
                "it is given, or returns another one for each shadow model. Got one "
                f"that returned the same {type(model).__name__} as before, or the one "
                "that is attacked."
            )
        self.remember(model)

    def remember(self, model: Any) -> None:
        """Take a model that no hook is to return, without keeping it alive."""
        with suppress(TypeError):  # of a compiled class
            self.known.append(weakref.ref(model))

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"known": []}

    def run(self, pool: Pool, rows: NDArray[np.bool_], seed: int) -> ShadowResult:
        """Fit one shadow on `rows` and question it about the whole pool."""
        with own_generators(seed), np.errstate(**self.errors), unpublished_fits():
            return self._run(pool, rows, seed)

    def _run(self, pool: Pool, rows: NDArray[np.bool_], seed: int) -> ShadowResult:
        # In an order of its own: the pool has members first, and what a learner takes
        # from the end (a validation set, what is beyond a cap) would be non-members.
        index = np.random.default_rng(seed).permutation(np.flatnonzero(rows))
        n = len(rows)
        start = time.perf_counter()
        model = without_accountants(seeded_clone(self.estimator, seed))
        silence(model)
        metadata = slice_metadata(pool.metadata, index, n)
        X, y, params = copy_rows(pool.X, index), pool.y[index], _own(self.params)
        params |= metadata
        if self.fit is None:
            model = fit_own(model, X, y, params)
        else:
            model = fit_by_hook(self.fit, model, X, y, index, params, self.classes)
            self._check_is_new(model)
        # What the model does not hold is not kept while it is asked.
        del X, y, params
        fitted = time.perf_counter()
        kept = {name: np.empty(n, dtype=np.float32) for name in self.signals}
        asked = LabelsAsProbabilities(model) if self.labels_only else answering(model)
        answers = iter_class_probabilities(asked, pool.X, self.classes, pool.copies)
        for block, proba in answers:
            for name, values in kept.items():
                values[block] = SIGNALS[name](proba, pool.columns[block])
        result = ShadowResult(
            kept,
            len(self.classes) - len(model.classes_),
            fitted - start,
            time.perf_counter() - fitted,
            model if self.keep_model else None,
        )
        if self.plan is not None:
            self._ask_other_side(self.plan, model, pool, index, result)
        return result

    def _ask_other_side(
        self,
        plan: Plan,
        model: Any,
        pool: Pool,
        index: NDArray[np.intp],
        result: ShadowResult,
    ) -> None:
        start = time.perf_counter()
        try:
            result.other, kept = other_side(plan, model, pool, index, self.classes)
        except NotCoveredError as error:
            result.why_not = str(error)
        except Exception as error:
            error.add_note(
                f"Raised by the closed form of {plan.name} for what a shadow model "
                "would have answered on the other side of a record. Without it: "
                "ShadowModels(counterfactual=False)."
            )
            raise
        else:
            result.other_side = kept if self.keep_model else None
        result.counterfactual_seconds = time.perf_counter() - start


def _own(params: dict[str, Any]) -> dict[str, Any]:
    """Copy parameters of a fit, as a process of its own would have them.

    Callbacks have a state, which fits in threads would share.
    """
    copies = {}
    for name, value in params.items():
        try:
            copies[name] = deepcopy(value)
        except Exception:  # of an object that cannot be copied, nor sent
            copies[name] = value
    return copies


def _arithmetic() -> tuple[Any, ...]:
    """Return the settings of decimal numbers."""
    now = decimal.getcontext()
    traps = sorted(kind.__name__ for kind, is_set in now.traps.items() if is_set)
    bounds = now.Emin, now.Emax, now.clamp, now.capitals
    return now.prec, now.rounding, bounds, traps
