"""The answer: what to use, beside what else there was."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from skmia.defenses import PrivacyLoss, privacy_promise
from skmia.metrics import Metric
from skmia.model_selection._displays import LeakageTradeoffDisplay
from skmia.model_selection._recommend._cost import SearchCost, by_reason
from skmia.model_selection._recommend._search import Entry
from skmia.utils import duration, import_optional

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 80


@dataclass(frozen=True, repr=False)
class DefenseRecommendation:
    """Hold what :func:`recommend_defense` found: a verdict, a model, a table, a plot.

    Attributes
    ----------
    best_index_ : int or None
        Position of the recommended candidate among all of them; None where nothing
        stays under the limit.
    closest_index_ : int
        Position of the candidate that is recommended, or else comes closest.
    best_params_ : dict
        The recommended defense and its strength; empty where there is none.
    cv_results_ : dict of str to ndarray
        Figures of all candidates, named as in scikit-learn's searches, on the rows that
        the choice is made by. ``"iter"`` is the last rung of a candidate, and
        ``"n_resources"`` its number of models.
    cost_ : SearchCost
        What was estimated before the search.
    work_ : float
        What it took, in the same unit.
    left_out_ : dict of str to str
        Candidates that were not compared, and why.
    max_leakage : float
        The limit.
    metric, utility : str
        Names of what was measured.
    spent_ : PrivacyLoss or None
        What all private fits of the search have spent together on a row, with
        `groups` on all rows of a person, the recommended model included; None where
        there were none. Infinite where there is no bound; the summary says why.

    See Also
    --------
    recommend_defense : Makes it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skmia.model_selection import recommend_defense
    >>> X, y = load_iris(return_X_y=True)
    >>> found = recommend_defense(
    ...     GaussianNB(),
    ...     X,
    ...     y,
    ...     max_leakage=0.8,
    ...     defenses=["regularization"],
    ...     n_models=8,
    ...     random_state=0,
    ... )
    >>> found.best_estimator_.n_features_in_
    4
    >>> found.to_frame()["status"].iloc[0]
    'recommended'
    """

    _entries: tuple[Entry, ...]
    _model: Any
    _metric: Metric
    best_index_: int | None
    closest_index_: int
    utility: str
    max_leakage: float
    cost_: SearchCost
    work_: float
    left_out_: Mapping[str, str]
    spent_: PrivacyLoss | None
    _unbounded: tuple[str, ...]
    _file: tuple[str, ...]
    _has_persons: bool
    _n_rows: tuple[int, int]

    @property
    def metric(self) -> str:
        """Name of the metric of leakage."""
        return self._metric.name

    @property
    def best_estimator_(self) -> Any:
        """The recommended model, fitted on all rows.

        Where nothing stays under the limit there is none, and it is an AttributeError.
        """
        if self.best_index_ is None:
            raise AttributeError(f"There is no best_estimator_. {self.verdict}")
        return self._model

    @property
    def best_params_(self) -> dict[str, Any]:
        """The recommended defense and its strength."""
        return {} if self.best_index_ is None else _params(self._closest)

    @property
    def verdict(self) -> str:
        """What to use, and what that costs and hides, in plain sentences."""
        entry, first = self._closest, self._entries[0]
        name, limit = entry.candidate.name, f"{self.max_leakage:g}"
        beside = "" if entry is first else f" Undefended: {self._said(first)}."
        if self.best_index_ is None:
            return (
                f"No defense stays under the limit of {limit}. The closest is {name}: "
                f"{self._said(entry)}.{beside}"
            )
        start = (
            f"No defense is needed for the limit of {limit}"
            if entry is first
            else f"Use {name}"
        )
        hidden = self._hidden(entry) if entry.candidate.masks else ""
        told = "".join(f" {sentence}" for sentence in self._file)
        return f"{start}: {self._said(entry)}.{hidden}{beside}{told}"

    @property
    def cv_results_(self) -> dict[str, Any]:
        """Figures of all candidates, as scikit-learn's searches have them."""
        entries = self._entries
        utility, found = self.utility, [e.figures for e in entries]
        results: dict[str, Any] = {
            "params": [_params(e) for e in entries],
            "iter": np.array([e.rung for e in entries]),
            "n_resources": np.array([e.play.n_models for e in entries]),
            "mean_fit_time": np.array([np.mean(e.play.seconds) for e in entries]),
            f"mean_test_{utility}": np.array([f.utility for f in found]),
            "mean_test_neg_log_loss": np.array([-f.log_loss for f in found]),
            "mean_test_neg_leakage": np.array([-f.leakage.value for f in found]),
        }
        most = max(e.play.n_models for e in entries)
        for name, values in (
            (utility, [f.utilities for f in found]),
            ("neg_leakage", [[-v for v in f.leakages] for f in found]),
        ):
            table = np.full((len(entries), most), np.nan)
            for row, own in zip(table, values, strict=True):
                row[: len(own)] = own
            results |= {f"split{k}_test_{name}": table[:, k] for k in range(most)}
            results[f"std_test_{name}"] = np.array([np.std(own) for own in values])
        return results

    def to_frame(self) -> "pd.DataFrame":
        """Return a table of all candidates, those of the last rung first.

        Columns that start with ``checked`` are about rows that the choice did not see.
        ``leakage_high`` is the upper end, which is compared with the limit.

        Returns
        -------
        pandas.DataFrame
            One row for each candidate, numbered as ``best_index_`` does.
        """
        pd = import_optional("pandas", "DefenseRecommendation.to_frame")
        rows = []
        for entry in self._entries:
            found, checked = entry.figures, entry.checked
            row = {
                "defense": entry.candidate.defense,
                "strength": entry.candidate.label,
                "status": entry.status,
                self.utility: found.utility,
                "log_loss": found.log_loss,
                "leakage": found.leakage.value,
                "leakage_high": found.leakage.high,
            }
            nothing = float("nan")
            row |= {
                f"checked_{self.utility}": checked.utility if checked else nothing,
                "checked_log_loss": checked.log_loss if checked else nothing,
                "checked_leakage": checked.leakage.value if checked else nothing,
                "checked_leakage_high": checked.leakage.high if checked else nothing,
                "n_models": entry.play.n_models,
                "work_per_fit": entry.candidate.work,
            }
            rows.append(row)
        table = pd.DataFrame(rows)
        order = np.lexsort(
            (
                -table[self.utility],
                table["status"] != "recommended",
                -table["n_models"],
            )
        )
        return table.iloc[order]

    def plot(self, ax: Any = None, **plot_kwargs: Any) -> LeakageTradeoffDisplay:
        """Draw utility against leakage of the candidates of the last rung.

        The others were judged by fewer models, which find less.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; a new figure where it is None.
        **plot_kwargs : dict
            For :meth:`LeakageTradeoffDisplay.plot`.

        Returns
        -------
        LeakageTradeoffDisplay
            The plot. Bars of the leakage reach to the upper end.
        """
        last = [e for e in self._entries if e.checked is not None]
        figures = [e.figures for e in last]
        chosen = None if self.best_index_ is None else last.index(self._closest)
        display = LeakageTradeoffDisplay(
            leakage=[f.leakage.value for f in figures],
            utility=[f.utility for f in figures],
            leakage_error=[f.leakage.high - f.leakage.value for f in figures],
            utility_error=[f.utility_error for f in figures],
            chosen=chosen,
            max_leakage=self.max_leakage,
            leakage_name=f"Leakage ({self._metric.title} of membership inference)",
            utility_name=self.utility.replace("_", " ").capitalize(),
            name=[e.candidate.defense for e in last],
            label=[e.candidate.label or e.candidate.defense for e in last],
        )
        return display.plot(ax, **plot_kwargs)

    def summary(self) -> str:
        """Write the verdict, the last candidates, and what there is to know of both.

        Returns
        -------
        str
            Text of several lines.
        """
        lines = [fill(self.verdict, _WIDTH), "", *self._table(), ""]
        lines += [fill(note, _WIDTH) for note in self._notes()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"DefenseRecommendation: {self.verdict}"

    @property
    def _closest(self) -> Entry:
        return self._entries[self.closest_index_]

    def _said(self, entry: Entry) -> str:
        found, checked = entry.figures, entry.checked
        assert checked is not None
        return (
            f"{self._called} {found.utility:.3f}, leakage {found.leakage.value:.3f} "
            f"(at most {found.leakage.high:.3f}), and {checked.leakage.value:.3f} on "
            "rows that the choice did not see"
        )

    def _hidden(self, entry: Entry) -> str:
        """What a defense gives up that masks its outputs, and what does not."""
        text = " It shows the order of the classes; its probabilities mean no more."
        others = [
            e
            for e in self._entries
            if e.status == "under the limit" and not e.candidate.masks
        ]
        if not others:
            return f"{text} No candidate that keeps them is under the limit."
        best = max(others, key=lambda e: e.figures.utility)
        return (
            f"{text} The best that keeps them is {best.candidate.name}: "
            f"{self._said(best)}."
        )

    @property
    def _called(self) -> str:
        return self.utility.replace("_", " ")

    def _table(self) -> list[str]:
        last = [e for e in self._entries if e.checked is not None]
        names = [e.candidate.name for e in last]
        width = max(map(len, names))
        head = f"{'':{width}}  {self._called[:12]:>12}  leakage  at most  checked"
        lines = [head]
        for name, entry in zip(names, last, strict=True):
            found, checked = entry.figures, entry.checked
            assert checked is not None
            lines.append(
                f"{name:{width}}  {found.utility:12.3f}  {found.leakage.value:7.3f}  "
                f"{found.leakage.high:7.3f}  {checked.leakage.value:7.3f}  "
                f"{entry.status}"
            )
        return lines

    def _notes(self) -> list[str]:
        chosen_by, checked = self._n_rows
        entry = self._closest
        seconds = sum(sum(e.play.seconds) for e in self._entries)
        notes = [
            f"Leakage is the {self._metric.title} of the strongest of several attacks "
            f"that know the defense. Figures are about models of half of the rows: "
            f"{chosen_by} rows decide, and {checked} others check. A model of all rows "
            "is more accurate and leaks less, as a rule. Audit it on rows of its own "
            "before you release it.",
            f"Cost: {self.work_:.0f} plain fits, which took {duration(seconds)} one "
            "after the other, without attacks.",
        ]
        if entry.candidate.masks:
            notes.append(
                "Where probabilities are needed, pass scoring='neg_log_loss': accuracy "
                "does not tell what hiding them costs."
            )
        if self.spent_ is not None:
            notes.append(self._privacy(entry))
        if self.left_out_:
            notes.append("Not compared:")
            notes += [f"- {line}" for line in by_reason(self.left_out_)]
        return notes

    def _privacy(self, entry: Entry) -> str:
        assert self.spent_ is not None
        loss = self.spent_
        persons = self._has_persons and all(
            e.candidate.needs_persons for e in self._entries if e.candidate.is_private
        )
        whom = "all rows of a person" if persons else "a row"
        text = "Differential privacy: "
        if self._unbounded:
            text += (
                "there is no bound on what the fits of the search have spent together "
                f"on {whom}. {' '.join(self._unbounded)}"
            )
        else:
            text += (
                f"the private fits of the search have spent epsilon {loss.epsilon:.4g} "
                f"(delta {loss.delta:.2g}) together on {whom}."
            )
        text += (
            " The choice has no guarantee at all: it read exact figures of these rows."
        )
        promise = None
        if self.best_index_ is not None and entry.candidate.is_private:
            promise = privacy_promise(self._model)
        if promise is not None and promise.holds and not promise.seeded:
            text += (
                f" The epsilon of {promise.epsilon:g} is that of fitting this model "
                "alone. To claim it, fit it with this epsilon on rows that the search "
                "did not see."
            )
        if persons:
            text += (
                " Pass 'groups' to that fit as well, and take the group_size from what "
                "is known of persons in general: here it was read from the rows."
            )
        else:
            text += " It is for one row. Where persons have several, pass 'groups'."
        return text


def _params(entry: Entry) -> dict[str, Any]:
    return {"defense": entry.candidate.defense, **entry.candidate.strength}
