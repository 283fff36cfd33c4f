"""Which attributes of a model are those of a library that is known."""

import functools
import inspect
import types
from typing import Any

#: Libraries of which it is known where rows and trees are.
KNOWN_LIBRARIES = ("sklearn", "skmia", "xgboost", "lightgbm", "catboost", "imblearn")
# What any classifier tells of its fit.
_OF_ANY = {
    "classes_",
    "n_classes_",
    "n_features_in_",
    "feature_names_in_",
    "n_features_",
    "n_outputs_",
    "_sklearn_version",
}
# Trees and boosters, which estimators of the libraries and of others hold.
_MODELS = (
    ("sklearn.tree._tree", "Tree"),
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
    ("xgboost.core", "Booster"),
    ("lightgbm.basic", "Booster"),
    ("catboost.core", "CatBoost"),
    ("catboost.core", "CatBoostClassifier"),
)


def is_of_library(model: Any) -> bool:
    """Whether the class of a model is a known library's own."""
    return _is_known(type(model))


def is_library_model(part: Any) -> bool:
    """Whether it is what a known library answers by: its trees, or its booster."""
    return (type(part).__module__, type(part).__name__) in _MODELS


def is_random_state(part: Any) -> bool:
    """Whether it is a generator of random numbers."""
    return type(part).__module__.startswith("numpy.random")


def is_recognised(model: Any, attribute: str) -> bool:
    """Whether a known library put the attribute there: its code has the name.

    What else is stored in one of its models, or in one of a class derived from it, was
    put there by somebody else.
    """
    if attribute in _OF_ANY:
        return True
    classes = [c for c in type(model).__mro__ if _is_known(c)]
    if not any(hasattr(c, "fit") for c in classes):
        return False
    if any(c.__module__.startswith("catboost") for c in classes):
        return True  # its state has names of its own
    return any(attribute in _names_in(c) for c in classes)


def is_parameter(model: Any, attribute: str) -> bool:
    """Whether it is a parameter of the constructor, which the user sets."""
    try:
        return attribute in model.get_params(deep=False)
    except Exception:  # of a get_params of any kind
        return False


def _is_known(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in KNOWN_LIBRARIES


@functools.cache
def _names_in(kind: type) -> frozenset[str]:
    """Names of attributes in the methods of a class."""
    found: set[str] = set()
    for member in vars(kind).values():
        for part in (member, *_behind(member)):
            code = getattr(inspect.unwrap(part), "__code__", None)
            if code is not None:
                found |= _names_of(code)
    return frozenset(found)


def _behind(member: Any) -> list[Any]:
    """Functions of a property, a class method or a method that may not be there."""
    names = ("fget", "fset", "fn", "__func__")
    return [f for name in names if (f := getattr(member, name, None)) is not None]


def _names_of(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            names |= _names_of(part)
    return names
