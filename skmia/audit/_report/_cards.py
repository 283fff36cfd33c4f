"""The report as a part of a model card."""

import html
from collections.abc import Mapping
from typing import Any

from skmia.audit._report._base import ReportBase
from skmia.audit._report._words import show, show_chance
from skmia.audit._section import strictest_first, write_section
from skmia.metrics import get_metric
from skmia.utils import visible


class Cards(ReportBase):
    """What a model card shows of a report."""

    def to_skops_card(
        self, card: Any, *, section: str = "Membership inference audit"
    ) -> Any:
        """Add the verdict, the guards and the figures to a model card of skops.

        The figures are left out where a guard says that they are no measure of the
        model. No record is named.

        Parameters
        ----------
        card : skops.card.Card
            The card, which is changed. A section of the same name is replaced.
        section : str, default="Membership inference audit"
            Title of the section; with ``"/"`` in it, of a section inside others.

        Returns
        -------
        skops.card.Card
            The same card.

        Raises
        ------
        TypeError
            If `card` is no card.

        See Also
        --------
        AuditReport.to_html : The whole report as a page.

        Examples
        --------
        >>> from skmia.audit import AuditReport
        >>> from sklearn.linear_model import LogisticRegression
        >>> from skops.card import Card
        >>> report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)]})
        >>> card = report.to_skops_card(Card(LogisticRegression()))
        >>> print(card.select("Membership inference audit").content)
        **Every attack tried here takes non-members for members...
        """
        if not (callable(getattr(card, "add", None)) and hasattr(card, "select")):
            raise TypeError(
                "The 'card' parameter must be a skops.card.Card. "
                f"Got {type(card).__name__} instead."
            )
        contents = self._contents
        added = [write_section(one) for one in self._sections]
        card.add(folded=False, **{section: _opening(contents, added)})
        if contents["verdict"]["kind"] != "void":
            text = f"{_level(contents)}\n\n{_table(contents)}"
            card.add(folded=True, **{f"{section}/Figures": text})
        return card


def _opening(contents: Mapping[str, Any], added: list[dict[str, Any]]) -> str:
    """The verdict, a decision where there is one, and what may mislead."""
    first, *rest = map(_plain, contents["verdict"]["sentences"])
    parts = [f"**{first}**", *rest]
    for one in strictest_first(added):
        if one["section"] == "decision":
            name = one["policy"].get("name") or "the policy"
            parts.append(f"**{one['outcome'].capitalize()}**, by {_plain(name)}.")
    warnings = [g["message"] for g in contents["guards"] if g["severity"] == "warning"]
    if warnings:
        parts.append(
            "\n".join(["Warnings:", "", *(f"- {_plain(w)}" for w in warnings)])
        )
    return "\n\n".join(parts)


def _table(contents: Mapping[str, Any]) -> str:
    lines = [
        "| attack | figure | value | interval | guessing |",
        "|---|---|---|---|---|",
    ]
    for figure in contents["figures"]:
        metric = get_metric(figure["metric"])
        value, interval = "not resolvable", ""
        if figure["resolvable"]:
            value = show(metric, figure["value"])
            interval = " to ".join(show(metric, figure[k]) for k in ("low", "high"))
        cells = (
            _plain(figure["attack"]),
            metric.title + ", per person" * (figure["unit"] == "person"),
            value,
            interval,
            show_chance(metric),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _level(contents: Mapping[str, Any]) -> str:
    return (
        f"Intervals at a confidence level of {100 * contents['confidence_level']:g} %. "
        "A low figure does not prove that the model is safe: these attacks "
        "did not find more."
    )


def _plain(text: Any) -> str:
    """Text that Markdown shows as it is, whatever the user called things."""
    escaped = html.escape(visible(" ".join(str(text).split())), quote=False)
    for mark in "\\`*_[]|":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped
