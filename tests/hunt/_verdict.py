"""What is compared with the truth, and when a difference is no accident."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb

import numpy as np
import sklearn

import skmia
from _helpers import global_state

#: A first reading this many standard errors off is read again, on fresh draws.
_SUSPICIOUS = 2.2
#: Fresh draws, and how many standard errors off they are together where it is a bug.
_FRESH = 4
_LIMIT = 4.0
_MAY_REFUSE = tuple(str(Path(p.__file__).parent) for p in (skmia, sklearn))


@dataclass(frozen=True)
class Reading:
    """A figure, between what it may be at least and at most, with its error."""

    name: str
    value: float
    low: float
    high: float
    error: float

    @property
    def z(self):
        """How many errors it lies outside, negative where it is too low."""
        if self.value < self.low:
            return (self.value - self.low) / self.error
        return max(self.value - self.high, 0.0) / self.error

    def __str__(self):
        right = f"{self.low:.3f}"
        if self.high > self.low:
            right += f" to {self.high:.3f}"
        return (
            f"{self.name}: {self.value:.3f} for {right}, "
            f"error {self.error:.3f}, z = {self.z:+.1f}"
        )


@dataclass
class Outcome:
    """What one play found; `refused` is the message of what was raised."""

    readings: list[Reading] = field(default_factory=list)
    refused: str | None = None
    said: set[str] = field(default_factory=set)

    def keep(self, name, value, low, high, error):
        self.readings.append(
            Reading(name, float(value), float(low), float(high), float(error))
        )


def questioned(outcome: Outcome, call: Callable[[], object]):
    """The result of `call`, or None where it is refused in so many words.

    NumPy's global generator must stay as it was.
    """
    before = global_state()
    result = attempted(outcome, call)
    moved = "NumPy's global generator was moved"
    np.testing.assert_array_equal(before, global_state(), moved)
    return result


def attempted(outcome: Outcome, call: Callable[[], object]):
    """The same of what the caller does, with a generator of any kind.

    What it warns of is noted. An error from deep inside of another library refuses
    nothing: it is raised.
    """
    result = None
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = call()
        except (ValueError, TypeError) as error:
            *_, (frame, _) = walk_tb(error.__traceback__)
            if not frame.f_code.co_filename.startswith(_MAY_REFUSE):
                raise
            outcome.refused = str(error)
    outcome.said |= {warning.category.__name__ for warning in warned}
    return result


def check(play, scenario):
    """Play `scenario`; where a reading is off, play it anew, and judge by that alone.

    Of hundreds of readings some are far off by chance: the first one decides where to
    look, and draws that know nothing of it decide whether something is there.
    """
    first = play(scenario, 0)
    if first.refused:
        return first
    suspects = {r.name for r in first.readings if abs(r.z) > _SUSPICIOUS}
    if not suspects:
        return first
    again = [play(scenario, 1 + k) for k in range(_FRESH)]
    for name in sorted(suspects):
        found = [r for one in again for r in one.readings if r.name == name]
        z = sum(r.z for r in found) / np.sqrt(max(len(found), 1))
        if abs(z) > _LIMIT:
            lines = [r for r in first.readings if r.name == name] + found
            raise AssertionError(
                f"{name} is {abs(z):.1f} standard errors too "
                f"{'low' if z < 0 else 'high'} in {len(found)} fresh draws "
                f"of\n  {scenario!r}\n"
                + "".join(f"  {line}\n" for line in lines)
                + f"Said: {sorted(first.said) or 'nothing'}. Repeat it by "
                f"hunt._verdict.check(hunt._plays.{play.__name__}, <the scenario>)."
            )
    return first
