"""A check of leakage for the reports of skore."""

from typing import Any

from sklearn.base import is_classifier

from skmia.audit._classifier import audit_classifier
from skmia.audit._policy import Policy
from skmia.metrics import is_resolvable
from skmia.utils import import_optional

_MAX_FPRS = (0.1, 0.01, 0.001)


class LeakageCheck:
    """Check in a report of skore whether the model leaks its training rows.

    Audits the model of an ``EstimatorReport``: its training rows are the members, its
    test rows the non-members. Where the check is silent, these attacks found nothing
    on these rows, which is no proof of safety.

    Parameters
    ----------
    policy : Policy, default=None
        What the model has to keep. The check then reports whatever is in the way of a
        release; without one, that the model leaks, and every warning of the audit.
    code : str, default="SKMIA001"
        What skore calls the check.
    **audit_params : dict
        For :func:`audit_classifier`, such as `attacks`, `shadows` and `random_state`.
        `max_fprs` are by default those of its own default that the test rows resolve.

    Attributes
    ----------
    report_ : AuditReport
        The audit, once the check was run.

    See Also
    --------
    audit_classifier : The audit itself.

    Notes
    -----
    It fits shadow models and so is a slow check of skore, which `fast_mode` skips. A
    model without training rows, or no classifier, is not applicable.

    Examples
    --------
    >>> from skmia.audit import LeakageCheck
    >>> check = LeakageCheck(shadows=8, random_state=0)
    >>> report.checks.add([check])  # doctest: +SKIP
    >>> report.checks.summarize()  # doctest: +SKIP
    """

    title = "Membership leakage"
    severity = "issue"
    slow = True
    docs_url = None

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        code: str = "SKMIA001",
        **audit_params: Any,
    ) -> None:
        if policy is not None and not isinstance(policy, Policy):
            raise TypeError(
                "The 'policy' parameter must be a Policy or None. "
                f"Got {policy!r} instead."
            )
        self.policy = policy
        self.code = code
        self.audit_params = audit_params
        self.report_types = ["estimator"]

    def check_function(self, report: Any) -> str | None:
        """Audit the model of a report of skore, and say what was found.

        Parameters
        ----------
        report : skore.EstimatorReport
            A report with training and test rows.

        Returns
        -------
        str or None
            What was found, in plain words; None where nothing was.

        Raises
        ------
        skore.CheckNotApplicable
            If the model is no classifier or the report lacks a part of the rows.
        """
        skore = import_optional("skore", "LeakageCheck")
        if not is_classifier(report.estimator_):
            raise skore.CheckNotApplicable("The model is no classifier.")
        rows = {
            "X_train": report.X_train,
            "y_train": report.y_train,
            "X_test": report.X_test,
            "y_test": report.y_test,
        }
        if lacking := [name for name, values in rows.items() if values is None]:
            raise skore.CheckNotApplicable(
                f"The report has no {', '.join(lacking)}. An audit compares the rows "
                "that the model was trained on with rows that it was not."
            )
        rates = [r for r in _MAX_FPRS if is_resolvable(len(report.y_test), r)]
        params = (
            {"max_fprs": rates, **self.audit_params} if rates else self.audit_params
        )
        try:
            self.report_ = audit_classifier(report.estimator_, *rows.values(), **params)
        except (TypeError, ValueError) as error:
            # An error would cost the user the other checks, and silence would read as
            # a pass.
            return f"The audit failed, and what leaks is not known: {error}"
        if self.policy is not None:
            decision = self.report_.decide(self.policy)
            if decision.outcome == "release":
                return None
            reasons = " ".join(decision.reasons)
            return f"{decision.outcome.capitalize()}. {reasons}"
        contents = self.report_._contents
        verdict = contents["verdict"]
        warnings = [
            guard["message"]
            for guard in contents["guards"]
            if guard["severity"] == "warning"
        ]
        if verdict["kind"] == "nothing_found" and not warnings:
            return None
        return " ".join([*verdict["sentences"], *warnings])
