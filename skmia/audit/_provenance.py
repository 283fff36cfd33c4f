"""How an audit was made: when, on what, by what. Never a row, nor a record's name."""

import hashlib
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import joblib
import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray

import skmia
from skmia.audit._inputs import describe_estimator

# Of parameters: so many at most, texts of so many characters, and so many entries of a
# collection. More of them may be data.
_MOST_PARAMETERS = 300
_MOST_CHARACTERS = 80
_MOST_ENTRIES = 10


@dataclass(frozen=True)
class Beginning:
    """When an audit began, and what it was given.

    Attributes
    ----------
    date : datetime
        In UTC.
    clock : float
        Seconds of a clock that never goes back; None where nothing was measured.
    parameters : dict
        Of the audited model.
    data : dict
        Shape and hash of each set of rows.
    libraries : dict
        Versions of what the model is made of, beside what every report has.
    """

    date: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float | None = field(default_factory=time.perf_counter)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)

    def of(self, estimator: Any, **data: Mapping[str, Any]) -> "Beginning":
        """The same with what was audited."""
        return Beginning(
            self.date,
            self.clock,
            describe_parameters(estimator),
            data,
            _libraries(estimator),
        )

    def contents(self, seed: int | None) -> dict[str, Any]:
        """For a report that is finished now."""
        seconds = None
        if self.clock is not None:
            seconds = round(time.perf_counter() - self.clock, 3)
        return {
            "date": self.date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": seconds,
            "seed": seed,
            "data": self.data,
            "parameters": self.parameters,
            "platform": f"{platform.system()} {platform.machine()}",
        }

    @property
    def versions(self) -> dict[str, str]:
        """What the figures may depend on."""
        return {
            "skmia": skmia.__version__,
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "joblib": joblib.__version__,
            "python": platform.python_version(),
            **self.libraries,
        }


def describe_rows(X: Any, hashes: NDArray[np.uint64]) -> dict[str, Any]:
    """Shape of a set of rows, and a hash of their features and labels.

    Equal rows have an equal hash in any container and in any order.
    """
    columns = X.shape[1] if len(getattr(X, "shape", ())) > 1 else None
    content = np.sort(hashes).astype("<u8").tobytes()
    return {
        "rows": len(hashes),
        "columns": columns,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def describe_parameters(estimator: Any) -> dict[str, Any]:
    """The parameters of a model and of what is in it, as values of bounded length.

    Of arrays, tables and long collections the kind and the size alone: they may hold
    rows.
    """
    try:
        params = estimator.get_params(deep=True)
    except Exception:
        # Whatever a class of the user's own does here: figures do not depend on it.
        return {}
    if len(params) > _MOST_PARAMETERS:
        params = estimator.get_params(deep=False)
    names = sorted(map(str, params))[:_MOST_PARAMETERS]
    return {name: describe_value(params[name]) for name in names if name in params}


def describe_value(value: Any) -> Any:
    """A parameter as a plain value of bounded length; of what may be data its size."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, type) or callable(value):
        name = getattr(value, "__qualname__", type(value).__name__)
        return _short(name)
    if hasattr(value, "get_params"):
        return _short(describe_estimator(value))
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        entries = [*value, *(value.values() if isinstance(value, dict) else ())]
        plain = all(isinstance(e, (bool, int, float, str, type(None))) for e in entries)
        if plain and len(value) <= _MOST_ENTRIES:
            return _short(repr(value))
        return f"{type(value).__name__} of {len(value)}"
    shape = getattr(value, "shape", None)
    kind = type(value).__name__
    return kind if shape is None else _short(f"{kind} of shape {shape}")


def _short(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[: _MOST_CHARACTERS - 3]}..."


def _libraries(estimator: Any) -> dict[str, str]:
    """Versions of the packages whose classes the model is made of."""
    parts = [estimator]
    try:
        parts += estimator.get_params(deep=True).values()
    except Exception:
        parts = [estimator]
    own = {"sklearn", "skmia", "numpy", "scipy", "builtins", "__main__"}
    names = {
        type(part).__module__.partition(".")[0]
        for part in parts
        if hasattr(part, "get_params") and not isinstance(part, type)
    }
    found = {}
    for name in sorted(names - own):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is None:
            try:
                version = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
        found[name] = _short(str(version))
    return found
