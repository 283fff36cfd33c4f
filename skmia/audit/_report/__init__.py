"""The report of an audit, and its forms."""

from skmia.audit._report._audit_report import AuditReport
from skmia.audit._report._schema import report_schema

__all__ = ["AuditReport", "report_schema"]
