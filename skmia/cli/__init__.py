"""The command line."""

from skmia.cli._app import main, run, run_child

__all__ = ["main", "run", "run_child"]
