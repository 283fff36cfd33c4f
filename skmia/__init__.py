"""skmia: membership inference on tabular classifiers, the scikit-learn way.

The subpackages load on first use, so that ``import skmia`` stays light.
"""

from importlib import import_module as _import_module

__version__ = "0.1.0.dev0"

__all__ = [
    "__version__",
    "attacks",
    "audit",
    "datasets",
    "defenses",
    "exceptions",
    "metrics",
    "model_selection",
    "shadows",
    "signals",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        return _import_module(f"skmia.{name}")
    raise AttributeError(f"module 'skmia' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
