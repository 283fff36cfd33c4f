"""Audits: what a model tells about its training rows, in one report."""

from skmia.audit._attributes import (
    AttributeFigure,
    AttributeInference,
    audit_attributes,
)
from skmia.audit._claim import PrivacyClaim
from skmia.audit._classifier import audit_classifier
from skmia.audit._compare import compare
from skmia.audit._comparison import Comparison, Difference
from skmia.audit._cross_validation import audit_cv
from skmia.audit._displays import (
    MembershipRocDisplay,
    MembershipScoreDisplay,
    RecordRiskDisplay,
    SubgroupDisplay,
)
from skmia.audit._figures import Figure
from skmia.audit._guards import Guard
from skmia.audit._learner import audit_learner
from skmia.audit._leave_one_out import LeaveOneOutRisk, leave_one_out_risk
from skmia.audit._mlflow import log_to_mlflow
from skmia.audit._policy import Decision, Policy, Ruling
from skmia.audit._predictions import audit_predictions
from skmia.audit._report import AuditReport, report_schema
from skmia.audit._skore_check import LeakageCheck
from skmia.audit._structure import Structure, StructureFinding, audit_structure
from skmia.audit._subgroups import Slices, Subgroups

__all__ = [
    "AttributeFigure",
    "AttributeInference",
    "AuditReport",
    "Comparison",
    "Decision",
    "Difference",
    "Figure",
    "Guard",
    "LeakageCheck",
    "LeaveOneOutRisk",
    "MembershipRocDisplay",
    "MembershipScoreDisplay",
    "Policy",
    "PrivacyClaim",
    "RecordRiskDisplay",
    "Ruling",
    "Slices",
    "Structure",
    "StructureFinding",
    "SubgroupDisplay",
    "Subgroups",
    "audit_attributes",
    "audit_classifier",
    "audit_cv",
    "audit_learner",
    "audit_predictions",
    "audit_structure",
    "compare",
    "leave_one_out_risk",
    "log_to_mlflow",
    "report_schema",
]
