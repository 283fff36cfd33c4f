"""How much a model's answers about its training rows hang on each of them."""

from skmia.audit._leave_one_out._audit import leave_one_out_risk
from skmia.audit._leave_one_out._columns import leave_one_out_columns
from skmia.audit._leave_one_out._section import LeaveOneOutRisk

__all__ = ["LeaveOneOutRisk", "leave_one_out_columns", "leave_one_out_risk"]
