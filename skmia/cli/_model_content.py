"""What a model from a file is made of: the types admitted by default, and indices.

skops checks the types in a file, not their content. Trees and nearest-neighbour
indices hold row and column numbers that scikit-learn's compiled code follows without
checking, so skops does not trust them by default. They are admitted here, and the
numbers are checked.
"""

from collections.abc import Iterator
from functools import partial
from types import MethodType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

# Types that fitted scikit-learn classifiers hold and that skops does not trust itself.
#
# A file can have each of them made, or called, with arguments of its own choice. None
# imports, evaluates, opens or calls anything that the arguments name: they are holders
# of arrays and parameters, arithmetic on arrays, and abstract numpy types. Left out on
# purpose: whatever holds a function of the file's choice (``functools.partial``,
# ``PyFuncDistance``, ``_Scorer``), all functions but the score functions below, and
# distances with weights, whose length nothing checks.
_ALLOWED = {
    "numpy": "dtype number",
    "sklearn.calibration": (
        "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling"
    ),
    "sklearn.compose._column_transformer": "_RemainderColsList make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif",
    "sklearn.feature_selection._univariate_selection": "chi2 f_classif",
    "sklearn.gaussian_process._gpc": "_BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels": (
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation "
        "Matern Product RBF RationalQuadratic Sum WhiteKernel"
    ),
    "sklearn.metrics._dist_metrics": (
        "ChebyshevDistance64 EuclideanDistance64 ManhattanDistance64"
    ),
    "sklearn.metrics._scorer": "_PassthroughScorer",
    "sklearn.model_selection._split": "StratifiedKFold",
    "sklearn.multiclass": "_ConstantPredictor",
    "sklearn.neighbors._ball_tree": "BallTree",
    "sklearn.neighbors._kd_tree": "KDTree",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.tree._tree": "Tree",
    "sklearn.utils._bunch": "Bunch",
    "sklearn.utils._metadata_requests": "MetadataRequest MethodMetadataRequest",
}
ALLOWED_TYPES = frozenset(
    f"{module}.{name}" for module, names in _ALLOWED.items() for name in names.split()
)


def check_content(model: Any) -> None:
    """Raise unless the trees, support vectors and indices of a model are sound.

    Every child must come after its parent and inside the tree, and every column that
    is read must be one that the model has: what scikit-learn itself writes. A file
    that breaks this would make it read memory that is not its own. This guards against
    damaged files and plain forgeries only.

    Raises
    ------
    ValueError
        Naming the type whose numbers point outside of it.
    """
    for value, n_features, owner in walk(model):
        kind = type(value).__name__
        module = type(value).__module__
        if module == "sklearn.tree._tree" and kind == "Tree":
            sound = _tree_is_sound(value, n_features)
        elif kind == "TreePredictor" and module.startswith("sklearn.ensemble."):
            sound = _predictor_is_sound(value, n_features, owner)
        elif kind in ("KDTree", "BallTree") and module.startswith("sklearn."):
            sound = _index_is_sound(value)
        elif module.startswith("sklearn.ensemble._gb") and hasattr(
            value, "estimators_"
        ):
            sound = _stages_are_sound(value)
        elif module.startswith("sklearn.svm.") and "_n_support" in vars(value):
            sound = _support_is_sound(value)
        elif issparse(value):
            sound = _matrix_is_sound(value)
        else:
            continue
        if not sound:
            raise ValueError(
                f"holds a {kind} whose numbers point outside of it: it is damaged, or "
                "made to harm; do not use it"
            )


def walk(root: Any) -> Iterator[tuple[Any, int | None, Any]]:
    """Every object in a model, with the nearest estimator that it is in.

    Yields the object, that estimator's number of features, and the estimator. An object
    that belongs to two estimators comes up once for each.
    """
    stack: list[tuple[Any, Any]] = [(root, None)]
    # Kept alive while walking, so that no id is used again.
    seen: dict[tuple[int, int], Any] = {}
    while stack:
        value, owner = stack.pop()
        if isinstance(value, (str, bytes, int, float)) or value is None:
            continue
        if (id(value), id(owner)) in seen:
            continue
        seen[id(value), id(owner)] = value
        n_features = getattr(owner, "__dict__", {}).get("n_features_in_")
        yield value, n_features, owner
        inner: list[Any] = []
        if isinstance(value, type):
            continue
        if isinstance(value, dict):
            inner += [*value.keys(), *value.values()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            inner += value
        elif isinstance(value, np.ndarray):
            if value.dtype == object:
                inner += np.asarray(value).ravel().tolist()
        elif isinstance(value, partial):
            inner += [value.func, value.args, value.keywords]
        elif isinstance(value, MethodType):
            inner.append(value.__self__)
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict):
            inner += attributes.values()
            if "n_features_in_" in attributes:
                owner = value
        stack += [(item, owner) for item in inner]


def _tree_is_sound(tree: Any, n_features: int | None) -> bool:
    # First of all, since the arrays are views of node_count nodes of memory.
    if not 1 <= tree.node_count <= tree.capacity:
        return False
    if tree.n_outputs < 1 or n_features is None or tree.n_features != n_features:
        return False
    leaf = tree.children_left == -1
    if (tree.children_right[leaf] != -1).any():
        return False
    return _nodes_are_sound(
        leaf, tree.children_left, tree.children_right, tree.feature, n_features
    )


def _predictor_is_sound(predictor: Any, n_features: int | None, owner: Any) -> bool:
    nodes = predictor.nodes
    if n_features is None or nodes.ndim != 1 or not len(nodes):
        return False
    categorical = nodes[(nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0)]
    if len(categorical):
        n_bitsets = min(
            len(predictor.raw_left_cat_bitsets), len(predictor.binned_left_cat_bitsets)
        )
        # A column that is not categorical falls back to the first that is.
        known = getattr(owner, "is_categorical_", None)
        if (
            (categorical["bitset_idx"] >= n_bitsets).any()
            or known is None
            or not np.any(known)
        ):
            return False
    return _nodes_are_sound(
        nodes["is_leaf"] != 0,
        nodes["left"],
        nodes["right"],
        nodes["feature_idx"],
        n_features,
    )


def _nodes_are_sound(
    leaf: NDArray[np.bool_],
    left: NDArray,
    right: NDArray,
    feature: NDArray,
    n_features: int,
) -> bool:
    """Tell whether children come after their parent, and columns are real ones."""
    inner = np.flatnonzero(~leaf)
    children = np.stack([left[inner], right[inner]]).astype(np.int64)
    columns = feature[inner].astype(np.int64)
    return bool(
        (children > inner).all()
        and (children < len(leaf)).all()
        and (columns >= 0).all()
        and (columns < n_features).all()
    )


def _index_is_sound(index: Any) -> bool:
    data, order, nodes, _ = (np.asarray(array) for array in index.get_arrays())
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    start, stop = nodes["idx_start"], nodes["idx_end"]
    return bool(
        len(nodes)
        and len(order) == len(data)
        and ((order >= 0) & (order < len(data))).all()
        and ((start >= 0) & (start <= stop) & (stop <= len(data))).all()
        # The children of node i are 2 i + 1 and 2 i + 2.
        and (2 * inner + 2 < len(nodes)).all()
    )


def _stages_are_sound(model: Any) -> bool:
    """Gradient boosting hands its rows to the trees unchecked, one column per class."""
    stages = model.estimators_
    return bool(
        isinstance(stages, np.ndarray)
        and stages.ndim == 2
        and stages.shape[1] == getattr(model, "n_trees_per_iteration_", None)
        and all(
            getattr(stage, "n_features_in_", None) == model.n_features_in_
            for stage in stages.ravel()
        )
    )


def _support_is_sound(model: Any) -> bool:
    """Tell whether the counts and sizes that libsvm goes by agree."""
    counts = np.asarray(model._n_support)
    n_vectors = len(model.support_)
    precomputed = model.kernel == "precomputed"
    if (
        counts.ndim != 1
        or (counts < 0).any()
        or counts.sum(dtype=np.int64) != n_vectors
        or (not precomputed and model.support_vectors_.shape[0] != n_vectors)
        # With a kernel that is given these are columns of it.
        or (precomputed and not _within(model.support_, model.shape_fit_[0]))
    ):
        return False
    if not hasattr(model, "classes_"):
        return True
    n_classes = len(model.classes_)
    n_pairs = n_classes * (n_classes - 1) // 2
    return (
        len(counts) == n_classes
        and model._dual_coef_.shape == (n_classes - 1, n_vectors)
        and len(model._intercept_) == n_pairs
        and all(
            len(getattr(model, name, ())) in (0, n_pairs)
            for name in ("_probA", "_probB")
        )
    )


def _matrix_is_sound(matrix: Any) -> bool:
    if matrix.format in ("csr", "csc", "bsr"):
        try:
            matrix.check_format(full_check=True)
        except ValueError:
            return False
    elif matrix.format == "coo":
        return all(map(_within, matrix.coords, matrix.shape))
    return True


def _within(indices: Any, stop: int) -> bool:
    indices = np.asarray(indices)
    return bool(((indices >= 0) & (indices < stop)).all())
