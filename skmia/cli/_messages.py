"""Where errors and warnings leave the command line, one line each."""

import logging
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from typing import Any

EXIT_INPUT, EXIT_INTERRUPTED = 2, 130
#: What ``skmia[cli]`` installs.
PACKAGES = ("typer", "pandas", "pyarrow", "skops")

# Older ones import what a file names, or call it, before its types are checked.
_OLDEST = {"skops": (0, 15), "pyarrow": (14, 0, 1)}

# A label or a name from a file can be as long as the file.
_LONGEST = 5000

# What Python itself does not show outside of a script's own code.
_SILENT = (
    DeprecationWarning,
    PendingDeprecationWarning,
    ImportWarning,
    ResourceWarning,
)


@contextmanager
def boundary() -> Iterator[None]:
    """Turn what is wrong with the input into one line, and warnings into one each."""
    import typer

    with warnings.catch_warnings(), _costs_told():
        warnings.simplefilter("always")
        for category in _SILENT:
            warnings.simplefilter("ignore", category)
        warnings.showwarning = _make_show_warning()
        status = EXIT_INPUT
        try:
            yield
        except KeyboardInterrupt:
            say("error", "interrupted")
            status = EXIT_INTERRUPTED
        except ImportError as error:
            if "'cache_dir'" in str(error):
                say("error", one_line(error))
            elif not any(name in str(error) for name in PACKAGES):
                raise
            else:
                say("error", f"{one_line(error)} ({install_hint()})")
        except MemoryError as error:
            say("error", f"memory ran out ({one_line(error)}); see --memory-limit")
        except BrokenExecutor as error:
            ends = re.findall(r"\{.*?\}", one_line(error))
            say(
                "error",
                f"a worker process died {' '.join(ends)}: the model crashed it, or "
                "memory ran out (see --memory-limit)",
            )
        except RecursionError as error:
            say("error", f"the model is nested too deeply ({one_line(error)})")
        # NotFittedError is a ValueError.
        except (ValueError, TypeError, OSError) as error:
            say("error", one_line(error))
        else:
            return
    raise typer.Exit(status)


@contextmanager
def _costs_told() -> Iterator[None]:
    """Write what long runs will take, where no progress is shown."""

    class Line(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say("note", one_line(record.getMessage()))

    logger, line = logging.getLogger("skmia"), Line()
    level = logger.level
    logger.addHandler(line)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(line)
        logger.setLevel(level)


def _make_show_warning() -> Any:
    shown = set()

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        from sklearn.exceptions import InconsistentVersionWarning

        text = one_line(message)
        if isinstance(message, InconsistentVersionWarning):
            # One for every part of a model otherwise.
            text = (
                f"the model was saved with scikit-learn "
                f"{message.original_sklearn_version} and is read with "
                f"{message.current_sklearn_version}; its predictions may differ"
            )
        if text not in shown:
            shown.add(text)
            say("warning", text)

    return show


def one_line(error: BaseException | str) -> str:
    """Return an exception's message on one line, or its name where it has none."""
    text = printable(" ".join(str(error)[:_LONGEST].split()))
    if len(str(error)) > _LONGEST:
        text += " ..."
    return text or type(error).__name__


def printable(text: str) -> str:
    """Return a line of text with what a terminal acts on written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )


def install_hint(lacking: Sequence[str] = ()) -> str:
    """Tell how to install the packages that only the command line needs."""
    needs = f"the command line needs {', '.join(lacking)}: " if lacking else ""
    return f"{needs}pip install 'skmia[cli]'"


def say(kind: str, text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"skmia: {kind}: {text}\n")
    sys.stderr.flush()


def check_release(package: str, version: str) -> None:
    """Raise for releases of a package that do not keep a file from running code."""
    oldest = _OLDEST[package]
    found = tuple(int(part) for part in re.findall(r"\d+", version)[: len(oldest)])
    if found < oldest:
        wanted = ".".join(map(str, oldest))
        raise ValueError(
            f"{package} {version} can run code that a file names; install "
            f"'{package}>={wanted}'"
        )
