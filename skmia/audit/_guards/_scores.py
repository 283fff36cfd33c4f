"""Figures that few non-members, ties or a wrong sign make less than they look."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import NOTABLE_FRACTION, Guard, count_rows
from skmia.metrics import (
    allowed_false_positives,
    get_metric,
    metrics_at,
    roc_vertices,
)
from skmia.utils import percent

# A TPR that rests on fewer accused non-members than this is coarse.
_MIN_FALSE_POSITIVES = 10
# A tie block that takes at least this fraction of the allowed FPR is named.
_UNUSED_FRACTION = 0.2


def unresolvable_fpr(evidence: Evidence) -> Iterator[Guard]:
    """Name the figures that the non-members are too few for."""
    n = evidence.n_nonmembers
    for metric in metrics_at(evidence.max_fprs):
        if n < metric.needed_nonmembers:
            message = (
                f"{metric.title} is not resolvable: it needs "
                f"{metric.needed_nonmembers:,} non-members, and there are {n:,}. No "
                "figure is given."
            )
            yield Guard("unresolvable_fpr", "warning", message, n, metric.max_fpr)


def few_false_positives(evidence: Evidence) -> Iterator[Guard]:
    """Name the figures whose FPR allows for a handful of non-members only."""
    for metric in metrics_at(evidence.max_fprs):
        rate = metric.max_fpr
        if rate is None:
            continue
        allowed = allowed_false_positives(evidence.n_nonmembers, rate)
        if 1 <= allowed < _MIN_FALSE_POSITIVES:
            rows = "non-member" if allowed == 1 else "non-members"
            message = (
                f"{metric.title} rests on {allowed} wrongly accused {rows}; "
                f"{metric.needed_nonmembers * _MIN_FALSE_POSITIVES:,} non-members "
                "would make it steadier."
            )
            yield Guard("few_false_positives", "note", message, allowed, rate)


def below_chance(evidence: Evidence) -> Iterator[Guard]:
    """Report an attack that takes non-members for members."""
    metric = get_metric("auc")
    for attack, scores in evidence.scores.items():
        records = evidence.membership, scores
        level = evidence.confidence_level
        if metric.interval(*records, confidence_level=level).high >= metric.chance:
            continue
        auc = metric.value(*records)
        message = (
            f"'{attack}' ranks non-members above members: AUC {auc:.3f}, and its "
            "interval ends below 0.5. That is no sign of safety: the sets may be "
            "swapped, the members may not be the training rows, or the two come from "
            "different sources."
        )
        yield Guard("below_chance", "warning", message, value=auc, attack=attack)


def tied_scores(evidence: Evidence) -> Iterator[Guard]:
    """Find scores that many records share, and figures read inside such a block.

    No threshold falls inside a block of equal scores: where the allowed FPR does, the
    TPR is that of an attacker who draws a part of the block at random.
    """
    for attack, scores in evidence.scores.items():
        # By descending score, as the vertices of the ROC.
        blocks = np.unique(scores, return_counts=True)[1][::-1]
        tied = int(blocks[blocks > 1].sum())
        fraction = tied / scores.size
        inside = _read_inside_a_block(evidence, scores, blocks)
        if not inside and fraction < NOTABLE_FRACTION:
            continue
        message = (
            f"'{attack}' gives {percent(round(fraction, 4))} of the records a score "
            f"that others have too; the largest block has "
            f"{count_rows(int(blocks.max()))}."
        )
        if inside:
            message += (
                f" {'; '.join(inside)}: an attacker is taken to draw a part of them at "
                "random. An attack that tells them apart may find more."
            )
        yield Guard("tied_scores", "note", message, tied, fraction, attack)


def _read_inside_a_block(
    evidence: Evidence, scores: NDArray[np.float64], blocks: NDArray[np.intp]
) -> list[str]:
    n = evidence.n_nonmembers
    flagged = np.rint(roc_vertices(evidence.membership, scores)[0] * n)
    found = []
    for rate in evidence.max_fprs:
        allowed = allowed_false_positives(n, rate)
        # The last threshold that accuses no more non-members than are allowed.
        last = int(np.searchsorted(flagged, allowed, side="right")) - 1
        if flagged[last] < (1 - _UNUSED_FRACTION) * allowed:
            found.append(
                f"TPR at {percent(rate)} FPR is read inside a block of "
                f"{count_rows(int(blocks[last]))} that share one score"
            )
    return found
