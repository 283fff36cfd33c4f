"""What the state of a model says of its training rows."""

from skmia.audit._structure._audit import audit_structure, structure_of_members
from skmia.audit._structure._section import CHECKS, Structure, StructureFinding

__all__ = [
    "CHECKS",
    "Structure",
    "StructureFinding",
    "audit_structure",
    "structure_of_members",
]
