"""One cache entry per finished shadow, keyed by everything that made it.

A cache found by folder, file name or row count would give a new audit the shadows of
an old one, and underestimate leakage. Here the key is the content: the estimator's
class, code and parameters, every value of X, y and the fit metadata, the training rows,
the seed, and the versions of the libraries. What has no content to compare is refused.

An entry that somebody else put there would do the same: entries are signed.
"""

import hashlib
import io
import json
import os
import sys
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from skmia.exceptions import CacheWarning
from skmia.shadows._content import describe
from skmia.shadows._counterfactual import TWO_SIDED
from skmia.shadows._packages import package_version
from skmia.shadows._places import place_of
from skmia.shadows._signing import Unsigned, signing_key
from skmia.shadows._task import ShadowResult
from skmia.shadows._warnings import from_plain, to_plain
from skmia.utils import warn


class ShadowCache:
    """Finished shadows of one `fit_shadows` call in a folder, or elsewhere by its URL.

    The fitted models are stored only where they are asked for; reading them back runs
    pickled code, which is why it is read only under our own signature.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        common: tuple[str, ...],
        signals: tuple[str, ...],
        models: bool,
    ) -> None:
        self._place = place_of(folder)
        self.signals = signals
        self.models = models
        self.n_unsigned = 0
        self._key = signing_key(self._place.path)
        self._common = describe((common, _versions()))

    @property
    def is_local(self) -> bool:
        """Whether all processes of this machine can write to it."""
        return self._place.is_local

    def name(self, rows: NDArray[np.bool_], seed: int) -> str:
        """Return the entry of the shadow that is fitted on `rows` with `seed`."""
        digest = hashlib.blake2b(self._common.encode(), digest_size=20)
        digest.update(f"{len(rows)} {seed}".encode())
        digest.update(np.packbits(rows).tobytes())
        return f"shadow-{digest.hexdigest()}.bin"

    def load(self, name: str, n_records: int) -> ShadowResult | None:
        """Return the finished shadow, or None where it has to be fitted."""
        try:
            data = self._place.read(name, self._key)
        except FileNotFoundError:
            return None
        except Unsigned:
            self.n_unsigned += 1
            return None
        try:
            return self._read(data, n_records)
        except Exception:
            # Ours, and yet not to be read, as a model whose class has gone is: it is
            # fitted again, and replaced.
            return None

    def _read(self, data: bytes, n_records: int) -> ShadowResult:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            signals = {name: file[name] for name in self.signals}
            other = None
            if about["two_sided"]:
                other = {name: file[f"other_{name}"] for name in TWO_SIDED}
            model = file["model"].tobytes() if self.models else None
        for name, values in signals.items():
            if values.dtype != np.float32 or values.shape != (n_records,):
                raise ValueError(f"{name} is of {values.dtype} and {values.shape}")
            if not np.isfinite(values).all():
                raise ValueError(f"{name} is not finite")
        for name, values in (other or {}).items():
            if values.dtype != np.float32 or values.shape != (n_records,):
                raise ValueError(f"other {name} is of {values.dtype}, {values.shape}")
        kept, other_side = None, None
        if model is not None:
            kept, other_side = joblib.load(io.BytesIO(model))
        return ShadowResult(
            signals,
            about["n_missing_classes"],
            about["fit_seconds"],
            about["predict_seconds"],
            kept,
            other,
            about["why_not"],
            about["counterfactual_seconds"],
            other_side,
            from_plain(about["warned"]),
        )

    def store(self, name: str, result: ShadowResult) -> None:
        """Write one entry.

        Raises
        ------
        OSError
            If it cannot be written, on a full disk for one. No half of it is left.
        """
        about = {
            "n_missing_classes": result.n_missing_classes,
            "fit_seconds": result.fit_seconds,
            "predict_seconds": result.predict_seconds,
            "counterfactual_seconds": result.counterfactual_seconds,
            "two_sided": result.other is not None,
            "why_not": result.why_not,
            "warned": to_plain(result.warned),
        }
        arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
        arrays |= result.signals
        other = result.other or {}
        arrays |= {f"other_{name}": values for name, values in other.items()}
        if self.models:
            model = io.BytesIO()
            try:
                joblib.dump((result.model, result.other_side), model)
            except Exception as error:
                raise ValueError(
                    "The 'cache_dir' parameter cannot be used with keep_models=True "
                    f"here: a fitted model cannot be pickled ({error}). Pass "
                    "cache_dir=None, or take functions from a module, by name."
                ) from error
            arrays["model"] = np.frombuffer(model.getbuffer(), np.uint8)
        data = io.BytesIO()
        np.savez(data, **arrays)
        self._place.write(name, data.getvalue(), self._key)

    def warn_of_unsigned(self) -> None:
        """Warn of entries that were there and not taken."""
        if self.n_unsigned:
            warn(
                f"In {self._place.shown!r} {self.n_unsigned} of the entries are not "
                "what was stored there: damaged, signed with another key, or somebody "
                "else's. Their shadows are fitted again, and the entries replaced.",
                CacheWarning,
            )


def _versions() -> tuple[Any, ...]:
    names = ("skmia", "sklearn", "numpy", "scipy", "joblib")
    return (*sys.version_info[:2], *map(package_version, names))
