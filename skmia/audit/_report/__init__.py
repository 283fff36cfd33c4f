"""The report of an audit, and its forms."""

from skmia.audit._report._audit_report import AuditReport

__all__ = ["AuditReport"]
