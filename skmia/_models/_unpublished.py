"""Fits that only measure: of models that are thrown away and never handed on."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from skmia._models._cloning import own_parts

_MEASURING: ContextVar[bool] = ContextVar("skmia_measuring", default=False)


@contextmanager
def unpublished_fits() -> Iterator[None]:
    """Say that models fitted inside of the block are not handed on.

    What a classifier warns of for the sake of its users does not concern them.
    """
    token = _MEASURING.set(True)
    try:
        yield
    finally:
        _MEASURING.reset(token)


def is_unpublished() -> bool:
    """Whether a fit of now is inside of such a block."""
    return _MEASURING.get()


def without_accountants(copy: Any) -> Any:
    """Take what would be charged for its fits out of a clone, and return the clone.

    Shadow models are fitted on the same rows as the model that is attacked. They tell
    of these rows in the figures of an audit only, which are no private answers anyway.
    """
    for part in own_parts(copy):
        params = part.get_params(deep=False) if hasattr(part, "get_params") else {}
        if params.get("accountant") is not None:
            part.set_params(accountant=None)
    return copy
