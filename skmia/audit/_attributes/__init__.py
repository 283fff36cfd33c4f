"""Which values of its training rows a model gives away."""

from skmia.audit._attributes._audit import audit_attributes
from skmia.audit._attributes._section import AttributeFigure, AttributeInference

__all__ = ["AttributeFigure", "AttributeInference", "audit_attributes"]
