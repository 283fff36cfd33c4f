"""Questions to a report about single records and persons."""

from typing import TYPE_CHECKING

import numpy as np

from skmia.audit._evidence import Evidence
from skmia.audit._exposure import (
    ALL,
    Listing,
    exposed_at,
    fewest_listed,
    p_values,
    ranks,
    shares_of_error,
    usual_attack,
    usual_fpr,
)
from skmia.audit._guards import VOIDING
from skmia.audit._leave_one_out import leave_one_out_columns
from skmia.audit._report._base import ReportBase
from skmia.audit._report._records import Records, no_separation, separation_columns
from skmia.exceptions import ExposureWarning
from skmia.metrics import get_metric
from skmia.utils import check_option, check_real, warn

if TYPE_CHECKING:
    import pandas as pd

# Beside those that void the figures, guards of what a list takes for granted: that the
# two sides were drawn alike.
_UNLIKE = VOIDING | {"blind_classifier", "rows_per_person"}


class People(ReportBase):
    """Who is exposed: what is said of each record."""

    def records(
        self,
        unit: str = "row",
        *,
        attack: str | None = None,
        max_fpr: float | None = None,
    ) -> "pd.DataFrame":
        """Return one row per record, with its scores and how exposed it is.

        The table is itself personal data: it says who was in the training set. It is
        written to no file unless you do so, as with ``records().to_csv(path)``.

        Parameters
        ----------
        unit : {"row", "person"}, default="row"
            ``"person"``: one row per person, by name, with the number of rows and the
            scores that the figures per person are about.
        attack : str, default=None
            The attack that `exposed`, `rank` and `p_value` are about. None takes the
            first there is of stacked, RMIA, LiRA, calibrated, shadow classifier,
            quantile, label-only and loss, whatever they found; else the first of the
            report.
        max_fpr : float, default=None
            False positive rate of the rule behind `exposed`. None takes the one of the
            report's that is nearest to 1 %, of those that can be resolved.

        Returns
        -------
        DataFrame
            The index is the user's own where the rows came with one, else the position
            in the set of members or of non-members. Rows that were left out are not
            there. Columns:

            - ``split``, the number of the model, where several were audited. Ranks and
              p-values are within it: scores of two models are not on one scale.
            - ``membership``; ``label`` where labels are known; ``person`` where the
              audit was given groups, or ``n_rows`` with one row per person.
            - A score for each attack, the higher the more likely a member.
            - ``exposed``: whether the attack takes the record for a member at
              `max_fpr`. For a non-member that is a false accusation. Of a block of
              equal scores a part is drawn at random, as the TPR is read. Missing where
              no rate can be resolved.
            - ``rank``: place by the attack's score, 1 for the highest; equal scores
              share one.
            - ``p_value``: how rarely a non-member has as high a score; see
              :func:`skmia.metrics.membership_p_values`.
            - ``separation``: how far apart shadow models with and without the record
              are, in standard deviations (d'), with its standard error in
              ``separation_error``: 0.5 with 16 shadows, 0.25 with 64, and more for
              records that are told well. It does not say whether this model shows the
              record; NaN where the audit had no shadow models, or fewer than two on a
              side of the record. ``attrs["separation"]`` says why.
            - ``shadow_p_value``: how rarely a model without the record is as sure of
              it as this one, by its own shadows.
            - ``leave_one_out_gap``: how far the logit of its label hangs on the record,
              where the report includes a :func:`leave_one_out_risk` that was not read
              from a file; NaN for non-members.

        Raises
        ------
        ValueError
            If an attack is called like one of the other columns, persons are asked for
            and the audit was given no groups, `attack` is not in the report, `max_fpr`
            is not resolvable with these non-members, or the report is from a file.

        See Also
        --------
        AuditReport.exposed : The members on a list with a bounded rate of error.
        skmia.attacks.RecordSeparation : The numbers from shadow models.
        """
        check_option(unit, "unit", ("row", "person"))
        evidence = self._measured("records")
        records = Records.of(evidence)
        if unit not in records:
            raise ValueError(
                "The 'unit' parameter must be 'row': this audit was not told whose the "
                "rows are. Got 'person' instead; pass groups to the audit."
            )
        of = _by_unit(evidence, unit)
        name = _check_attack(of, attack)
        rate = _check_fpr(of, max_fpr)
        columns = {
            "exposed": None if rate is None else exposed_at(of, name, rate),
            "rank": ranks(of, name),
            "p_value": p_values(of, name),
            **separation_columns(of),
        }
        if unit == "row":
            columns |= leave_one_out_columns(self._sections, evidence)
        frame = records[unit].to_frame(columns)
        frame.attrs.update(
            attack=name, max_fpr=rate, separation=no_separation(of) or "known"
        )
        return frame

    def exposed(self, fdr: float = 0.1, *, attack: str | None = None) -> "pd.DataFrame":
        """List the members who show more than chance, with a bounded rate of error.

        At most a share `fdr` of the list is there by chance, on average over audits: of
        50 listed at 0.1, about 5. The list is itself personal data. It is written to
        no file unless you do so.

        Parameters
        ----------
        fdr : float, default=0.1
            False discovery rate, in (0, 1).
        attack : str, default=None
            The attack that lists. None takes one by a rule that does not look at what
            they found, as :meth:`records` does. ``"all"`` takes all of them: that one
            bears half of the error, and the others share the rest. A name keeps the
            promise where it was chosen before the figures were seen: of several lists,
            the longest is too long.

        Returns
        -------
        DataFrame
            One row per member on the list, or per person where the audit was given
            groups, the most evident first; the index is that of :meth:`records`.
            Columns ``split``, ``label`` and ``n_rows`` where they are known;
            ``attack``, and by it ``score``, ``rank`` and ``p_value``; ``least_fdr``,
            the lowest `fdr` at which the member is listed; ``separation`` and
            ``separation_error`` as in :meth:`records`. Of several models, the promise
            is about each by itself.

        Raises
        ------
        ValueError
            If `fdr` is out of range, `attack` is not in the report, there are too few
            non-members to list anybody, or the report is from a file.

        Warns
        -----
        skmia.exceptions.ExposureWarning
            If the list is empty, which is no sign of safety; and where a guard of the
            report says that members and non-members were not drawn alike.

        See Also
        --------
        AuditReport.records : All records, with p-values and ranks.
        skmia.metrics.exposed_members : The same from scores; what the rate is about.

        Notes
        -----
        Everybody on the list is a member. Listed by chance is who would be as high on
        it had the model not been trained on them. What somebody gets wrong who does not
        know the members is another share, and depends on how rare they are among those
        who are tried: ``risk`` of :meth:`to_dict` has it.

        Examples
        --------
        >>> import numpy as np
        >>> from skmia.audit import AuditReport
        >>> rng = np.random.default_rng(0)
        >>> scores = rng.normal(size=400)
        >>> scores[:20] += 8
        >>> report = AuditReport(np.arange(400) < 200, {"loss": scores})
        >>> listed = report.exposed(fdr=0.1)
        >>> sorted(listed.index) == list(range(20))
        True
        """
        fdr = check_real(fdr, "fdr", 0, 1, closed="neither")
        evidence = self._measured("exposed")
        by_person = evidence.per_person
        of = evidence if by_person is None else by_person
        name = ALL if attack == ALL else _check_attack(of, attack)
        listing = Listing.of(of, name)
        whom = "members" if by_person is None else "persons"
        fewest = _check_fewest(of, name, fdr)
        self._warn_of_unlike_sides()
        rows = np.flatnonzero(listing.listed(fdr))
        if not len(rows):
            warn(
                f"No member is listed at fdr={fdr:g}, which is no sign of safety: the "
                f"shortest list there may be has {fewest:,} {whom}, all of them above "
                "every non-member. Pass more non-members, or read the TPR.",
                ExposureWarning,
            )
        frame = self._listed(of, listing, rows, "row" if of is evidence else "person")
        frame.attrs.update(fdr=fdr, attack=name)
        return frame

    def _listed(
        self, of: Evidence, listing: Listing, rows: np.ndarray, unit: str
    ) -> "pd.DataFrame":
        """The listed members, the most evident first."""
        columns: dict[str, np.ndarray] = {
            "attack": np.array(listing.names, dtype=object)[listing.attack],
            "score": np.empty(listing.rates.size),
            "rank": np.empty(listing.rates.size, dtype=np.intp),
            "p_value": np.empty(listing.rates.size),
            "least_fdr": listing.rates,
        }
        for code, name in enumerate(listing.names):
            by = listing.attack == code
            columns["score"][by] = of.scores[name][by]
            columns["rank"][by] = ranks(of, name)[by]
            columns["p_value"][by] = p_values(of, name)[by]
        columns |= separation_columns(of)
        del columns["shadow_p_value"]
        order = np.lexsort([-columns["score"][rows], listing.rates[rows]])
        known = Records.of(self._measured("exposed"))[unit]
        frame = known.without_scores().to_frame(columns).iloc[rows[order]]
        return frame.drop(columns="membership")

    def _warn_of_unlike_sides(self) -> None:
        found = [
            guard
            for guard in self._contents["guards"]
            if guard["severity"] == "warning" and guard["name"] in _UNLIKE
        ]
        if found:
            names = ", ".join(dict.fromkeys(guard["name"] for guard in found))
            warn(
                "The rate of error of the list is not kept where members and "
                "non-members were not drawn alike, or the figures are no measure of "
                f"what leaks. Guards say so: {names}. {found[0]['message']}",
                ExposureWarning,
            )


def _by_unit(evidence: Evidence, unit: str) -> Evidence:
    by_person = evidence.per_person
    return evidence if unit == "row" or by_person is None else by_person


def _check_attack(evidence: Evidence, attack: str | None) -> str:
    names = list(evidence.scores)
    if attack is None:
        return usual_attack(names)
    if attack not in names:
        raise ValueError(
            f"The 'attack' parameter must be one of {names}, the attacks of this "
            f"report, or None. Got {attack!r} instead."
        )
    return attack


def _check_fpr(evidence: Evidence, max_fpr: float | None) -> float | None:
    if max_fpr is None:
        return usual_fpr(evidence)
    max_fpr = check_real(max_fpr, "max_fpr", 0, 1, closed="neither")
    get_metric(f"tpr@{max_fpr}").check_resolvable(evidence.n_nonmembers)
    return max_fpr


def _check_fewest(evidence: Evidence, attack: str, fdr: float) -> int:
    fewest = fewest_listed(evidence, attack, fdr)
    if fewest is None:
        share = max(shares_of_error(list(evidence.scores), attack).values())
        whose = "" if share == 1 else f" by attack={attack!r}"
        raise ValueError(
            f"There are too few non-members to list anybody at fdr={fdr:g}{whose}: "
            f"{evidence.n_nonmembers:,}, where it takes "
            f"{int(np.ceil(round(1 / (fdr * share), 9))) - 1:,} at least. That nobody "
            "can be listed is no sign of safety. Pass more non-members, or a higher "
            "'fdr'."
        )
    return fewest
