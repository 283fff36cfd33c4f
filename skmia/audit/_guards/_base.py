"""What would make a figure misleading, found and said.

A guard never changes a figure. It stands beside the figures in every form of the
report, so that a number is not read as more than it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from skmia.metrics import (
    allowed_false_positives,
    is_resolvable,
    needed_nonmembers,
    roc_vertices,
)
from skmia.utils import percent

Severity = Literal["warning", "note"]

# A TPR that rests on fewer accused non-members than this is coarse.
_MIN_FALSE_POSITIVES = 10
# From here on, ties and saturated probabilities are more than a few odd rows.
_NOTABLE_SHARE = 0.1
# A tie block that leaves at least this share of the allowed FPR unused is named.
_UNUSED_SHARE = 0.2
# Members less accurate than non-members: rare enough to be no accident.
_ACCURACY_P_VALUE = 0.001


@dataclass(frozen=True)
class Guard:
    """One thing that a reader of the figures has to know.

    Parameters
    ----------
    name : str
        What was found, the same string in every report: ``"shared_rows"``,
        ``"duplicate_rows"``, ``"blind_classifier"``, ``"unresolvable_fpr"``,
        ``"few_false_positives"``, ``"tied_scores"``, ``"saturated_probabilities"``,
        ``"missing_classes"``, ``"members_less_accurate"``, ``"below_chance"`` or, of
        ``audit_cv``, ``"dependent_splits"``.
    severity : {"warning", "note"}
        A warning means that a figure may mislead; a note that it is less exact.
    message : str
        A sentence or two for the reader.
    count : int, default=None
        How many rows, scores or shadows it concerns.
    value : float, default=None
        The share or the figure behind it.
    attack : str, default=None
        The attack it concerns, where it concerns one only.

    Examples
    --------
    >>> from skmia.audit import Guard
    >>> Guard("shared_rows", "warning", "2 rows are in both sets.", count=2).count
    2
    """

    name: str
    severity: Severity
    message: str
    count: int | None = None
    value: float | None = None
    attack: str | None = None


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def shared_rows(n_members: int, n_nonmembers: int) -> list[Guard]:
    """Tell of rows that were in both sets, which `make_pool` left out."""
    if not n_members and not n_nonmembers:
        return []
    message = (
        f"{_rows(n_members)} of the members and {_rows(n_nonmembers)} of the "
        "non-members had the same features and label as a row of the other set. They "
        "were left out of both."
    )
    return [Guard("shared_rows", "warning", message, n_members + n_nonmembers)]


def duplicate_rows(
    hashes: NDArray[np.uint64], membership: NDArray[np.bool_]
) -> list[Guard]:
    """Count rows that repeat another row of their own set."""
    repeats = [
        int(side.size - np.unique(side).size)
        for side in (hashes[membership], hashes[~membership])
    ]
    if not any(repeats):
        return []
    share = sum(repeats) / hashes.size
    message = (
        f"Repeats of another row of their own set: {_rows(repeats[0])} of the members "
        f"and {_rows(repeats[1])} of the non-members. Repeated rows count more than "
        "once, and the intervals, which take rows as independent, are too narrow."
    )
    severity: Severity = "warning" if share >= _NOTABLE_SHARE else "note"
    return [Guard("duplicate_rows", severity, message, sum(repeats), share)]


def resolution(n_nonmembers: int, max_fprs: Sequence[float]) -> list[Guard]:
    """Name the false positive rates that the non-members are too few for."""
    guards = []
    for rate in max_fprs:
        needed = needed_nonmembers(rate)
        if not is_resolvable(n_nonmembers, rate):
            message = (
                f"TPR at {percent(rate)} FPR is not resolvable: it needs {needed:,} "
                f"non-members, and there are {n_nonmembers:,}. No figure is given."
            )
            guards.append(
                Guard("unresolvable_fpr", "warning", message, n_nonmembers, rate)
            )
            continue
        allowed = allowed_false_positives(n_nonmembers, rate)
        if allowed < _MIN_FALSE_POSITIVES:
            rows = "non-member" if allowed == 1 else "non-members"
            message = (
                f"TPR at {percent(rate)} FPR rests on {allowed} wrongly accused "
                f"{rows}; {needed * _MIN_FALSE_POSITIVES:,} non-members would make "
                "it steadier."
            )
            guards.append(Guard("few_false_positives", "note", message, allowed, rate))
    return guards


def tied_scores(
    attack: str,
    membership: NDArray[np.bool_],
    scores: NDArray[np.float64],
    max_fprs: Sequence[float],
) -> list[Guard]:
    """Find scores that many records share, and figures read beside such a block.

    No threshold falls inside a block of equal scores: where the allowed FPR does, the
    TPR is read before the block, at a lower FPR than was asked for.
    """
    n_nonmembers = int((~membership).sum())
    # By descending score, as the vertices of the ROC.
    blocks = np.unique(scores, return_counts=True)[1][::-1]
    flagged = np.rint(roc_vertices(membership, scores)[0] * n_nonmembers).astype(int)
    tied = int(blocks[blocks > 1].sum())
    share = tied / scores.size
    inside = []
    for rate in max_fprs:
        allowed = allowed_false_positives(n_nonmembers, rate)
        # The last threshold that accuses no more non-members than are allowed.
        last = int(np.searchsorted(flagged, allowed, side="right")) - 1
        reached = int(flagged[last])
        if reached < (1 - _UNUSED_SHARE) * allowed:
            inside.append(
                f"TPR at {percent(rate)} FPR is read at "
                f"{percent(round(reached / n_nonmembers, 6))} FPR, since the next "
                f"{_rows(int(blocks[last]))} share one score"
            )
    if not inside and share < _NOTABLE_SHARE:
        return []
    message = (
        f"'{attack}' gives {percent(round(share, 4))} of the records a score that "
        f"others have too; the largest block has {_rows(int(blocks.max()))}."
    )
    if inside:
        message += f" {'; '.join(inside)}. It may understate the leakage."
    severity: Severity = "warning" if inside else "note"
    return [Guard("tied_scores", severity, message, tied, share, attack)]


def saturated_probabilities(
    proba: NDArray[np.floating], columns: NDArray[np.intp]
) -> list[Guard]:
    """Count records whose own class has a probability of exactly 0 or 1."""
    own = proba[np.arange(len(columns)), columns]
    count = int(((own == 0) | (own == 1)).sum())
    if not count:
        return []
    share = count / len(columns)
    message = (
        f"The model gives {percent(round(share, 4))} of the rows a probability of "
        "exactly 0 or 1 for their own class. Among these rows confidence says nothing "
        "more: attacks that read it cannot rank them."
    )
    severity: Severity = "warning" if share >= _NOTABLE_SHARE else "note"
    return [Guard("saturated_probabilities", severity, message, count, share)]


def missing_classes(n_missing_classes: int, n_shadows: int) -> list[Guard]:
    """Tell of classes that a shadow model was not trained on."""
    if not n_missing_classes:
        return []
    message = (
        f"{n_missing_classes:,} times, over {n_shadows} shadows, a shadow's training "
        "rows lacked a class. It gives that class a probability of 0, and records of "
        "so rare a class are compared on little."
    )
    return [Guard("missing_classes", "warning", message, n_missing_classes)]


def members_less_accurate(
    correct: NDArray[np.bool_], membership: NDArray[np.bool_]
) -> list[Guard]:
    """Tell of a model that is right less often on rows that it is said to have seen.

    Fisher's exact test, one-sided: a classifier is fitted to be right on its training
    rows, so that this points at swapped sets or at members that are not those rows.
    """
    n_correct = [int(correct[side].sum()) for side in (membership, ~membership)]
    sizes = [int(membership.sum()), int((~membership).sum())]
    table = [[c, n - c] for c, n in zip(n_correct, sizes, strict=True)]
    p_value = float(fisher_exact(table, alternative="less").pvalue)
    if p_value >= _ACCURACY_P_VALUE:
        return []
    accuracy = [c / n for c, n in zip(n_correct, sizes, strict=True)]
    message = (
        f"The model is right on {percent(round(accuracy[0], 3))} of the members and "
        f"on {percent(round(accuracy[1], 3))} of the non-members. A model is seldom "
        "worse on the rows that it was trained on: check that the two sets are not "
        "swapped and that the members are its training rows."
    )
    gap = accuracy[0] - accuracy[1]
    return [Guard("members_less_accurate", "warning", message, value=gap)]


def below_chance(attack: str, auc: float, high: float) -> list[Guard]:
    """Tell of an attack that takes non-members for members."""
    if not high < 0.5:
        return []
    message = (
        f"'{attack}' ranks non-members above members: AUC {auc:.3f}, and its interval "
        "ends below 0.5. That is no sign of safety: the sets may be swapped, the "
        "members may not be the training rows, or the two come from different sources."
    )
    return [Guard("below_chance", "warning", message, value=auc, attack=attack)]
