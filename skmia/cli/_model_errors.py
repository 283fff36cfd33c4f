"""Errors of a model from a file, which are one line, and of skmia, which are not."""

import re
import traceback
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path

import skmia
from skmia.cli._messages import one_line

# What fit_shadows adds to the error of a shadow.
_NOTE = "Raised while shadow model "


@contextmanager
def model_at_fault(what: str) -> Iterator[None]:
    """Turn what a model raises while it is asked into a ValueError.

    Errors that have a line of their own pass as they are.

    Parameters
    ----------
    what : str
        What the model cannot do.

    Raises
    ------
    ValueError
        With what was raised.
    """
    try:
        yield
    except (ValueError, TypeError, OSError, MemoryError, RecursionError):
        raise
    except BrokenExecutor:
        raise
    except Exception as error:
        raise ValueError(
            f"{what}: {type(error).__name__}: {one_line(error)}"
        ) from error


@contextmanager
def shadows_at_fault() -> Iterator[None]:
    """Turn what a model raises while shadows are fitted or asked into a ValueError.

    Its parameters may be valid, and still nothing that its code can work with, such as
    a number that is too large. What skmia itself raises keeps its traceback.

    Raises
    ------
    ValueError
        With what was raised.
    """
    try:
        yield
    except Exception as error:
        noted = any(n.startswith(_NOTE) for n in getattr(error, "__notes__", ()))
        if not noted or _raised_by_skmia(error):
            raise
        with model_at_fault("the model cannot be fitted again"):
            raise


def _raised_by_skmia(error: Exception) -> bool:
    """Whether the innermost call is skmia's own; of a worker's error, too."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if type(error.__cause__).__name__ == "_RemoteTraceback":
        files += re.findall(r'File "(.+?)", line', str(error.__cause__))
    home = Path(skmia.__file__).parent
    return bool(files) and home in Path(files[-1]).parents
