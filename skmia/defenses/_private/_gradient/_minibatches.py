"""Accounting of noisy gradients of batches that are drawn at random.

Each row, or person, is in the batch of a step with a chance of its own (Poisson
sampling), which hides it a second time. What a sequence of such steps proves has no
closed form: `dp-accounting` adds up distributions of the privacy loss, rounded to the
side that promises less.

There is no mu that bounds it but the one without sampling: with a chance that no
epsilon makes 0, the row is in every batch.

References
----------
Koskela, Jalko, Prediger and Honkela, "Tight Differential Privacy for Discrete-Valued
Mechanisms and for the Subsampled Gaussian Mechanism Using FFT", AISTATS 2021.

Doroshenko, Ghazi, Kamath, Kumar and Manurangsi, "Connect the Dots: Tighter Discrete
Approximations of Privacy Loss Distributions", PETS 2022.

Lebeda, Regehr, Kamath and Steinke, "Avoiding Pitfalls for Privacy Accounting of
Subsampled Mechanisms under Composition", 2024, arXiv:2405.20769: replaced rows are not
added ones with twice the noise once batches are drawn.
"""

from importlib.util import find_spec
from typing import Any

from skmia.defenses._private._accounting import REPLACE
from skmia.utils import import_optional

# Losses are rounded up to multiples of this.
_INTERVAL = 1e-3
# The noise is found to this part, on the side that promises more privacy.
_PRECISION = 5e-3


def sampled_epsilon(
    noise: float,
    rate: float,
    n_steps: int,
    delta: float,
    *,
    other_mu: float = 0.0,
    neighbors: str = "add_remove",
) -> float:
    """Bound the epsilon of noisy sums over random batches, and of what was before them.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise over the greatest norm of one row's part.
    rate : float
        Chance of a row to be in a batch.
    n_steps : int
        Number of batches.
    delta : float
        At which epsilon is to be told.
    other_mu : float, default=0.0
        Gaussian differential privacy of all else that the rows are used for, with
        these neighbours.
    neighbors : {"add_remove", "replace"}, default="add_remove"
        What a neighbour is.

    Returns
    -------
    float
        Not below the least epsilon.
    """
    distributions = _distributions()
    relation = _relation(neighbors)
    loss = distributions.from_gaussian_mechanism(
        noise,
        sampling_prob=rate,
        value_discretization_interval=_INTERVAL,
        neighboring_relation=relation,
    ).self_compose(n_steps)
    if other_mu > 0:
        # Already of these neighbours, whatever they are.
        other = distributions.from_gaussian_mechanism(
            1 / other_mu, value_discretization_interval=_INTERVAL
        )
        loss = loss.compose(other)
    return float(loss.get_epsilon_for_delta(delta))


def noise_of_samples(
    rate: float,
    n_steps: int,
    epsilon: float,
    delta: float,
    *,
    other_mu: float = 0.0,
    neighbors: str = "add_remove",
    least: float,
    greatest: float,
) -> tuple[float, float]:
    """Find the least noise with which random batches stay within a budget.

    Parameters
    ----------
    rate, n_steps, other_mu, neighbors
        As in :func:`sampled_epsilon`.
    epsilon, delta : float
        The budget, of all that the rows are used for.
    least, greatest : float
        Where it is looked for. The noise of the same steps without sampling is
        enough, and what that is times `rate` is about right where steps are many.

    Returns
    -------
    noise : float
        As in :func:`sampled_epsilon`.
    spent : float
        The epsilon of it; at most `epsilon`.
    """
    spent: dict[float, float] = {}

    def fits(noise: float) -> bool:
        spent[noise] = sampled_epsilon(
            noise, rate, n_steps, delta, other_mu=other_mu, neighbors=neighbors
        )
        return spent[noise] <= epsilon

    while not fits(greatest):  # by the rounding of losses
        least, greatest = greatest, greatest * 1.05
    while greatest > least * (1 + _PRECISION):
        middle = (least * greatest) ** 0.5
        if fits(middle):
            greatest = middle
        else:
            least = middle
    return greatest, spent[greatest]


def can_account() -> bool:
    """Whether the package is installed."""
    return find_spec("dp_accounting") is not None


def _distributions() -> Any:
    return _import("dp_accounting.pld.privacy_loss_distribution")


def _relation(neighbors: str) -> Any:
    relations = _import("dp_accounting.privacy_accountant").NeighboringRelation
    if neighbors == REPLACE:
        return relations.REPLACE_ONE
    return relations.ADD_OR_REMOVE_ONE


def _import(module: str) -> Any:
    return import_optional(module, "A network on batches of rows")
