"""What an audit found, and every form it is handed on in."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from numpy.typing import ArrayLike

import skmia
from skmia._tables import split_persons
from skmia.audit._evidence import Evidence
from skmia.audit._figures import (
    Figure,
    add_gap,
    measure,
    measure_headline,
    measure_strongest,
)
from skmia.audit._guards import Guard, run_guards
from skmia.audit._inputs import check_length, check_reading, check_scores
from skmia.audit._limits import check_resolvable, exceeded
from skmia.audit._progress import enter_stage
from skmia.audit._report._json import to_plain, write_json
from skmia.audit._report._records import Records
from skmia.audit._report._text import to_text
from skmia.metrics import get_metric
from skmia.utils import (
    check_membership,
    check_option,
    encode_groups,
    import_optional,
)

if TYPE_CHECKING:
    import pandas as pd

#: Version of what `AuditReport.to_json` writes; raised where a key changes meaning.
SCHEMA_VERSION = 1


class AuditReport:
    """Hold what an audit found: figures with intervals, guards, a score per record.

    :func:`audit_classifier` and :func:`audit_cv` make one. From scores that were made
    elsewhere it can be made directly.

    Parameters
    ----------
    membership : array-like of bool of shape (n_records,)
        True for members, False for non-members; both have to be there.
    scores : dict of str to array-like of shape (n_records,)
        The membership evidence of each attack, higher for members.
    labels : array-like of shape (n_records,), default=None
        The true class of every record, for :meth:`records`.
    index : sequence of length n_records, default=None
        The name of every record in :meth:`records`; positions where it is None.
    groups : array-like of shape (n_records,), default=None
        Name of the person that each record belongs to, for figures per person: of the
        mean of their scores.
    max_fprs : sequence of float, default=(0.1, 0.01, 0.001)
        False positive rates at which the true positive rate is read.
    confidence_level : float, default=0.95
        Confidence level of every interval.
    estimator : str, default="estimator"
        What the audited classifier is called.
    accuracy : pair of float, default=None
        Its accuracy on members and on non-members.
    shadows : dict, default=None
        ``n_shadows`` and ``train_size`` of the shadow models, where there were any.
    guards : sequence of Guard, default=()
        Found elsewhere. Those that the scores and counts call for are added to them.
    settings : dict, default=None
        How the audit was run, for :meth:`to_json`.

    Attributes
    ----------
    figures : tuple of Figure
        One for each attack and metric; where the audit was given groups, one per row
        and one per person.
    guards : tuple of Guard
        What would make a figure misleading, warnings first.
    n_members, n_nonmembers : int
        Number of records that the figures rest on; of several models, of the one that
        has the fewest.
    n_member_persons, n_nonmember_persons : int or None
        Number of persons, where the audit was given groups.
    n_models : int
        Number of audited models, over which the figures are averaged.
    max_fprs, confidence_level, estimator, accuracy, shadows, settings
        As given.

    Raises
    ------
    ValueError
        Where a score is missing or not finite, lengths differ, or a side is empty.

    See Also
    --------
    audit_classifier : Audits a fitted classifier.
    audit_cv : Audits the models of a cross-validation.

    Examples
    --------
    >>> from skmia.audit import AuditReport
    >>> report = AuditReport(
    ...     [True] * 20 + [False] * 20,
    ...     {"loss": [*range(10, 30), *range(20)]},
    ...     max_fprs=(0.1, 0.01),
    ... )
    >>> report.worst("tpr@0.1")
    ('loss', 0.6)
    >>> report.figures[3]
    Figure(attack='loss', metric='tpr@0.01', value=None, low=None, high=None, \
resolvable=False, unit='row')
    """

    def __init__(
        self,
        membership: ArrayLike,
        scores: Mapping[str, ArrayLike],
        *,
        labels: ArrayLike | None = None,
        index: Any = None,
        groups: ArrayLike | None = None,
        max_fprs: Sequence[float] = (0.1, 0.01, 0.001),
        confidence_level: float = 0.95,
        estimator: str = "estimator",
        accuracy: tuple[float, float] | None = None,
        shadows: Mapping[str, Any] | None = None,
        guards: Sequence[Guard] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        member = check_membership(membership)
        if not isinstance(scores, Mapping) or not scores:
            raise ValueError(
                "The 'scores' parameter must be a dict of attack name to one score per "
                f"record, with one attack at least. Got {scores!r} instead."
            )
        for name in scores:
            if not isinstance(name, str):
                raise TypeError(
                    "The keys of the 'scores' parameter must be str, the names of "
                    f"attacks. Got {name!r} instead."
                )
        rates, level = check_reading(max_fprs, confidence_level)
        persons, names = None, None
        if groups is not None:
            persons, names = encode_groups(groups, member.size)
            if split_persons(member, persons).any():
                raise ValueError(
                    "The 'groups' parameter must have every person on one side only. "
                    "Leave out persons with members and non-members."
                )
        evidence = Evidence(
            membership=member,
            scores={
                name: check_scores(name, values, member.size)
                for name, values in scores.items()
            },
            max_fprs=rates,
            confidence_level=level,
            labels=check_length("labels", labels, member.size),
            index=check_length("index", index, member.size),
            persons=persons,
            person_names=names,
            estimator=estimator,
            shadows=shadows,
            settings=settings or {},
        )
        self._take(evidence, guards)
        self.accuracy = accuracy

    @classmethod
    def _of(cls, evidence: Evidence) -> "AuditReport":
        """Report on what an audit of ours has measured."""
        report = cls.__new__(cls)
        report._take(add_gap(evidence))
        return report

    def _take(self, evidence: Evidence, guards: Sequence[Guard] = ()) -> None:
        self.max_fprs = evidence.max_fprs
        self.confidence_level = evidence.confidence_level
        self.estimator = evidence.estimator
        self.accuracy = evidence.accuracy
        self.shadows = None if evidence.shadows is None else dict(evidence.shadows)
        self.settings = dict(evidence.settings)
        self.n_members = evidence.n_members
        self.n_nonmembers = evidence.n_nonmembers
        self.n_models = len(evidence.targets)
        by_person = evidence.per_person
        self.n_member_persons = None if by_person is None else by_person.n_members
        self.n_nonmember_persons = None if by_person is None else by_person.n_nonmembers
        self._person_rules = None if by_person is None else evidence.titles_of_rules
        enter_stage("figures")
        self.figures: tuple[Figure, ...] = measure(evidence)
        self._strongest = measure_strongest(evidence, self.figures)
        self._headline = measure_headline(evidence, self.figures)
        enter_stage("guards")
        self.guards: tuple[Guard, ...] = run_guards(evidence, guards)
        # The records themselves stay out of the public attributes and of the repr, and
        # the evidence with the rows in it is not kept.
        self._records = Records.of(evidence)

    def __repr__(self) -> str:
        name, auc = self.worst("auc")
        models = f"n_models={self.n_models}, " if self.n_models > 1 else ""
        return (
            f"AuditReport({self.estimator}, n_members={self.n_members}, "
            f"n_nonmembers={self.n_nonmembers}, {models}worst AUC {auc:.3f} ({name}))"
        )

    @property
    def _n_nonmembers(self) -> dict[str, int]:
        """By the unit of figures."""
        counts = {"row": self.n_nonmembers, "person": self.n_nonmember_persons}
        return {unit: n for unit, n in counts.items() if n is not None}

    @property
    def attacks(self) -> tuple[str, ...]:
        """The names of the attacks, in the order they were run."""
        return tuple(self._records["row"].scores)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, as :func:`skmia.metrics.get_metric` takes them."""
        return tuple(dict.fromkeys(figure.metric for figure in self.figures))

    def worst(self, metric: str) -> tuple[str, float]:
        """Return the highest figure over the attacks, per row or per person.

        Parameters
        ----------
        metric : str
            One of :attr:`metrics`, such as ``"auc"`` or ``"tpr@0.01"``.

        Returns
        -------
        attack : str
            The attack that reads it.
        value : float
            The figure.

        Raises
        ------
        ValueError
            If the metric is unknown or not in this report, or cannot be resolved with
            these non-members: a figure that was never measured is not the lowest.

        See Also
        --------
        AuditReport.strongest : The same with an interval.
        AuditReport.exceeds : Compares with a limit what the figure may be.
        """
        figure = self.strongest(metric)
        assert figure.value is not None
        return figure.attack, figure.value

    def strongest(self, metric: str) -> Figure:
        """Return the highest figure over the attacks, with an interval of its own.

        The attack was chosen by the same records, and so its figure is too high, and
        its own interval too. This interval is of the highest of the attacks' true
        figures: where no attack finds anything, its lower end is above chance as rarely
        as that of a single attack. Its upper end is the highest of all.

        Parameters
        ----------
        metric : str
            One of :attr:`metrics`, such as ``"auc"`` or ``"tpr@0.01"``.

        Returns
        -------
        Figure
            The highest figure. Its interval stands by itself; the first lines of
            :meth:`summary` have a TPR and the AUC, whose intervals hold together and
            are a little wider.

        Raises
        ------
        ValueError
            As :meth:`worst` does.

        See Also
        --------
        AuditReport.worst : The attack and the figure alone.
        skmia.metrics.strongest : The same from scores.
        """
        wanted = get_metric(metric)
        if wanted.name not in self.metrics:
            raise ValueError(
                f"The 'metric' parameter must be one of {list(self.metrics)}. "
                f"Got {metric!r} instead."
            )
        check_resolvable(wanted, self._n_nonmembers)
        return next(f for f in self._strongest if f.metric == wanted.name)

    def exceeds(
        self,
        limits: Mapping[str, float],
        *,
        compare: str = "upper",
    ) -> list[str]:
        """Compare the figures with limits, and say which are not kept.

        Parameters
        ----------
        limits : dict of str to float
            Limit of each metric, in [0, 1), such as ``{"auc": 0.6, "tpr@0.01": 0.05}``.
        compare : {"upper", "value"}, default="upper"
            What has to stay under the limit, for the worst attack: the upper end of the
            figure's interval, or the figure itself, which chance takes below a limit
            that the model does not keep.

        Returns
        -------
        list of str
            One sentence for each limit that is not kept, and for each attack that does
            worse than guessing by its whole interval, which is no sign of safety and
            keeps no limit on any metric; one for each guard that says that the shadow
            models are no comparison. Empty where all is well.

        Raises
        ------
        ValueError
            If a parameter is out of range, or a metric is unknown, not in this report
            or not resolvable with these non-members: no limit holds for a figure that
            was never measured.

        See Also
        --------
        AuditReport.worst : The figure itself, of the worst attack.

        Examples
        --------
        >>> from skmia.audit import AuditReport
        >>> report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)]})
        >>> report.exceeds({"auc": 0.6})
        ["auc of 'loss' is below chance, by its whole interval, and no limit is kept ...
        """
        return exceeded(self.figures, self._n_nonmembers, limits, compare, self.guards)

    def summary(self) -> str:
        """Write the report as text, for readers who do not program.

        Returns
        -------
        str
            Several lines, without a final newline.
        """
        return to_text(self.to_dict())

    def to_frame(self) -> "pd.DataFrame":
        """Return the figures as a tidy pandas table, a row per attack and metric.

        Returns
        -------
        DataFrame
            Columns ``attack``, ``metric``, ``value``, ``low``, ``high``, ``resolvable``
            and ``unit``; NaN where a figure is not resolvable.
        """
        pd = import_optional("pandas", "AuditReport.to_frame")
        frame = pd.DataFrame([asdict(figure) for figure in self.figures])
        numbers = ["value", "low", "high"]
        frame[numbers] = frame[numbers].astype("float64")
        return frame

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
            If an attack is called like one of the other columns, or persons are asked
            for and the audit was given no groups.
        """
        check_option(unit, "unit", ("row", "person"))
        if unit not in self._records:
            raise ValueError(
                "The 'unit' parameter must be 'row': this audit was not told whose the "
                "rows are. Got 'person' instead; pass groups to the audit."
            )
        return self._records[unit].to_frame()

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`to_json` writes: no record in it, and no NaN.

        Returns
        -------
        dict
            Strings, numbers, None, lists and dicts only.
        """
        accuracy = self.accuracy and dict(
            zip(("members", "nonmembers"), self.accuracy, strict=True)
        )
        return to_plain(
            {
                "schema_version": SCHEMA_VERSION,
                "estimator": self.estimator,
                "counts": {
                    "members": self.n_members,
                    "nonmembers": self.n_nonmembers,
                    "member_persons": self.n_member_persons,
                    "nonmember_persons": self.n_nonmember_persons,
                    "models": self.n_models,
                },
                "accuracy": accuracy,
                "shadows": self.shadows,
                "confidence_level": self.confidence_level,
                "headline": [asdict(figure) for figure in self._headline],
                "strongest": [asdict(figure) for figure in self._strongest],
                "figures": [asdict(figure) for figure in self.figures],
                "person_rules": self._person_rules,
                "guards": [asdict(guard) for guard in self.guards],
                "settings": self.settings,
                "versions": {
                    "skmia": skmia.__version__,
                    "scikit-learn": sklearn.__version__,
                    "numpy": np.__version__,
                    "python": platform.python_version(),
                },
            }
        )

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write figures, guards, counts and settings to a file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced. Its folder has to exist.
        """
        write_json(path, self.to_dict())
