"""Which step of a Pipeline gets what of the metadata for fit."""

from typing import Any

from sklearn import get_config
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing


def split_params(
    pipeline: Any, name: str, params: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metadata for the steps before the last as the user gave it, and for the last."""
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
