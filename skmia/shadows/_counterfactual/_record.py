"""Counterfactual: what became of the closed form in a set of shadows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Counterfactual:
    """Tell whether closed forms say what shadows would answer on the other side.

    Parameters
    ----------
    family : str or None
        Class of the learner with a closed form; None where there is none.
    used : bool
        Whether there are values of the other side.
    why_not : str
        Where there are none, why, in words that follow "no closed form: ".
    exact : bool
        Whether it says what a fit would have said; such values are not scaled.
    slope : dict of str to (float, float)
        By signal, how many times as large observed gaps between the two sides of a
        record are as the predicted ones: of members, which are taken out, and of
        non-members, which are put in. 1 is right. Shadows predict for others here, so
        that differences between shadows are not taken for the closed form's.
    offset : dict of str to (float, float)
        By signal, the mean observed gap where the predicted one is 0.
    correlation : dict of str to (float, float)
        By signal, of predicted and observed gaps over records. Of few shadows, whose
        own differences are in the observed gaps, it is low even where the closed form
        is right.
    factor : dict of str to (float or None, float or None)
        By signal, what predicted gaps were multiplied by: the slope, nearer to 1 by
        what it owes to chance, and 1 where the closed form is exact. None where a
        direction told nothing, and every record has the mean gap.
    n_unknown : int
        How many values the closed form could not tell, over all shadows. They are
        filled with the shadow's own value, moved by its mean gap.
    n_fits : int
        How many models were fitted; fewer than there are shadows where these follow
        from the records without a fit.
    seconds : ndarray of shape (n_shadows,) or None
        Time that the closed form took in each shadow.

    See Also
    --------
    ShadowSignals : Holds one as ``counterfactual_``.

    Examples
    --------
    >>> from skmia.shadows import ShadowSignals
    >>> shadows = ShadowSignals({"logit": [[2.0, -1.0]]}, [[True, False]])
    >>> shadows.counterfactual_.used
    False
    """

    family: str | None = None
    used: bool = False
    why_not: str = ""
    exact: bool = False
    slope: dict[str, tuple[float, float]] | None = None
    offset: dict[str, tuple[float, float]] | None = None
    correlation: dict[str, tuple[float, float]] | None = None
    factor: dict[str, tuple[float | None, float | None]] | None = None
    n_unknown: int = 0
    n_fits: int | None = None
    seconds: NDArray[np.float64] | None = field(default=None, compare=False)

    @classmethod
    def from_plain(
        cls, about: dict[str, Any], seconds: NDArray[np.float64] | None
    ) -> "Counterfactual":
        """Make one of what was written to a file."""
        for name in ("slope", "offset", "correlation", "factor"):
            if about[name] is not None:
                about[name] = {key: tuple(pair) for key, pair in about[name].items()}
        return cls(**about | {"seconds": seconds})
