"""Packages that only an extra of skmia installs."""

from importlib import import_module
from typing import Any

_EXTRAS = {
    "fsspec": "remote",
    "jinja2": "report",
    "matplotlib": "report",
    "mlflow": "share",
    "pandas": "report",
    "skore": "share",
}


def import_optional(module: str, caller: str, instead: str = "") -> Any:
    """Import an optional package, or raise an error that names the extra to install.

    `instead` is what to do without the package, where there is a way.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{caller} needs {package}. Install it with: "
            f"pip install 'skmia[{_EXTRAS[package]}]'"
            + f", or {instead}"
            * bool(instead)
        ) from error
