"""The figures of an audit, and every form they are handed on in."""

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from numpy.typing import ArrayLike, NDArray

import skmia
from skmia.audit._guards._base import Guard, below_chance, resolution, tied_scores
from skmia.audit._inputs import (
    check_length,
    check_max_fprs,
    check_scores,
)
from skmia.audit._summary import render_summary
from skmia.metrics import (
    get_metric,
    is_resolvable,
    metrics_at,
)
from skmia.utils import atomic_write, check_membership, check_real

if TYPE_CHECKING:
    import pandas as pd

#: Version of what `AuditReport.to_json` writes; raised where a key changes meaning.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Figure:
    """One number of the report, with its interval.

    Parameters
    ----------
    attack : str
        Name of the attack.
    metric : str
        ``"auc"``, ``"advantage"``, or ``"tpr@"`` and the FPR as a fraction.
    value, low, high : float
        The figure and its interval; None where it is not resolvable.
    resolvable : bool
        False where there are too few non-members for the figure to have a meaning.

    Examples
    --------
    >>> from skmia.audit import Figure
    >>> Figure("loss", "auc", 0.61, 0.58, 0.64).resolvable
    True
    """

    attack: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    resolvable: bool = True


class AuditReport:
    """What an audit found: figures with intervals, guards, and a score per record.

    :func:`audit_classifier` makes one. From scores that were made elsewhere it can be
    made directly.

    Parameters
    ----------
    membership : array-like of bool of shape (n_records,)
        True for members, False for non-members; both have to be there.
    scores : dict of str to array-like of shape (n_records,)
        The membership evidence of each attack, higher for members.
    labels : array-like of shape (n_records,), default=None
        The true class of every record, for :meth:`records`.
    index : sequence of length n_records, default=None
        The name of every record in :meth:`records`; positions where it is None.
    max_fprs : sequence of float, default=(0.1, 0.01, 0.001)
        False positive rates at which the true positive rate is read.
    confidence_level : float, default=0.95
        Confidence level of every interval.
    model : str, default="model"
        What the model is called.
    accuracy : pair of float, default=None
        The model's accuracy on members and on non-members.
    shadows : dict, default=None
        ``n_shadows`` and ``train_size`` of the shadow models, where there were any.
    guards : sequence of Guard, default=()
        Found before there were scores. Those that the scores and counts call for are
        added to them.
    settings : dict, default=None
        How the audit was run, for :meth:`to_json`.

    Attributes
    ----------
    figures : tuple of Figure
        One for each attack and metric.
    guards : tuple of Guard
        What would make a figure misleading, warnings first.
    n_members, n_nonmembers : int
        Number of records that the figures rest on.
    max_fprs, confidence_level, model, accuracy, shadows, settings
        As given.

    Raises
    ------
    ValueError
        Where a score is missing or not finite, lengths differ, or a side is empty.

    Examples
    --------
    >>> from skmia.audit import AuditReport
    >>> report = AuditReport(
    ...     [True] * 20 + [False] * 20,
    ...     {"loss": [*range(10, 30), *range(20)]},
    ...     max_fprs=(0.1, 0.01),
    ... )
    >>> report.worst("tpr@0.1")
    ('loss', 0.6)
    >>> report.figures[3]
    Figure(attack='loss', metric='tpr@0.01', value=None, low=None, high=None, \
resolvable=False)
    """

    def __init__(
        self,
        membership: ArrayLike,
        scores: Mapping[str, ArrayLike],
        *,
        labels: ArrayLike | None = None,
        index: Any = None,
        max_fprs: Sequence[float] = (0.1, 0.01, 0.001),
        confidence_level: float = 0.95,
        model: str = "model",
        accuracy: tuple[float, float] | None = None,
        shadows: Mapping[str, Any] | None = None,
        guards: Sequence[Guard] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        member = check_membership(membership)
        if not isinstance(scores, Mapping) or not scores:
            raise ValueError(
                "The 'scores' parameter must be a dict of attack name to one score per "
                f"record, with one attack at least. Got {scores!r} instead."
            )
        self.max_fprs = check_max_fprs(max_fprs)
        self.confidence_level = check_real(
            confidence_level, "confidence_level", 0, 1, closed="neither"
        )
        self.model = model
        self.accuracy = accuracy
        self.shadows = None if shadows is None else dict(shadows)
        self.settings = dict(settings or {})
        self.n_members = int(member.sum())
        self.n_nonmembers = int(member.size - self.n_members)
        # The records themselves stay out of the public attributes and of the repr.
        self._member = member
        self._scores = {
            str(name): check_scores(name, values, member.size)
            for name, values in scores.items()
        }
        self._labels = check_length("labels", labels, member.size)
        self._index = check_length("index", index, member.size)
        self.figures: tuple[Figure, ...] = tuple(
            figure
            for name, values in self._scores.items()
            for figure in self._measure(name, values)
        )
        found = [*guards, *self._score_guards()]
        self.guards = tuple(sorted(found, key=lambda guard: guard.severity == "note"))

    def _measure(self, name: str, scores: NDArray[np.float64]) -> list[Figure]:
        figures = []
        for metric in metrics_at(self.max_fprs):
            if not metric.is_resolvable(self.n_nonmembers):
                figures.append(Figure(name, metric.name, None, None, None, False))
                continue
            low, high = metric.interval(
                self._member, scores, confidence_level=self.confidence_level
            )
            value = metric.value(self._member, scores)
            figures.append(Figure(name, metric.name, value, low, high))
        return figures

    def _score_guards(self) -> list[Guard]:
        found = resolution(self.n_nonmembers, self.max_fprs)
        resolvable = [
            rate for rate in self.max_fprs if is_resolvable(self.n_nonmembers, rate)
        ]
        for figure in self.figures:
            if figure.metric == "auc":
                assert figure.value is not None
                assert figure.high is not None
                found += below_chance(figure.attack, figure.value, figure.high)
        for name, scores in self._scores.items():
            found += tied_scores(name, self._member, scores, resolvable)
        return found

    def __repr__(self) -> str:
        name, auc = self.worst("auc")
        return (
            f"AuditReport({self.model}, n_members={self.n_members}, "
            f"n_nonmembers={self.n_nonmembers}, worst AUC {auc:.3f} ({name}))"
        )

    @property
    def attacks(self) -> tuple[str, ...]:
        """The names of the attacks, in the order they were run."""
        return tuple(self._scores)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics."""
        return tuple(dict.fromkeys(figure.metric for figure in self.figures))

    def worst(self, metric: str) -> tuple[str, float]:
        """Return the highest figure over the attacks: what a gate should look at.

        Parameters
        ----------
        metric : str
            One of :attr:`metrics`, such as ``"auc"`` or ``"tpr@0.01"``.

        Returns
        -------
        attack : str
            The attack that reads it.
        value : float
            The figure.

        Raises
        ------
        ValueError
            If the metric is unknown, or cannot be resolved with these non-members: a
            gate cannot pass on a figure that was never there.
        """
        figures = [figure for figure in self.figures if figure.metric == metric]
        if not figures:
            raise ValueError(
                f"The 'metric' parameter must be one of {list(self.metrics)}. "
                f"Got {metric!r} instead."
            )
        read = [(figure.attack, figure.value) for figure in figures]
        known = [(attack, value) for attack, value in read if value is not None]
        if len(known) < len(read):
            get_metric(metric).check_resolvable(self.n_nonmembers)
        return max(known, key=lambda pair: pair[1])

    def summary(self) -> str:
        """Write the report as text, for readers who do not program.

        Returns
        -------
        str
            Several lines, without a final newline.
        """
        return render_summary(self)

    def to_frame(self) -> "pd.DataFrame":
        """Return the figures as a tidy pandas table, a row per attack and metric.

        Returns
        -------
        DataFrame
            Columns ``attack``, ``metric``, ``value``, ``low``, ``high`` and
            ``resolvable``; NaN where a figure is not resolvable.
        """
        pd = _pandas("to_frame")
        frame = pd.DataFrame([asdict(figure) for figure in self.figures])
        numbers = ["value", "low", "high"]
        frame[numbers] = frame[numbers].astype("float64")
        return frame

    def records(self) -> "pd.DataFrame":
        """Return one row per record, with the score that every attack gives it.

        Returns
        -------
        DataFrame
            Columns ``membership``, ``label`` where labels are known, and one per
            attack, the higher the more likely a member. The index is the user's own
            where the rows came with one, else the position in the set of members or
            of non-members. Rows that were in both sets are not there.
        """
        pd = _pandas("records")
        columns: dict[str, Any] = {"membership": self._member}
        if self._labels is not None:
            columns["label"] = self._labels
        if taken := set(columns) & set(self._scores):
            raise ValueError(
                f"Attacks are called {sorted(taken)}, as columns of records() are. "
                "Give them other names."
            )
        return pd.DataFrame(columns | self._scores, index=self._index)

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`to_json` writes: no record in it, and no NaN.

        Returns
        -------
        dict
            Strings, numbers, None, lists and dicts only.
        """
        contents = {
            "schema_version": SCHEMA_VERSION,
            "model": self.model,
            "counts": {"members": self.n_members, "nonmembers": self.n_nonmembers},
            "accuracy": None
            if self.accuracy is None
            else dict(zip(("members", "nonmembers"), self.accuracy, strict=True)),
            "shadows": self.shadows,
            "confidence_level": self.confidence_level,
            "figures": [asdict(figure) for figure in self.figures],
            "guards": [asdict(guard) for guard in self.guards],
            "settings": self.settings,
            "versions": {
                "skmia": skmia.__version__,
                "scikit-learn": sklearn.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        }
        return _plain(contents)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write figures, guards, counts and settings to a file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced. Its folder has to exist.
        """
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
        with atomic_write(path) as file:
            file.write(f"{text}\n".encode())


def _pandas(method: str) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            f"AuditReport.{method} needs pandas. Install it with: pip install pandas"
        ) from error
    return pd


def _plain(value: Any) -> Any:
    """Return the same for JSON: None for what is not finite, text for objects."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return repr(value)
