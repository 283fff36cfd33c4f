"""The row that several fits have spent the most on, of those that were in some."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from skmia.defenses import PrivacyLoss

Losses = Sequence[PrivacyLoss]

_NOTHING = PrivacyLoss(0.0, 0.0, 0.0)


def losses_of_worst_row(rows: Sequence[Losses]) -> list[PrivacyLoss]:
    """Losses whose total is exceeded by that of no row, at any delta.

    Parameters
    ----------
    rows : sequence of sequence of PrivacyLoss
        For each kind of rows, the losses of the fits that they were in.

    Returns
    -------
    list of PrivacyLoss
        Those of the worst row, where one is the worst at every delta. Where fits differ
        in their delta, another row may be at another one: then the largest losses of
        all rows, the second largest ones, and so on.

    Notes
    -----
    A total takes of a Gaussian loss its mu, of a pure one its epsilon, and of any other
    its epsilon and its delta, each of which adds up by itself, and grows with all.
    """
    gaussian = [[loss for loss in losses if loss.is_gaussian] for losses in rows]
    pure = [[loss for loss in losses if loss.delta == 0] for losses in rows]
    others = [
        [loss for loss in losses if loss.delta > 0 and not loss.is_gaussian]
        for losses in rows
    ]
    worst = [*_largest(gaussian, lambda loss: (loss.mu, loss.delta))]
    worst += _largest(pure, lambda loss: loss.epsilon)
    worst += [
        PrivacyLoss(by_epsilon.epsilon, by_delta.delta)
        for by_epsilon, by_delta in zip(
            _largest(others, lambda loss: loss.epsilon),
            _largest(others, lambda loss: loss.delta),
            strict=True,
        )
    ]
    return worst


def _largest(
    rows: Sequence[Losses], size: Callable[[PrivacyLoss], Any]
) -> Iterator[PrivacyLoss]:
    """The largest of all rows' largest, then of all rows' second largest, and so on."""
    ordered = [sorted(losses, key=size, reverse=True) for losses in rows]
    for places in zip_longest(*ordered, fillvalue=_NOTHING):
        yield max(places, key=size)
