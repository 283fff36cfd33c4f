"""Which defenses change outputs, as a tag and as a question about any model."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.utils import Tags, get_tags

from skmia._models import attributes, walk


@dataclass
class DefenseTags(Tags):
    """Extend the tags of scikit-learn by `masks_outputs`.

    Attributes
    ----------
    masks_outputs : bool, default=False
        Whether ``predict_proba`` returns something else than what the fitted
        classifier inside returns. Attacks on confidences then underestimate leakage,
        and an audit runs :class:`~skmia.attacks.LabelOnlyAttack` as well.

    See Also
    --------
    masks_outputs : Reads the tag from a model and all estimators inside.

    Notes
    -----
    The other attributes are those of :class:`sklearn.utils.Tags`.

    Examples
    --------
    >>> from sklearn.utils import get_tags
    >>> from skmia.defenses import HighEntropyClassifier
    >>> get_tags(HighEntropyClassifier()).masks_outputs
    True
    >>> get_tags(HighEntropyClassifier(output_modification=False)).masks_outputs
    False
    """

    masks_outputs: bool = False

    @classmethod
    def of(cls, tags: Tags) -> Self:
        """`tags` with the defaults of the further ones."""
        return cls(**{field.name: getattr(tags, field.name) for field in fields(tags)})


def masks_outputs(model: Any) -> bool:
    """Tell whether a defense in a model changes its outputs.

    Parameters
    ----------
    model : estimator
        Any estimator, fitted or not. The tag ``masks_outputs`` is read from it and
        from every estimator that it holds: in parameters, lists and grids of
        candidates, FrozenEstimators, functions and fitted attributes. Of a fitted
        search, ``best_estimator_`` alone counts; of an unfitted one, all candidates.

    Returns
    -------
    bool
        True where one of them has the tag.

    See Also
    --------
    DefenseTags : The tag.
    ConfidenceMaskingClassifier : Masks the outputs of any classifier.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmia.defenses import ConfidenceMaskingClassifier, masks_outputs
    >>> masked = ConfidenceMaskingClassifier(LogisticRegression())
    >>> masks_outputs(make_pipeline(StandardScaler(), masked))
    True
    >>> masks_outputs(LogisticRegression())
    False
    """
    return any(
        getattr(get_tags(part), "masks_outputs", False)
        for _, part in walk(model, _templates)
        if isinstance(part, BaseEstimator)
    )


def _templates(part: Any) -> Collection[str]:
    """Attributes that answer nothing: what a fitted meta-estimator has copied.

    By scikit-learn's convention the fitted ``estimator`` is ``estimator_``.
    """
    own = attributes(part)
    if "best_estimator_" in own:
        return own.keys() - {"best_estimator_"}
    return {name for name in own if f"{name}_" in own}
