"""The command line."""

from skmia.cli._app import main

__all__ = ["main"]
