"""What a run of shadow fits will take, told once the first of them is there."""

import logging
import math
import sys

from joblib import effective_n_jobs
from tqdm.auto import tqdm

from skmia.utils import duration

# Silent unless logging is set up, as the command line does it.
_LOGGER = logging.getLogger("skmia")
# Seconds from which on a run that shows no progress is worth a line.
_LONG = 60


def tell_cost(
    fit_seconds: float,
    ask_seconds: float,
    n_fits: int,
    n_jobs: int | None,
    verbose: int,
) -> None:
    """Write the cost of `n_fits` like the first where `verbose`, else log a long one.

    Parameters
    ----------
    fit_seconds, ask_seconds : float
        What the first took to be fitted, and to answer about all records.
    n_fits : int
        How many there are, the first included; none that the cache holds.
    n_jobs : int or None
        As in joblib.
    verbose : int
        Above 0 the line is written to standard error.
    """
    at_a_time = min(effective_n_jobs(n_jobs), n_fits)
    each = fit_seconds + ask_seconds
    total = math.ceil(n_fits / at_a_time) * each
    text = (
        f"shadows: {n_fits} fits x {each:.2g} s ({fit_seconds:.2g} s to fit the first, "
        f"{ask_seconds:.2g} s to ask it), {at_a_time} at a time: "
        f"about {duration(total)}"
    )
    if verbose > 0:
        tqdm.write(text, file=sys.stderr)
    elif total > _LONG:
        _LOGGER.info(text)


def seconds_left(took: list[float], n_left: int, n_jobs: int | None) -> float:
    """What `n_left` fits will take, where those that are over took `took` seconds."""
    at_a_time = min(effective_n_jobs(n_jobs), max(n_left, 1))
    return sum(took) / len(took) * n_left / at_a_time
