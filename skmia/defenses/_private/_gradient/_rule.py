"""Steps of noisy gradient descent, from what is public or has been paid for."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """How noisy gradient descent goes.

    Parameters
    ----------
    n_steps : int
        Each of them sees all rows.
    step : float
        Of the mean gradient, for rows of radius 1.
    clip : float
        Greatest norm of a row's gradient, for rows of radius 1.
    momentum : float
        Part of the last move that is made again.
    """

    n_steps: int
    step: float
    clip: float
    momentum: float = 0.9


def schedule_of(total: float, n_inputs: int, n_outputs: int, mu: float) -> Schedule:
    """Choose the schedule from the sizes and the budget alone.

    The noise of all steps together, over the number of rows, has the norm
    ``clip / quality`` with ``quality = total * mu / sqrt(n_inputs * n_outputs)``.

    - How far descent may go, ``n_steps * step * clip``, grows with the quality: farther
      on, the noise has grown by more than what there is to learn. It grows with the
      number of inputs as well: where a row's length is spread over many columns, less
      of a gradient points where the others do.
    - A small clip is better than a large one: most gradients are long in the beginning,
      and their direction is what counts. With a budget that allows it, the clip grows,
      and what clipping does to the probabilities goes away.
    - The number of steps hardly matters beside these two.

    Found on made-up data by ``benchmarks/gradient_rule.py``.

    Parameters
    ----------
    total : float
        Noisy sum of the weights of the rows.
    n_inputs, n_outputs : int
        Columns of the rows, and of the scores.
    mu : float
        Of all steps together.
    """
    quality = total * mu / math.sqrt(n_inputs * n_outputs)
    way = min(0.5 * n_inputs**0.7 * quality**0.8, 2000.0)
    clip = min(0.35 * max(quality / 60, 1.0) ** 0.35, 4.0)
    n_steps = 100
    return Schedule(n_steps, way / (n_steps * clip), clip)


def search_share(mu: float) -> float:
    """Choose the share of the squared budget for what is searched beforehand.

    Where the budget is small, and rows are few as well, a norm that was not found
    costs everything; a larger share for the search costs next to nothing.
    """
    return min(max(0.05 / mu, 0.05), 0.2)
