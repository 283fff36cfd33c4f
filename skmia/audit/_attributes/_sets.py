"""Whether members and non-members differ without the model, and what follows."""

from dataclasses import replace

import numpy as np

from skmia._tables import take_rows
from skmia.audit._attributes._section import AttributeFigure
from skmia.audit._evidence import Evidence
from skmia.audit._guards import blind_classifier
from skmia.audit._pool import Pool


def sets_differ(pool: Pool, seed: int) -> str:
    """What the blind classifier of an audit says of the two sets; "" for nothing.

    The comparison takes the sets to be alike: a model that learnt from the one alone
    helps more with its people than others do, whom it saw or not.
    """
    kept = pool.rows.kept
    evidence = Evidence(
        membership=pool.member[kept],
        scores={},
        max_fprs=(),
        confidence_level=0.95,
        labels=np.asarray(pool.y)[kept],
        X=take_rows(pool.X, kept),
        persons=None if pool.persons is None else pool.persons[kept],
        seed=seed,
    )
    for guard in blind_classifier(evidence):
        if guard.severity == "warning":
            return guard.message
    return ""


def doubted(figure: AttributeFigure) -> AttributeFigure:
    """The same where the sets are not alike: nothing is found by comparing them."""
    if figure.outcome != "found":
        return figure
    message = (
        f"Column {figure.column!r}: the guess is right for {show(figure.members)} of "
        f"the members, by {show(figure.advantage)} more (at least "
        f"{show(figure.low)}) than what holds for others explains. This may come from "
        "the sets: members and non-members differ without the model."
    )
    return replace(figure, outcome="unclear", message=message)


def show(share: float | None) -> str:
    """A share as a reader is told; nothing for None."""
    if share is None:
        return ""
    return f"{100 * share:.1f} %"
