"""How many rounds, leaves and bins, and how large steps: from public numbers alone.

Settled on made-up data (additive models of 8 to 60 columns with skewed, heavy-tailed,
nominal and interacting ones; 1,000 to 15,000 rows; 2 to 10 classes), see
`benchmarks/private_boosting.py`. No data set of the benchmarks had a part in it.
"""

import math
from dataclasses import dataclass

# Parts of the squared mu that are spent on other things than boosting.
COUNTS_SHARE = 0.02
BINS_SHARE = 0.1
RECALIBRATION_SHARE = 0.05


@dataclass(frozen=True)
class Rule:
    """The parameters of one fit.

    Parameters
    ----------
    n_rounds : int
        Each is one query for every column, and one for the intercept. More of them
        have smaller steps and more noise each, and come to the same in total.
    n_leaves : int
        Leaves of a continuous column in one round.
    step : float
        Part of a Newton step.
    clip : float
        The greatest norm of a residual. What is lost of larger ones is put right by the
        recalibration, with two classes.
    spread : float
        What is expected of the size of a score.
    noise_of_gradient : float
        The noise of all rounds together, as of one query of the same total budget.
    """

    n_rounds: int
    n_leaves: int
    step: float
    clip: float
    spread: float
    noise_of_gradient: float


def greatest_bins(n_columns: int, n_rows: float) -> int:
    """Number of bins of a continuous column."""
    return 16 if n_rows < 1e5 else 32


def clip_of(n_classes: int) -> float:
    """The greatest norm of a residual."""
    return 0.5 if n_classes == 2 else 0.7


def make_rule(
    n_columns: int, n_classes: int, curvature: float, mu: float, sensitivity: float
) -> Rule:
    """The rule.

    Parameters
    ----------
    n_columns, n_classes : int
        Public.
    curvature : float
        Of the intercept: the noisy number of rows times the variance of the label.
    mu : float
        The budget of boosting.
    sensitivity : float
        What a neighbour adds to a sum of residuals of norm one.
    """
    clip = clip_of(n_classes)
    noise = math.sqrt(n_columns + 1) * clip * sensitivity / mu
    # Where the noise is small beside the rows, there is more to learn than to unlearn.
    time = 4 * (0.012 * curvature / noise) ** 0.4
    time = min(max(time, 2.0), 16.0)
    n_rounds = max(min(max(1500 // n_columns, 6), 30), math.ceil(2 * time))
    return Rule(
        n_rounds=n_rounds,
        n_leaves=3,
        step=time / n_rounds,
        clip=clip,
        spread=1 / math.sqrt(n_columns),
        noise_of_gradient=noise,
    )
