"""Dates, times and durations of any container as microseconds, and as readers write."""

import datetime
import re
from typing import Any

import numpy as np

from skmia._tables import is_missing

# Year, month and day, in this order: others may be read in two ways.
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?"
)


def on_the_clock(values: Any) -> Any:
    """Times of a zone as the clocks there show them; other columns as they are."""
    if getattr(getattr(values, "dt", None), "tz", None) is not None:  # pandas
        return values.dt.tz_localize(None)
    if getattr(getattr(values, "dtype", None), "time_zone", None) is not None:
        return values.dt.replace_time_zone(None)  # polars
    return values


def times_of_objects(values: list[Any]) -> np.ndarray | None:
    """Python's dates, times and durations, and dates as text; None of anything else."""
    known = [value for value in values if not is_missing(value)]
    kinds = set(map(type, known))
    if not kinds:
        return None
    if all(issubclass(kind, datetime.timedelta) for kind in kinds):
        return _as_array(values, "m8[us]", np.timedelta64)
    if all(issubclass(kind, datetime.date) for kind in kinds):
        return _as_array(values, "M8[us]", _instant)
    if kinds != {str}:
        return None
    read = {}
    for text in set(known):
        if not _ISO.fullmatch(text):
            return None
        try:
            read[text] = _instant(datetime.datetime.fromisoformat(text))
        except ValueError:
            return None
    return _as_array(values, "M8[us]", read.__getitem__)


def _instant(value: datetime.date) -> np.datetime64:
    if isinstance(value, datetime.datetime):
        value = value.replace(tzinfo=None)
    return np.datetime64(value)


def _as_array(values: list[Any], dtype: str, convert: Any) -> np.ndarray:
    missing = np.array("NaT", dtype=dtype)
    return np.array(
        [missing if is_missing(v) else convert(v) for v in values], dtype=dtype
    )


def show_time(microseconds: float) -> str:
    """A day, with the time where there is one."""
    moment = np.datetime64(int(microseconds), "us")
    day = moment.astype("datetime64[D]")
    return str(day if day == moment else moment.astype("datetime64[s]"))


def show_duration(microseconds: float) -> str:
    """Days, and what is left of one."""
    sign, rest = ("-" if microseconds < 0 else ""), abs(int(microseconds))
    days, rest = divmod(rest, 24 * 3600 * 1_000_000)
    seconds, rest = divmod(rest, 1_000_000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    clock = f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}"
    clock += f".{rest:06d}".rstrip("0") if rest else ""
    parts = [f"{days} day{'s' * (days != 1)}"] if days or not (seconds or rest) else []
    return sign + " ".join([*parts, clock] if seconds or rest else parts)
