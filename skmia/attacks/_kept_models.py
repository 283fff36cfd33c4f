"""What shadow models that were kept have seen, and how they are asked."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import (
    LabelsAsProbabilities,
    class_probabilities,
    gives_confidences,
)
from skmia.signals import MEMBER_SIGN, BoolArray, IndexArray


def asking(
    models: Iterable[Any], target: Any, classes: NDArray
) -> Iterator[Callable[[Any], NDArray[np.floating]]]:
    """For each model what gives its probabilities of `classes`.

    Labels alone count where the `target` gives no more.
    """
    labels_only = not gives_confidences(target)
    for model in models:
        asked = LabelsAsProbabilities(model) if labels_only else model
        yield partial(class_probabilities, asked, classes=classes)


def check_kept(models: list[Any] | None) -> list[Any]:
    """Return the models, or raise where they were not kept."""
    if models is None:
        raise ValueError(
            "Some rows are not in the pool that the shadow models were fitted on, "
            "or came without labels, and the models were not kept. Pass rows of "
            "the pool with their labels, or make the shadows with "
            "ShadowModels(keep_models=True)."
        )
    return models


def who_has_seen(*known: tuple[BoolArray, IndexArray]) -> BoolArray:
    """Which shadows were fitted on which rows, (n_shadows, n_rows).

    From pairs of what each shadow has of the pool's records, and the record that each
    row is, -1 for none; of a row that several tell of, the last.
    """
    member, rows = known[0]
    seen = np.zeros((len(member), len(rows)), dtype=bool)
    for member, rows in known:
        there = rows >= 0
        seen[:, there] = member[:, rows[there]]
    return seen


def oriented(name: str, values: NDArray) -> NDArray:
    """Values that are higher for members: `values` themselves where they are."""
    return values if MEMBER_SIGN[name] > 0 else -values
