"""Whether a classifier, as shadows are fitted here, has a closed form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sklearn import get_config
from sklearn.pipeline import Pipeline

from skmia._models import unwrap_frozen
from skmia._tables import is_per_row, is_weight
from skmia.shadows._counterfactual._family import Family
from skmia.shadows._counterfactual._register import find_family

# Parameters of a fit with one value for all rows that leave no trace but in the model.
# Any other may say what the closed form would have to know, such as a model to go on
# from.
_HARMLESS = {
    "callbacks",
    "categorical_feature",
    "early_stopping_rounds",
    "eval_metric",
    "eval_names",
    "eval_set",
    "feature_name",
    "verbose",
}


@dataclass(frozen=True)
class Plan:
    """How the other side of records is worked out, in every shadow of a call.

    Parameters
    ----------
    name : str
        Class of the learner.
    family : Family
        Its closed form.
    exact : bool
        Whether that says what a refit would: of a plain classifier, and not of persons.
    trusted : bool
        Whether it does so but for what the steps of a Pipeline have learnt.
    weight : str or None
        Which of the metadata is the ``sample_weight`` of the learner.
    """

    name: str
    family: Family
    exact: bool
    trusted: bool = False
    weight: str | None = None


def last_step(estimator: Any) -> Any:
    """Return the classifier at the end of a Pipeline, at any depth."""
    while type(estimator) is Pipeline:
        estimator = estimator.steps[-1][1]
    return estimator


def find_plan(
    estimator: Any,
    params: Mapping[str, Any] | None = None,
    n_records: int | None = None,
    *,
    persons: bool = False,
    other: str | None = None,
) -> Plan | str:
    """Find the closed form of shadows, or say in plain words why there is none.

    Parameters
    ----------
    estimator : classifier or Pipeline
        What shadows are copies of.
    params : dict, default=None
        Metadata of their fits.
    n_records : int, default=None
        Number of records in the pool.
    persons : bool, default=False
        Whether records are drawn with the others of a person.
    other : str, default=None
        Why there is none, whatever the classifier.
    """
    if other is not None:
        return other
    estimator = unwrap_frozen(estimator)
    classifier = last_step(estimator)
    name = type(classifier).__name__
    family = find_family(classifier)
    if family is None:
        return f"{name} has no closed form"
    why = family.why_not(classifier)
    if why is not None:
        return why
    weight, why = _weight(estimator, classifier, params or {}, n_records)
    if why is not None:
        return why
    trusted = family.exact and not persons
    return Plan(name, family, trusted and classifier is estimator, trusted, weight)


def _weight(
    estimator: Any, classifier: Any, params: Mapping[str, Any], n: int | None
) -> tuple[str | None, str | None]:
    """Name of the classifier's weights, and what of `params` is not known."""
    own = _weight_name(estimator, classifier, params)
    for name, value in params.items():
        of_classifier = not _is_of_a_step(estimator, name)
        if name == own or not of_classifier or is_weight(name):
            continue
        per_row = n is not None and is_per_row(value, n)
        if per_row or name.rpartition("__")[2] not in _HARMLESS:
            return None, f"the fit is given {name!r}, which is not in the closed form"
    if own is None or params[own] is None:
        return None, None
    if n is not None and not is_per_row(params[own], n):
        return None, f"the fit is given one value for all records as {own!r}"
    return own, None


def _prefix(estimator: Any) -> str:
    """What names of the last step's metadata start with."""
    prefix = ""
    while type(estimator) is Pipeline:
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix


def _is_of_a_step(estimator: Any, name: str) -> bool:
    """Whether metadata is for a step before the last, without routing."""
    prefix = _prefix(estimator)
    return bool(prefix) and "__" in name and not name.startswith(prefix)


def _weight_name(
    estimator: Any, classifier: Any, params: Mapping[str, Any]
) -> str | None:
    prefix = _prefix(estimator)
    if not prefix:
        wanted: Any = "sample_weight"
    elif get_config()["enable_metadata_routing"]:
        requests = classifier.get_metadata_routing().fit.requests
        wanted = requests.get("sample_weight")
        wanted = "sample_weight" if wanted is True else wanted
    else:
        wanted = f"{prefix}sample_weight"
    return wanted if isinstance(wanted, str) and wanted in params else None
