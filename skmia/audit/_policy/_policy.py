"""What somebody who signs asks of a report: limits, and checks that must be silent."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from skmia.audit._guards import CHECKS
from skmia.audit._policy._parameters import (
    check_exposed,
    check_limit,
    check_names,
    check_rates,
    check_texts,
)
from skmia.audit._policy._presets import LEAKPRO, OWASP_AISVS, SACRO
from skmia.audit._policy._ruling import REQUIRE, STRUCTURE
from skmia.audit._policy._toml import check_known, read_toml, write_toml
from skmia.audit._structure import CHECKS as STRUCTURE_CHECKS
from skmia.metrics import Metric, get_metric
from skmia.utils import atomic_write, check_option, check_real

_GUARDS = tuple(check.name for check in CHECKS)
_STRUCTURE = tuple(STRUCTURE_CHECKS)
#: Parameters that hold a limit, each of which may be declared not applicable.
LIMITS = ("max_auc", "max_advantage", "max_tpr", "max_exposed")
#: False alarms at which members are counted as exposed.
EXPOSED_FPR = 0.01
_TEXTS = ("name", "source")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Hold what a model must keep to be released.

    :meth:`AuditReport.decide` compares a report with it. A figure keeps a limit where
    the upper end of its interval does, for the attack that may read most; where the
    audit was given persons, per row and per person.

    Parameters
    ----------
    max_auc : float, default=None
        Limit of the AUC, in [0, 1).
    max_tpr : dict of float to float, default=None
        False positive rate, in (0, 1), to the limit of the true positive rate at it, in
        [0, 1), such as ``{0.01: 0.05}``.
    max_advantage : float, default=None
        Limit of the advantage, in [0, 1).
    max_exposed : int or float, default=None
        How many members may be exposed: their number where it is an int, their share of
        all members in [0, 1) where it is a float. Counted are those that the attack
        finds at a false positive rate of 1 % beyond those that guessing finds, and the
        list of :meth:`AuditReport.exposed` where it is longer. Of persons, where the
        audit was given persons.
    require : sequence of str, default=()
        Names of guards that must not fire, as :class:`Guard` lists them. A guard fires
        where it is a warning of the report; one that is never more than a note, where
        it is a note. A note that says that a guard could not look, or that it
        found something and does not know whether it misleads, is "not measured".
    structure : sequence of str, default=()
        Names of checks of the model's structure that must find nothing, as
        :class:`StructureFinding` lists them, such as ``"carried_rows"``. What they find
        is a fact about the model and no figure: it is refused whatever the audit reads.
    not_applicable : dict of str to str, default=None
        Rules that are not to be applied, by the name of a parameter or of a rule in a
        decision, each with the reason. Every decision shows both.
    compare : {"upper", "value"}, default="upper"
        What has to stay within a limit: the upper end of the interval, or the figure
        itself, which chance takes below a limit that the model does not keep.
    confidence_level : float, default=0.95
        The least confidence level, in (0, 1), of intervals that keep a limit. Figures
        of a report of a lower level are "not measured".
    name : str, default=""
        What the policy is called.
    source : str, default=""
        Where it is written down.
    not_covered : sequence of str, default=()
        What its source asks for beyond this. Every decision repeats it.

    Raises
    ------
    ValueError
        If a parameter is out of range, a name is unknown, or no limit is set: then
        nothing would have to be shown about the model.

    See Also
    --------
    AuditReport.decide : Compares a report with a policy.
    Decision : What comes of it.

    Examples
    --------
    >>> from skmia.audit import AuditReport, Policy
    >>> policy = Policy(max_auc=0.6, max_tpr={0.1: 0.2}, require=["tied_scores"])
    >>> report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)][::-1]})
    >>> report.decide(policy).outcome
    'refuse'
    """

    max_auc: float | None = None
    max_tpr: Mapping[float, float] | None = None
    max_advantage: float | None = None
    max_exposed: float | None = None
    require: Iterable[str] = ()
    structure: Iterable[str] = ()
    not_applicable: Mapping[str, str] | None = None
    compare: str = "upper"
    confidence_level: float = 0.95
    name: str = ""
    source: str = ""
    not_covered: Iterable[str] = field(default=())

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {
            "max_auc": check_limit(self.max_auc, "max_auc"),
            "max_advantage": check_limit(self.max_advantage, "max_advantage"),
            "max_tpr": check_rates(self.max_tpr),
            "max_exposed": check_exposed(self.max_exposed),
            "require": check_names(self.require, "require", _GUARDS),
            "structure": check_names(self.structure, "structure", _STRUCTURE),
            "not_covered": check_texts(self.not_covered, "not_covered"),
            "compare": check_option(self.compare, "compare", ("upper", "value")),
            "confidence_level": check_real(
                self.confidence_level, "confidence_level", 0, 1, closed="neither"
            ),
        }
        for name, value in checked.items():
            # The way of a frozen dataclass to its own fields.
            object.__setattr__(self, name, value)
        for text in _TEXTS:
            if not isinstance(getattr(self, text), str):
                raise TypeError(
                    f"The '{text}' parameter must be a str. "
                    f"Got {getattr(self, text)!r} instead."
                )
        if all(getattr(self, limit) in (None, {}) for limit in LIMITS):
            raise ValueError(
                f"A policy must set one at least of {list(LIMITS)}: without a limit "
                "nothing has to be shown about the model."
            )
        object.__setattr__(self, "not_applicable", self._check_not_applicable())

    def _check_not_applicable(self) -> dict[str, str]:
        given = {} if self.not_applicable is None else self.not_applicable
        if not isinstance(given, Mapping):
            raise TypeError(
                "The 'not_applicable' parameter must be a dict of rule to reason. "
                f"Got {given!r} instead."
            )
        known = (*LIMITS, *self.rules)
        for rule, reason in given.items():
            check_known(rule, known, "The 'not_applicable' parameter must be on rules")
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(
                    f"The 'not_applicable[{rule!r}]' parameter must be a str that "
                    f"gives the reason. Got {reason!r} instead."
                )
        return dict(given)

    @classmethod
    def sacro(cls) -> "Policy":
        """Make the policy of SACRO-ML, a toolkit for trusted research environments.

        An AUC above 0.65 counts against a release; so do training rows in the model
        (SVC and nearest neighbours), leaves of few rows, and fewer than ten residual
        degrees of freedom. What SACRO-ML asks beyond that is named in every decision.

        Returns
        -------
        Policy
            ``dataclasses.replace(Policy.sacro(), ...)`` changes it.

        References
        ----------
        .. [1] AI-SDC, SACRO-ML 2.0, ``FinalRecommendationModule`` in
           ``sacroml/attacks/attack_report_formatter.py`` and ``StructuralAttack`` in
           ``sacroml/attacks/structural_attack.py``,
           https://github.com/AI-SDC/SACRO-ML
        """
        return cls(**SACRO)

    @classmethod
    def leakpro(cls) -> "Policy":
        """Make the policy of LeakPro's summary: the largest AUC, and nothing else.

        Below 0.60 it calls the risk low. As a policy by itself it is weak: an AUC is an
        average, and says little of those who are exposed most.

        Returns
        -------
        Policy
            ``dataclasses.replace(Policy.leakpro(), ...)`` changes it.

        References
        ----------
        .. [1] AI Sweden, LeakPro, ``riskLevel`` in
           ``leakpro/webapp/frontend/src/components/results/Summary.tsx`` as of
           30 June 2026, https://github.com/aidotse/LeakPro. Later versions rate the
           true positive rate by how far it is above the false positive rate.
        """
        return cls(**LEAKPRO)

    @classmethod
    def owasp_aisvs(cls) -> "Policy":
        """Make the policy of OWASP's AI Security Verification Standard, 11.2.5.

        "Membership-inference attack simulations demonstrate that attack accuracy does
        not exceed random guessing on evaluated data." The notes to it make that an AUC
        below 0.55 and a true positive rate near the false positive rate at low ones,
        and ask for a baseline that does not see the model: the guard
        ``"blind_classifier"``. It takes 1,000 non-members.

        Returns
        -------
        Policy
            ``dataclasses.replace(Policy.owasp_aisvs(), ...)`` changes it.

        References
        ----------
        .. [1] OWASP AISVS 1.0, C11.2, https://github.com/OWASP/AISVS
        """
        return cls(**OWASP_AISVS)

    @property
    def metrics(self) -> dict[str, tuple[Metric, float]]:
        """The limits on metrics, by the name of their rule."""
        limits: dict[str, tuple[Metric, float]] = {}
        if self.max_auc is not None:
            limits["max_auc"] = get_metric("auc"), self.max_auc
        if self.max_advantage is not None:
            limits["max_advantage"] = get_metric("advantage"), self.max_advantage
        for rate, limit in (self.max_tpr or {}).items():
            metric = get_metric(f"tpr@{rate!s}")
            limits[f"max_{metric.name}"] = metric, limit
        return limits

    @property
    def max_fprs(self) -> tuple[float, ...]:
        """The false positive rates that an audit has to read for this policy."""
        rates = set(self.max_tpr or ())
        if self.max_exposed is not None:
            rates.add(EXPOSED_FPR)
        return tuple(sorted(rates, reverse=True))

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules of a decision."""
        exposed = () if self.max_exposed is None else ("max_exposed",)
        return (
            *self.metrics,
            *exposed,
            *(f"{REQUIRE}{name}" for name in self.require),
            *(f"{STRUCTURE}{name}" for name in self.structure),
        )

    def reason_not_applied(self, rule: str) -> str | None:
        """Return why a rule is not to be applied; None where it is."""
        given = self.not_applicable or {}
        # "max_tpr@0.01" is a rule of the parameter max_tpr.
        return given.get(rule, given.get(rule.partition("@")[0]))

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters that are set, as plain values.

        Returns
        -------
        dict
            As :meth:`from_dict` takes them.
        """
        plain: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value is None or value in ("", (), {}):
                continue
            if item.name == "max_tpr":
                value = {str(rate): limit for rate, limit in value.items()}
            plain[item.name] = list(value) if isinstance(value, tuple) else value
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Policy":
        """Make a policy of what :meth:`to_dict` returns.

        Parameters
        ----------
        values : dict
            Parameters, with the rates of ``max_tpr`` as text or as numbers.

        Returns
        -------
        Policy
            With these parameters.

        Raises
        ------
        ValueError
            If one is unknown, naming that which is nearest, or wrong.
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"A policy must be a dict. Got {values!r} instead.")
        known = [item.name for item in fields(cls)]
        for key in values:
            check_known(key, known, "A policy must have keys")
        return cls(**values)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> "Policy":
        """Read a policy from a TOML file.

        Parameters
        ----------
        path : path-like
            The file. Its keys are the parameters; false positive rates, and names of
            rules with an ``@``, stand in quotes::

                max_auc = 0.6
                require = ["blind_classifier"]
                [max_tpr]
                "0.01" = 0.05
                [not_applicable]
                max_exposed = "the records are of machines"

        Returns
        -------
        Policy
            What the file says.

        Raises
        ------
        ValueError
            If the file is no TOML, or a key is unknown or its value wrong.
        """
        return read_toml(path, cls.from_dict)

    def to_toml(self, path: str | os.PathLike[str]) -> None:
        """Write the policy to a TOML file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced.
        """
        with atomic_write(path) as file:
            # TOML has no escape for half of a pair of code units.
            file.write(write_toml(self.to_dict()).encode(errors="replace"))
