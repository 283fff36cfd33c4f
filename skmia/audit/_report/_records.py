"""The records of a report, or its persons, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skmia.audit._evidence import Evidence, FloatArray
from skmia.utils import import_optional

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Records:
    """What is said of each record, or of each person: no values of rows."""

    columns: Mapping[str, Any]
    scores: Mapping[str, FloatArray]
    index: Any
    are_persons: bool = False

    @classmethod
    def of(cls, evidence: Evidence) -> "dict[str, Records]":
        """By unit: of rows, and of persons where these are known."""
        persons = None
        if evidence.persons is not None and evidence.person_names is not None:
            persons = [evidence.person_names[code] for code in evidence.persons]
        columns = {
            "split": evidence.target,
            "membership": evidence.membership,
            "label": evidence.labels,
            "person": persons,
        }
        found = {"row": cls(_known(columns), dict(evidence.scores), evidence.index)}
        if (by_person := evidence.per_person) is not None:
            columns = {
                "split": by_person.target,
                "membership": by_person.membership,
                "n_rows": by_person.person_sizes,
            }
            scores = dict(by_person.scores)
            found["person"] = cls(_known(columns), scores, by_person.index, True)
        return found

    def without_scores(self) -> "Records":
        """The same, with what is known of the records alone."""
        return replace(self, scores={})

    def to_frame(self, more: Mapping[str, Any]) -> "pd.DataFrame":
        """A row for each, with more columns.

        An error where an attack is called like a column.
        """
        pd = import_optional("pandas", "AuditReport.records")
        if taken := (set(self.columns) | set(more)) & set(self.scores):
            raise ValueError(
                f"Attacks are called {sorted(taken)}, as columns of records() are. "
                "Give them other names."
            )
        index = self.index
        if self.are_persons:
            index = pd.Index(index, name="person", tupleize_cols=False)
        return pd.DataFrame({**self.columns, **self.scores, **more}, index=index)


def no_separation(evidence: Evidence) -> str:
    """Why nothing is known of the records' separation; empty where it is known."""
    if evidence.separation is not None:
        if np.isnan(evidence.separation.separation).all():
            return (
                "No record is in two of the shadow models and out of two others, which "
                "it takes."
            )
        return ""
    if evidence.no_shadows:
        return f"There are no shadow models. {evidence.no_shadows}"
    if evidence.shadows is not None:
        return "The report has no confidences of shadow models."
    return "No attack of this audit took shadow models."


def separation_columns(evidence: Evidence) -> dict[str, FloatArray]:
    """What shadow models say of each record; NaN where nothing is known."""
    known, blank = evidence.separation, np.full(evidence.membership.size, np.nan)
    return {
        "separation": blank if known is None else known.separation,
        "separation_error": blank if known is None else known.error,
        "shadow_p_value": blank if known is None else known.p_value,
    }


def _known(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in columns.items() if values is not None}
