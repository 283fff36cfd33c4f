"""Checks of the parameters of a policy."""

from collections.abc import Iterable, Mapping
from typing import Any

from skmia.audit._policy._toml import check_known
from skmia.utils import check_integer, check_real


def check_limit(value: Any, name: str) -> float | None:
    return None if value is None else check_real(value, name, 0, 1, closed="left")


def check_rates(max_tpr: Any) -> dict[float, float] | None:
    if max_tpr is None:
        return None
    if not isinstance(max_tpr, Mapping) or not max_tpr:
        raise TypeError(
            "The 'max_tpr' parameter must be a dict of false positive rate to limit, "
            f"such as {{0.01: 0.05}}. Got {max_tpr!r} instead."
        )
    limits: dict[float, float] = {}
    for key, limit in max_tpr.items():
        if isinstance(limit, Mapping):
            raise TypeError(
                "The 'max_tpr' parameter must be a dict of false positive rate to "
                f"limit. Got {dict(max_tpr)!r} instead; in TOML, a rate stands in "
                'quotes: "0.01" = 0.05'
            )
        try:
            rate = float(key) if isinstance(key, str) else key
        except ValueError:
            rate = key
        rate = check_real(rate, "max_tpr", 0, 1, closed="neither")
        name = f"max_tpr[{key!r}]"
        if rate in limits:
            raise ValueError(
                f"The 'max_tpr' parameter has the rate {rate} twice. Give each once."
            )
        limits[rate] = check_real(limit, name, 0, 1, closed="left")
    return dict(sorted(limits.items(), reverse=True))


def check_exposed(value: Any) -> float | None:
    """An int is a number of members, a float a share of them, as in scikit-learn."""
    if value is None or isinstance(value, float):
        return check_limit(value, "max_exposed")
    try:
        return check_integer(value, "max_exposed", 0)
    except TypeError as error:
        raise TypeError(
            "The 'max_exposed' parameter must be an int in [0, inf) or a float in "
            f"[0, 1). Got {value!r} instead."
        ) from error


def check_names(values: Any, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = check_texts(values, name)
    for value in found:
        check_known(value, known, f"The '{name}' parameter must be names")
    return tuple(dict.fromkeys(found))


def check_texts(values: Any, name: str) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(
            f"The '{name}' parameter must be a sequence of str. Got {values!r} instead."
        )
    found = tuple(values)
    for value in found:
        if not isinstance(value, str):
            raise TypeError(
                f"The '{name}' parameter must be a sequence of str. "
                f"Got {value!r} in it instead."
            )
    return found
