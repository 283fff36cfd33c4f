"""Judge values of the other side that came with no record of where they are from."""

import numpy as np
from numpy.typing import NDArray

from skmia.shadows._counterfactual._calibration import compare_gaps
from skmia.signals import BoolArray, IndexArray

# So many records tell enough; more would only take time.
_MOST_RECORDS = 5_000


def check_given(
    other: dict[str, NDArray[np.float32]],
    signals: dict[str, NDArray[np.float32]],
    inside: BoolArray,
    distinct: IndexArray,
) -> None:
    """Refuse an other side that surely contradicts what the shadows show.

    The logit decides. A target that leaks nothing shows no gaps that could contradict
    anything, and so is never refused; nor are too few records to compare.

    Parameters
    ----------
    other, signals : dict of str to ndarray of shape (n_shadows, n_records)
        What was given for the other side, and what was observed.
    inside : ndarray of bool of shape (n_shadows, n_records)
        Which records, or copies of them, each shadow was fitted on.
    distinct : ndarray of int
        Positions of one record of each content.

    Raises
    ------
    ValueError
        Where observed gaps are surely above 0, and the given ones are not, or are
        surely not those.
    """
    if len(distinct) > _MOST_RECORDS:
        distinct = distinct[
            np.linspace(0, len(distinct) - 1, _MOST_RECORDS).astype(int)
        ]
    part = np.sort(distinct)
    seen = inside[:, part]
    given, own = other["logit"][:, part], signals["logit"][:, part]
    fit = compare_gaps(given, own, seen, np.arange(len(part)))
    if fit is None or not fit.leaks:
        return
    if np.array_equal(given, own):
        finding = "it holds the same values, of the side that they were fitted on"
    elif fit.misses:
        finding = "its gaps are far smaller than those that the shadows show"
    elif fit.unlike:
        finding = "its gaps are not those that the shadows show"
    else:
        return
    raise ValueError(
        "The 'other' parameter contradicts 'signals': records that a shadow was fitted "
        f"on have surely higher logits than without it, but {finding}. Pass of each "
        "shadow and record the value on the side that the shadow was not fitted on: of "
        "a member as if fitted without it, of another as if with it. Without such "
        "values pass other=None."
    )
