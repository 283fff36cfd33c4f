"""What an audit found, and every form it is handed on in."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skmia.audit._evidence import Evidence
from skmia.audit._figures import Figure, add_gap, check_resolvable
from skmia.audit._guards import Guard
from skmia.audit._inputs import (
    check_length,
    check_one_side,
    check_reading,
    check_scores,
)
from skmia.audit._report._cards import Cards
from skmia.audit._report._claims import Claims
from skmia.audit._report._contents import make_contents
from skmia.audit._report._decisions import Decisions
from skmia.audit._report._groups import Groups
from skmia.audit._report._pages import Pages
from skmia.audit._report._plots import Plots
from skmia.metrics import get_metric
from skmia.utils import check_membership, computing_once, encode_groups


class AuditReport(Pages, Groups, Decisions, Plots, Claims, Cards):
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
        ``n_shadows`` and ``train_size`` of the shadow models, where there were any;
        and ``counterfactual``, a dict, where it is known whether they told both sides
        of a record: ``used``, ``family``, ``exact``, ``why_not``, ``n_fits``,
        ``n_unknown``, and ``slope`` and ``correlation``, each of records taken out and
        of records put in.
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
    sections : tuple of section
        What :meth:`including` added to every form.
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
            check_one_side(member, persons)
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
            positions=np.arange(member.size),
            lengths=(member.size,),
        )
        self._take(evidence, guards, accuracy)

    @classmethod
    @computing_once()
    def _of(cls, evidence: Evidence) -> "AuditReport":
        """Report on what an audit of ours has measured."""
        report = cls.__new__(cls)
        report._take(add_gap(evidence), (), evidence.accuracy)
        return report

    def _take(
        self,
        evidence: Evidence,
        guards: Sequence[Guard],
        accuracy: tuple[float, float] | None,
    ) -> None:
        self._show(make_contents(evidence, guards, accuracy))
        self._sections = ()
        # The records stay out of the public attributes and of the repr, and the values
        # of their rows are not kept.
        self._evidence = evidence.without_rows()

    def _show(self, contents: dict[str, Any]) -> None:
        self._contents = contents
        counts, accuracy = contents["counts"], contents["accuracy"]
        self.max_fprs: tuple[float, ...] = tuple(contents["max_fprs"])
        self.confidence_level: float = contents["confidence_level"]
        self.estimator: str = contents["estimator"]
        self.accuracy: tuple[float, float] | None = accuracy and (
            accuracy["members"],
            accuracy["nonmembers"],
        )
        self.shadows: dict[str, Any] | None = copy.deepcopy(contents["shadows"])
        self.settings: dict[str, Any] = copy.deepcopy(contents["settings"])
        self.n_members: int = counts["members"]
        self.n_nonmembers: int = counts["nonmembers"]
        self.n_models: int = counts["models"]
        self.n_member_persons: int | None = counts["member_persons"]
        self.n_nonmember_persons: int | None = counts["nonmember_persons"]
        self.figures: tuple[Figure, ...] = tuple(map(_figure, contents["figures"]))
        self._strongest = tuple(map(_figure, contents["strongest"]))
        self.guards: tuple[Guard, ...] = tuple(map(_guard, contents["guards"]))

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
        return tuple(self._contents["attacks"])

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
        AuditReport.decide : Compares with limits what the figures may be.
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


def _figure(contents: Mapping[str, Any]) -> Figure:
    return Figure(**{field.name: contents[field.name] for field in fields(Figure)})


def _guard(contents: Mapping[str, Any]) -> Guard:
    return Guard(**{field.name: contents[field.name] for field in fields(Guard)})
