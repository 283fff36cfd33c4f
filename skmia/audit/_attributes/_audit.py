"""One call: which values of its training rows a classifier gives away."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmia._models import check_can_be_refitted, check_hook, shadow_recipe
from skmia._tables import any_seen, take_column
from skmia.audit._attributes._guess import guess_common, guess_right
from skmia.audit._attributes._interval import mean_difference
from skmia.audit._attributes._section import AttributeFigure, AttributeInference
from skmia.audit._attributes._sets import doubted, sets_differ, show
from skmia.audit._attributes._values import Candidates, choose_values
from skmia.audit._inputs import resolve_seed
from skmia.audit._pool import Pool, make_pool
from skmia.audit._shared_shadows import make_shadows
from skmia.audit._target import AuditTarget, find_target
from skmia.shadows import ShadowModels, ShadowSignals, check_shadows
from skmia.utils import check_integer, check_real, encode_labels

# More columns are judged where they are named only.
_MAX_COLUMNS = 50
# Fewer draws on a side give no interval.
_LEAST_DRAWS = 20


def audit_attributes(
    estimator: Any,
    X_members: Any,
    y_members: ArrayLike,
    X_nonmembers: Any,
    y_nonmembers: ArrayLike,
    *,
    columns: Sequence[Any] | None = None,
    shadows: int | ShadowModels | ShadowSignals | None = 8,
    n_records: int = 500,
    n_values: int = 20,
    tolerance: float = 0.05,
    confidence_level: float = 0.95,
    fit_params: Mapping[str, Any] | None = None,
    fit: Callable[..., Any] | None = None,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> AttributeInference:
    """Measure which values of its training rows a classifier gives away.

    An attacker knows all of a record but the value in one column, the label included.
    They ask the model about the record with each value that it may have, and guess the
    one under which the label is the most likely, times how common it is [1]_. Such a
    guess is right by what goes together in everybody, and that is no leak about the
    people in the training set. So the same attack is made with models that never saw
    the record, and on non-members: what counts is by how much more *this* model helps
    with the records that it was trained on. See the user guide,
    :doc:`/guide/attributes`.

    Parameters
    ----------
    estimator : fitted classifier or Pipeline
        What is audited, as in :func:`audit_classifier`. Columns are those that were
        passed, before any step of a Pipeline.
    X_members, y_members
        The rows that the model was trained on, and their labels.
    X_nonmembers, y_nonmembers
        Rows from the same source that it was not trained on, and theirs.
    columns : sequence of str or int, default=None
        Names or positions of the columns that are guessed; None for all, of which the
        first 50 are judged. Name few: the intervals of many are wide.
    shadows : int, ShadowModels, ShadowSignals or None, default=8
        Models that never saw a record, for comparison, as in :func:`audit_classifier`;
        ShadowSignals have to keep their models. None compares with non-members alone:
        it fits nothing, and its intervals are wider.
    n_records : int, default=500
        Most records of either side that are guessed, drawn at random.
    n_values : int, default=20
        Most values that are tried for a record. Of a column of numbers or times with
        more, values at even ranks; of another, the commonest.
    tolerance : float, default=0.05
        How far off the guess of such a number may be and is still right, in ranks, as
        a share of all records: it does not depend on units, signs or outliers.
    confidence_level : float, default=0.95
        Level at which the intervals of all columns hold together.
    fit_params, fit, groups, n_jobs
        As in :func:`audit_classifier`.
    random_state : int, RandomState or None, default=None
        Seeds the draw of the records, and the shadows.

    Returns
    -------
    AttributeInference
        Of each column how often the guess is right, and the advantage with its
        interval; columns that cannot be judged have the reason.

    Raises
    ------
    TypeError, ValueError
        As :func:`audit_classifier` does. If a column is not there, or a model inside
        cannot be fitted anew: pass ``shadows=None`` then.

    See Also
    --------
    audit_classifier : Who was in the training set.
    audit_structure : What the model's file holds of its training rows.

    Notes
    -----
    Of each record, with this model and with the mean over models that never saw it,
    it is known how often the guess is right. The advantage is the mean of the
    difference over members less that over non-members. The first takes out what is easy
    about a record, the second how this model differs from others in general; no
    interval allows for another training run. Where members and non-members differ
    without the model, by the check of :func:`audit_classifier`, the difference may come
    from there: the section says so first, and no column is said to be found. An
    attacker who knows more, or asks more cleverly, may find more.

    References
    ----------
    .. [1] S. Yeom et al., "Privacy Risk in Machine Learning: Analyzing the Connection
       to Overfitting", IEEE CSF 2018. https://arxiv.org/abs/1709.01604
    .. [2] B. Jayaraman and D. Evans, "Are Attribute Inference Attacks Just
       Imputation?", ACM CCS 2022. https://arxiv.org/abs/2209.01292

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skmia.audit import audit_attributes
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(4, size=(600, 12))
    >>> y = rng.integers(2, size=600)
    >>> model = DecisionTreeClassifier(random_state=0).fit(X[:300], y[:300])
    >>> sides = X[:300], y[:300], X[300:], y[300:]
    >>> inference = audit_attributes(
    ...     model, *sides, columns=[0, 1], shadows=4, random_state=0
    ... )
    >>> inference.columns[0].members > inference.columns[0].unseen
    True
    """
    audited = find_target(estimator, shadows, (y_members, y_nonmembers))
    n_records = check_integer(n_records, "n_records", _LEAST_DRAWS)
    n_values = check_integer(n_values, "n_values", 2)
    tolerance = check_real(tolerance, "tolerance", 0, 0.5, closed="neither")
    level = check_real(confidence_level, "confidence_level", 0, 1, closed="neither")
    check_hook(fit)
    if shadows is not None:
        check_shadows(shadows)
        if not isinstance(shadows, ShadowSignals):
            check_can_be_refitted(shadow_recipe(audited.model))
    seed = resolve_seed(random_state)
    pool = make_pool(
        X_members,
        y_members,
        X_nonmembers,
        y_nonmembers,
        audited.deployed,
        fit_params,
        groups,
    )
    chosen, left = _choose_columns(pool.X, columns)
    rng = np.random.RandomState(seed)
    rows = _draw(pool, n_records, rng)
    made = None
    if shadows is not None:
        made = _unseeing(audited, pool, shadows, fit, n_jobs, seed)
    asked = _Asked(audited, pool, rows, made)
    found = [
        (name, choose_values(take_column(pool.X, j), n_values, tolerance), j)
        for name, j in chosen
    ]
    reason = _too_few(pool, rows)
    judged = [] if reason else [c for _, c, _ in found if not c.reason]
    # Bonferroni: the intervals of all columns hold together.
    each = 1 - (1 - level) / max(1, len(judged))
    figures = [
        _not_judged(name, reason or candidates.reason)
        if reason or candidates.reason
        else _judge(name, candidates, asked.both(j, candidates), asked, each)
        for name, candidates, j in found
    ]
    differ = sets_differ(pool, seed) if judged else ""
    if differ:
        figures = [doubted(figure) for figure in figures]
    figures += [_not_judged(name, _NOT_NAMED) for name in left]
    n_members = int(pool.member[rows].sum())
    return AttributeInference(
        level,
        n_members,
        len(rows) - n_members,
        0 if made is None else made.n_shadows,
        tolerance,
        tuple(figures),
        differ,
    )


_NOT_NAMED = (
    f"it is not among the first {_MAX_COLUMNS} columns; name those to be judged in "
    "columns="
)


def _choose_columns(
    X: Any, columns: Sequence[Any] | None
) -> tuple[list[tuple[str, int]], list[str]]:
    """Names and positions of the columns to judge, and names of those left out."""
    if len(X.shape) != 2:
        raise ValueError(
            "X_members must be a table with columns to guess values of. Got shape "
            f"{tuple(X.shape)} instead."
        )
    names = list(X.columns) if hasattr(X, "columns") else list(range(X.shape[1]))
    if columns is None:
        called = [(str(name), j) for j, name in enumerate(names)]
        return called[:_MAX_COLUMNS], [name for name, _ in called[_MAX_COLUMNS:]]
    if isinstance(columns, (str, bytes)) or not hasattr(columns, "__iter__"):
        raise TypeError(
            "The 'columns' parameter must be a sequence of names or positions of "
            f"columns, such as ['age']. Got {columns!r} instead."
        )
    chosen: dict[int, str] = {}
    for column in columns:
        if column in names:
            j = names.index(column)
        elif isinstance(column, (int, np.integer)) and 0 <= column < len(names):
            j = int(column)
        else:
            raise ValueError(
                "The 'columns' parameter must hold names or positions of columns of "
                f"X_members, {names[:20]}. Got {column!r} instead."
            )
        chosen[j] = str(names[j])
    if not chosen:
        raise ValueError(
            "The 'columns' parameter must name one column at least. Got "
            f"{columns!r} instead."
        )
    return [(name, j) for j, name in chosen.items()], []


def _draw(pool: Pool, n_records: int, rng: np.random.RandomState) -> NDArray[np.intp]:
    """Records of both sides, of those that occur once: members first."""
    drawn = []
    for side in (True, False):
        of = pool.rows.kept[pool.member[pool.rows.kept] == side]
        if len(of) > n_records:
            of = np.sort(rng.choice(of, n_records, replace=False))
        drawn.append(of)
    return np.concatenate(drawn)


def _unseeing(
    audited: AuditTarget,
    pool: Pool,
    shadows: int | ShadowModels | ShadowSignals,
    fit: Callable[..., Any] | None,
    n_jobs: int | None,
    seed: int,
) -> ShadowSignals:
    """Models of which several have not seen a record, whichever it is."""
    if not isinstance(shadows, ShadowSignals):
        models = check_shadows(shadows, pool.member)
        shadows = models.set_params(keep_models=True)
    made, _, _ = make_shadows(audited.model, pool, shadows, fit, n_jobs, seed, 0)
    if made.models is None or any(model is None for model in made.models):
        raise ValueError(
            "The 'shadows' parameter must be a ShadowSignals that has kept its models, "
            f"which are asked about other values. Got {made!r} without; pass a number, "
            "or fit them with ShadowModels(keep_models=True)."
        )
    return made


class _Asked:
    """The model and those that never saw a record, asked about the same records."""

    def __init__(
        self,
        audited: AuditTarget,
        pool: Pool,
        rows: NDArray[np.intp],
        made: ShadowSignals | None,
    ) -> None:
        self.pool, self.rows, self.made = pool, rows, made
        self.model = audited.deployed
        self.classes = np.asarray(audited.deployed.classes_)
        self.columns = encode_labels(pool.y, self.classes)
        self.member = pool.member[rows]
        self.persons = None if pool.persons is None else pool.persons[rows]
        if made is not None:
            self.seen = any_seen(made.member, pool.hashes, pool.persons)[:, rows]

    def both(
        self, j: int, candidates: Candidates
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """How likely each guess is right with the model, and with the others."""
        ours = self._ask(self.model, self.rows, j, candidates)
        if self.made is None:
            return ours, None
        total, count = np.zeros(len(ours)), np.zeros(len(ours))
        assert self.made.models is not None
        for model, seen in zip(self.made.models, self.seen, strict=True):
            unseen = np.flatnonzero(~seen)
            if len(unseen):
                total[unseen] += self._ask(model, self.rows[unseen], j, candidates)
                count[unseen] += 1
        # A record that all have seen is compared with none.
        with np.errstate(invalid="ignore"):
            return ours, total / count

    def _ask(
        self, model: Any, rows: NDArray[np.intp], j: int, candidates: Candidates
    ) -> NDArray[np.float64]:
        return guess_right(
            model, self.pool.X, self.columns, self.classes, j, candidates, rows
        )


def _too_few(pool: Pool, rows: NDArray[np.intp]) -> str:
    for side, name in ((True, "members"), (False, "non-members")):
        of = rows[pool.member[rows] == side]
        n = len(of) if pool.persons is None else len(np.unique(pool.persons[of]))
        if n < _LEAST_DRAWS:
            unit = "records" if pool.persons is None else "persons"
            return f"there are {n} {unit} among the {name}, fewer than {_LEAST_DRAWS}"
    return ""


def _not_judged(name: str, reason: str) -> AttributeFigure:
    return AttributeFigure(
        name,
        "not_judged",
        f"Column {name!r} was not judged: {reason}. That is no sign of safety.",
    )


def _judge(
    name: str,
    candidates: Candidates,
    answers: tuple[NDArray[np.float64], NDArray[np.float64] | None],
    asked: _Asked,
    level: float,
) -> AttributeFigure:
    ours, theirs = answers
    known = np.ones(len(ours), dtype=bool) if theirs is None else np.isfinite(theirs)
    gain = ours if theirs is None else ours - theirs
    sides = asked.member & known, ~asked.member & known
    persons = None
    if asked.persons is not None:
        persons = asked.persons[sides[0]], asked.persons[sides[1]]
    difference = mean_difference(gain[sides[0]], gain[sides[1]], level, persons)
    members, nonmembers = (float(ours[side].mean()) for side in sides)
    unseen = None if theirs is None else float(theirs[sides[0]].mean())
    if difference.low > 0:
        outcome = "found"
        message = (
            f"Column {name!r} is given away: the guess is right for {show(members)} "
            f"of the members, by {show(difference.value)} more (at least "
            f"{show(difference.low)}) than what holds for others explains."
        )
    else:
        outcome = "not_found"
        message = (
            f"Column {name!r}: no more was found than what holds for others explains; "
            f"an advantage of up to {show(max(0.0, difference.high))} is possible."
        )
        if difference.high < 0:
            message += " The model helps less with members, which is no sign of safety."
    return AttributeFigure(
        name,
        "found" if outcome == "found" else "not_found",
        message,
        members,
        nonmembers,
        unseen,
        guess_common(candidates, asked.rows[sides[0]]),
        difference.value,
        difference.low,
        difference.high,
        len(candidates.prior),
        candidates.ranges,
    )
