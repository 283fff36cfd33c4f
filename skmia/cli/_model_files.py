"""Models from files: ``.skops`` without running code, pickles only where asked for."""

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import joblib

from skmia.cli._archive import unpack
from skmia.cli._messages import check_release, one_line
from skmia.cli._model_content import ALLOWED_TYPES, check_content
from skmia.cli._model_reach import cut_off
from skmia.utils import listed

#: Endings of files that can run any code when they are loaded.
PICKLE_SUFFIXES = (".joblib", ".pkl", ".pickle")

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


def load_model(
    path: str | os.PathLike[str],
    *,
    trusted: Collection[str] = (),
    trust_pickle: bool = False,
) -> Any:
    """Load a fitted model.

    Parameters
    ----------
    path : path-like
        A ``.skops`` file, or a ``.joblib``, ``.pkl`` or ``.pickle`` file. The ending
        decides, so that a pickle under another name is never unpickled.
    trusted : collection of str, default=()
        Full names of types that a ``.skops`` file may hold besides scikit-learn's own.
    trust_pickle : bool, default=False
        Whether to load a pickle, which runs whatever code is in it.

    Returns
    -------
    object
        The model. Caches of estimators in a ``.skops`` file (the `memory` of a
        Pipeline) are switched off: they are folders of pickles.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If there is no such file.
    ValueError
        If the file is of another kind, empty, damaged or needs what is not installed;
        for a pickle without `trust_pickle`, or a type that is not trusted; if a
        ``.skops`` file unpacks to far more than it is, or reads or writes files.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix != ".skops" and suffix not in PICKLE_SUFFIXES:
        endings = ", ".join((".skops", *PICKLE_SUFFIXES))
        raise ValueError(
            f"{path} must be a model file that ends in one of {endings}. "
            f"Got {suffix or 'no ending'!r} instead."
        )
    check_is_file(path)
    if suffix != ".skops":
        if not trust_pickle:
            raise ValueError(
                f"{path} is a pickle, and loading one runs whatever code is in it. If "
                "you trust where it comes from, add --trust-pickle"
            )
        return _load_pickle(path)
    return _load_skops(path, frozenset(trusted))


def check_is_file(path: Path) -> None:
    """Raise unless there is something to read in a file at `path`."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a file")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    # One that never ends, or waits for somebody to write, is none.
    if not path.is_file():
        raise ValueError(f"{path} is not a regular file")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty")


def _load_pickle(path: Path) -> Any:
    try:
        return joblib.load(path)
    except ModuleNotFoundError as error:
        raise ValueError(_needs_module(path, error)) from error
    except MemoryError:
        raise
    # A damaged pickle can raise anything: its bytes are a program.
    except Exception as error:
        raise ValueError(
            f"{path} could not be loaded as a pickle, it may be damaged or made by "
            f"other versions ({type(error).__name__}: {one_line(error)})"
        ) from error


def _load_skops(path: Path, trusted: frozenset[str]) -> Any:
    import skops
    import skops.io

    check_release("skops", skops.__version__)
    # Read once: what is checked is what is loaded.
    data = path.read_bytes()
    try:
        data = unpack(data)
        unknown = skops.io.get_untrusted_types(data=data)
        refused = sorted(set(unknown) - ALLOWED_TYPES - trusted)
        model = None if refused else skops.io.loads(data, trusted=unknown)
    except ModuleNotFoundError as error:
        raise ValueError(_needs_module(path, error)) from error
    except MemoryError:
        raise
    except Exception as error:
        raise ValueError(
            f"{path} could not be read as a skops file, it may be damaged "
            f"({type(error).__name__}: {one_line(error)})"
        ) from error
    if refused:
        # A name is the sender's, and what is advised here is copied into a shell.
        if not all(map(_NAME.fullmatch, refused)):
            raise ValueError(f"{path} names types that cannot be: {listed(refused)}")
        raise ValueError(
            f"{path} holds types that are not trusted: {', '.join(refused)}. If you "
            "know them and trust where the file comes from, add "
            + " ".join(f"--trust {name}" for name in refused)
        )
    try:
        check_content(model)
        cut_off(model)
    except ValueError as error:
        raise ValueError(f"{path} {error}") from error
    # Only what skops itself made without complaint and scikit-learn never writes.
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise ValueError(
            f"{path} holds a damaged model ({type(error).__name__}: {one_line(error)})"
        ) from error
    return model


def _needs_module(path: Path, error: ModuleNotFoundError) -> str:
    return (
        f"{path} needs the module {error.name!r}, which is not installed here or not "
        "on PYTHONPATH"
    )
