"""The figures of groups, and how each compares with the rest."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from skmia.audit._subgroups._comparison import Difference, compare, holm
from skmia.audit._subgroups._partition import Partition
from skmia.audit._subgroups._section import Figures, Group, Subgroups
from skmia.audit._subgroups._threshold import BoolArray, Exposure
from skmia.audit._subgroups._unnamed import pool_small

# Composition of members and non-members: so unlikely by chance that it is noted.
_UNLIKE = 1e-3
_METRICS = ("excess", "auc")


def measure_groups(
    exposure: Exposure,
    found: Partition,
    by: Sequence[str],
    min_size: int,
    notes: Sequence[str] = (),
    min_named: int = 10,
) -> Subgroups:
    """Figures of every group with enough records, and comparisons with all others."""
    everybody = np.ones(len(found.codes), dtype=bool)
    masks = [found.codes == code for code in range(len(found.names))]
    groups = [
        _measure(exposure, name, mask, min_size)
        for name, mask in zip(found.names, masks, strict=True)
    ]
    judged = [i for i, group in enumerate(groups) if group.judged]
    # Of two groups that are everybody, each is the other's rest: one comparison.
    mirrored = len(groups) == len(judged) == 2
    compared = judged[:1] if mirrored else judged
    differences: dict[int, tuple[Difference, Difference]] = {}
    for i in compared:
        problem = _why_not(exposure, ~masks[i], min_size)
        if problem:
            groups[i] = replace(groups[i], reason=f"the rest has {problem}")
        else:
            differences[i] = _compare(exposure, masks[i])
    p_values = [d.p_value for pair in differences.values() for d in pair]
    adjusted = iter(holm(p_values))
    for i, pair in differences.items():
        excess, auc = (replace(d, p_value=next(adjusted)) for d in pair)
        groups[i] = groups[i].compared_with_rest(excess, auc, exposure.alpha)
        if mirrored:
            sides = excess.turned(), auc.turned()
            other = groups[1 - i].compared_with_rest(*sides, exposure.alpha)
            groups[1 - i] = other
    unit = "row" if exposure.evidence.persons is None else "person"
    sizes = [sum(exposure.n_units(m, side) for side in (True, False)) for m in masks]
    whom = "persons" if unit == "person" else "records"
    return Subgroups(
        by=tuple(by),
        attack=exposure.attack,
        max_fpr=exposure.max_fpr,
        confidence_level=exposure.evidence.confidence_level,
        n_comparisons=len(p_values),
        min_size=min_size,
        unit=unit,
        overall=_figures(exposure, everybody),
        groups=pool_small(groups, sizes, min_named, whom),
        notes=(
            *notes,
            *exposure.stronger(),
            *found.notes,
            *_composition(exposure, found, min_named),
        ),
    )


def _measure(exposure: Exposure, name: str, part: BoolArray, min_size: int) -> Group:
    n_members, n_nonmembers = (_n_rows(exposure, part, side) for side in (True, False))
    problem = _why_not(exposure, part, min_size)
    figures = None if problem else _figures(exposure, part)
    return Group(name, n_members, n_nonmembers, figures, problem)


def _n_rows(exposure: Exposure, part: BoolArray, member: bool) -> int:
    of = exposure.evidence
    on_side = part & (of.membership == member)
    if of.record is None:
        return int(on_side.sum())
    return len(np.unique(of.record[on_side]))


def _why_not(exposure: Exposure, part: BoolArray, min_size: int) -> str:
    """Why a part of the records is too small to judge; nothing where it is not."""
    persons = exposure.evidence.persons is not None
    short = []
    for member, name in ((True, "members"), (False, "non-members")):
        n = exposure.n_units(part, member)
        if n < min_size:
            short.append(f"{n or 'no'} {name}")
    if not short and not exposure.is_on_both_sides(part):
        return "members and non-members of no model in common"
    return " and ".join(short) + " (persons)" * (persons and bool(short))


def _figures(exposure: Exposure, part: BoolArray) -> Figures:
    tpr, auc = exposure.tpr(part), exposure.auc(part)
    accused = exposure.share(part, False)
    return Figures(
        tpr[0],
        *tpr[1],
        accused.rate,
        *accused.ends(exposure.alpha),
        auc[0],
        *auc[1],
    )


def _compare(exposure: Exposure, part: BoolArray) -> tuple[Difference, Difference]:
    """Of exposed members beyond accused non-members, and of the AUC."""
    excess = [*exposure.excess_terms(part), *exposure.excess_terms(~part, -1)]
    auc = [exposure.auc_term(part), exposure.auc_term(~part, -1)]
    return compare(excess, exposure.alpha), compare(auc, exposure.alpha)


def _composition(exposure: Exposure, found: Partition, min_named: int) -> list[str]:
    """A note where groups are not as frequent among members as among non-members."""
    member = exposure.evidence.membership
    sizes = np.array(
        [
            [exposure.n_units(found.codes == code, side) for side in (True, False)]
            for code in range(len(found.names))
        ],
        dtype=np.float64,
    )
    if member.all() or len(sizes) < 2:
        return []
    expected = np.outer(sizes.sum(axis=1), sizes.sum(axis=0)) / sizes.sum()
    statistic = ((sizes - expected) ** 2 / expected).sum()
    if chi2.sf(statistic, len(sizes) - 1) > _UNLIKE:
        return []
    shares = sizes / sizes.sum(axis=0)
    apart = np.abs(shares[:, 0] - shares[:, 1])
    most = int(np.argmax(np.where(sizes.sum(axis=1) < min_named, -1, apart)))
    inside, outside = shares[most]
    return [
        f"Members and non-members are not alike in these columns: {found.names[most]} "
        f"is {100 * inside:.0f} % of the members and {100 * outside:.0f} % of the "
        "non-members. Each group is compared with non-members of its own; the "
        "threshold is set on all of them."
    ]
