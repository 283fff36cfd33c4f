"""What a model from a file reaches beyond itself: other files.

skops looks at types, and lets no function through but arithmetic. The parameters of
trusted types matter as well: shadows are fitted with them, and an estimator with a
`memory` unpickles what lies in the folder that it names. A value becomes a parameter as
an attribute of an estimator, or by ``set_params`` from a dict such as the grid of a
search. Both are looked through, wherever they lie.
"""

from types import NoneType
from typing import Any

import numpy as np

from skmia.cli._model_content import walk
from skmia.utils import warn

# The parameters by which scikit-learn's estimators read or write files, and the text
# that keeps them from it. There are no others: a test looks through the release.
_REACHING: dict[str, tuple[str, ...]] = {"memory": (), "input": ("content",)}


def cut_off(model: Any) -> None:
    """Leave a model nothing by which it reads or writes files.

    Caches of its estimators are switched off, with a warning.

    Raises
    ------
    ValueError
        Naming the parameter, where it cannot be switched off.
    """
    for value, _, owner in walk(model):
        attributes = _attributes(value)
        for name, item in [*attributes.items()]:
            if not _reaches(name, item):
                continue
            if _parameter(name) != "memory":
                raise _refusal(name, item, value)
            attributes[name] = None
            warn(
                f"the cache of the model's {type(value).__name__} ({name}={item!r}) is "
                "a folder of pickles and is not used",
                UserWarning,
            )
        for name, item in value.items() if isinstance(value, dict) else ():
            if _reaches(name, item):
                raise _refusal(name, item, model if owner is None else owner)


def _refusal(name: str, item: Any, owner: Any) -> ValueError:
    reason = {
        "memory": "a cache is a folder of pickles, which run code",
        "input": "its rows would name the files",
    }[_parameter(name)]
    return ValueError(
        f"reads files by {name}={item!r} in its {type(owner).__name__}, and {reason}; "
        f"save a model without it"
    )


def _attributes(value: Any) -> dict[str, Any]:
    attributes = getattr(value, "__dict__", None)
    return attributes if isinstance(attributes, dict) else {}


def _parameter(name: Any) -> str:
    """Return the parameter that ``set_params`` would set by a name."""
    return name.rpartition("__")[2] if isinstance(name, str) else ""


def _reaches(name: Any, value: Any) -> bool:
    """Tell whether a value may make an estimator open a file, under its name.

    The same names stand for columns, classes and words elsewhere, always with numbers.
    An object is no number: a search can draw its candidates from one.
    """
    harmless = _REACHING.get(_parameter(name))
    if harmless is None:
        return False
    stack, seen = [value], {}
    while stack:
        item = stack.pop()
        if isinstance(item, np.ndarray):
            item = item.tolist()
        if isinstance(item, dict):
            item = [*item.keys(), *item.values()]
        if isinstance(item, (list, tuple, set, frozenset)):
            # A list may hold itself.
            if id(item) not in seen:
                seen[id(item)] = item
                stack += item
        elif isinstance(item, str):
            if item not in harmless:
                return True
        elif not isinstance(item, (NoneType, int, float, np.number, np.bool_, slice)):
            return True
    return False
