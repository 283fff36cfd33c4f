"""What an audit measured, for the figures and the guards."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import Mismatch, SecondAnswers
from skmia._tables import Overlap
from skmia.attacks import RecordSeparation
from skmia.audit._game import Game
from skmia.audit._persons import Rule, title_of
from skmia.audit._promise import Promise
from skmia.audit._provenance import Beginning
from skmia.audit._row_order import RowOrder
from skmia.audit._structure import Structure
from skmia.audit._target import AuditTarget
from skmia.shadows import Difference

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an audit measured; figures and guards are functions of it alone.

    Arrays have one entry per record; where several models were audited, one for each
    model and record. What was not measured is None, False or 0, and the guards that
    need it do not run.
    """

    membership: BoolArray
    scores: Mapping[str, FloatArray]
    max_fprs: tuple[float, ...]
    confidence_level: float
    labels: NDArray | None = None
    index: Any = None
    # Which model an entry is about, and which record, where there are several models.
    # What a score means is not the same for two models: figures are read within each.
    target: IndexArray | None = None
    record: IndexArray | None = None
    # Of a learner, whose models were drawn in pairs: targets 2j and 2j + 1 hold one
    # half of the records each. And what was read of them, with and without each pair.
    are_pairs: bool = False
    game: Game | None = None
    person_game: Game | None = None
    # Where each record is among the rows as passed, and how many those are: of the
    # members and of the non-members, whose rows follow, or of the one table.
    positions: IndexArray | None = None
    lengths: tuple[int, ...] = ()
    # By which the rows are known again that are passed afterwards.
    order: RowOrder | None = None
    # Of the contents of the rows that figures may be about: equal for equal rows.
    digest: str = ""
    # How the audit was run.
    estimator: str = "estimator"
    audited: AuditTarget | None = None
    seed: int = 0
    beginning: Beginning | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    # The records: the rows where the two sides could differ without the model (by
    # `record`, where that is given).
    X: Any = None
    # Members and non-members left out: since the other side has them too, since their
    # own side has them several times, or nearly so at a resolution; for want of weight.
    n_shared: tuple[int, int] = (0, 0)
    n_repeated: tuple[int, int] = (0, 0)
    once_per_side: bool = False
    overlap: Overlap | None = None
    n_near: tuple[int, int] = (0, 0)
    resolution: str = ""
    n_weightless: tuple[int, int] = (0, 0)
    # Whose the records are, by number, what they are called, and how the scores of a
    # person's rows make one. Members and non-members left out as rows of persons on
    # both sides, and how many persons that is.
    persons: IndexArray | None = None
    person_names: Sequence[Hashable] | None = None
    person_rules: Mapping[str, Rule | Sequence[Rule]] = field(default_factory=dict)
    n_split: tuple[int, int] = (0, 0)
    n_split_persons: int = 0
    # Of an evidence by person: how many rows each has.
    person_sizes: IndexArray | None = None
    n_not_passed: int = 0
    n_copied_rows: int = 0
    # Of a cross-validation, accuracies on test rows: those that came with it, and those
    # on the rows that were passed, where they differ.
    other_scores: tuple[float, float] | None = None
    # The model's answers: whether they are right, the record's own class, and whether
    # they are the same when it is asked again.
    correct: BoolArray | None = None
    own_proba: NDArray[np.floating] | None = None
    again: SecondAnswers | None = None
    # Attacks that were not run, by what they lack: "confidences" or "shadows".
    not_run: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # The shadow models: whether their answers depend on their rows, what those that
    # have not seen a record say of it, in what the model differs from all of them, and
    # how many classes are missing from how many.
    shadows: Mapping[str, Any] | None = None
    shadows_move: bool = True
    outside_means: FloatArray | None = None
    difference: Difference | None = None
    # How far shadows with and without each record are apart, and of persons.
    separation: RecordSeparation | None = None
    person_separation: RecordSeparation | None = None
    # What the model stores of its fit that a fit of today would not repeat.
    mismatches: tuple[Mismatch, ...] = ()
    n_missing_classes: int = 0
    n_models: int = 0
    one_sided_fraction: float = 0.0
    # What its file holds of its training rows.
    structure: Structure | None = None
    # What it promises by differential privacy.
    promise: Promise | None = None
    # Why the models of a cross-validation are no shadows of each other, and how many
    # were left out since they have none.
    no_shadows: str = ""
    # Different sets of parameters that searches chose, in the splits.
    n_choices: int = 1
    n_without_shadows: int = 0

    def sharing(self, n: int) -> "Evidence":
        """The same at the level at which so many intervals hold together."""
        level = 1 - (1 - self.confidence_level) / n
        return replace(self, confidence_level=level)

    def without_rows(self) -> "Evidence":
        """The same without values of rows, and without the model, which may hold some.

        A report keeps it to answer what it is asked afterwards.
        """
        return replace(self, X=None, audited=None, again=None)

    @cached_property
    def targets(self) -> list[IndexArray]:
        """The entries of each model."""
        if self.target is None:
            return [np.arange(self.membership.size)]
        order = np.argsort(self.target, kind="stable")
        starts = np.flatnonzero(np.diff(self.target[order])) + 1
        return np.split(order, starts)

    def of_targets(self, values: NDArray) -> list[NDArray]:
        """The values of each model; of one model the very array."""
        if self.target is None:
            return [values]
        _, found = self._split.setdefault(
            id(values), (values, [values[of] for of in self.targets])
        )
        return found

    @cached_property
    def _split(self) -> dict[int, tuple[NDArray, list[NDArray]]]:
        """By the identity of an array: the array, and its values of each model."""
        return {}

    @property
    def persons_of_targets(self) -> list[IndexArray | None]:
        """Whose the entries of each model are; None where each is by itself."""
        if self.persons is None:
            return [None] * len(self.targets)
        return [*self.of_targets(self.persons)]

    @property
    def titles_of_rules(self) -> dict[str, str]:
        """How each attack's scores of a person's rows make one, in words."""
        rules = self.person_rules
        return {name: title_of(rules.get(name, Rule())) for name in self.scores}

    def _of_persons(self, attack: str, person: IndexArray) -> FloatArray:
        """Scores of an attack by person and model, which `person` numbers."""
        scores, rule = self.scores[attack], self.person_rules.get(attack, Rule())
        if isinstance(rule, Rule):
            return rule.scores(scores, person)
        return np.concatenate(
            [
                one.scores(scores[of], person[of] - person[of].min())
                for one, of in zip(rule, self.targets, strict=True)
            ]
        )

    @cached_property
    def per_person(self) -> "Evidence | None":
        """The same with one entry per person, and model, in place of one per record."""
        if self.persons is None or self.person_names is None:
            return None
        keys = self.persons
        if self.target is not None:
            keys = keys + len(self.person_names) * self.target
        _, first, person = np.unique(keys, return_index=True, return_inverse=True)
        membership = self.membership[first]
        return Evidence(
            membership=membership,
            scores={name: self._of_persons(name, person) for name in self.scores},
            max_fprs=self.max_fprs,
            confidence_level=self.confidence_level,
            index=[self.person_names[code] for code in self.persons[first]],
            target=None if self.target is None else self.target[first],
            record=None if self.target is None else self.persons[first],
            seed=self.seed,
            are_pairs=self.are_pairs,
            game=self.person_game and replace(self.person_game, membership=membership),
            person_sizes=np.bincount(person),
            separation=self.person_separation,
            shadows=self.shadows,
            no_shadows=self.no_shadows,
        )

    @property
    def n_members(self) -> int:
        """Members of the model that has the fewest."""
        return min(int(of.sum()) for of in self.of_targets(self.membership))

    @property
    def n_nonmembers(self) -> int:
        """Non-members of the model that has the fewest."""
        return min(int((~of).sum()) for of in self.of_targets(self.membership))

    @property
    def accuracy(self) -> tuple[float, float] | None:
        """Accuracy on members and on non-members, averaged over the models."""
        if self.correct is None:
            return None
        members, nonmembers = (
            float(np.mean([self.correct[of[side[of]]].mean() for of in self.targets]))
            for side in (self.membership, ~self.membership)
        )
        return members, nonmembers
