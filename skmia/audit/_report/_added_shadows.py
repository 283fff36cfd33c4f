"""What a report says of shadow models that were added until there were enough."""

from collections.abc import Mapping
from typing import Any

from skmia.audit._missing_shadows import what_is_missing


def added_shadows(shadows: Mapping[str, Any] | None) -> list[str]:
    """Sentences on ``shadows`` of a report's contents, none where it was a number."""
    auto = (shadows or {}).get("auto")
    if not shadows or not auto or not auto["steps"]:
        return []
    n = shadows["n_shadows"]
    if auto["settled"]:
        return [
            f"They were added until further ones would add little: {n} were enough. "
            "That was asked of shadow models, not of the audited model."
        ]
    return [f"They were added up to {n}, the most allowed. {what_is_missing(auto)}"]
