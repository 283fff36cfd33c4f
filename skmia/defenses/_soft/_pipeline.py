"""Fit the steps of a Pipeline before its last, which is then fitted otherwise."""

from dataclasses import replace
from typing import Any

from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing

from skmia.defenses._training import TrainingData


def is_pipeline(model: Any) -> bool:
    """Whether all that it does is to pass rows from step to step."""
    # A subclass may do more (imbalanced-learn's resamples rows).
    return type(model) is Pipeline and getattr(model, "transform_input", None) is None


def last_step(model: Any) -> Any:
    """The classifier at the end of a Pipeline, or of one in it; itself otherwise."""
    while is_pipeline(model):
        model = model.steps[-1][1]
    return model


def fit_head(pipeline: Any, data: TrainingData) -> tuple[Any, TrainingData]:
    """Fit the steps before the last.

    Returns
    -------
    head : Pipeline
        These steps, fitted; possibly none.
    data : TrainingData
        What the last step is to be fitted on.
    """
    before, params = _split_params(pipeline, data.params)
    head, X = pipeline[:-1], data.X
    if len(head):
        X = head.fit_transform(X, data.classes[data.y], **before)
    return head, replace(data, X=X, params=params)


def with_last(pipeline: Any, head: Any, last: Any) -> Any:
    """The Pipeline, of the steps that were fitted."""
    name = pipeline.steps[-1][0]
    return pipeline.set_params(steps=[*head.steps, (name, last)])


def _split_params(
    pipeline: Any, params: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metadata for the steps before the last as the user gave it, and for the last."""
    name = pipeline.steps[-1][0]
    if get_config()["enable_metadata_routing"]:
        last = process_routing(pipeline, "fit", **params)[name].fit
        if len(pipeline) == 1:
            return {}, dict(last)
        taken = get_routing_for_object(pipeline[:-1]).consumes("fit_transform", params)
        return {key: params[key] for key in taken}, dict(last)
    before, last = {}, {}
    for key, value in params.items():
        step, found, parameter = key.partition("__")
        if not found or step not in pipeline.named_steps:
            raise ValueError(
                f"Pipeline.fit does not accept the {key} parameter. Name the step that "
                f"takes it, as in '{name}__{key}'."
            )
        if step == name:
            last[parameter] = value
        else:
            before[key] = value
    return before, last
