"""Audits: what a model gives away about its training rows, in one report."""

from skmia.audit._classifier import audit_classifier
from skmia.audit._cross_validation import audit_cv
from skmia.audit._guards._base import Guard
from skmia.audit._report import AuditReport, Figure

__all__ = ["AuditReport", "Figure", "Guard", "audit_classifier", "audit_cv"]
