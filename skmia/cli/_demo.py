"""What ``skmia demo`` shows: the same forest twice, left to grow and held back."""

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skmia.audit import AuditReport

_WIDTH = 88
_NAMES = ("over-fitted", "regularised")
# The rate that the text reads: 8 of the 899 non-members may be accused.
_RATE = 0.01


def run_demo(*, n_jobs: int = 2, random_state: int = 0, verbose: int = 0) -> str:
    """Audit two random forests on handwritten digits and lay the figures side by side.

    Parameters
    ----------
    n_jobs : int, default=2
        Shadow models fitted at a time.
    random_state : int, default=0
        Seeds the split, the forests and the audits.
    verbose : int, default=0
        A progress bar for each audit where it is above 0.

    Returns
    -------
    str
        A table of both reports and how to read it.
    """
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    from skmia.audit import audit_classifier

    X, y = load_digits(return_X_y=True)
    X_members, X_nonmembers, y_members, y_nonmembers = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=random_state
    )
    models = [
        RandomForestClassifier(50, random_state=random_state),
        RandomForestClassifier(50, min_samples_leaf=10, random_state=random_state),
    ]
    reports = [
        audit_classifier(
            model.fit(X_members, y_members),
            X_members,
            y_members,
            X_nonmembers,
            y_nonmembers,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        for model in models
    ]
    return render_demo(*reports)


def render_demo(grown: "AuditReport", held_back: "AuditReport") -> str:
    """Both reports in one table, followed by what it says."""
    title = "Two random forests, fitted on the same half of the handwritten digits"
    paragraphs = [
        f"{title}\n{'=' * len(title)}",
        _fill(
            f"Their {grown.n_members} training rows are the members, the other "
            f"{grown.n_nonmembers} rows the non-members. The over-fitted forest grows "
            "its trees until every leaf is pure; the regularised one keeps at least 10 "
            "rows in each leaf. Attackers look at the answers of each and say which "
            "rows it was trained on."
        ),
        _table(grown, held_back),
        *map(_fill, _reading(grown, held_back)),
    ]
    return "\n\n".join(paragraphs)


def _table(*reports: "AuditReport") -> str:
    level = f"{100 * reports[0].confidence_level:g} % interval"
    rows = [["attack", "metric", *(f"{name} [{level}]" for name in _NAMES)]]
    for side, name in enumerate(("members", "non-members")):
        shares = [report.accuracy for report in reports]
        cells = ["" if share is None else f"{share[side]:.3f}" for share in shares]
        rows.append(["", f"accuracy, {name}", *cells])
    for figures in zip(*(report.figures for report in reports), strict=True):
        cells = [_cell(figure) for figure in figures]
        rows.append([figures[0].attack, figures[0].metric, *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _cell(figure: Any) -> str:
    if not figure.resolvable:
        return "too few non-members"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _reading(grown: "AuditReport", held_back: "AuditReport") -> list[str]:
    """Say what these figures say, whatever they are."""
    metric = f"tpr@{_RATE}"
    tpr = [100 * report.worst(metric)[1] for report in (grown, held_back)]
    auc = [report.worst("auc")[1] for report in (grown, held_back)]
    sentences = [
        "AUC: how often the attack ranks a member above a non-member; 0.5 is guessing. "
        f"The best attack reaches {auc[0]:.2f} on the over-fitted forest and "
        f"{auc[1]:.2f} on the regularised one.",
        f"tpr@{_RATE}: the share of members that an attacker can name while wrongly "
        f"accusing at most {100 * _RATE:g} in 100 non-members. It is {tpr[0]:.0f} in "
        f"100 against {tpr[1]:.0f} in 100.",
    ]
    if grown.accuracy is not None and held_back.accuracy is not None:
        price = 100 * (grown.accuracy[1] - held_back.accuracy[1])
        change = "costs" if price >= 0 else "gains"
        sentences.append(
            f"Holding the trees back {change} {abs(price):.1f} points of accuracy on "
            "rows that neither forest has seen."
        )
    name = held_back.worst("auc")[0]
    low = next(
        figure.low
        for figure in held_back.figures
        if (figure.attack, figure.metric) == (name, "auc")
    )
    if low is not None and low > 0.5:
        sentences.append(
            "The regularised forest still leaks: the whole interval of its AUC lies "
            "above 0.5."
        )
    else:
        sentences.append(
            "The AUC of the regularised forest cannot be told from guessing, which "
            "does not prove it safe: these attacks found no more."
        )
    return sentences


def _fill(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_on_hyphens=False)
