"""Which records are exposed, by one attack or by all of them; within each model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from skmia.attacks import ATTACKS
from skmia.audit._evidence import BoolArray, Evidence, FloatArray, IndexArray
from skmia.audit._reach import GAP
from skmia.metrics import (
    fewest_exposed,
    flagged_at_fpr,
    get_metric,
    least_false_discovery_rates,
    membership_p_values,
    most_by_chance,
)

#: In place of the name of an attack: each bears a part of the error, and the one that
#: is taken unasked half of it.
ALL = "all"
# What is taken unasked is settled before there is a score: the attacks that find most
# of the members at a low FPR, over many models and data sets, come first.
_ORDER = (
    "stacked",
    "rmia",
    "lira",
    "calibrated",
    "shadow_classifier",
    "quantile",
    "label_only",
    "loss",
)
assert set(_ORDER) == set(ATTACKS)
# The rate that the first lines read: of those that can be, the nearest to it.
_USUAL_FPR = 0.01


def attacks_for_lists(names: Sequence[str]) -> list[str]:
    """The attacks that a list may be made by.

    Without the one on right labels, unless it is alone: it is added to a report where
    it reads more than the others, which is a choice by the same records.
    """
    return [name for name in names if name != GAP] or list(names)


def usual_attack(names: Sequence[str]) -> str:
    """The attack that is taken where none is asked for: the same whatever it finds."""
    found = attacks_for_lists(names)
    known = [name for name in _ORDER if name in found]
    return (known or found)[0]


def shares_of_error(names: Sequence[str], attack: str) -> dict[str, float]:
    """What each attack bears of the error of a list: one attack all of it.

    Of all attacks, the one that is taken unasked bears half, so that its list is not
    lost where there are many.
    """
    found = attacks_for_lists(names) if attack == ALL else [attack]
    if len(found) == 1:
        return {found[0]: 1.0}
    first = usual_attack(names)
    others = 0.5 / (len(found) - 1)
    return {name: 0.5 if name == first else others for name in found}


def usual_fpr(evidence: Evidence) -> float | None:
    """Of the rates of a report that can be read, the nearest to 1 %."""
    rates = [
        rate
        for rate in evidence.max_fprs
        if evidence.n_nonmembers >= get_metric(f"tpr@{rate}").needed_nonmembers
    ]
    if not rates:
        return None
    return min(rates, key=lambda rate: abs(math.log(rate / _USUAL_FPR)))


def ranks(evidence: Evidence, attack: str) -> IndexArray:
    """Place of each record among all of its model, 1 for the highest score."""
    found = np.empty(evidence.membership.size, dtype=np.intp)
    for of in evidence.targets:
        found[of] = rankdata(-evidence.scores[attack][of], method="min")
    return found


def p_values(evidence: Evidence, attack: str) -> FloatArray:
    """How rarely a non-member of the same model has as high a score."""
    found = np.empty(evidence.membership.size)
    for of in evidence.targets:
        scores = evidence.scores[attack][of]
        found[of] = membership_p_values(evidence.membership[of], scores)
    return found


def exposed_at(evidence: Evidence, attack: str, max_fpr: float) -> BoolArray:
    """Which records an attack accuses at a false positive rate, in each model.

    Of a block of equal scores that may be accused in part, the part is drawn at random:
    that is what the TPR reads.
    """
    found = np.zeros(evidence.membership.size, dtype=bool)
    for k, of in enumerate(evidence.targets):
        rng = np.random.RandomState([evidence.seed, k])
        member = evidence.membership[of]
        flagged = flagged_at_fpr(member, evidence.scores[attack][of], max_fpr)
        accused = flagged == 1
        in_part = (flagged > 0) & (flagged < 1)
        for side, rounded in ((member, round), (~member, math.floor)):
            block = np.flatnonzero(in_part & side)
            # A sum of tenths is a rounding error below its whole number.
            drawn = rounded(round(float(flagged[block].sum()), 9))
            accused[rng.permutation(block)[:drawn]] = True
        found[of] = accused
    return found


@dataclass(frozen=True)
class Listing:
    """The lowest rate at which each record is on a list, and the attack that has it.

    NaN for non-members.
    """

    rates: FloatArray
    attack: IndexArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, evidence: Evidence, attack: str) -> "Listing":
        """By one attack, or by all of them: then each bears a part of the error.

        The false ones of a union are no more than those of all lists together, and the
        share that they have of it no more than the sum of their shares of the lists.
        """
        shares = shares_of_error(list(evidence.scores), attack)
        names = list(shares)
        rates = np.empty((len(names), evidence.membership.size))
        for row, name in zip(rates, names, strict=True):
            for of in evidence.targets:
                row[of] = least_false_discovery_rates(
                    evidence.membership[of], evidence.scores[name][of]
                )
        rates = np.minimum(rates / np.array([*shares.values()])[:, None], 1)
        best = np.where(evidence.membership, np.nan_to_num(rates).argmin(axis=0), 0)
        return cls(rates[best, np.arange(best.size)], best, tuple(names))

    def listed(self, fdr: float) -> BoolArray:
        """Who is on the list at a rate."""
        return self.rates <= round(fdr, 12)


@dataclass(frozen=True)
class ListFacts:
    """Of the list of one model by one attack.

    `surely` of the `listed` are there for more than chance; `false_alarms` of the
    `n_nonmembers` have as high a score as the last of them.
    """

    n_members: int
    n_nonmembers: int
    listed: int
    surely: int
    false_alarms: int


def list_facts(
    evidence: Evidence, attack: str, fdr: float, confidence_level: float
) -> list[ListFacts]:
    """For each model, with bounds that hold for all models together."""
    listed = Listing.of(evidence, attack).listed(fdr)
    level = 1 - (1 - confidence_level) / len(evidence.targets)
    facts = []
    for of in evidence.targets:
        member, scores = evidence.membership[of], evidence.scores[attack][of]
        n_members = int(member.sum())
        n_nonmembers, n_listed = len(member) - n_members, int(listed[of].sum())
        above, chance = 0, 0
        if n_listed:
            above = int((scores[~member] >= scores[listed[of]].min()).sum())
            sizes = (n_members, n_nonmembers, above)
            chance = most_by_chance(*sizes, fdr=fdr, confidence_level=level)
        surely = max(n_listed - chance, 0)
        facts.append(ListFacts(n_members, n_nonmembers, n_listed, surely, above))
    return facts


def fewest_listed(evidence: Evidence, attack: str, fdr: float) -> int | None:
    """Length of the shortest list that is not empty, over the models; None for none."""
    share = max(shares_of_error(list(evidence.scores), attack).values())
    fewest = []
    for of in evidence.targets:
        n_members = int(evidence.membership[of].sum())
        sizes = n_members, len(of) - n_members
        if (found := fewest_exposed(*sizes, fdr * share)) is not None:
            fewest.append(found)
    return min(fewest, default=None)
