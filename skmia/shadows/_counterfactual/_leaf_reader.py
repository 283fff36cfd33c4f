"""Round by round through boosted trees whose leaves are known all at once."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from skmia.shadows._counterfactual._boosted import Round
from skmia.signals import FloatArray, IndexArray


class LeafReader(ABC):
    """Trees with a value for each leaf: a subclass says which leaves rows are in."""

    n_rounds: int
    n_outputs: int
    of_leaves: list[Any]

    @abstractmethod
    def read(self, X: Any) -> Iterator[Round]:
        """Margins before each round, and the rows' leaves in its trees."""

    def learn(self, X: Any) -> Iterator[Round]:
        """The same of the training rows."""
        return self.read(X)

    def values(self, tree: int, of_class: int) -> FloatArray:
        """What each leaf of a round's tree adds."""
        return self.of_leaves[tree * self.n_outputs + of_class]

    def rounds(
        self, raw: FloatArray, leaves: IndexArray, final: FloatArray | None = None
    ) -> Iterator[Round]:
        """From the margins before the first tree, up to the `final` ones.

        Of `leaves` (n_rows, n_rounds, n_outputs).
        """
        for number in range(self.n_rounds):
            of_round = leaves[:, number]
            yield raw, list(of_round.T)
            steps = [self.values(number, k)[of_round[:, k]] for k in range(len(raw.T))]
            raw = raw + np.column_stack(steps)
        yield raw if final is None else final, []
