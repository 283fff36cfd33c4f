"""Warnings that point at the user's line, however deep they are raised."""

import contextlib
import os
import sys
import warnings
from collections.abc import Container

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
# Stands between us and the caller of a function that a context decorates.
_DECORATOR = contextlib.__file__


def warn(
    message: str | Warning, category: type[Warning], *, past: Container[str] = ()
) -> None:
    """Warn, from the first frame outside of skmia, and of the packages in `past`.

    Python 3.12 has ``skip_file_prefixes`` for this.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith(_PACKAGE)
        or frame.f_code.co_filename == _DECORATOR
        or frame.f_globals.get("__name__", "").partition(".")[0] in past
    ):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
