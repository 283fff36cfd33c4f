"""How many people are exposed, and who, where that was asked for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skmia.audit._report._html._tables import interval_bar, make_scale
from skmia.audit._report._risk_text import risk_lines
from skmia.utils import percent

if TYPE_CHECKING:
    import pandas as pd


def people(contents: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of exposed members, beside what guessing would find."""
    risk = contents["risk"]
    own = [entry for entry in risk["at_fpr"] if entry["attack"] == risk["attack"]]
    rows = []
    for entry in own:
        row = {
            "rate": percent(entry["max_fpr"]),
            "lacking": not entry["resolvable"],
            "above": False,
        }
        row["guess"] = _count(entry["by_guessing"])
        if entry["resolvable"]:
            ends = entry["exposed"], entry["low"], entry["high"]
            scale = make_scale([ends[1:]], entry["by_guessing"])
            row |= dict(zip(("found", "low", "high"), map(_count, ends), strict=True))
            row["bar"] = interval_bar(*ends, scale)
            row["above"] = entry["low"] > entry["by_guessing"]
        rows.append(row)
    return {
        "attack": risk["attack"],
        "whom": "persons among the members" if risk["unit"] == "person" else "members",
        "n": _count(risk["members"]),
        "rows": rows,
        "sentences": risk_lines(contents)[1],
    }


def _count(number: float) -> str:
    return f"{number:,.0f}"


@dataclass(frozen=True)
class Exposed:
    """The table of exposed members: personal data."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    fdr: str
    attack: str

    @classmethod
    def of(cls, listed: "pd.DataFrame") -> "Exposed":
        """From what `AuditReport.exposed` returns."""
        first = str(listed.index.name or "record")
        rows = zip(
            listed.index, *(listed[name] for name in listed.columns), strict=True
        )
        return cls(
            columns=(first, *(str(name).replace("_", " ") for name in listed.columns)),
            rows=tuple(tuple(map(_cell, row)) for row in rows),
            fdr=percent(listed.attrs["fdr"]),
            attack=listed.attrs["attack"],
        )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "unknown" if math.isnan(value) else f"{value:.4g}"
    return str(value)
