"""What one private fit promises: the record that stays with the fitted model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PrivacyPromise:
    """Hold what one fit of a model promises to whoever is in its training rows.

    :func:`privacy_promise` makes one.

    Parameters
    ----------
    epsilon, delta : float
        The privacy loss of the fit.
    mu : float or None
        The same as Gaussian differential privacy, where it is.
    mechanism : str
        How the private classifier was fitted.
    neighbors : {"add_remove", "replace"}
        Whether the promise compares data sets of which one has a row more, or another
        row in place of one.
    group_size : int
        Number of rows, of one person, that the promise is for together.
    seeded : bool
        Whether its noise follows from a `random_state`: whoever knows that can take the
        noise away, and fits with the same one have the same noise.
    voided : tuple of str
        Why the model as a whole does not keep the promise of the private classifier
        inside of it, a sentence each; empty where it does.
    unchecked : tuple of str
        What of the model nobody has looked at, and would void the promise if it were
        not as it has to be, a sentence each.
    of_persons : bool
        Whether the fit was told whose the rows are, and left out those of a person
        beyond `group_size`: the promise is for persons with any number of rows then.

    See Also
    --------
    skmia.model_selection.privacy_budget : What all fits of a search spend together.

    Examples
    --------
    >>> from skmia.defenses import DifferentialPrivacyClassifier, privacy_promise
    >>> promise = privacy_promise(DifferentialPrivacyClassifier(epsilon=2.0))
    >>> promise.epsilon, promise.holds
    (2.0, True)
    """

    epsilon: float
    delta: float
    mu: float | None
    mechanism: str
    neighbors: str
    group_size: int
    seeded: bool = False
    voided: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    of_persons: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing was found that voids it, and nothing is unchecked."""
        return not self.voided and not self.unchecked
