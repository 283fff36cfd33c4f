"""The file that ShadowSignals are written to: arrays alone, and no code."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._tables import Queries
from skmia.shadows._counterfactual import Counterfactual
from skmia.utils import atomic_write

_FORMAT = 1


def write_file(shadows: Any, path: str | os.PathLike[str]) -> None:
    """Write ShadowSignals, whole or not at all."""
    arrays: dict[str, Any] = {
        "format": np.array(_FORMAT),
        "member": shadows.member,
        "n_missing_classes": np.array(shadows.n_missing_classes),
    }
    arrays |= {f"signal_{name}": value for name, value in shadows.signals.items()}
    arrays |= {f"other_{name}": value for name, value in shadows.other.items()}
    about = asdict(replace(shadows.counterfactual_, seconds=None))
    arrays["counterfactual"] = np.array(json.dumps(about))
    if shadows.counterfactual_.seconds is not None:
        arrays["counterfactual_seconds"] = shadows.counterfactual_.seconds
    for name in ("record_hashes", "fit_seconds", "predict_seconds"):
        if (value := getattr(shadows, name)) is not None:
            arrays[name] = value
    if shadows.queries is not None:
        arrays["queries"] = np.array(json.dumps(asdict(shadows.queries)))
    # A damaged zip may lose an array without a word.
    arrays["names"] = np.array(sorted(arrays))
    with atomic_write(path) as file:
        np.savez(file, **arrays)


def read_file(path: str | os.PathLike[str], make: Callable[..., Any]) -> Any:
    """Read what `write_file` wrote, and `make` ShadowSignals of it."""
    wrong = f"{os.fspath(path)!r} is not a readable shadow file"
    with open(path, "rb") as stream:
        try:
            with np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            missing = set(arrays.pop("names").tolist()) ^ set(arrays)
            if missing:
                raise ValueError(f"without {sorted(missing)}")
        except Exception as error:  # a zip can be damaged in many ways
            raise ValueError(
                f"{wrong} ({error}); it may be truncated. Write it again with "
                "ShadowSignals.to_npz."
            ) from error
    if not np.array_equal(arrays.pop("format", None), _FORMAT):
        raise ValueError(
            f"{wrong} of this version of skmia. Write it again with "
            "ShadowSignals.to_npz."
        )
    try:
        return make(
            _named(arrays, "signal_"),
            arrays["member"],
            record_hashes=arrays.get("record_hashes"),
            n_missing_classes=int(arrays["n_missing_classes"]),
            fit_seconds=arrays.get("fit_seconds"),
            predict_seconds=arrays.get("predict_seconds"),
            queries=_read_queries(arrays.get("queries")),
            other=_named(arrays, "other_"),
            counterfactual=_read_counterfactual(arrays),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{wrong}: {error}") from error


def _named(arrays: Mapping[str, NDArray], prefix: str) -> dict[str, NDArray]:
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def _read_counterfactual(arrays: Mapping[str, NDArray]) -> Counterfactual | None:
    stored = arrays.get("counterfactual")
    if stored is None:
        return None
    seconds = arrays.get("counterfactual_seconds")
    return Counterfactual.from_plain(json.loads(str(stored)), seconds)


def _read_queries(stored: NDArray | None) -> Queries | None:
    return None if stored is None else Queries.checked(**json.loads(str(stored)))
