"""One cache entry per finished shadow, keyed by everything that made it.

A cache found by folder, file name or row count would give a new audit the shadows of
an old one, and underestimate leakage. Here the key is the content: the estimator's
class, code and parameters, every value of X, y and the fit metadata, the training rows,
the seed, and the versions of the libraries. What has no content to compare is refused.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray

import skmia
from skmia.shadows._content import describe
from skmia.shadows._task import ShadowResult
from skmia.shadows._warnings import from_plain, to_plain
from skmia.utils import atomic_write

_VERSIONS = (
    *sys.version_info[:2],
    *(module.__version__ for module in (skmia, sklearn, np, scipy, joblib)),
)


class ShadowCache:
    """Finished shadows of one `fit_shadows` call in a folder.

    The fitted models are stored only where they are asked for; reading them back runs
    pickled code, so the folder must be the user's own (it is made private to them).
    """

    def __init__(
        self, folder: str | os.PathLike[str], common: tuple[str, ...], models: bool
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.models = models
        self._common = describe((common, _VERSIONS))

    def path(self, rows: NDArray[np.bool_], seed: int) -> Path:
        """Return the entry of the shadow that is fitted on `rows` with `seed`."""
        digest = hashlib.blake2b(self._common.encode(), digest_size=20)
        digest.update(f"{len(rows)} {seed}".encode())
        digest.update(np.packbits(rows).tobytes())
        return self.folder / f"shadow-{digest.hexdigest()}.npz"

    def load(self, path: Path) -> ShadowResult | None:
        """Return the finished shadow, or None where it has to be fitted."""
        try:
            return self._read(path)
        except Exception:
            # Absent, or damaged in one of the many ways that a file or a pickle can
            # be: it is fitted again, and replaced.
            return None

    def _read(self, path: Path) -> ShadowResult:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays.pop("about")))
        if list(arrays) != about["signals"]:
            raise ValueError("not all of the arrays")
        model = None
        if self.models:
            # The digest finds a damaged model, and one of another run.
            data = path.with_suffix(".joblib")
            if _digest(data) != about["model"]:
                raise ValueError("not the model of these arrays")
            model = joblib.load(data)
        return ShadowResult(
            arrays,
            about["n_missing_classes"],
            about["fit_seconds"],
            about["predict_seconds"],
            model,
            from_plain(about["warned"]),
        )

    def store(self, path: Path, result: ShadowResult) -> None:
        """Write one entry; the arrays last, since they are what says 'finished'."""
        about = {
            "signals": list(result.signals),
            "n_missing_classes": result.n_missing_classes,
            "fit_seconds": result.fit_seconds,
            "predict_seconds": result.predict_seconds,
            "warned": to_plain(result.warned),
        }
        if self.models:
            data = path.with_suffix(".joblib")
            with atomic_write(data) as file:
                joblib.dump(result.model, file)
            about["model"] = _digest(data)
        arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
        arrays |= result.signals
        with atomic_write(path) as file:
            np.savez(file, **arrays)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
