"""Shadow models that are no comparison: they know what they should not."""

from collections.abc import Iterator

from skmia.audit._evidence import Evidence
from skmia.audit._guards._base import Guard
from skmia.shadows import informed_auc


def unmoved_shadows(evidence: Evidence) -> Iterator[Guard]:
    """Report shadows that all answer alike, whatever rows they were trained on."""
    if evidence.shadows_move:
        return
    message = (
        f"All {evidence.n_models} shadow models give every record the same answer, "
        "although they were trained on different rows. Either the model ignores its "
        "training data, or a part of it stays as it is when it is fitted again, and "
        "what that part leaks is not measured: a fitted model behind a function, in a "
        "file, or in a class with a clone of its own."
    )
    yield Guard("unmoved_shadows", "warning", message, evidence.n_models)


def informed_shadows(evidence: Evidence) -> Iterator[Guard]:
    """Report shadows that tell the model's members from its non-members."""
    if evidence.outside_means is None:
        return
    auc = informed_auc(evidence.membership, evidence.outside_means)
    if auc is None:
        return
    message = (
        "Shadow models that have not seen a record tell whether it is a member of the "
        f"audited model, with AUC {auc:.3f}. Nothing told them: either a part that was "
        "fitted on the members is in all of them, or in the features, and attacks with "
        "shadows underestimate leakage; or the members are easier rows, from another "
        "source or time."
    )
    yield Guard("informed_shadows", "warning", message, value=auc)
