"""The data sets that lie beside the project, in ``../shared/data``."""

import gzip
import io
import sys
import tarfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"

ADULT_COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
]


def _find(name):
    path = FOLDER / name
    if not path.exists():
        sys.exit(f"This benchmark reads {name} from ../shared/data, which is not here.")
    return path


def load_location30():
    """Location-30: 5,010 records, 446 binary features as float32, classes 1 to 30."""
    with tarfile.open(_find("dataset_location.tgz")) as archive:
        text = archive.extractfile("bangkok").read().replace(b'"', b"")
    table = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=np.float32)
    return table[:, 1:], table[:, 0].astype(int)


def load_adult(n=None, random_state=0):
    """Adult's training file as a frame with text columns, or `n` rows of it."""
    import pandas as pd

    with gzip.open(_find("adult.data.gz"), "rt") as file:
        frame = pd.read_csv(file, names=ADULT_COLUMNS, skipinitialspace=True)
    if n is not None:
        frame = frame.sample(n, random_state=random_state)
    return frame.drop(columns="income"), frame["income"]
