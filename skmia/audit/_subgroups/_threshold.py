"""Who is exposed: the records above one threshold, and figures of parts of them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtr, stdtrit

from skmia.audit._averages import read
from skmia.audit._evidence import BoolArray, Evidence, FloatArray, IndexArray
from skmia.audit._exposure import usual_attack, usual_fpr
from skmia.audit._subgroups._comparison import Share, Term, count_share
from skmia.metrics import (
    Interval,
    flagged_at_fpr,
    get_metric,
    is_resolvable,
    roc_auc,
    roc_auc_interval,
)
from skmia.utils import check_option, check_real, percent

_MOST_DEVIATIONS = 7.5


@dataclass(frozen=True)
class Exposure:
    """The scores of one attack, and whom it accuses at one threshold for all.

    An attacker has one threshold. It is that at which `max_fpr` of all non-members are
    accused; in a part of the records it may be more or fewer, so that the share of
    exposed members means something only beside the share of accused non-members.

    Attributes
    ----------
    attack : str
        The attack whose scores are read.
    flagged : ndarray of shape (n_records,)
        1 for exposed records, 0 for others, in between where ties are broken at random.
    """

    evidence: Evidence
    attack: str
    max_fpr: float
    flagged: FloatArray

    @classmethod
    def of(cls, evidence: Evidence, attack: Any, max_fpr: Any) -> "Exposure":
        """Set the threshold of an attack: of the usual one where it is None."""
        rate = _choose_rate(evidence, max_fpr)
        name = usual_attack(tuple(evidence.scores)) if attack is None else attack
        check_option(name, "attack", tuple(evidence.scores))
        flagged = np.empty(evidence.membership.size)
        for of in evidence.targets:
            scores = evidence.scores[name][of]
            flagged[of] = flagged_at_fpr(evidence.membership[of], scores, rate)
        return cls(evidence, name, rate, flagged)

    @property
    def alpha(self) -> float:
        return 1 - self.evidence.confidence_level

    @property
    def units(self) -> IndexArray | None:
        """Whose the records are where they are no independent draws.

        Rows of a person, or one record in several models.
        """
        of = self.evidence
        return of.record if of.persons is None else of.persons

    def share(self, part: BoolArray, member: bool) -> Share:
        """The exposed among the members of a part, or the accused of its others."""
        on_side = self.evidence.membership == member
        at = np.flatnonzero(part & on_side)
        units = None if self.units is None else self.units[at]
        return count_share(self.flagged[at], units)

    def n_units(self, part: BoolArray, member: bool) -> int:
        """Independent draws: records, or persons."""
        on_side = part & (self.evidence.membership == member)
        if self.units is None:
            return int(on_side.sum())
        return len(np.unique(self.units[on_side]))

    def is_on_both_sides(self, part: BoolArray) -> bool:
        """Whether one model or more has members and non-members in a part."""
        return len(self._part(part).membership) > 0

    def tpr(self, part: BoolArray) -> tuple[float, Interval]:
        """Share of exposed members, with an interval that knows of the threshold.

        The threshold stands on all non-members, and so does its chance to be off.
        """
        members = self.evidence.membership
        return self._read(f"tpr@{self.max_fpr}", part | ~members)

    def auc(self, part: BoolArray) -> tuple[float, Interval]:
        """AUC of the members of a part against its own non-members."""
        return self._read("auc", part)

    def excess_terms(self, part: BoolArray, sign: int = 1) -> list[Term]:
        """Exposed members less accused non-members, as a sum to be compared."""
        sides = (self.share(part, True), sign), (self.share(part, False), -sign)
        return [Term(sign, share.rate, share.ends) for share, sign in sides]

    def auc_term(self, part: BoolArray, sign: int = 1) -> Term:
        """AUC of a part, as a term of a sum to be compared."""
        of = self._part(part)
        scores = of.scores[self.attack]
        pairs = [
            (of.membership[rows], scores[rows], persons)
            for rows, persons in zip(of.targets, of.persons_of_targets, strict=True)
        ]

        def ends(alpha: float) -> Interval:
            found = []
            for member, values, persons in pairs:
                level = 1 - (alpha if persons is not None else _widened(alpha, member))
                found.append(
                    roc_auc_interval(
                        member, values, confidence_level=level, groups=persons
                    )
                )
            return Interval(*np.mean(found, axis=0).tolist())

        value = float(np.mean([roc_auc(m, s) for m, s, _ in pairs]))
        return Term(sign, value, ends)

    def _read(self, name: str, part: BoolArray) -> tuple[float, Interval]:
        of, metric = self._part(part), get_metric(name)
        return read(of, metric, self.attack)

    def stronger(self) -> list[str]:
        """A note where another attack finds more than this one by its whole interval.

        The attack is not chosen by what it finds. Where it misses what another finds,
        groups may look safer than they are.
        """
        metric = get_metric(f"tpr@{self.max_fpr}")
        found = {
            name: read(self.evidence, metric, name) for name in self.evidence.scores
        }
        best = max(found, key=lambda name: found[name][0])
        if found[best][0] <= found[self.attack][1].high:
            return []
        ours, theirs = (percent(found[name][0]) for name in (self.attack, best))
        return [
            f"The attack {best} exposes more: {theirs} of all members, and "
            f"{self.attack} {ours}. Ask with attack={best!r}, too."
        ]

    def _part(self, part: BoolArray) -> Evidence:
        """The evidence of some records, of the models that have both sides of them."""
        of, keep = self.evidence, part.copy()
        for rows in of.targets:
            sides = of.membership[rows[part[rows]]]
            if sides.all() or not sides.any():
                keep[rows] = False
        return replace(
            of,
            membership=of.membership[keep],
            scores={self.attack: of.scores[self.attack][keep]},
            target=None if of.target is None else of.target[keep],
            record=None if of.record is None else of.record[keep],
            persons=None if of.persons is None else of.persons[keep],
        )


def _choose_rate(evidence: Evidence, max_fpr: Any) -> float:
    n = evidence.n_nonmembers
    rate: float | None
    if max_fpr is not None:
        rate = check_real(max_fpr, "max_fpr", 0, 1, closed="neither")
        if not is_resolvable(n, rate):
            raise ValueError(
                "The 'max_fpr' parameter must allow for one false accusation at least "
                f"among {n} non-members. Got {max_fpr!r} instead; pass {1 / n:.2g} or "
                "more."
            )
        return rate
    rate = usual_fpr(evidence)
    if rate is None:
        raise ValueError(
            "None of the report's max_fprs can be read with its "
            f"{n} non-members. Pass max_fpr={1 / n:.2g} or more, or audit with more "
            "non-members."
        )
    return rate


def _widened(alpha: float, member: BoolArray) -> float:
    """The error of a normal quantile that is Student's of so few records."""
    fewest = min(int(member.sum()), int((~member).sum()))
    z = stdtrit(max(fewest - 1, 1), 1 - alpha / 2)
    return 2 * float(ndtr(-min(z, _MOST_DEVIATIONS)))
