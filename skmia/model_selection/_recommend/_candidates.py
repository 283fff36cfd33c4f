"""What is compared: a classifier as it is, and what may defend it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, zip_longest
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from skmia._models import unfitted_copy
from skmia.defenses import (
    DifferentialPrivacyClassifier,
    HighEntropyClassifier,
    SelfDistillationClassifier,
    masks_outputs,
)
from skmia.model_selection._grids import regularization_grid, sub_bagging_grid
from skmia.model_selection._recommend._private import is_private

UNDEFENDED = "undefended"
ORDER = "order of classes only"
#: Families of defenses, in the order in which a short budget takes them.
FAMILIES = ("regularization", "bagging", "private", "hamp", "selena")
# Models of self-distillation; fewer than its own default, of which most are fitted on
# the same rows.
_N_TEACHERS, _N_LEFT_OUT = 10, 4
_EPSILONS = (2.0, 8.0, 32.0)
# Soft labels are copies of rows, one for each class up to this many.
_MOST_COPIES = 10
# Parameters by which the time of a fit grows.
_COUNTS = ("n_estimators", "iterations", "max_iter")
# What they are where a classifier of another library says None, or nothing.
_UNSAID = {"n_estimators": 100, "iterations": 1000, "max_iter": 100}
# Classes whose answers are steps: they are more confident on the rows of their leaves.
_STEPS = ("Tree", "Forest", "Boosting", "XGB", "LGBM", "CatBoost")
_SEEDED = (
    "it gives each private classifier inside a random_state, and whoever has the model "
    "could take the noise away"
)


@dataclass(frozen=True)
class Candidate:
    """One model to be compared.

    Attributes
    ----------
    defense : str
        What it is, for people.
    strength : dict of str to object
        How much of it.
    estimator : classifier
        Not fitted.
    work : float
        What a fit takes, in fits of the classifier as it is on as many rows; at most.
    epsilon : float or None
        That a private one promises.
    needs_persons : bool
        Whether its fit is told whose the rows are.
    """

    defense: str
    strength: Mapping[str, Any]
    estimator: Any
    work: float
    epsilon: float | None = None
    needs_persons: bool = False

    @cached_property
    def is_private(self) -> bool:
        """Whether there is a private classifier anywhere in it."""
        return is_private(self.estimator)

    @property
    def masks(self) -> bool:
        """Whether its probabilities are those of other rows."""
        return masks_outputs(self.estimator)

    @property
    def label(self) -> str:
        """The strength in few letters."""
        return ", ".join(f"{k}={_written(v)}" for k, v in self.strength.items())

    @property
    def name(self) -> str:
        """The defense and its strength."""
        return f"{self.defense} ({self.label})" if self.strength else self.defense


def undefended(estimator: Any) -> Candidate:
    """The classifier as it is."""
    return Candidate(UNDEFENDED, {}, unfitted_copy(estimator), 1.0)


def make_candidates(
    estimator: Any,
    families: Sequence[str],
    n_classes: int,
    group_size: int | None = None,
) -> tuple[list[Candidate], dict[str, str]]:
    """All candidates of some families, and why some of these have none.

    `group_size` is for private ones, where it is known whose the rows are.

    Taken in turn from each family, so that a part of the list has something of all.
    """
    own, left_out = _own(estimator)
    # Around the classifier at several strengths of its own.
    some = own[len(own) // 4 :: max(1, len(own) // 3)][:3]
    makers = {
        "regularization": lambda: own,
        "bagging": lambda: _bagging(estimator),
        "private": lambda: _private(estimator, group_size),
        "hamp": lambda: _hamp(estimator, some, n_classes),
        "selena": lambda: _selena(estimator, n_classes),
    }
    left_out = left_out if "regularization" in families else {}
    if "bagging" in families and is_private(estimator):
        families = [f for f in families if f != "bagging"]
        left_out["bagging of small shares"] = _SEEDED
    lists = [_middle_first(list(makers[f]())) for f in FAMILIES if f in families]
    found = [c for c in chain(*zip_longest(*lists)) if c is not None]
    return found, left_out


def _own(estimator: Any) -> tuple[list[Candidate], dict[str, str]]:
    try:
        [grid] = regularization_grid(estimator)
    except ValueError as error:
        return [], {"own regularization": str(error)}
    base = grid.estimator
    now = base.get_params()
    found = []
    for params in ParameterGrid(grid.param_grid):
        if all(now.get(name) == value for name, value in params.items()):
            continue  # as it is
        changed = unfitted_copy(base).set_params(**params)
        found.append(Candidate(grid.name, _short(params), changed, _work(params, now)))
    return found, {}


def _bagging(estimator: Any) -> Iterator[Candidate]:
    for grid in sub_bagging_grid(estimator):
        # A forest has its trees; each model of a bag is a fit of the whole classifier.
        own = grid.name == "few rows for each tree"
        now = estimator.get_params() if own else {}
        for params in ParameterGrid(grid.param_grid):
            few = unfitted_copy(grid.estimator).set_params(**params)
            work = _work(params, now)
            yield Candidate(grid.name, _short(params), few, max(work, 0.05))


def _private(estimator: Any, group_size: int | None) -> Iterator[Candidate]:
    persons: dict[str, Any] = {} if group_size is None else {"group_size": group_size}
    for epsilon in _EPSILONS:
        private = DifferentialPrivacyClassifier(
            unfitted_copy(estimator), epsilon=epsilon, **persons
        )
        yield Candidate(
            "differential privacy",
            {"epsilon": epsilon, **persons},
            private,
            1.0,
            epsilon,
            needs_persons=group_size is not None,
        )


def _hamp(
    estimator: Any, regularized: Sequence[Candidate], n_classes: int
) -> Iterator[Candidate]:
    around = [undefended(estimator), *regularized]
    for inner in around:
        ranked = HighEntropyClassifier(unfitted_copy(inner.estimator), gamma=0)
        yield Candidate(ORDER, inner.strength, ranked, inner.work)
    for gamma in (0.4, 0.8):
        masked = HighEntropyClassifier(unfitted_copy(estimator), gamma=gamma)
        work = float(min(n_classes, _MOST_COPIES))
        yield Candidate("HAMP", {"gamma": gamma}, masked, work)


def _selena(estimator: Any, n_classes: int) -> Iterator[Candidate]:
    # Each model is fitted without the rows that are left out of it.
    work = float(_N_TEACHERS - _N_LEFT_OUT + min(n_classes, _MOST_COPIES))
    student = _student(estimator)
    name = "SELENA" if student is None else "SELENA, linear student"
    for fraction in (0.0, 0.1, 0.3):
        distilled = SelfDistillationClassifier(
            unfitted_copy(estimator),
            student=student,
            n_models=_N_TEACHERS,
            n_left_out=_N_LEFT_OUT,
            label_fraction=fraction,
        )
        yield Candidate(name, {"label_fraction": fraction}, distilled, work)


def _student(estimator: Any) -> Any:
    """A smooth classifier in place of trees, which are poor students; else None."""
    last = estimator
    while isinstance(last, Pipeline):
        last = last.steps[-1][1]
    names = [cls.__name__ for cls in type(last).__mro__]
    if not any(part in name for name in names for part in _STEPS):
        return None
    return _with_last(unfitted_copy(estimator), LogisticRegression(C=10, max_iter=500))


def _with_last(estimator: Any, last: Any) -> Any:
    if not isinstance(estimator, Pipeline):
        return last
    *steps, (name, inner) = estimator.steps
    return estimator.set_params(steps=[*steps, (name, _with_last(inner, last))])


def _work(params: Mapping[str, Any], now: Mapping[str, Any]) -> float:
    """The share of the rows, times how many models or rounds there are of each."""
    work = 1.0
    for name, value in params.items():
        last = name.rpartition("__")[2]
        if last == "max_samples":
            work *= value
        elif last in _COUNTS:
            work *= value / (now.get(name) or _unsaid(name, last, now))
    return work


def _unsaid(name: str, last: str, now: Mapping[str, Any]) -> int:
    """How many there are where the parameter does not say; 1 of what is not there."""
    if name in now or last == "iterations":
        # CatBoost has other names for it.
        prefix = name[: -len(last)]
        others = ("n_estimators", "num_boost_round", "num_trees")
        known = [now.get(prefix + other) for other in others]
        return next((value for value in known if value), _UNSAID[last])
    return 1


def _short(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name.rpartition("__")[2]: value for name, value in params.items()}


def _middle_first(candidates: list[Candidate]) -> list[Candidate]:
    """From the middle to the ends, by halves: few of them are spread over all."""
    order: list[int] = []
    spans = [(0, len(candidates))]
    while spans:
        low, high = spans.pop(0)
        if low < high:
            middle = (low + high) // 2
            order.append(middle)
            spans += [(low, middle), (middle + 1, high)]
    return [candidates[i] for i in order]


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
