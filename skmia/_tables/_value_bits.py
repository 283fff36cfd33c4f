"""The content of a value as 64 bits, the same in every container and process.

Bits are a function of the value alone. In an object array that means value by value:
reading a column as text because one of its entries is text would change what the other
rows hash to, and a row would no longer match itself inside a subset.
"""

import datetime
import decimal
import hashlib
import math
import numbers
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

MISSING = np.uint64(0x7FF8000000000000)  # the bits of the usual NaN
GOLDEN = 0x9E3779B97F4A7C15  # the step of splitmix64
MASK = (1 << 64) - 1

MISSING_TYPES = ("NoneType", "NAType", "NaTType")

_WIDE = 0xA0761D6478BD642F  # marks integers that no float64 holds
_WIDE_NEGATIVE = 0xE7037ED1A0B428DB
_TIME_SEEDS = {"M": np.uint64(0x8EBC6AF09C88C6E3), "m": np.uint64(0x589965CC75374CC3)}
_EXACT = float(2**53)  # every integer below has a float64 of its own


def mix(x: Hashes) -> Hashes:
    """Scramble each value: the finalizer of splitmix64, a bijection that keeps 0."""
    x = x ^ (x >> np.uint64(30))
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def value_bits(values: NDArray[Any]) -> Hashes:
    """Return 64 bits per value in a new array of the same shape, 0 for a zero only."""
    kind = values.dtype.kind
    if kind in "biuf":
        return _number_bits(values)
    if kind == "c":
        return _number_bits(values.real) + mix(_number_bits(values.imag))
    if kind in "Mm":
        return _time_bits(values)
    return _object_bits(values.ravel().tolist()).reshape(values.shape)


def _number_bits(values: NDArray[Any]) -> Hashes:
    with np.errstate(over="ignore", invalid="ignore"):
        floats = values.astype(np.float64, order="C")
    floats += 0.0  # -0.0 becomes 0.0
    bits = floats.view(np.uint64)
    missing = np.isnan(floats)
    if missing.any():
        bits[missing] = MISSING
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        wide = np.abs(floats) >= _EXACT
        if wide.any():
            bits[wide] = _wide_integer_bits(values[wide], floats[wide])
    return bits


def _wide_integer_bits(values: NDArray[Any], floats: NDArray[np.float64]) -> Hashes:
    # A float at the upper limit has no integer to go back to: it was rounded up there.
    fits = floats < (2.0**63 if values.dtype.kind == "i" else 2.0**64)
    exact = fits & (np.where(fits, floats, 0).astype(values.dtype) == values)
    mark = np.where(values < 0, np.uint64(_WIDE_NEGATIVE), np.uint64(_WIDE))
    return np.where(exact, floats.view(np.uint64), values.astype(np.uint64) ^ mark)


def _time_bits(values: NDArray[Any]) -> Hashes:
    """Hash seconds and the rest apart: nanoseconds alone end in the year 2262."""
    kind = values.dtype.kind
    seconds = values.astype(f"{kind}8[s]")
    bits = mix(seconds.astype(np.int64).view(np.uint64) ^ _TIME_SEEDS[kind])
    if np.datetime_data(values.dtype)[0] in ("ms", "us", "ns", "ps", "fs", "as"):
        rest = (values - seconds).astype("m8[ns]").astype(np.int64)
        bits += rest.view(np.uint64) * np.uint64(GOLDEN)
    bits[np.isnat(values)] = MISSING
    return bits


def _object_bits(values: list[Any]) -> Hashes:
    """Hash Python objects one by one: what a value is does not depend on the others."""
    if _are_texts(values):
        return _text_bits(values)
    kind_of = {kind: _object_kind(kind) for kind in set(map(type, values))}
    kinds = np.array([kind_of[type(value)] for value in values], dtype="U7")
    bits = np.full(len(values), MISSING)
    for kind, convert in (
        ("number", _real_bits),
        ("time", _instants),
        ("text", _text_bits),
    ):
        where = np.flatnonzero(kinds == kind)
        if where.size:
            bits[where] = convert([values[i] for i in where])
    return bits


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or a missing value of pandas."""
    kind: Any = type(value)
    return _object_kind(kind) == "missing" or value != value


def which_missing(values: list[Any]) -> NDArray[np.bool_]:
    """Whether each is, quickly where all are texts: none is then."""
    if _are_texts(values):
        return np.zeros(len(values), dtype=bool)
    return np.array([bool(is_missing(value)) for value in values], dtype=bool)


def _are_texts(values: list[Any]) -> bool:
    """Whether all are str, as in most columns of text: these are quicker to treat."""
    return set(map(type, values)) <= {str}


# By type, of which there are few: checks against abstract classes are slow.
@lru_cache(maxsize=256)
def _object_kind(kind: type) -> str:
    if kind.__name__ in MISSING_TYPES:
        return "missing"
    # Times first: numpy.timedelta64 counts as an integer.
    times = (datetime.date, datetime.timedelta, np.datetime64, np.timedelta64)
    if issubclass(kind, times):
        return "time"
    if issubclass(kind, numbers.Real | np.bool_ | decimal.Decimal):
        return "number"
    return "text"


def _real_bits(values: list[Any]) -> Hashes:
    floats = np.array([_as_float(value) for value in values])
    bits = _number_bits(floats)
    for i in np.flatnonzero(np.abs(floats) >= _EXACT):
        value = values[i]
        if isinstance(value, numbers.Integral) and int(value) != float(floats[i]):
            bits[i] = _wide_integer(int(value))
    return bits


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _wide_integer(value: int) -> int:
    if -(2**63) <= value < 2**64:
        return (value & MASK) ^ (_WIDE_NEGATIVE if value < 0 else _WIDE)
    return _digest(hex(value))


def _instants(values: list[Any]) -> Hashes:
    return np.concatenate([_time_bits(np.array([_as_instant(v)])) for v in values])


def _as_instant(value: Any) -> np.datetime64 | np.timedelta64:
    if hasattr(value, "asm8"):  # pandas: keeps nanoseconds, and UTC where zoned
        return value.asm8
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return np.timedelta64(value)
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(value)


def _text_bits(values: list[Any]) -> Hashes:
    texts = values
    if not _are_texts(values):
        # str() of a long array leaves out its middle.
        texts = [str(v.tolist() if isinstance(v, np.ndarray) else v) for v in values]
    digests = {text: _digest(text) for text in set(texts)}
    return np.fromiter(map(digests.__getitem__, texts), np.uint64, len(texts))


def _digest(text: str) -> int:
    # Not hash(): that one changes from process to process.
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
