"""How a network is trained: from public and noisy numbers, by a rule that is fixed."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """How noisy gradient descent of a network goes.

    Parameters
    ----------
    n_steps : int
        Noisy gradients.
    step : float
        Size of a step, for gradients that are clipped to norm 1.
    clip : float
        Greatest norm of the gradient of a row, for rows of radius 1.
    first : float
        What the gradients of all layers but the last count in clipping.
    momentum : float
        Part of the last move that is made again.
    averaged : float
        Part of the steps whose weights are averaged, the last ones: noise cancels.
    """

    n_steps: int
    step: float
    clip: float = 0.5
    first: float = 0.7
    momentum: float = 0.8
    averaged: float = 0.4


def choose_schedule(total: float, mu: float, n_outputs: int) -> Schedule:
    """Choose the schedule from the sizes and the budget alone.

    What decides is how far descent goes, the sum of the sizes of all steps: the noise
    in the weights grows with it, whatever the number of steps is, and what has been
    learnt does, too, until nothing is left to learn. Best is a power of the signal, the
    number of rows times mu, and it takes longer for more classes, each of which is
    learnt from fewer rows. Columns and units hardly matter: rows are scaled to one
    norm, and what layers say to another.

    All rows are in every step. Random batches of them would not win accuracy: the noise
    that the same steps need shrinks by less than the part of the rows does.

    Found on made-up data by ``benchmarks/network_rule.py``.

    Parameters
    ----------
    total : float
        Noisy sum of the weights of the rows.
    mu : float
        Of all steps together.
    n_outputs : int
        Of the network: 1 for two classes, one for each class else.
    """
    time = 7.4 * max(total * mu, 1.0) ** (2 / 3) * n_outputs**0.25
    n_steps = min(max(math.ceil(time / 14), 20), 200)
    return Schedule(n_steps, min(time / n_steps, 32.0))
