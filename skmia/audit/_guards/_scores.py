"""Figures that few non-members, ties or a wrong sign make less than they look."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from skmia.audit._averages import read
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
MIN_FALSE_POSITIVES = 10
# A tie block that takes at least this fraction of the allowed FPR is named.
_UNUSED_FRACTION = 0.2


def unresolvable_fpr(evidence: Evidence) -> Iterator[Guard]:
    """Name the figures that the non-members are too few for."""
    for unit, of in _units(evidence):
        n, whose = of.n_nonmembers, "non-member persons" if unit else "non-members"
        for metric in metrics_at(evidence.max_fprs):
            if n < metric.needed_nonmembers:
                message = (
                    f"{metric.title}{unit} is not resolvable: it needs "
                    f"{metric.needed_nonmembers:,} {whose}, and there are {n:,}. "
                    "No figure is given."
                )
                yield Guard("unresolvable_fpr", "warning", message, n, metric.max_fpr)


def few_false_positives(evidence: Evidence) -> Iterator[Guard]:
    """Name the figures whose FPR allows for a handful of non-members only."""
    for unit, of in _units(evidence):
        for metric in metrics_at(evidence.max_fprs):
            rate = metric.max_fpr
            if rate is None:
                continue
            allowed = allowed_false_positives(of.n_nonmembers, rate)
            if 1 <= allowed < MIN_FALSE_POSITIVES:
                rows = "non-member" if allowed == 1 else "non-members"
                whose = "non-member persons" if unit else "non-members"
                message = (
                    f"{metric.title}{unit} rests on {allowed} wrongly accused {rows}; "
                    f"{metric.needed_nonmembers * MIN_FALSE_POSITIVES:,} {whose} "
                    "would make it steadier."
                )
                yield Guard("few_false_positives", "note", message, allowed, rate)


def below_chance(evidence: Evidence) -> Iterator[Guard]:
    """Report an attack that takes non-members for members."""
    metric = get_metric("auc")
    for attack in evidence.scores:
        for unit, of in _units(evidence):
            auc, interval = read(of, metric, attack)
            if interval.high >= metric.chance:
                continue
            message = (
                f"'{attack}' ranks non-members above members: AUC{unit} {auc:.3f}, and "
                "its interval ends below 0.5. That is no sign of safety: the sets may "
                "be swapped, the members may not be the training rows, or the two come "
                "from different sources."
            )
            yield Guard("below_chance", "warning", message, value=auc, attack=attack)
            break


def _units(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """The figures' evidence by row, and by person where these are known."""
    yield "", evidence
    if evidence.per_person is not None:
        yield " per person", evidence.per_person


def tied_scores(evidence: Evidence) -> Iterator[Guard]:
    """Find scores that many records share, and figures read inside such a block.

    No threshold falls inside a block of equal scores: where the allowed FPR does, the
    TPR is that of an attacker who draws a part of the block at random.
    """
    for attack, scores in evidence.scores.items():
        tied, largest = 0, 0
        for own in evidence.of_targets(scores):
            counts = np.unique(own, return_counts=True)[1]
            tied += int(counts[counts > 1].sum())
            largest = max(largest, int(counts.max()))
        fraction = tied / scores.size
        inside = _read_inside_a_block(evidence, scores)
        if not inside and fraction < NOTABLE_FRACTION:
            continue
        message = (
            f"'{attack}' gives {percent(round(fraction, 4))} of the records a score "
            f"that others have too; the largest block has {count_rows(largest)}."
        )
        if inside:
            message += (
                f" {'; '.join(inside)}: an attacker is taken to draw a part of them at "
                "random. An attack that tells them apart may find more."
            )
        yield Guard("tied_scores", "note", message, tied, fraction, attack)


def _read_inside_a_block(evidence: Evidence, scores: NDArray[np.float64]) -> list[str]:
    """Say of which figures the models on average take much from inside a block."""
    models = []
    for member, own in zip(
        evidence.of_targets(evidence.membership),
        evidence.of_targets(scores),
        strict=True,
    ):
        n = int((~member).sum())
        fpr, _, thresholds = roc_vertices(member, own)
        models.append((n, own, np.rint(fpr * n), thresholds))
    found = []
    for rate in evidence.max_fprs:
        shares, block = [], 0
        for n, own, flagged, thresholds in models:
            allowed = allowed_false_positives(n, rate)
            # The last threshold that accuses no more non-members than are allowed.
            last = int(np.searchsorted(flagged, allowed, side="right")) - 1
            shares.append(1 - flagged[last] / allowed if allowed else 0.0)
            if flagged[last] < allowed:
                block = max(block, int((own == thresholds[last + 1]).sum()))
        if np.mean(shares) > _UNUSED_FRACTION:
            found.append(
                f"TPR at {percent(rate)} FPR is read inside a block of "
                f"{count_rows(block)} that share one score"
            )
    return found
