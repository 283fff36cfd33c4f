"""What every fetcher takes and returns: flags, frames and the Bunch."""

from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch


def check_flags(**flags: bool) -> None:
    """Raise for a flag that is not a bool: the text "False" would pass for true."""
    for name, value in flags.items():
        if not isinstance(value, bool | np.bool_):
            raise TypeError(
                f"The '{name}' parameter must be a bool. Got {value!r} instead."
            )


def import_pandas(caller: str) -> Any:
    """pandas, or an ImportError that says what needs it."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            f"{caller} with as_frame=True requires pandas. Install it, or pass "
            "as_frame=False."
        ) from error
    return pd


def make_bunch(
    data: Any,
    target: Any,
    *,
    feature_names: list[str],
    target_name: str,
    descr: str,
    as_frame: bool,
    return_X_y: bool,
) -> Bunch | tuple[Any, Any]:
    """Return what scikit-learn's fetchers return; frames are given as frames."""
    if return_X_y:
        return data, target
    frame = None
    if as_frame:
        frame = data.assign(**{target_name: target})
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=[target_name],
        DESCR=resources.files(__package__).joinpath("descr", descr).read_text("utf-8"),
    )


def binary_frame(
    caller: str,
    data: NDArray[np.uint8],
    target: NDArray[np.int64],
    feature_names: list[str],
    target_name: str,
) -> tuple[Any, Any]:
    """A frame and a series that share the arrays' memory."""
    pd = import_pandas(caller)
    X = pd.DataFrame(data, columns=feature_names, copy=False)
    return X, pd.Series(target, name=target_name, copy=False)
