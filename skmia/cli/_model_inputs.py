"""A table turned into what a fitted model takes: its columns, its spelling of labels.

A model often takes a value that it does not know without an error: an encoder that
ignores unknown categories gives all of them the same zeros, members and non-members
alike, and the audit underestimates leakage. So whatever does not fit is an error here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from skmia._models import look_inside, unfitted_copy
from skmia.cli._model_errors import model_at_fault
from skmia.utils import listed

if TYPE_CHECKING:
    import pandas as pd


def match_model(
    model: Any,
    tables: Sequence["pd.DataFrame"],
    target: str,
    sources: Sequence[Path],
) -> list[Any]:
    """Return X and y of the members, then of the non-members, as the model takes them.

    Raises
    ------
    ValueError
        If columns, labels or categories are none that the model knows.
    """
    classes = getattr(model, "classes_", None)
    sides: list[Any] = []
    for table, source in zip(tables, sources, strict=True):
        # Without classes, or with several targets, the audit raises an error.
        if classes is None or isinstance(classes, list):
            y = table[target].to_numpy()
        else:
            y = match_labels(table[target], classes, str(source))
        sides += [take_features(model, table, target, str(source)), y]
    check_known_categories(model, sides[0])
    return sides


def match_labels(labels: "pd.Series", classes: Any, source: str) -> NDArray:
    """Return the class of every label, as the model spells it.

    Text is matched as it is written, or by its value where the classes are numbers or
    booleans: "1", "1.0" and "True" are the class 1, or True. Numbers and booleans are
    matched by value, or by how they are written where the classes are text.

    Parameters
    ----------
    labels : Series
        The column as it was read.
    classes : array-like
        The model's `classes_`.
    source : str
        What to call the file in a message.

    Returns
    -------
    ndarray
        One of `classes` for each label, in their dtype.

    Raises
    ------
    ValueError
        If labels are missing, or are none of the classes: these are named.
    """
    import pandas as pd

    n_missing = int(labels.isna().sum())
    if n_missing:
        raise ValueError(
            f"{source} has {n_missing} rows without a label in column {labels.name!r}"
        )
    classes = np.asarray(classes)
    spelled = classes.tolist()
    texts = {value: i for i, value in enumerate(spelled) if isinstance(value, str)}
    # True == 1 == 1.0, and they hash alike.
    values = {v: i for i, v in enumerate(spelled) if not isinstance(v, str)}
    codes, uniques = pd.factorize(labels.astype(object))
    columns = [_find(label, texts, values) for label in uniques]
    unknown = [u for u, column in zip(uniques, columns, strict=True) if column is None]
    if unknown:
        raise ValueError(
            f"{source} has labels in column {labels.name!r} that are none of the "
            f"model's classes {listed(spelled)}: {listed(unknown)}"
        )
    return classes[np.asarray(columns, dtype=np.intp)[codes]]


def check_answers(model: Any, sides: Sequence[Any]) -> None:
    """Raise in one line where a model can be neither copied nor asked.

    A file may hold a model whose parts do not fit together, and what it then raises can
    be anything. What scikit-learn says of wrong input passes.

    Raises
    ------
    ValueError
        With what was raised.
    """
    with model_at_fault("the model cannot be copied, or cannot predict"):
        unfitted_copy(model)
        for X in sides:
            for method in ("predict", "predict_proba", "decision_function"):
                if hasattr(model, method):
                    getattr(model, method)(X)


def take_features(
    model: Any, frame: "pd.DataFrame", target: str, source: str
) -> "pd.DataFrame | NDArray":
    """Return the columns that the model was fitted on, in its order.

    A model that was fitted on an array gets one, with the columns as they come.

    Raises
    ------
    ValueError
        If columns are missing, or there are some that the model does not know.
    """
    X = frame.drop(columns=[target])
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        names = [str(name) for name in names]
        lacking = [name for name in names if name not in X.columns]
        if lacking:
            raise ValueError(
                f"{source} lacks columns that the model was fitted on: "
                f"{listed(lacking)}"
            )
        known = set(names)
        extra = [name for name in X.columns if name not in known]
        if extra:
            raise ValueError(
                f"{source} has columns that the model was not fitted on: "
                f"{listed(extra)}; leave them out with "
                + " ".join(f"--drop {name!r}" for name in extra[:8])
            )
        return X[names]
    n_features = getattr(model, "n_features_in_", None)
    if n_features is None:
        return X
    if n_features != X.shape[1]:
        raise ValueError(
            f"{source} has {X.shape[1]} columns beside {target!r}, and the model was "
            f"fitted on {n_features}; leave others out with --drop"
        )
    numbers = all(dtype.kind in "biuf" for dtype in X.dtypes)
    return X.to_numpy(dtype=np.float64 if numbers else object)


def check_known_categories(model: Any, X_members: Any) -> None:
    """Raise where members hold a category that the model's encoders never saw.

    They were fitted on the members, so that either these rows are not the training
    rows or a column was read otherwise than in training: "007" as 7, or the text "NA"
    as missing. Looks at encoders that learned their categories from raw columns.

    Raises
    ------
    ValueError
        Naming the column and the value.
    """
    import pandas as pd

    if not hasattr(X_members, "columns"):
        return
    for encoder, filled, names in _raw_encoders(model):
        for name, known in zip(names, encoder.categories_, strict=True):
            if name not in X_members.columns:
                continue
            column = X_members[name]
            seen = set(known[~pd.isna(known)].tolist())
            kind = type(encoder).__name__
            distinct = column.dropna().astype(object).drop_duplicates()
            strange = [v for v in distinct if v not in seen and v not in filled]
            if strange:
                raise ValueError(
                    f"members hold values in column {name!r} that the model's {kind} "
                    f"has never seen: {listed(strange)}, where it knows "
                    f"{listed(list(known))}. They are not its training rows, or the "
                    f"column is read otherwise than in training (see --text)"
                )
            fills_missing = any(pd.isna(value) for value in filled)
            if column.isna().any() and not pd.isna(known).any() and not fills_missing:
                raise ValueError(
                    f"members have missing values in column {name!r}, and the model's "
                    f"{kind} has never seen one. They are not its training rows, or "
                    f"a field such as 'NA' was text in training (see --text)"
                )


def _raw_encoders(part: Any) -> Iterator[tuple[Any, list[Any], list[str]]]:
    """Yield encoders that see columns as they are in the table.

    With each, the values that an imputer replaces before it sees them, and the names of
    its columns.
    """
    part, _ = look_inside(part)
    if isinstance(part, ColumnTransformer):
        # An unfitted one is named when the model is asked.
        for _, transformer, _ in getattr(part, "transformers_", ()):
            yield from _raw_encoders(transformer)
        return
    names = getattr(part, "feature_names_in_", None)
    filled = []
    while isinstance(part, Pipeline) and len(part):
        if isinstance(part[0], SimpleImputer):
            filled.append(part[0].missing_values)
            part = part[1:]
        elif isinstance(part[0], ColumnTransformer) and not filled:
            yield from _raw_encoders(part[0])
            return
        else:
            part = part[0]
    learned = getattr(part, "categories", None) == "auto"
    if learned and names is not None and len(names) == len(part.categories_):
        yield part, filled, list(names)


def _find(label: Any, texts: dict[str, int], values: dict[Any, int]) -> int | None:
    if isinstance(label, str):
        if label in texts:
            return texts[label]
        return values.get(_meaning(label))
    if label in values:
        return values[label]
    spellings = [str(label)]
    if isinstance(label, float) and label.is_integer():
        spellings.append(str(int(label)))
    return next((texts[text] for text in spellings if text in texts), None)


def _meaning(text: str) -> bool | int | float | None:
    """Return the number or truth value of a field, as pandas reads it."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    # Python also takes digits in groups, which no CSV means.
    if "_" in text:
        return None
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return None
