"""What is counted in a model, in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from skmia.audit._structure._carried import Carried
from skmia.audit._structure._parts import Part
from skmia.audit._structure._section import Outcome, StructureFinding
from skmia.audit._structure._trees import Known, Measured

#: Rows more than parameters, below which a model is said to have room for each row.
DEGREES_OF_FREEDOM = 10
_BY_ANSWERS = (
    " Its trees are private: leaves are told by the values that they add, and leaves "
    "of one value count as one. The true ones may be smaller, and not larger."
)


def of_carried(part: Part, carried: Carried | None, n: int) -> StructureFinding:
    """Training rows in the file."""
    if carried is None:
        message = (
            f"The {part.called} stores {n:,} training rows: whoever is given the "
            "model's file has them. Which, and whether as they were passed, was not "
            "measured."
        )
        return _finding("carried_rows", "risk", part, message, n)
    count = int(carried.rows.sum())
    form = (
        "as they were passed"
        if carried.as_passed
        else "as the steps before it have transformed them"
    )
    names = ", ".join(dict.fromkeys(carried.attributes))
    message = (
        f"The {part.called} stores {count:,} of the {n:,} training rows, {form} (in "
        f"{names}). Whoever is given the model's file has these rows, whatever attacks "
        "on its answers find."
    )
    return _finding("carried_rows", "risk", part, message, count, n)


def of_unread(
    part: Part, names: Sequence[str], values: int, text: int
) -> StructureFinding:
    """What may hold training rows in a form that is not compared with them."""
    sizes = []
    if values:
        sizes.append(f"{values:,} values")
    if text:
        sizes.append(f"{text:,} bytes or characters of text")
    shown = ", ".join(names[:10]) + (" and more" if len(names) > 10 else "")
    message = (
        f"The {part.called} stores {' and '.join(sizes)} (in {shown}) that no known "
        "library has put there: room for training rows. None was found in there as it "
        "was passed; whether rows are in there in another form was not measured."
    )
    return _finding("carried_rows", "not_measured", part, message)


def of_unknown(part: Part) -> StructureFinding:
    """A model that may have trees of its own."""
    message = (
        f"Whether the {part.called} has trees, and how many rows share a leaf, was not "
        "measured: it is of no kind whose trees can be read, or holds more than that. "
        "Models inside of it may be there for nothing."
    )
    return _finding("small_leaves", "not_measured", part, message)


def of_one_row(part: Part, values: Mapping[str, int]) -> StructureFinding:
    """Values of single rows in lists, such as the categories of an encoder."""
    count = sum(values.values())
    message = (
        f"The {part.called} stores {count:,} values that only one training row has in "
        f"its column (in {', '.join(values)}). Whoever is given the model's file can "
        "read them, and knows of somebody with such a value that they are in the data."
    )
    return _finding("values_of_one_row", "risk", part, message, count)


def of_each_row(part: Part, names: Sequence[str], n: int) -> StructureFinding:
    """Lists that are as long as there are rows."""
    message = (
        f"The {part.called} stores lists with {n:,} entries, as many as there are "
        f"training rows (in {', '.join(names)}). They are not the rows; what each "
        "entry says of its row was not measured."
    )
    return _finding("values_for_each_row", "not_measured", part, message, len(names))


def of_trees(
    part: Part, measured: Measured, known: Known, k: int
) -> Iterator[StructureFinding]:
    """All that is said of the trees at one place."""
    if measured.mismatch:
        yield _finding(
            "rows_match",
            "not_measured",
            part,
            f"The {part.called} was not fitted on the rows that were passed, or with "
            f"weights: {measured.mismatch}. Counts of rows below are of those that "
            "were passed.",
        )
    found = (
        _of_leaves(part, measured, known, k),
        _of_paths(part, measured, known, k),
        _of_classes(part, measured),
    )
    for finding in found:
        if measured.mismatch and finding.outcome == "nothing_found":
            # Too many rows make groups look large.
            yield replace(finding, outcome="not_measured")
        else:
            yield finding
    yield _of_learnt(part, measured)


def _of_leaves(part: Part, m: Measured, known: Known, k: int) -> StructureFinding:
    check, unit, stored = "small_leaves", _unit(known), m.small_stored
    of, least = m.n_used, m.smallest
    if m.small is not None:
        message = (
            f"In {_trees(part, m)}, {m.small:,} of {of:,} leaves have fewer than {k} "
            f"training {unit}; the smallest has {least}. {m.rows_in_small:,} of "
            f"{m.n_rows:,} rows are in such a leaf, where few others hide them."
        )
        if stored is not None and stored != m.small:
            message += (
                f" Of the rows that each tree was grown on, {stored:,} leaves have "
                f"fewer than {k}; the smallest has {m.smallest_stored}."
            )
        if m.small or stored:
            message += _BY_ANSWERS * m.by_answers
            return _finding(check, "risk", part, message, m.small, of, least)
        if not m.all_read or m.by_answers:
            message = (
                f"No leaf with fewer than {k} training {unit} was found in "
                f"{_trees(part, m)}; the smallest has {least}.{_why_not_all(m)}"
            )
            return _finding(check, "not_measured", part, message, None, None, least)
        message = (
            f"In {_trees(part, m)}, every leaf has at least {k} training {unit}; the "
            f"smallest has {least}."
        )
        return _finding(check, "nothing_found", part, message, 0, of, least)
    if stored is None:
        message = (
            f"How many training rows share a leaf of the {part.called} was not "
            f"measured: it does not store that. {' '.join(m.reasons)}"
        )
        return _finding(check, "not_measured", part, message)
    of, least = m.n_leaves_stored, m.smallest_stored
    message = (
        f"In {_trees(part, m)}, {stored:,} of {of:,} leaves have fewer than {k} of the "
        f"rows that the tree was grown on; the smallest has {least}. This is what the "
        f"trees store. {' '.join(m.reasons)}"
    )
    if stored:
        return _finding(check, "risk", part, message, stored, of, least)
    if known.persons is not None or not m.all_read:
        message += (
            " How many persons these are, or what other trees hold, is not known."
        )
        return _finding(check, "not_measured", part, message, None, None, least)
    return _finding(check, "nothing_found", part, message, 0, of, least)


def _of_paths(part: Part, m: Measured, known: Known, k: int) -> StructureFinding:
    check, unit = "small_paths", _unit(known)
    if m.rows_in_few is None:
        message = (
            f"How many training rows share all of their leaves in the {part.called} "
            f"was not measured. {' '.join(m.reasons)}"
        )
        return _finding(check, "not_measured", part, message)
    of, least = m.n_rows, m.smallest_path
    if m.rows_in_few:
        message = (
            f"{m.rows_in_few:,} of {of:,} training rows share all of their leaves with "
            f"fewer than {k} {unit}, their own included, in {_trees(part, m)}; "
            f"{m.alone:,} share them with nobody else. What the model answers for such "
            "a row is about few people."
        )
        if not m.all_read or m.by_answers:
            message += " There are at least so many: not all that splits was seen."
        return _finding(check, "risk", part, message, m.rows_in_few, of, least)
    if not m.all_read or m.by_answers:
        message = (
            f"No training row that shares all of its leaves with fewer than {k} {unit} "
            f"was found in {_trees(part, m)}; the smallest group has {least}."
            + _why_not_all(m)
        )
        return _finding(check, "not_measured", part, message, None, None, least)
    message = (
        f"Every training row shares all of its leaves with at least {k} {unit}, its "
        f"own included, in {_trees(part, m)}; the smallest group has {least}."
    )
    return _finding(check, "nothing_found", part, message, 0, of, least)


def _of_classes(part: Part, m: Measured) -> StructureFinding:
    check, count, of = "class_disclosure", m.pure, m.n_used
    if count is None and m.pure_stored is not None:
        count, of = m.pure_stored, m.n_leaves
    if count is None:
        reason = " ".join(m.reasons) or "The labels were not passed."
        message = (
            f"Which leaves of the {part.called} give a class away was not measured. "
            f"{reason}"
        )
        return _finding(check, "not_measured", part, message)
    known = (
        "Of whoever is known to be among the training rows, and falls into such a "
        "leaf, the class is known, too."
    )
    if m.pure is not None:
        message = (
            f"In {_trees(part, m)}, the training rows of {count:,} of {of:,} leaves "
            f"are all of one class; {m.rows_in_pure:,} of {m.n_rows:,} rows are in "
            f"such a leaf. {known}"
        )
        if m.rows_of_one_class is not None and m.n_trees > 1:
            message += (
                f" {m.rows_of_one_class:,} rows share all of their leaves with rows of "
                "their own class only."
            )
    else:
        message = (
            f"In {_trees(part, m)}, {count:,} of {of:,} leaves answer one class alone. "
            f"{known}"
        )
    if count or m.pure_stored:
        message += _BY_ANSWERS * m.by_answers
        return _finding(check, "risk", part, message, count, of)
    message = f"No leaf of one class was found in {_trees(part, m)}."
    if not m.all_read or m.by_answers:
        return _finding(check, "not_measured", part, message + _why_not_all(m))
    return _finding(check, "nothing_found", part, message, 0, of)


def _why_not_all(m: Measured) -> str:
    return _BY_ANSWERS if m.by_answers else " The other trees were not looked at."


def _of_learnt(part: Part, m: Measured) -> StructureFinding:
    learnt = m.n_parameters
    if learnt is not None and m.n_read and not m.all_read:
        learnt = round(learnt * m.n_trees / m.n_read)
    # Without the rows, a single tree may have been told how many they were.
    return of_parameters(part, learnt, m.n_rows or None)


def of_parameters(
    part: Part, learnt: int | None, n: int | None, carries: bool = False
) -> StructureFinding:
    """Rows for each number that was learnt."""
    check = "rows_per_parameter"
    if carries:
        message = (
            f"The {part.called} answers by the rows that it stores; what else it "
            "learnt is not compared with their number."
        )
        return _finding(check, "not_applicable", part, message)
    if learnt is None:
        message = (
            f"How many numbers the {part.called} learnt was not measured: it does not "
            "say so in public attributes."
        )
        return _finding(check, "not_measured", part, message)
    if n is None:
        message = (
            f"The {part.called} learnt {learnt:,} numbers. From how many rows is not "
            "known."
        )
        return _finding(check, "not_measured", part, message, learnt)
    ratio = n / max(1, learnt)
    message = (
        f"The {part.called} learnt {learnt:,} numbers from {n:,} rows: "
        f"{ratio:.3g} rows for each."
    )
    if n - learnt < DEGREES_OF_FREEDOM:
        message += " It has room to hold what is peculiar to single rows."
        return _finding(check, "risk", part, message, learnt, n, ratio)
    return _finding(check, "nothing_found", part, message, learnt, n, ratio)


def _finding(
    check: str,
    outcome: Outcome,
    part: Part,
    message: str,
    count: int | None = None,
    of: int | None = None,
    value: float | None = None,
) -> StructureFinding:
    return StructureFinding(
        check,
        outcome,
        part.place,
        type(part.model).__name__,
        message.strip(),
        count,
        of,
        None if value is None else float(value),
    )


def _unit(known: Known) -> str:
    return "rows" if known.persons is None else "persons"


def _trees(part: Part, m: Measured) -> str:
    if m.n_trees == 1:
        return f"the one tree of the {part.called}"
    which = f"the {m.n_trees:,}" if m.all_read else f"{m.n_read:,} of the {m.n_trees:,}"
    return f"{which} trees of the {part.called}"
