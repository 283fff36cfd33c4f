"""Displays of a fitted attack, as of the scores that it gives."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike


class FromAttack:
    """What displays have in common that draw the scores of an attack by its name."""

    from_predictions: ClassVar[Callable[..., Any]]

    @classmethod
    def from_estimator(
        cls,
        attack: Any,
        X: Any,
        y: Any,
        membership: ArrayLike,
        *,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a fitted attack says of records.

        Parameters
        ----------
        attack : MembershipAttack
            A fitted attack.
        X : array-like, frame or sparse matrix of shape (n_records, n_features)
            Records to judge.
        y : array-like of shape (n_records,)
            Their class labels.
        membership : array-like of bool of shape (n_records,)
            True for the records that the target was fitted on. Of an attack that drew
            them itself, and the same records, it is ``attack.membership_``.
        name : str, default=None
            Name of the attack; that of its class where it is None.
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **kwargs : dict
            For ``from_predictions``.

        Returns
        -------
        Self
            The plot.
        """
        scores = attack.score_samples(X, y)
        name = type(attack).__name__ if name is None else name
        plot: Self = cls.from_predictions(
            membership, scores, name=name, ax=ax, **kwargs
        )
        return plot
