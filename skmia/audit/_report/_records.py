"""The records of a report, or its persons, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

    def to_frame(self) -> "pd.DataFrame":
        """A row for each; an error where an attack is called like a column."""
        pd = import_optional("pandas", "AuditReport.records")
        if taken := set(self.columns) & set(self.scores):
            raise ValueError(
                f"Attacks are called {sorted(taken)}, as columns of records() are. "
                "Give them other names."
            )
        index = self.index
        if self.are_persons:
            index = pd.Index(index, name="person", tupleize_cols=False)
        return pd.DataFrame({**self.columns, **self.scores}, index=index)


def _known(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in columns.items() if values is not None}
