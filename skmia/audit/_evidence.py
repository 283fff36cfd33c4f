"""What an audit measured, for the figures and the guards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an audit measured; figures and guards are functions of it alone.

    Arrays have one entry per record. What was not measured is None, False or 0, and
    the guards that need it do not run.
    """

    membership: BoolArray
    scores: Mapping[str, FloatArray]
    max_fprs: tuple[float, ...]
    confidence_level: float
    labels: NDArray | None = None
    index: Any = None
    # How the audit was run.
    estimator: str = "estimator"
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    # The records: the rows where the two sides could differ without the model, hashes
    # of their content, and how many were left out since the other side has them too.
    X: Any = None
    hashes: NDArray[np.uint64] | None = None
    n_shared: tuple[int, int] = (0, 0)
    n_copied_test_rows: int = 0
    # The model's answers: whether they are right, and the record's own class.
    correct: BoolArray | None = None
    own_proba: NDArray[np.floating] | None = None
    # The shadow models, and how many classes are missing from how many models.
    shadows: Mapping[str, Any] | None = None
    n_missing_classes: int = 0
    n_models: int = 0
    one_sided_fraction: float = 0.0
    splits_are_dependent: bool = False

    @property
    def n_members(self) -> int:
        return int(self.membership.sum())

    @property
    def n_nonmembers(self) -> int:
        return int((~self.membership).sum())

    @property
    def accuracy(self) -> tuple[float, float] | None:
        """The model's accuracy on members and on non-members."""
        if self.correct is None:
            return None
        sides = self.membership, ~self.membership
        members, nonmembers = (float(self.correct[side].mean()) for side in sides)
        return members, nonmembers
