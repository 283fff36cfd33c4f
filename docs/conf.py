"""Sphinx configuration; build with ``make docs``."""

import inspect
from importlib import import_module
from pathlib import Path

import skmia

project = "skmia"
author = "The skmia developers"
copyright = "2026, The skmia developers"
version = release = skmia.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
]
exclude_patterns = ["_build"]
html_theme = "pydata_sphinx_theme"
html_title = "skmia"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}

templates_path = ["templates"]
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
myst_heading_anchors = 3


def write_api(folder: Path) -> None:
    """Write the reference from every module's ``__all__``: nothing can be left out."""
    lines = ["# Reference", ""]
    for module in skmia.__all__:
        if module.startswith("__"):
            continue
        package = import_module(f"skmia.{module}")
        names = getattr(package, "__all__", ())
        if not names:
            continue
        summary = inspect.getdoc(package).splitlines()[0]
        lines += [f"## skmia.{module}", "", summary, "", "```{eval-rst}"]
        lines += [f".. currentmodule:: skmia.{module}", "", ".. autosummary::"]
        lines += ["   :toctree: generated", ""]
        lines += [f"   {name}" for name in names] + ["```", ""]
    (folder / "api").mkdir(exist_ok=True)
    (folder / "api" / "index.md").write_text("\n".join(lines))


write_api(Path(__file__).parent)
