"""What one fitted shadow would have said of records on the other side."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import wrap_non_picklable_objects
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from skmia._models import answers_as_probabilities, class_probabilities
from skmia._tables import blocks, copy_rows, n_rows, values_per_row
from skmia.shadows._counterfactual._family import OtherSide, Records, TrainingRows
from skmia.shadows._counterfactual._plan import Plan, last_step
from skmia.shadows._pool import Pool
from skmia.signals import SIGNALS, BoolArray, IndexArray
from skmia.utils import encode_labels

#: The signals that are worked out for both sides; losses follow from the logit.
TWO_SIDED = ("logit", "hinge", "entropy", "modified_entropy")

# Values that a block of records holds, as in the blocks that models are asked about.
_BLOCK_VALUES = 2**23

Signals = dict[str, NDArray[np.float32]]


@dataclass
class ShadowOtherSide:
    """The closed form of one fitted shadow, for records that it has not seen.

    It is kept with the model, and asks it.
    """

    model: Any
    ask: OtherSide
    classes: NDArray
    # Of one row, where its weight is not known: the mean weight of training rows.
    weight: float = 1.0

    def __getstate__(self) -> dict[str, Any]:
        # Functions inside of functions, as closed forms are, have no name to be
        # found by.
        return vars(self) | {"ask": wrap_non_picklable_objects(self.ask)}

    def both(self, X: Any, columns: IndexArray) -> tuple[Signals, Signals]:
        """Signals of rows outside of the pool: as observed, and had they been in it."""
        proba = class_probabilities(self.model, X, self.classes)
        observed = {s: SIGNALS[s](proba, columns).astype(np.float32) for s in TWO_SIDED}
        n = len(columns)
        y = column_in(self.model, self.classes)[columns]
        weight, count = np.full(n, self.weight), np.ones(n, dtype=np.intp)
        unseen = np.full(n, -1, dtype=np.intp)
        records = Records(_transformed(self.model, X), y, weight, count, unseen)
        return observed, _signals(self.model, self.ask, records, columns, self.classes)


def column_in(model: Any, classes: NDArray) -> IndexArray:
    """Column of each of `classes` in the model's ``classes_``, -1 where not there."""
    known = np.asarray(model.classes_)
    columns = np.full(len(classes), -1, dtype=np.intp)
    columns[encode_labels(known, classes, "classes_")] = np.arange(len(known))
    return columns


def other_side(
    plan: Plan,
    model: Any,
    pool: Pool,
    index: IndexArray,
    classes: NDArray,
    check: Callable[[Any, TrainingRows], object] | None = None,
) -> tuple[Signals, ShadowOtherSide]:
    """Ask a shadow that was fitted on the rows `index` of the pool, in their order.

    Before that, `check` is given its classifier and these rows.

    Returns
    -------
    signals : dict of str to ndarray of float32 of shape (n_records,)
        Of each record, on the side that the shadow was not fitted on; NaN where that
        is not known.
    kept : ShadowOtherSide
        For records outside of the pool.

    Raises
    ------
    NotCoveredError
        Where the closed form does not describe this fitted model.
    """
    n = len(pool.y)
    X = _transformed(model, pool.X)
    column = column_in(model, classes)[pool.columns]
    weight = np.ones(n)
    if plan.weight is not None:
        weight = np.asarray(pool.metadata[plan.weight], dtype=np.float64)
    of = pool.records
    n_contents = of.max() + 1
    seen, unit = np.unique(of[index], return_inverse=True)
    rows = TrainingRows(copy_rows(X, index), column[index], weight[index], unit)
    if check is not None:
        check(last_step(model), rows)
    ask = plan.family.prepare(last_step(model), rows)
    kept = ShadowOtherSide(model, ask, classes, float(weight[index].mean()))
    del rows

    number = np.full(n_contents, -1, dtype=np.intp)
    number[seen] = np.arange(len(seen))
    # Of a member the copies that it was fitted on, of another all that there are.
    inside = number >= 0
    counts = np.where(
        inside,
        np.bincount(of[index], minlength=n_contents),
        np.bincount(of, minlength=n_contents),
    )
    weights = np.where(
        inside,
        np.bincount(of[index], weight[index], minlength=n_contents),
        np.bincount(of, weight, minlength=n_contents),
    )
    records = Records(X, column, weights[of], counts[of], number[of])
    return _signals(model, ask, records, pool.columns, classes), kept


def _transformed(model: Any, X: Any) -> Any:
    """Rows as they reach the classifier at the end of fitted Pipelines."""
    if type(model) is Pipeline and len(model.steps) > 1:
        # A step may write into what it is given.
        X = copy_rows(X, np.arange(n_rows(X)))
    while type(model) is Pipeline:
        for _, step in model.steps[:-1]:
            if step is not None and step != "passthrough":
                X = step.transform(X)
        model = model.steps[-1][1]
    return X


def _signals(
    model: Any,
    ask: OtherSide,
    records: Records,
    columns: IndexArray,
    classes: NDArray,
) -> Signals:
    classifier, n = last_step(model), len(columns)
    kept = {name: np.full(n, np.nan, dtype=np.float32) for name in TWO_SIDED}
    for block, part in _in_blocks(records, len(classes)):
        answers = np.asarray(ask(part))
        known = _known(answers, len(part.y), classifier)
        if not known.any():
            continue
        proba = answers_as_probabilities(classifier, answers[known], classes)
        for name, values in kept.items():
            where = np.flatnonzero(known) + block.start
            values[where] = SIGNALS[name](proba, columns[where])
    return kept


def _in_blocks(records: Records, n_classes: int) -> Iterator[tuple[slice, Records]]:
    n = len(records.y)
    for block in blocks(n, max(n_classes, values_per_row(records.X)), _BLOCK_VALUES):
        rows = np.arange(n)[block]
        start = slice(int(rows[0]), int(rows[-1]) + 1)
        # A classifier without a Pipeline reads the pool itself, which it may not write.
        yield (
            start,
            Records(
                copy_rows(records.X, rows),
                records.y[block],
                records.weight[block],
                records.count[block],
                records.unit[block],
            ),
        )


def _known(answers: NDArray, n: int, classifier: Any) -> BoolArray:
    """Which rows of the answers are known, once their shape is what it must be."""
    n_classes = len(classifier.classes_)
    margins = not hasattr(classifier, "predict_proba")
    right = answers.shape == (n, n_classes)
    if margins and n_classes == 2:
        right = answers.shape == (n,)
    if not right:
        what = "decision_function" if margins else "predict_proba"
        raise ValueError(
            f"A closed form of {type(classifier).__name__} must return what "
            f"{what} would, for {n} records and {n_classes} classes. Got shape "
            f"{answers.shape} instead."
        )
    finite = np.isfinite(answers)
    return finite if answers.ndim == 1 else finite.all(axis=1)
