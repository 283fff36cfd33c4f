"""One cache entry per finished shadow, keyed by everything that made it.

A cache found by folder, file name or row count hands a new audit the shadows of an
old one, and reads as safe. Here the key is the content: the estimator's class, code
and parameters, every value of X, y and the fit metadata, the training rows, the seed,
and the versions of the libraries. What cannot be told apart by content is refused.
"""

import functools
import hashlib
import inspect
import os
import sys
import types
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator

import skmia
from skmia.utils._files import atomic_write

_PLAIN = (bool, int, float, complex, str, bytes, type(None))


@dataclass
class ShadowResult:
    """What a worker sends back: one row of every signal."""

    signals: dict[str, NDArray[np.float32]]
    n_missing_classes: int
    fit_seconds: float
    predict_seconds: float
    model: Any = None


def describe(value: Any) -> Any:
    """Nested tuples that are equal just where two parameter values mean the same."""
    if isinstance(value, _PLAIN):
        return (type(value).__name__, repr(value))
    if isinstance(value, FrozenEstimator):
        # A frozen step is its fitted state, not its parameters.
        return ("frozen", joblib.hash(value.estimator))
    if isinstance(value, BaseEstimator) or (
        hasattr(value, "get_params") and not isinstance(value, type)
    ):
        params = value.get_params(deep=False)
        return (
            "estimator",
            describe(type(value)),
            tuple((name, describe(params[name])) for name in sorted(params)),
        )
    if isinstance(value, type):
        return ("class", f"{value.__module__}.{value.__qualname__}", _code_of(value))
    if isinstance(value, types.FunctionType):
        code = value.__code__
        closure = [cell.cell_contents for cell in value.__closure__ or ()]
        return (
            "function",
            f"{value.__module__}.{value.__qualname__}",
            code.co_code.hex(),
            describe([c for c in code.co_consts if not inspect.iscode(c)]),
            [c.co_code.hex() for c in code.co_consts if inspect.iscode(c)],
            describe(closure),
            describe(value.__defaults__),
        )
    if isinstance(value, functools.partial):
        return ("partial", describe([value.func, value.args, value.keywords]))
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, tuple(describe(item) for item in value))
    if isinstance(value, Mapping):
        return ("dict", tuple((describe(k), describe(v)) for k, v in value.items()))
    try:
        return (type(value).__qualname__, joblib.hash(value))
    except Exception as error:
        raise ValueError(
            f"The 'cache_dir' parameter cannot be used: {value!r} among the "
            "estimator's parameters has no content to make a key of "
            f"({error}). Pass cache_dir=None."
        ) from error


def _code_of(cls: type) -> tuple[str, ...]:
    """Source or version of a class, so that edited code is another estimator."""
    parts = []
    for base in cls.__mro__:
        package = base.__module__.partition(".")[0]
        if package in sys.stdlib_module_names:
            continue
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            # scikit-learn and its like are told by version; a user's own class,
            # which has none, by its text.
            try:
                parts.append(inspect.getsource(base))
            except (OSError, TypeError):
                parts.append(base.__qualname__)
    return tuple(dict.fromkeys(parts))


class ShadowCache:
    """Finished shadows of one `fit_shadows` call in a folder.

    The fitted models are stored only where they are asked for; reading them back runs
    pickled code, so the folder must be the user's own (it is made private to them).
    """

    def __init__(
        self, folder: str | os.PathLike[str], common: tuple[Any, ...], models: bool
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.models = models
        self._common = joblib.hash(
            (
                common,
                sys.version_info[:2],
                [m.__version__ for m in (skmia, sklearn, np, scipy, joblib)],
            ),
            hash_name="sha1",
        )

    def path(self, rows: NDArray[np.bool_], seed: int) -> Path:
        """The entry of the shadow that is fitted on `rows` with `seed`."""
        digest = hashlib.blake2b(self._common.encode(), digest_size=20)
        digest.update(f"{len(rows)} {seed}".encode())
        digest.update(np.packbits(rows).tobytes())
        return self.folder / f"shadow-{digest.hexdigest()}.npz"

    def load(self, path: Path) -> ShadowResult | None:
        """The finished shadow, or None where it has to be fitted."""
        if not path.exists():
            return None
        model_path = path.with_suffix(".joblib")
        if self.models and not model_path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            model = joblib.load(model_path) if self.models else None
        except (zipfile.BadZipFile, ValueError, EOFError, OSError, KeyError):
            return None  # damaged: fit it again, and replace it
        missing, fit_seconds, predict_seconds = arrays.pop("record")
        return ShadowResult(
            arrays, int(missing), float(fit_seconds), float(predict_seconds), model
        )

    def store(self, path: Path, result: ShadowResult) -> None:
        """Write one entry; the arrays last, since they are what says 'finished'."""
        if self.models:
            with atomic_write(path.with_suffix(".joblib")) as file:
                joblib.dump(result.model, file)
        record = np.array(
            [result.n_missing_classes, result.fit_seconds, result.predict_seconds]
        )
        with atomic_write(path) as file:
            np.savez(file, record=record, **result.signals)  # type: ignore[arg-type]
