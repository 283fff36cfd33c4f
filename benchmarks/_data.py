"""Location-30 and Adult, from the copies beside the project in ``../shared/data``.

The fetchers find them in a data home that is the benchmarks' own, so that nothing is
downloaded and a user's files are left alone.
"""

import gzip
import sys
from pathlib import Path

import numpy as np

from skmia.datasets import fetch_adult, fetch_location30
from skmia.utils import atomic_write

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA_HOME = Path(__file__).with_name(".data_home")

_PLACES = {
    "dataset_location.tgz": "location30/dataset_location.tgz",
    "adult.data.gz": "adult/adult.data",
    "adult.test.gz": "adult/adult.test",
}


def data_home():
    """The benchmarks' data home, with the files where the fetchers look for them."""
    for name, place in _PLACES.items():
        path = DATA_HOME / place
        if path.exists():
            continue
        if not (FOLDER / name).exists():
            sys.exit(f"{name} is read from ../shared/data, which is not here.")
        content = (FOLDER / name).read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        (DATA_HOME / ".gitignore").write_text("*\n")
        with atomic_write(path) as file:
            file.write(gzip.decompress(content) if path.suffix != ".tgz" else content)
    return DATA_HOME


def load_location30():
    """Location-30: 5,010 records, 446 binary features as float32, classes 1 to 30."""
    X, y = fetch_location30(
        data_home=data_home(), download_if_missing=False, return_X_y=True
    )
    return X.astype(np.float32), y


def load_adult(n=None, random_state=0):
    """Adult's training file as a frame with text columns, or `n` rows of it.

    A missing value is the text "?", as in the file.
    """
    X, y = fetch_adult(
        subset="train",
        data_home=data_home(),
        download_if_missing=False,
        return_X_y=True,
        as_frame=True,
    )
    X = X.fillna("?")
    if n is not None:
        X = X.sample(n, random_state=random_state)
    return X, y.loc[X.index]
