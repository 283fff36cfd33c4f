"""The only file that imports diffprivlib, and what it takes to use it soundly."""

import importlib
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.tree import _tree

_IMPORTING = threading.Lock()


@cache
def import_diffprivlib() -> Any:
    """diffprivlib, on scikit-learn releases that it does not know, too.

    Its 0.6.6 looks for ``DTYPE`` and ``DOUBLE`` in ``sklearn.tree._tree``, which
    scikit-learn 1.9 no longer has. They are there for the time of the import only. And
    it passes ``iprint``, which SciPy 1.18 no longer takes, to SciPy's optimizer.
    """
    with _IMPORTING, warnings.catch_warnings():  # it changes the filters on import
        missing = {"DTYPE": np.float32, "DOUBLE": np.float64}
        missing = {k: v for k, v in missing.items() if not hasattr(_tree, k)}
        for name, value in missing.items():
            setattr(_tree, name, value)
        try:
            library = importlib.import_module("diffprivlib")
        finally:
            for name in missing:
                delattr(_tree, name)
    library.models.logistic_regression.optimize = _Optimize
    return library


class _Optimize:
    """What diffprivlib's logistic regression takes of ``scipy.optimize``."""

    @staticmethod
    def fmin_l_bfgs_b(*args: Any, iprint: int, **kwargs: Any) -> Any:
        """Minimise without printing."""
        return optimize.fmin_l_bfgs_b(*args, **kwargs)


@contextmanager
def guarded() -> Iterator[Any]:
    """diffprivlib, with a leak as an error, on one thread, whatever is set outside.

    Its loop over classes hands one generator to all workers. In processes each of them
    has a copy: all classes get the same noise, and what one of them spends is spent as
    often as there are classes. The generator that stands for the operating system's
    arrives as an ordinary one, seeded alike in every worker. In threads the noise
    depends on which class is the first to draw.
    """
    library = import_diffprivlib()
    with joblib.parallel_config("sequential", n_jobs=1), warnings.catch_warnings():
        warnings.simplefilter("error", library.utils.PrivacyLeakWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        yield library


def random_tree(
    max_depth: int,
    bounds: tuple[NDArray[np.float64], ...],
    n_classes: int,
    random_state: np.random.RandomState,
) -> Callable[[NDArray[np.float64]], Any]:
    """A tree with random splits within the bounds, as diffprivlib draws them.

    Returns
    -------
    callable
        Makes scikit-learn's tree from values of shape (n_leaves, n_classes) of its
        leaves, in the order of their numbers.
    """
    n_features, classes = len(bounds[0]), np.arange(n_classes)
    with guarded() as library:
        splits = library.models.forest._FittingTree(
            max_depth, n_features, classes, 1.0, bounds, random_state
        ).build()
    leaves = np.array([node.left_child < 0 for node in splits.nodes])

    def make(values: NDArray[np.float64]) -> Any:
        splits.values_ = np.zeros((len(leaves), 1, n_classes))
        splits.values_[leaves, 0] = values
        tree = _tree.Tree(n_features, np.array([n_classes]), 1)
        tree.__setstate__(splits.__getstate__())
        return tree

    return make
