"""What the model's file gives away, whatever attacks on its answers read."""

from collections.abc import Iterator

from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard


def carries_training_rows(evidence: Evidence) -> Iterator[Guard]:
    """Report training rows that are stored in the model."""
    if evidence.structure is None:
        return
    found = [f for f in evidence.structure.risks if f.check == "carried_rows"]
    if not found:
        return
    worst = max(found, key=lambda finding: finding.count or 0)
    message = worst.message
    if others := len(found) - 1:
        parts = "part stores" if others == 1 else "parts store"
        message += f" {others} other {parts} rows, too."
    message += (
        " The figures are about its answers. Release a model that stores no rows, or "
        "only a service that asks it."
    )
    share = None
    if worst.count is not None and worst.of:
        share = worst.count / worst.of
    yield Guard("carries_training_rows", "warning", message, worst.count, share)
