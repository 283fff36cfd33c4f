"""What a policy makes of a report: release, revise or refuse, with every reason."""

import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from skmia.audit._guards import VOIDING
from skmia.audit._policy._audit_rules import telling_notes, unchecked
from skmia.audit._policy._policy import Policy
from skmia.audit._policy._rules import judge
from skmia.audit._policy._ruling import (
    COMPARISON,
    REQUIRE,
    RESULTS,
    STRUCTURE,
    Ruling,
)
from skmia.audit._section import Section
from skmia.utils import check_option, import_optional, visible

if TYPE_CHECKING:
    import pandas as pd

#: From the best to the worst.
OUTCOMES = ("release", "revise", "refuse")
_WIDTH = 80
_MEANING = {
    "release": "Every limit that was applied is kept, as far as these attacks can show",
    "revise": "This report does not allow a release: audit again, or change the model "
    "and audit that",
    "refuse": "The audit shows that the model does not keep a limit",
}
_TITLES = {
    "kept": "kept",
    "unclear": "not shown",
    "broken": "not kept",
    "not_measured": "not measured",
    "not_applicable": "not applied",
}


@dataclass(frozen=True, kw_only=True)
class Decision(Section):
    """Hold what a policy makes of a report, with the reason of every rule.

    :meth:`AuditReport.decide` makes one. How the rules make an outcome:

    - The state of the audit comes first. Where a guard says that the figures are no
      measure of the model, or a guard fires that the policy requires to be silent, the
      outcome is to revise, whatever the figures are: they show nothing either way.
      Only what the policy forbids in the model itself is refused all the same.
    - Where the whole interval of a figure is above its limit, the outcome is to refuse.
      More records would not change it; another model may.
    - Where a limit is inside the interval, a figure was not measured, or an attack does
      worse than guessing, the outcome is to revise.
    - Only what is left is released, and only where one limit at least was applied and
      is kept. Rules that were not applied are named with the outcome.

    Parameters
    ----------
    outcome : {"release", "revise", "refuse"}
        What the policy says.
    rulings : tuple of Ruling
        What came of each rule.
    policy : dict
        The policy, as :meth:`Policy.to_dict` returns it.
    remarks : tuple of str, default=()
        What else a reader of the outcome has to know: warnings of the report that the
        policy does not ask for, and what the policy does not cover.

    See Also
    --------
    AuditReport.decide : Makes one.
    AuditReport.including : A report that shows it.

    Examples
    --------
    >>> from skmia.audit import AuditReport, Policy
    >>> report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)][::-1]})
    >>> decision = report.decide(Policy(max_auc=0.6))
    >>> decision.outcome
    'refuse'
    >>> decision.reasons
    ['max_auc: The AUC is at least 0.8316, over the limit of 0.6.']
    """

    section: ClassVar[str] = "decision"

    outcome: str
    rulings: tuple[Ruling, ...]
    policy: Mapping[str, Any]
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, contents: Mapping[str, Any], policy: Policy) -> "Decision":
        """Decide on what ``AuditReport.to_dict`` returns."""
        if not isinstance(policy, Policy):
            raise TypeError(
                "The 'policy' parameter must be a Policy, such as Policy(max_auc=0.6) "
                f"or Policy.from_toml(path). Got {policy!r} instead."
            )
        rulings = tuple(judge(contents, policy))
        return cls(
            outcome=_outcome(rulings),
            rulings=rulings,
            policy=policy.to_dict(),
            remarks=tuple(_remarks(contents, policy, rulings)),
        )

    @property
    def reasons(self) -> list[str]:
        """What keeps the model from being released, a sentence for each rule.

        Of a release, the rules that were not applied.
        """
        shown = [r for r in self.rulings if r.outcome != "release"]
        shown = shown or [r for r in self.rulings if r.result == "not_applicable"]
        return [f"{ruling.rule}: {ruling.reason}" for ruling in shown]

    @property
    def not_applied(self) -> list[str]:
        """The names of rules that were not applied."""
        return [r.rule for r in self.rulings if r.result == "not_applicable"]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, as :meth:`from_dict` takes them.

        Returns
        -------
        dict
            Strings, numbers, None, lists and dicts only.
        """
        return {
            "outcome": self.outcome,
            "rulings": [asdict(ruling) for ruling in self.rulings],
            "policy": dict(self.policy),
            "remarks": list(self.remarks),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Decision":
        """Make one of what :meth:`to_dict` returns.

        Parameters
        ----------
        values : dict
            As from a file.

        Returns
        -------
        Decision
            The same.

        Raises
        ------
        ValueError
            If an outcome or the result of a rule is none that there is, or the
            outcome does not follow from the rules.
        """
        known = [item.name for item in fields(Ruling)]
        rulings = []
        for entry in values["rulings"]:
            check_option(entry["result"], "result", RESULTS)
            check_option(entry["outcome"], "outcome", OUTCOMES)
            rulings.append(Ruling(**{key: entry.get(key) for key in known}))
        outcome = check_option(values["outcome"], "outcome", OUTCOMES)
        if outcome != _outcome(rulings):
            raise ValueError(
                f"The decision {outcome!r} does not follow from its rules, which say "
                f"{_outcome(rulings)!r}."
            )
        return cls(
            outcome=outcome,
            rulings=tuple(rulings),
            policy=dict(values["policy"]),
            remarks=tuple(values["remarks"]),
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each rule.

        Returns
        -------
        DataFrame
            A column for each field of :class:`Ruling`.
        """
        pd = import_optional("pandas", "Decision.to_frame")
        return pd.DataFrame([asdict(ruling) for ruling in self.rulings])

    def summary(self) -> str:
        """Write it as text.

        Returns
        -------
        str
            The outcome, then a line or more for each rule.
        """
        lines = [f"Decision: {self.outcome}", *_fill(f"{self.headline}", "  ")]
        name, source = (self.policy.get(key, "") for key in ("name", "source"))
        if name or source:
            lines += _fill(f"Policy: {': '.join(filter(None, (name, source)))}", "  ")
        for ruling in self.rulings:
            title = f"{ruling.rule}: {_TITLES[ruling.result]}. {ruling.reason}"
            lines += _fill(title, "  - ", "    ")
        for remark in self.remarks:
            lines += _fill(remark, "  * ", "    ")
        return visible("\n".join(lines))

    @property
    def headline(self) -> str:
        """The outcome in a sentence, with what was not applied."""
        sentence = _MEANING[self.outcome]
        if self.not_applied:
            sentence += f"; not applied: {', '.join(self.not_applied)}"
        return f"{sentence}."


def _outcome(rulings: tuple[Ruling, ...] | list[Ruling]) -> str:
    if any(r.rule.startswith(STRUCTURE) and r.outcome == "refuse" for r in rulings):
        return "refuse"
    if any(_is_of_audit(r) and r.outcome != "release" for r in rulings):
        return "revise"
    worst = max((OUTCOMES.index(ruling.outcome) for ruling in rulings), default=1)
    nothing_shown = not any(_is_limit(r) and r.result == "kept" for r in rulings)
    return OUTCOMES[max(worst, 1 if nothing_shown else 0)]


def _is_of_audit(ruling: Ruling) -> bool:
    """Whether a rule is about the audit and not about the model."""
    return ruling.rule == COMPARISON or ruling.rule.startswith(REQUIRE)


def _is_limit(ruling: Ruling) -> bool:
    return ruling.rule.startswith("max_")


def _remarks(
    contents: Mapping[str, Any], policy: Policy, rulings: tuple[Ruling, ...]
) -> list[str]:
    said = " ".join(ruling.reason for ruling in rulings)
    remarks = [
        f"Warning '{guard['name']}', which the policy does not ask about: "
        f"{guard['message']}"
        for guard in contents["guards"]
        if guard["severity"] == "warning" and guard["message"] not in said
    ]
    remarks += [
        f"Note '{guard['name']}', which the policy does not ask about: "
        f"{guard['message']}"
        for guard in telling_notes(contents)
        if guard["message"] not in said
    ]
    if blind := [
        f"'{name}' ({why['reason']})"
        for name, why in unchecked(contents).items()
        if name in VOIDING and why["applies"] is not False
    ]:
        remarks.append(
            "Whether the figures are a measure at all was not checked by "
            f"{', '.join(blind)}"
        )
    if (n_models := contents["counts"]["models"]) > 1:
        remarks.append(
            f"The figures are means over {n_models:,} models. A model that is fitted "
            "anew, on all rows or on others, may leak more."
        )
    if policy.compare == "value":
        remarks.append(
            "The policy compares the figures themselves, which chance takes below a "
            "limit that a model does not keep, not the upper ends of their intervals."
        )
    return remarks + [f"Not covered: {text}" for text in policy.not_covered]


def _fill(text: str, first: str, others: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others or first,
        break_on_hyphens=False,
    )
