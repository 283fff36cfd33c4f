"""The one table of families with a closed form."""

from typing import Any

from skmia.shadows._counterfactual._family import Family
from skmia.shadows._counterfactual._mlp import MLP

#: By package and class: a subclass may be fitted in another way, and is none of these.
FAMILIES: dict[tuple[str, str], Family] = {
    ("sklearn", "MLPClassifier"): MLP,
}


def family_of(classifier: Any) -> Family | None:
    """Return the family of a classifier, which is no Pipeline, or None."""
    kind = type(classifier)
    return FAMILIES.get((kind.__module__.partition(".")[0], kind.__qualname__))
