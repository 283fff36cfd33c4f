"""What ``skmia demo`` shows: the same forest twice, left to grow and held back."""

import sys
import textwrap
from typing import TYPE_CHECKING, Any

from skmia.cli._arguments import Html, Jobs, Seed
from skmia.cli._messages import boundary

if TYPE_CHECKING:
    from skmia.audit import AuditReport

_WIDTH = 88
_NAMES = ("over-fitted", "regularised")
# The rate that the text reads: 8 of the 899 non-members may be accused.
_TPR = "tpr@0.01"


def demo(jobs: Jobs = 2, seed: Seed = 0, html: Html = None) -> None:
    """Audit an over-fitted and a regularised forest, side by side."""
    with boundary():
        from skmia.cli._outputs import Outputs

        outputs = Outputs((), html)
        verbose = int(sys.stderr.isatty())
        grown, kept = run_demo(n_jobs=jobs, random_state=seed, verbose=verbose)
        print(render_demo(grown, kept))
        for error in outputs.write(grown):
            raise error
        if html is not None:
            print(f"\nThe report on the over-fitted forest is in {html}.")


def run_demo(
    *, n_jobs: int, random_state: int, verbose: int
) -> "tuple[AuditReport, AuditReport]":
    """Audit two random forests on handwritten digits.

    The report on the first shows more: each digit by itself, and what a policy says.
    """
    from sklearn.base import clone
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    from skmia.audit import Policy, audit_classifier, compare

    X, y = load_digits(return_X_y=True)
    X_members, X_nonmembers, y_members, y_nonmembers = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=random_state
    )
    grown = RandomForestClassifier(50, random_state=random_state)
    grown_report, kept_report = [
        audit_classifier(
            forest.fit(X_members, y_members),
            X_members,
            y_members,
            X_nonmembers,
            y_nonmembers,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        for forest in (grown, clone(grown).set_params(min_samples_leaf=10))
    ]
    policy = Policy(max_auc=0.6, max_tpr={0.01: 0.05}, name="demo")
    digits = (
        [f"digit {label}" for label in y_members],
        [f"digit {label}" for label in y_nonmembers],
    )
    grown_report = grown_report.including(
        grown_report.decide(policy),
        grown_report.subgroups({"class": digits}),
        compare(grown_report, kept_report, names=_NAMES),
    )
    return grown_report, kept_report


def render_demo(grown: "AuditReport", held_back: "AuditReport") -> str:
    """Write both reports in one table, followed by how to read it."""
    title = "Two random forests, fitted on the same half of the handwritten digits"
    paragraphs = [
        f"{title}\n{'=' * len(title)}",
        _fill(
            f"Their {grown.n_members} training rows are the members, the other "
            f"{grown.n_nonmembers} rows the non-members. The over-fitted forest grows "
            "its trees until every leaf is pure; the regularised one keeps at least 10 "
            "rows in each leaf. Attacks look at the predictions of each and tell which "
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
        cells = [f"{r.accuracy[side]:.3f}" if r.accuracy else "" for r in reports]
        rows.append(["", f"accuracy, {name}", *cells])
    rows += [
        [figures[0].attack, figures[0].metric, *map(_cell, figures)]
        for figures in zip(*(report.figures for report in reports), strict=True)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _cell(figure: Any) -> str:
    if not figure.resolvable:
        return "too few non-members"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _reading(grown: "AuditReport", held_back: "AuditReport") -> list[str]:
    """Put the figures in words, whatever they are."""
    tpr = [100 * report.worst(_TPR)[1] for report in (grown, held_back)]
    auc = [report.worst("auc")[1] for report in (grown, held_back)]
    sentences = [
        "AUC: how often the attack ranks a member above a non-member; 0.5 is guessing. "
        f"The best attack reaches {auc[0]:.2f} on the over-fitted forest and "
        f"{auc[1]:.2f} on the regularised one.",
        f"{_TPR}: the fraction of members that an attacker can name while wrongly "
        f"accusing at most 1 in 100 non-members. It is {tpr[0]:.0f} in 100 against "
        f"{tpr[1]:.0f} in 100.",
    ]
    if grown.accuracy and held_back.accuracy:
        price = 100 * (grown.accuracy[1] - held_back.accuracy[1])
        sentences.append(
            f"Holding the trees back {'costs' if price >= 0 else 'gains'} "
            f"{abs(price):.1f} points of accuracy on rows that neither forest has seen."
        )
    low = held_back.strongest("auc").low
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
