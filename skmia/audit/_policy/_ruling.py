"""What comes of one rule of a policy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

#: What may come of a rule.
RESULTS = ("kept", "unclear", "broken", "not_measured", "not_applicable")
#: Rules of every decision, which no policy can leave out.
COMPARISON, ABOVE_CHANCE = "comparison", "above_chance"
#: Before the name of a guard, and of a check of the structure.
REQUIRE, STRUCTURE = "require:", "structure:"


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """Hold what came of one rule of a policy.

    Parameters
    ----------
    rule : str
        Its name: the parameter of the policy, with the false positive rate of a TPR
        (``"max_tpr@0.01"``), and the guard that must not fire
        (``"require:near_copies"``), or the check that must find nothing
        (``"structure:carried_rows"``). Two rules are in every decision:
        ``"comparison"``, that no guard says that the figures are no measure, and
        ``"above_chance"``, that no attack does worse than guessing.
    result : {"kept", "unclear", "broken", "not_measured", "not_applicable"}
        ``"broken"``: shown not to be kept. ``"unclear"``: shown neither way, such as
        where the limit is inside the interval.
    reason : str
        A sentence or two for the reader.
    outcome : {"release", "revise", "refuse"}
        What the rule by itself would have decided.
    limit : float, default=None
        The limit, where there is one.
    value, low, high : float, default=None
        The figure that was compared, and its interval.
    attack : str, default=None
        The attack that reads it, with its unit where that is persons.

    See Also
    --------
    Decision : Holds one for each rule.

    Examples
    --------
    >>> from skmia.audit import AuditReport, Policy
    >>> report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)][::-1]})
    >>> report.decide(Policy(max_auc=0.6)).rulings[-1].result
    'broken'
    """

    rule: str
    result: str
    reason: str
    outcome: str
    limit: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    attack: str | None = None


def rule_on(
    rule: str,
    result: str,
    reason: str,
    outcome: str,
    values: Mapping[str, Any] | None = None,
) -> Ruling:
    """Make a ruling, with the figure that was compared where there is one."""
    return Ruling(
        rule=rule, result=result, reason=reason, outcome=outcome, **(values or {})
    )


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value of a file is one that can be compared."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    )
