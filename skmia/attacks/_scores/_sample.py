"""Which records of the shadows used as targets are learnt from, and which judge."""

import numpy as np

from skmia.signals import BoolArray, FloatArray, IndexArray

# Scores of shadows used as targets, over all of these, that thresholds are taken from.
_ENOUGH_SCORES = 1_000_000


def enough_nonmembers(max_fpr: float) -> int:
    """Non-members whose scores fix the threshold for `max_fpr` well enough.

    With 500 of them above it, the rate that is kept differs from the promised one by
    4.5 % of it (one standard error); from 1 % on no fewer than 50,000 are taken. More
    than 500,000 would be half of a pool of a million, where the target's own
    non-members say no more.
    """
    return int(np.clip(500 / max_fpr, 50_000, 500_000))


def enough_scores(max_fpr: float) -> float:
    """Scores of shadows used as targets that fix the threshold for `max_fpr`.

    A million, or so many that 500 lie above it: with 10,000 of them above it, as at
    1 %, the rate that is kept differs from the promised one by 1 % of it (one standard
    error).
    """
    return max(_ENOUGH_SCORES, 500 / max_fpr)


def every_nth(
    rows: IndexArray, n_in_all: int, enough: float, start: int = 0
) -> IndexArray:
    """Of `rows`, of `n_in_all` over all shadows, so many that there are `enough`.

    Who is in which shadow is drawn at random, so that every nth of them is a random
    part; with `start`, the number of the shadow, another part for each.
    """
    step = int(max(n_in_all // enough, 1))
    return rows[start % step :: step]


def learning_sample(
    member: BoolArray, pseudo: IndexArray, enough: int, draw: np.random.RandomState
) -> list[IndexArray]:
    """Rows of every pseudo target to learn from: each record as often IN as OUT.

    A record that more shadows hold is more often a member of a shadow, which says
    nothing of the target. Rows of the commoner side are left out at random; weights
    would do as well, but make the trees' binning slow.

    Parameters
    ----------
    member : ndarray of bool of shape (n_shadows, n_records)
        Which shadow was fitted on which record.
    pseudo : ndarray of int of shape (n_pseudo,)
        The shadows used as targets.
    enough : int
        About so many rows are drawn in all, or all that keep the balance.
    draw : RandomState
        Draws them.

    Returns
    -------
    list of ndarray of int
        The records, for each of `pseudo`.
    """
    half, n_in = len(member) / 2, member.sum(axis=0)
    inside = np.where(n_in < len(member), half / np.maximum(n_in, 1), 0)
    outside = np.where(n_in > 0, half / np.maximum(len(member) - n_in, 1), 0)
    # Its chance in a shadow, by the side that it is on.
    expected = sum(np.where(member[k], inside, outside).sum() for k in pseudo)
    most = max(inside.max(), outside.max(), expected / enough)
    return [_drawn(np.where(member[k], inside, outside) / most, draw) for k in pseudo]


def judging_sample(
    member: BoolArray, pseudo: IndexArray, enough: int, draw: np.random.RandomState
) -> list[IndexArray]:
    """Rows of every pseudo target to judge: `enough` of either side, or all.

    Parameters and return value are those of `learning_sample`.
    """
    n_in = int(member[pseudo].sum())
    n_out = len(pseudo) * member.shape[1] - n_in
    inside, outside = enough / max(n_in, 1), enough / max(n_out, 1)
    return [_drawn(np.where(member[k], inside, outside), draw) for k in pseudo]


def _drawn(chance: FloatArray, draw: np.random.RandomState) -> IndexArray:
    return np.flatnonzero(draw.uniform(size=len(chance)) < chance)
