"""A promise of differential privacy beside what the attacks of an audit found."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from skmia.audit._evidence import Evidence
from skmia.audit._figures import Figure, measure_jointly
from skmia.audit._privacy import epsilon_bound, mu_bound
from skmia.audit._promise import Promise
from skmia.audit._section import Section
from skmia.metrics import get_metric, tpr_ceiling
from skmia.utils import percent


@dataclass(frozen=True)
class Ceiling:
    """The most that a promise allows at a false positive rate, beside what was found.

    Parameters
    ----------
    max_fpr : float
        The rate.
    ceiling : float
        The highest TPR that the promise allows any attack.
    value, low, high : float
        The TPR of the strongest attack, with its interval.
    attack : str
        The attack.
    """

    max_fpr: float
    ceiling: float
    value: float
    low: float
    high: float
    attack: str

    @property
    def contradicted(self) -> bool:
        """Whether the whole interval is above the ceiling."""
        return self.low > self.ceiling


@dataclass(frozen=True)
class PrivacyClaim(Section):
    """Hold a claimed epsilon or mu against an audit.

    :meth:`AuditReport.check_claim` makes one, and :func:`audit_classifier` for what a
    model with a private classifier inside promises itself.

    Parameters
    ----------
    epsilon, mu : float
        What is compared; one of the two is None.
    delta : float
        The delta that goes with epsilon.
    bound : float
        Lower bound on epsilon or mu that the attacks prove; None where there are too
        few records.
    attack : str
        The attack with that bound.
    ceilings : tuple of Ceiling
        At each rate of the report that can be read.
    confidence_level : float
        Chance that the bound and all intervals hold together.
    unit : {"row", "person"}
        What the claim is compared for: a change of one record, or of all records of a
        person, where the audit was told whose they are.
    void : bool
        Whether a guard of the report says that its figures are no measure of the model,
        or not of it alone.
    promise : Promise
        What the model itself promises, as ``epsilon``, ``delta``, ``mu``,
        ``mechanism``, ``neighbors``, ``group_size``, and ``voided`` where that is not
        the model's as a whole; None for a claim of somebody else's.

    See Also
    --------
    skmia.metrics.tpr_ceiling : The ceiling alone.

    Examples
    --------
    >>> from skmia.audit import AuditReport
    >>> report = AuditReport([1] * 200 + [0] * 200, {"loss": range(400, 0, -1)})
    >>> claim = report.check_claim(epsilon=1.0)
    >>> claim.title, claim.contradicted
    ('epsilon = 1', True)
    """

    section: ClassVar[str] = "claim"

    epsilon: float | None
    delta: float
    mu: float | None
    bound: float | None
    attack: str | None
    ceilings: tuple[Ceiling, ...]
    confidence_level: float
    unit: str = "row"
    void: bool = False
    promise: Promise | None = None

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        *,
        epsilon: float | None = None,
        delta: float = 0.0,
        mu: float | None = None,
        void: bool = False,
        promise: Promise | None = None,
    ) -> Self:
        """Compare a claim with what an audit measured."""
        tpr_ceiling(0, epsilon=epsilon, delta=delta, mu=mu)  # checks the parameters
        metrics = [
            metric
            for metric in (get_metric(f"tpr@{rate}") for rate in evidence.max_fprs)
            if evidence.n_nonmembers >= metric.needed_nonmembers
        ]
        # The bound and the figures share the error: any of them may contradict.
        figures = measure_jointly(evidence, metrics, n_others=1) if metrics else ()
        shared = evidence.sharing(len(metrics) + 1)
        best = mu_bound(shared) if mu is not None else epsilon_bound(shared, delta)
        return cls(
            epsilon=epsilon,
            delta=delta,
            mu=mu,
            bound=None if best is None else best.value,
            attack=None if best is None else best.attack,
            ceilings=tuple(_ceiling(f, epsilon, delta, mu) for f in figures),
            confidence_level=evidence.confidence_level,
            unit="row" if evidence.persons is None else "person",
            void=void,
            promise=promise,
        )

    @classmethod
    def of_promise(cls, evidence: Evidence, *, void: bool = False) -> Self:
        """Compare what the audited model promises."""
        promise = evidence.promise
        assert promise is not None
        return cls.of(evidence, **promise.allows, void=void, promise=promise)

    @property
    def contradicted(self) -> bool:
        """Whether the claim cannot hold, by any of these figures.

        False is no sign that it holds.
        """
        claimed = self.mu if self.epsilon is None else self.epsilon
        assert claimed is not None
        proved = self.bound is not None and self.bound > claimed
        above = any(ceiling.contradicted for ceiling in self.ceilings)
        return not self.void and not self._is_no_promise and (proved or above)

    @property
    def _is_no_promise(self) -> bool:
        return self.promise is not None and bool(self.promise.voided)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a report's contents."""
        return {**super().to_dict(), "contradicted": self.contradicted}

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """The same again, from what :meth:`to_dict` returned."""
        known = {key: value for key, value in contents.items() if key != "contradicted"}
        known["ceilings"] = tuple(Ceiling(**entry) for entry in contents["ceilings"])
        if known.get("promise") is not None:
            known["promise"] = Promise.from_dict(known["promise"])
        return cls(**known)

    @property
    def title(self) -> str:
        """What is claimed, or what a promise comes to here."""
        if self.epsilon is None:
            return f"mu = {self.mu:g}"
        return f"epsilon = {self.epsilon:g}" + (
            f" with delta = {self.delta:g}" if self.delta else ""
        )

    @property
    def sentences(self) -> list[str]:
        """What the comparison says, most important first."""
        what = "mu" if self.epsilon is None else "epsilon"
        whom = "one record" if self.unit == "row" else "all records of a person"
        promised = [] if self.promise is None else self._promised(self.promise)
        if self._is_no_promise:
            return promised
        if self.void:
            first = (
                "The figures of this audit are no measure of what the model leaks by "
                "itself, and say nothing about the claim."
            )
        elif self.contradicted:
            first = (
                "The audit contradicts the claim: the attacks found more than "
                f"{self.title} allows."
            )
        else:
            first = (
                "These attacks do not contradict the claim. That does not prove it: a "
                "stronger attack may."
            )
        at = " at this delta" if self.delta else ""
        bound = (
            "There are too few records for a lower bound."
            if self.bound is None
            else f"By {self.attack}, {what} is at least {self.bound:.3g}{at}."
        )
        level = percent(self.confidence_level)
        beginning = [first, *promised] if self.contradicted else [*promised, first]
        return [
            *beginning,
            f"{bound} This bound and the intervals below hold together with {level} "
            f"confidence, for a change of {whom}. Records of one training run "
            "influence one another: this is a quick test, and no certificate.",
        ]

    def _promised(self, promise: Promise) -> list[str]:
        """What the model promises, and what that comes to in this audit."""
        if promise.voided:
            void = "The model as a whole makes no such promise: "
            return [promise.sentence, void + " ".join(promise.voided)]
        compared = f"Compared with what was found is {self.title}."
        return [promise.sentence, *promise.remarks, compared]

    @property
    def heading(self) -> str:
        """What the section is about."""
        if self.promise is None:
            return f"Claimed differential privacy: {self.title}"
        return "Differential privacy that the model promises"

    def summary(self) -> str:
        """Text for a report."""
        lines = [self.heading]
        lines += [
            textwrap.fill(s, 80, initial_indent="  - ", subsequent_indent="    ")
            for s in self.sentences
        ]
        if self.ceilings and not self._is_no_promise:
            lines.append(f"  {'':<20}{'found':>9}   {'interval':<22}{'allowed':>9}")
        for c in () if self._is_no_promise else self.ceilings:
            interval = f"[{100 * c.low:.2f} %, {100 * c.high:.2f} %]"
            mark = "  too high" if c.contradicted else ""
            lines.append(
                f"  {f'TPR at {percent(c.max_fpr)} FPR':<20}{100 * c.value:>7.2f} %   "
                f"{interval:<22}{100 * c.ceiling:>7.2f} %{mark}"
            )
        return "\n".join(lines)


def _ceiling(
    figure: Figure, epsilon: float | None, delta: float, mu: float | None
) -> Ceiling:
    rate = get_metric(figure.metric).max_fpr
    assert rate is not None
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    top = float(tpr_ceiling(rate, epsilon=epsilon, delta=delta, mu=mu))
    return Ceiling(rate, top, figure.value, figure.low, figure.high, figure.attack)
