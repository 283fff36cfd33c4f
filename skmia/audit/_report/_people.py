"""Questions to a report about single records and persons."""

from typing import TYPE_CHECKING

from skmia.audit._report._base import ReportBase
from skmia.audit._report._records import Records
from skmia.utils import check_option

if TYPE_CHECKING:
    import pandas as pd


class People(ReportBase):
    """Who is exposed: what is said of each record."""

    def records(self, unit: str = "row") -> "pd.DataFrame":
        """Return one row per record, with the score that every attack gives it.

        Parameters
        ----------
        unit : {"row", "person"}, default="row"
            ``"person"``: one row per person, by name, with the number of rows and the
            scores that the figures per person are about.

        Returns
        -------
        DataFrame
            Columns ``membership``, ``label`` where labels are known, and one per
            attack, the higher the more likely a member. The index is the user's own
            where the rows came with one, else the position in the set of members or
            of non-members. Rows that were left out are not there. Of a
            cross-validation, a row per record and model, whose number is in the column
            ``split``: scores of two models are not on one scale. Where the audit was
            given groups, the column ``person``.

        Raises
        ------
        ValueError
            If an attack is called like one of the other columns, persons are asked
            for and the audit was given no groups, or the report is from a file.
        """
        check_option(unit, "unit", ("row", "person"))
        records = Records.of(self._measured("records"))
        if unit not in records:
            raise ValueError(
                "The 'unit' parameter must be 'row': this audit was not told whose the "
                "rows are. Got 'person' instead; pass groups to the audit."
            )
        return records[unit].to_frame()
