"""Conditions on columns, and rules made of several: who is meant, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from skmia.audit._subgroups._columns import BoolArray, Column

# Places at which a column of numbers is cut.
_N_CUTS = 15
# Columns of few numbers, whose values are asked for one by one as well.
_FEW_VALUES = 10


class Condition(NamedTuple):
    """One test of a column: `op` is "<", ">=", "=" or "missing".

    `value` is a number, or for a column of categories the code of one.
    """

    column: int
    op: str
    value: float = 0.0

    def holds(self, columns: Sequence[Column]) -> BoolArray:
        of = columns[self.column]
        if self.op == "missing":
            return of.missing
        if of.codes is not None:
            return of.codes == int(self.value)
        assert of.numbers is not None
        # Comparisons with NaN are false: a missing value is on neither side of a cut.
        if self.op == "=":
            return of.numbers == self.value
        return of.numbers < self.value if self.op == "<" else of.numbers >= self.value


@dataclass(frozen=True)
class Rule:
    """Records for which all conditions hold, without those of some other rules."""

    conditions: tuple[Condition, ...]
    outside: tuple["Rule", ...] = ()

    def holds(self, columns: Sequence[Column]) -> BoolArray:
        found = np.logical_and.reduce([c.holds(columns) for c in self.conditions])
        for rule in self.outside:
            found &= ~rule.holds(columns)
        return found

    def without(self, i: int) -> "Rule":
        """The same with one condition less."""
        rest = self.conditions[:i] + self.conditions[i + 1 :]
        return replace(self, conditions=rest)

    def show(self, columns: Sequence[Column]) -> str:
        """The rule as readers write it."""
        parts = [
            _show(columns[column], [c for c in self.conditions if c.column == column])
            for column in sorted({c.column for c in self.conditions})
        ]
        parts += [f"not ({rule.show(columns)})" for rule in self.outside]
        return " and ".join(parts)


def _show(column: Column, conditions: list[Condition]) -> str:
    """The conditions on one column: a range where there are two ends."""
    name, ops = column.name, {c.op: c.value for c in conditions}
    if "missing" in ops:
        return f"{name} is missing"
    if "=" in ops:
        value = ops["="]
        if column.codes is None:
            return f"{name} = {column.show(value)}"
        return f"{name} = {column.categories[int(value)]}"
    if len(ops) == 2:
        return f"{column.show(ops['>='])} <= {name} < {column.show(ops['<'])}"
    ((op, value),) = ops.items()
    return f"{name} {op} {column.show(value)}"


def conditions_of(
    index: int, column: Column, too_rare: BoolArray | None = None
) -> list[Condition]:
    """What can be asked of a column: cuts at quantiles, or its categories.

    All of them but those that are too rare to be judged.
    """
    found = []
    if column.missing.any():
        found.append(Condition(index, "missing"))
    if column.codes is not None:
        asked = np.ones(len(column.categories), dtype=bool)
        if too_rare is not None:
            asked &= ~too_rare
        codes = np.flatnonzero(asked).tolist()
        return found + [Condition(index, "=", float(code)) for code in codes]
    assert column.numbers is not None
    known = np.sort(column.numbers[~column.missing])
    values = np.unique(known)
    if len(values) < 2:
        return found
    if len(values) <= _N_CUTS + 1:
        cuts = values[1:]
    else:
        at = np.arange(1, _N_CUTS + 1) / (_N_CUTS + 1)
        cuts = known[(at * len(known)).astype(np.intp)]
        if cuts[0] == values[0]:
            # Mostly one value, such as 0: what else there is has quantiles of its own.
            other = known[known > values[0]]
            quarters = other[(np.arange(4) / 4 * len(other)).astype(np.intp)]
            cuts = np.append(cuts, quarters)
        cuts = np.unique(cuts[cuts > values[0]])
    for cut in cuts.tolist():
        found += [Condition(index, "<", cut), Condition(index, ">=", cut)]
    if 2 < len(values) <= _FEW_VALUES:
        found += [Condition(index, "=", value) for value in values[1:-1].tolist()]
    return found


def neat(rule: Rule, columns: Sequence[Column]) -> Rule:
    """The same rule with cuts of few digits, between the same two values."""

    def shorter(condition: Condition) -> Condition:
        of = columns[condition.column]
        if condition.op not in ("<", ">=") or of.numbers is None:
            return condition
        below = of.numbers[of.numbers < condition.value]
        if not len(below):
            return condition
        cut = of.cut_between(float(below.max()), condition.value)
        return condition._replace(value=cut)

    return replace(rule, conditions=tuple(map(shorter, rule.conditions)))
