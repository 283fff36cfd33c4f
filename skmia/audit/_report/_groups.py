"""Questions to a report about groups of its records."""

from typing import Any

import numpy as np

from skmia.audit._guards import CONFOUNDING, TITLES, VOIDING, Guard
from skmia.audit._inputs import resolve_seed
from skmia.audit._report._asked_columns import (
    asked_columns,
    label_column,
    searched_rows,
)
from skmia.audit._report._base import ReportBase
from skmia.audit._subgroups import (
    Exposure,
    Slices,
    Subgroups,
    find_slices,
    measure_groups,
    partition,
)
from skmia.utils import check_integer

_DOUBTS = VOIDING | CONFOUNDING | {"below_chance"}


class Groups(ReportBase):
    """Who is exposed more than others, by columns of the user's own."""

    guards: tuple[Guard, ...]

    def _doubts(self) -> list[str]:
        """What the report's guards say of all that is read from its scores."""
        warned = {g.name for g in self.guards if g.severity == "warning"}
        return [
            f"The report warns of {TITLES[name]} (guard {name}). What that makes of "
            "its figures, it makes of these: groups may look safer, or more exposed, "
            "than they are."
            for name in sorted(warned & _DOUBTS)
        ]

    def subgroups(
        self,
        by: Any,
        X: Any = None,
        *,
        attack: str | None = None,
        max_fpr: float | None = None,
        n_bins: int = 4,
        max_groups: int = 20,
        min_size: int = 20,
        min_named: int = 10,
    ) -> Subgroups:
        """Measure how exposed each group of records is, and compare it with the rest.

        Parameters
        ----------
        by : str, int, list of these, dict or array-like
            The columns that make the groups: names of columns of X, or their numbers
            where it has no names; ``"label"`` for the true class. Or values of the
            rows, as X is passed: one column or several, or a dict of names to columns.
            Several columns make a group of each combination that occurs.
        X : pair of tables, default=None
            The columns of the rows as they were passed to the audit, of the members and
            of the non-members: frames, arrays or sparse matrices. They need not be what
            the model was fitted on. Of :func:`audit_cv` and of a report that was made
            from scores it is one table.
        attack : str, default=None
            Whose scores are read. With None the one that :meth:`records` takes.
        max_fpr : float, default=None
            Share of all non-members that may be accused, which sets the threshold. With
            None that of the report's `max_fprs` that is nearest to 1 %, of those that
            can be read.
        n_bins : int, default=4
            Groups of about as many records that a column of numbers or of times is cut
            into. Up to ten different numbers are each a group.
        max_groups : int, default=20
            Beyond so many, the least frequent are pooled as ``"(other)"``.
        min_size : int, default=20
            Members, and non-members, that a group needs to be judged; persons, where
            the audit was given groups.
        min_named : int, default=10
            Groups of fewer records (persons, where the audit was given groups) that are
            not judged are not named in any form, but counted together: what is said of
            a few says who they are. 1 names all.

        Returns
        -------
        Subgroups
            Figures of each group with intervals, and its comparison with the rest.

        Raises
        ------
        ValueError
            If a column is unknown, rows are not those that were passed to the audit or
            in another order, all records are one group, a parameter is out of range,
            or the report is from a file.

        See Also
        --------
        AuditReport.where_it_leaks : Looks for the groups.
        AuditReport.including : Shows them in the report.

        Notes
        -----
        **One threshold for all.** An attacker has one, and so the threshold is that at
        which `max_fpr` of *all* non-members are accused. The exposed share of a group
        is the share of its members above it. Its own non-members may be accused more
        often or more rarely than all are, and that share stands beside it. A group with
        many members *and* many non-members above the threshold is not exposed: its
        records are unusual, and the model need not have seen them.

        **Comparisons.** Each group is compared with all records outside of it, in two
        ways: in the share of exposed members less that of accused non-members, and in
        the AUC of its members against its own non-members. Intervals of the differences
        are made of exact ones of the counts, and of DeLong's (MOVER); rows of one
        person count as what they are worth together. P-values are corrected for all
        comparisons of the result by Holm's method, two for each group. They hold for
        one call: of twenty calls, one finds something by chance.

        **Choice of the attack.** It is the first there is of stacked, LiRA, RMIA,
        calibrated, shadow classifier, quantile, label-only and loss, whatever they
        found, so that no interval has to allow for a choice. A note says where another
        attack exposes more members.

        A missing value is a group of its own. Groups that are too small have no
        figures, and are named, unless there are fewer than `min_named` records in one.

        References
        ----------
        Zou and Donner, "Construction of confidence limits about effect measures: a
        general approach", Statistics in Medicine 2008.

        Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
        Journal of Statistics 1979.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> from skmia.audit import AuditReport
        >>> rng = np.random.default_rng(0)
        >>> member = np.arange(4000) < 2000
        >>> died = rng.random(4000) < 0.1
        >>> scores = rng.normal(size=4000) + 3 * (member & died)
        >>> report = AuditReport(member, {"lira": scores})
        >>> survey = pd.DataFrame({"died": np.where(died, "yes", "no")})
        >>> found = report.subgroups("died", survey)
        >>> [(group.name, group.finding) for group in found.groups]
        [('died = no', 'less'), ('died = yes', 'more')]
        """
        n_bins = check_integer(n_bins, "n_bins", 2)
        min_named = check_integer(min_named, "min_named", 1)
        max_groups = check_integer(max_groups, "max_groups", 2)
        min_size = check_integer(min_size, "min_size", 2)
        evidence = self._measured("subgroups")
        columns, unchecked = asked_columns(by, X, evidence)
        found = partition(columns, n_bins, max_groups)
        names = [column.name for column in columns]
        if len(found.names) < 2:
            raise ValueError(
                "The 'by' parameter must tell at least two groups of records apart. "
                f"Got {', '.join(names)} with {found.names[0]!r} only."
            )
        exposure = Exposure.of(evidence, attack, max_fpr)
        notes = [*self._doubts(), *unchecked]
        return measure_groups(exposure, found, names, min_size, notes, min_named)

    def where_it_leaks(
        self,
        X: Any,
        *,
        feature_names: Any = None,
        attack: str | None = None,
        max_fpr: float | None = None,
        max_slices: int = 5,
        max_conditions: int = 3,
        min_size: int = 10,
        random_state: int | np.random.RandomState | None = None,
    ) -> Slices:
        """Look for the parts of the records that are more exposed than the rest.

        Parameters
        ----------
        X : pair of tables
            The columns of the rows as they were passed to the audit, of the members and
            of the non-members: frames, arrays or sparse matrices of numbers, text,
            categories and missing values. They need not be what the model was fitted
            on. Of :func:`audit_cv` and of a report that was made from scores it is one
            table. The true class is looked at as well, as the column ``label``.
        feature_names : sequence of str, default=None
            Names of the columns; those of a frame, or numbers, where it is None.
        attack : str, default=None
            Whose scores are read. With None the one that :meth:`records` takes.
        max_fpr : float, default=None
            Share of all non-members that may be accused, which sets the threshold. With
            None that of the report's `max_fprs` that is nearest to 1 %, of those that
            can be read.
        max_slices : int, default=5
            Candidates that are checked. With more of them each needs to be surer.
        max_conditions : int, default=3
            Conditions of a rule.
        min_size : int, default=10
            Members, and non-members, that a slice needs in either half; persons, where
            the audit was given groups.
        random_state : int, RandomState or None, default=None
            Draws the half to search in. With None the audit's own seed does, so that
            the same question has the same answer.

        Returns
        -------
        Slices
            The slices that hold, each with its rule, its members, its exposed share and
            that of the rest. None of them where nothing was found.

        Raises
        ------
        ValueError
            If rows are not those that were passed to the audit or in another order, a
            parameter is out of range, or the report is from a file.

        See Also
        --------
        AuditReport.subgroups : Groups that are known beforehand.
        AuditReport.including : Shows the result in the report.

        Notes
        -----
        Exposed members are those of :meth:`subgroups`: above one threshold for all.

        In one half of the records, persons whole, rules of up to `max_conditions`
        conditions are looked for: categories of a column that have enough records to be
        judged, or cuts of a column of numbers or of dates. Pairs are tried, and the
        best are taken further. What is left out, as a category that is too rare, is in
        a note. A rule is judged by the
        exposed share of its members less that of its accused non-members, in
        comparison with the rest, after some standard errors are taken off. A part of
        the records whose non-members are accused as often is not exposed. Then the
        records that it holds for are left out, and the next one is looked for.

        The other half, which had no say in the rules, decides which of them hold: by
        exact intervals of the counts, and p-values by Holm's method over all
        candidates. The figures are of this half, and their intervals hold for all
        candidates together. To try several values of `random_state` until something is
        found, or nothing, makes both worthless.

        When not to use it: for groups that are known, :meth:`subgroups` takes all
        records and finds smaller differences.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> from skmia.audit import AuditReport
        >>> rng = np.random.default_rng(0)
        >>> member = np.arange(6000) < 3000
        >>> survey = pd.DataFrame(
        ...     {
        ...         "age": rng.integers(18, 90, size=6000),
        ...         "died": np.where(rng.random(6000) < 0.2, "yes", "no"),
        ...     }
        ... )
        >>> known = member & (survey.age < 36) & (survey.died == "yes")
        >>> report = AuditReport(member, {"lira": rng.normal(size=6000) + 4 * known})
        >>> [found.rule for found in report.where_it_leaks(survey).slices]
        ['age < 36 and died = yes']
        """
        max_slices = check_integer(max_slices, "max_slices", 1)
        max_conditions = check_integer(max_conditions, "max_conditions", 1)
        min_size = check_integer(min_size, "min_size", 2)
        evidence = self._measured("where_it_leaks")
        seed = evidence.seed if random_state is None else resolve_seed(random_state)
        rows, unchecked = searched_rows(X, feature_names, evidence)
        return find_slices(
            Exposure.of(evidence, attack, max_fpr),
            rows,
            feature_names,
            None if evidence.labels is None else label_column(evidence),
            max_slices=max_slices,
            max_conditions=max_conditions,
            min_size=min_size,
            seed=seed,
            notes=[*self._doubts(), *unchecked],
        )
