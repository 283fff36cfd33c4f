"""Groups of a few records: shown one by one, they would show single persons."""

from collections.abc import Sequence

from skmia.audit._subgroups._names import OTHER
from skmia.audit._subgroups._section import Group


def pool_small(
    groups: Sequence[Group], sizes: Sequence[int], min_named: int, of: str
) -> tuple[Group, ...]:
    """The groups, and as one without a name those that are of fewer than so many.

    Groups that were judged keep their names: somebody asked for figures of so few.
    `sizes` are numbers of what `of` names, such as records.
    """
    small = [
        not group.judged and size < min_named and group.name != OTHER
        for group, size in zip(groups, sizes, strict=True)
    ]
    if not any(small):
        return tuple(groups)
    unnamed = [group for group, is_small in zip(groups, small, strict=True) if is_small]
    n = len(unnamed)
    name = f"{n:,} groups of fewer than {min_named} {of} each"
    if n == 1:
        name = f"1 group of fewer than {min_named} {of}"
    pooled = Group(
        name,
        sum(group.n_members for group in unnamed),
        sum(group.n_nonmembers for group in unnamed),
        None,
        "not named, as so few may be known by it",
    )
    at = small.index(True)
    after = [group for group in groups[at:] if group not in unnamed]
    return (*groups[:at], pooled, *after)
