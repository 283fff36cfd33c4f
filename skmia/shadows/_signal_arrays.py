"""Checks of the arrays that ShadowSignals holds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia.signals import SATURATED_LOGIT, SIGNALS


def check_member(member: ArrayLike) -> NDArray[np.bool_]:
    member = np.asarray(member)
    if member.ndim != 2 or member.shape[0] < 1 or member.shape[1] < 1:
        raise ValueError(
            "The 'member' parameter must be a bool array of shape (n_shadows, "
            f"n_records). Got shape {member.shape} instead."
        )
    if member.dtype != bool:
        if member.dtype.kind not in "iuf" or not np.isin(member, (0, 1)).all():
            raise ValueError(
                "The 'member' parameter must be bool (or 0 and 1). "
                f"Got dtype {member.dtype} instead."
            )
        member = member.astype(bool)
    return member


def check_signals(
    signals: Mapping[str, ArrayLike], shape: tuple[int, ...]
) -> dict[str, NDArray[np.float32]]:
    if not isinstance(signals, Mapping) or "logit" not in signals:
        raise ValueError(
            "The 'signals' parameter must be a dict of arrays with at least the key "
            f"'logit'. Got {type(signals).__name__} instead."
        )
    unknown = [name for name in signals if name not in SIGNALS]
    if unknown:
        raise ValueError(
            f"The 'signals' parameter has the unknown keys {unknown}; known signals "
            f"are {sorted(SIGNALS)}."
        )
    return {name: _check_signal(name, v, shape) for name, v in signals.items()}


def _check_signal(
    name: str, values: ArrayLike, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite
        array = np.asarray(values, dtype=np.float32)
    if array.shape != shape:
        raise ValueError(
            f"The signal {name!r} has shape {array.shape}, but 'member' has shape "
            f"{shape}; both are (n_shadows, n_records)."
        )
    if np.isnan(array).any():
        raise ValueError(
            f"The signal {name!r} contains NaN. Compute it with skmia.signals, "
            "which keeps probabilities of 0 and 1 finite."
        )
    infinite = np.isinf(array)
    if infinite.any():
        # Not below what is finite, in case that other units are in use.
        limit = np.abs(array).max(where=~infinite, initial=SATURATED_LOGIT)
        array = np.where(infinite, np.copysign(limit, array), array)
    return array


def optional_array(
    values: ArrayLike | None, dtype: type, length: int, name: str
) -> NDArray | None:
    if values is None:
        return None
    array: NDArray[Any] = np.asarray(values, dtype=dtype)
    if array.shape != (length,):
        raise ValueError(
            f"The {name!r} parameter must have shape ({length},). "
            f"Got {array.shape} instead."
        )
    return array
