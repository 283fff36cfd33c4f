"""Whether a fit of today would repeat the fit that a model had, by what it stores.

Shadow models are fitted anew, on the rows that are passed, with the parameters that
the model has now. What it stores of its own fit tells where that was another: the
number of its rows, unequal weights, the number of its trees or passes, sizes of leaves.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import BaseDecisionTree

from skmia._models._cloning import unwrap_frozen
from skmia._models._fitted_boosters import Boosted, read_booster, whose_fit
from skmia._models._fitted_parts import Part, changed_parameters, fitted_parts
from skmia._models._fitted_rows import FORESTS, Told, has_weights, rows_of
from skmia._models._given import Given

# A different number of rows below this fraction changes figures by little.
_FEW = 0.02


class Mismatch(NamedTuple):
    """A way in which a fit of today is not the fit that a model had.

    Attributes
    ----------
    kind : {"more_rows", "fewer_rows", "weights", "stopped", "changed"}
        What differs.
    message : str
        A sentence on it, and one on what to do.
    matters : bool
        Whether figures change by more than a little.
    """

    kind: Literal["more_rows", "fewer_rows", "weights", "stopped", "changed"]
    message: str
    matters: bool = True


def find_mismatches(
    model: Any,
    n_members: tuple[int, int],
    fit_params: Mapping[str, Any] | None = None,
    member: NDArray[np.bool_] | None = None,
) -> list[Mismatch]:
    """Find what a model stores of its fit that a fit of today would not repeat.

    Only what is certain is named: a class whose `fit` is not its library's may do
    anything with its rows, and nothing is said of it.

    Parameters
    ----------
    model : fitted classifier
        The model, with all that was fitted inside of it.
    n_members : (int, int)
        Rows that it is said to have been fitted on: those that have a weight, and all.
    fit_params : mapping, default=None
        The metadata that it is fitted with again, of all rows.
    member : ndarray of bool of shape (n_records,), default=None
        Which of these rows are the members; None for all of them.

    Returns
    -------
    list of Mismatch
        One of each kind and part at most.
    """
    if member is None:
        member = np.ones(n_members[0], dtype=bool)
    given = Given.of(fit_params or {}, member)
    found: list[Mismatch] = []
    told: set[tuple[str, str]] = set()
    for part in fitted_parts(unwrap_frozen(model)):
        with suppress(Exception):  # of attributes that another version has otherwise
            for mismatch in _of_part(part, n_members, given):
                # One of a hundred trees speaks for all.
                if (mismatch.kind, part.name) not in told:
                    told.add((mismatch.kind, part.name))
                    found.append(mismatch)
    return found


def _of_part(
    part: Part, n_members: tuple[int, int], given: Given
) -> Iterator[Mismatch]:
    who = _name(part)
    for name, now, then in changed_parameters(part):
        yield _changed(who, f"was fitted with {name}={then!r}, and has {now!r} now")
        break
    if given.starts:
        return
    boosted = read_booster(part.model)
    if boosted is not None:
        yield from _of_booster(part, boosted, n_members, given)
    elif whose_fit(part.model) == "sklearn":
        yield from _of_counts(part)
        yield from _of_rows(part, rows_of(part.model), n_members, given)
        known = part.reweighted or part.rows != "all" or given.weighs
        if not known and has_weights(part.model):
            yield _weighted(who)


def _name(part: Part) -> str:
    kind = type(part.model).__name__
    return f"The {kind} in {part.name!r}" if part.name else "The model"


def _changed(who: str, what: str) -> Mismatch:
    return Mismatch(
        "changed",
        f"{who} {what}. Its shadow models are fitted with the parameters that it has "
        "now, and are another kind of model. Set them to what they were when it was "
        "fitted, or fit it again.",
    )


def _weighted(who: str, instead: str = "") -> Mismatch:
    return Mismatch(
        "weights",
        f"{who} was fitted with rows of unequal weights{instead}, which the audit is "
        "not given. Its shadow models are fitted without. Pass them: "
        "fit_params={'sample_weight': (of the members, of the non-members)}.",
    )


def _of_rows(
    part: Part, told: Told | None, n_members: tuple[int, int], given: Given
) -> Iterator[Mismatch]:
    """Compare the number of rows with the members that were passed."""
    if told is None or part.rows == "unknown":
        return
    if told.summed and given.weighs:
        yield from _of_sums(part, told, n_members, given)
        return
    if told.drawn is not None and given.weighs:
        told = Told(told.drawn, exact=False)
    who, n, (least, most) = _name(part), told.n_rows, n_members
    if n > most:
        yield Mismatch(
            "more_rows",
            f"{who} was fitted on {n:,} rows, and {most:,} were passed as its members. "
            "Its shadow models are fitted on fewer rows than it was, and a training "
            "row among the non-members would hide leakage. Pass all of its training "
            "rows as members.",
            n - most > _FEW * most,
        )
    elif n < least and told.exact and part.rows == "all":
        yield Mismatch(
            "fewer_rows",
            f"{who} was fitted on {n:,} rows, and {least:,} were passed as its "
            "members: some of them it has not seen. Pass its training rows alone as "
            "members; where it chose a part of them by itself, pass a function that "
            "does so as fit=.",
            least - n > _FEW * least,
        )


def _of_sums(
    part: Part, told: Told, n_members: tuple[int, int], given: Given
) -> Iterator[Mismatch]:
    """Compare a sum of weights with that of the members that were passed."""
    if part.reweighted or not given.sums:
        return
    who, total = _name(part), told.n_rows
    # What is inside of another model may have been given its weights, or none.
    sums = given.sums_of(part.name) or [*given.sums.values(), *n_members]
    least, most = min(sums), max(sums)
    apart, near = "", least
    if total > most + 0.5:
        apart, near = "more_rows", most
    elif total < least - 0.5 and told.exact and part.rows == "all":
        apart = "fewer_rows"
    if apart:
        yield Mismatch(
            "more_rows" if apart == "more_rows" else "fewer_rows",
            f"{who} was fitted on rows whose weights sum to {total:,}, and those of "
            f"its members sum to {near:,.6g}. Its shadow models are fitted on other "
            "rows or weights than it was. Pass all of its training rows as members, "
            "and no others, with the weights that it was fitted with.",
            abs(total - near) > _FEW * near,
        )


def _of_booster(
    part: Part, told: Boosted, n_members: tuple[int, int], given: Given
) -> Iterator[Mismatch]:
    who, count = _name(part), told.counter
    for name, now, then in told.changed:
        yield _changed(who, f"was fitted with {name}={then!r}, and has {now!r} now")
        break
    if told.stopped is not None:
        if told.stopped != told.wanted and not given.stops:
            yield Mismatch(
                "stopped",
                f"{who} was stopped at {told.stopped} of {told.wanted} trees. Its "
                f"shadow models are not: they have all {told.wanted}. Pass fit= with a "
                "function that stops them as well, on a part of their own rows, or set "
                f"{count}={told.stopped}.",
            )
    elif told.made is not None and told.made != told.wanted:
        yield _changed(who, f"has {told.made} trees, and {count}={told.wanted} now")
    if told.n_rows is not None:
        yield from _of_rows(
            part, Told(told.n_rows, told.exact, told.summed), n_members, given
        )
    known = part.reweighted or part.rows == "unknown" or given.weighs
    if told.weighted and not known:
        yield _weighted(who, " or with a start of its own")


def _of_counts(part: Part) -> Iterator[Mismatch]:
    """Compare parameters with what can be counted in a scikit-learn model."""
    model, who = part.model, _name(part)
    if isinstance(model, FORESTS):
        yield from _of_ensemble(who, model, len(model.estimators_))
    elif isinstance(model, GradientBoostingClassifier):
        made = model.n_estimators_
        if model.n_iter_no_change is None or made > model.n_estimators:
            yield from _of_ensemble(who, model, made)
    elif isinstance(model, BaggingClassifier):
        if len(model.estimators_) != model.n_estimators:
            yield _changed(who, _trees(len(model.estimators_), model, "models"))
    elif isinstance(model, BaseDecisionTree):
        yield from _of_tree(who, model)
    elif isinstance(model, HistGradientBoostingClassifier):
        made = int(model.n_iter_)
        if made < model.max_iter and not model.do_early_stopping_:
            yield _changed(
                who, f"has {made} iterations, and max_iter={model.max_iter} now"
            )
    passes = _passes(model)
    if passes is not None and passes > model.max_iter > 0:
        yield _changed(
            who,
            f"made {passes} passes over its rows, and max_iter={model.max_iter}, as by "
            "partial_fit, warm_start or a parameter that was changed",
        )
    for name in ("n_components",):
        now, then = getattr(model, name, None), getattr(model, f"{name}_", None)
        if isinstance(now, int) and isinstance(then, (int, np.integer)) and now != then:
            yield _changed(who, f"was fitted with {name}={then}, and has {now} now")


def _trees(made: int, model: Any, what: str = "trees") -> str:
    return f"has {made} {what}, and n_estimators={model.n_estimators}"


def _of_ensemble(who: str, model: Any, made: int) -> Iterator[Mismatch]:
    """Compare the parameters of trees with those that they would be given today."""
    if made != model.n_estimators:
        yield _changed(who, _trees(made, model))
        return
    now, tree = model.get_params(), np.ravel(model.estimators_)[0]
    then = tree.get_params()
    for name in getattr(model, "estimator_params", ()) or _OF_TREES:
        compared = name in now and name in then and name != "random_state"
        if compared and now[name] != then[name]:
            yield _changed(
                who, f"was fitted with {name}={then[name]!r}, and has {now[name]!r} now"
            )
            return


_OF_TREES = (
    "max_depth",
    "min_samples_split",
    "min_samples_leaf",
    "min_weight_fraction_leaf",
    "max_features",
    "max_leaf_nodes",
    "min_impurity_decrease",
    "ccp_alpha",
)


def _of_tree(who: str, model: Any) -> Iterator[Mismatch]:
    tree = model.tree_
    is_leaf = tree.children_left < 0
    smallest = int(tree.n_node_samples[is_leaf].min())
    least = model.min_samples_leaf
    if isinstance(least, float):
        least = int(np.ceil(least * tree.n_node_samples[0]))
    if smallest < least and len(is_leaf) > 1:
        yield _changed(
            who, f"has leaves of {smallest} rows, and min_samples_leaf={least} now"
        )
    elif model.max_depth is not None and tree.max_depth > model.max_depth:
        yield _changed(
            who, f"is {tree.max_depth} deep, and max_depth={model.max_depth} now"
        )
    elif model.max_leaf_nodes is not None and is_leaf.sum() > model.max_leaf_nodes:
        yield _changed(
            who,
            f"has {is_leaf.sum()} leaves, and max_leaf_nodes={model.max_leaf_nodes}",
        )


def _passes(model: Any) -> int | None:
    """Passes over its rows that a model made, of those that max_iter allows."""
    if isinstance(model, MLPClassifier):
        if model.solver == "lbfgs":
            return None
        return len(model.loss_curve_)
    kinds = (LogisticRegression, SGDClassifier, HistGradientBoostingClassifier)
    if isinstance(model, kinds):
        return int(np.max(model.n_iter_))
    return None
