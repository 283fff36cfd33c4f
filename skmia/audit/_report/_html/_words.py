"""Words of the page: what terms mean, and which heading answers what is asked."""

from collections.abc import Collection
from dataclasses import dataclass

GLOSSARY = (
    (
        "Accuracy",
        "The fraction of rows whose class the model predicts rightly. A model that is "
        "much better on members than on others has learnt them by heart.",
    ),
    (
        "Advantage",
        "The largest gap between the fraction of members and the fraction of "
        "non-members that an attack accuses at one threshold. Guessing has 0, "
        "certainty 1.",
    ),
    (
        "Attack",
        "A rule that gives every row a score from the model's answers: the higher, the "
        "more likely the row was used to train it.",
    ),
    (
        "AUC",
        "The chance that an attack gives a member a higher score than a non-member, "
        "both drawn at random. Guessing has 0.5, certainty 1. It is an average, and "
        "hides a few people who are fully exposed.",
    ),
    (
        "Below chance",
        "An attack that is wrong more often than guessing. It is no sign of safety: "
        "something about the data or the attack is not as it should be.",
    ),
    (
        "Epsilon and mu",
        "Measures of differential privacy, a promise about how much one person's data "
        "may change a model. An attack can show that they are at least so large, never "
        "that they are small.",
    ),
    (
        "Exposed",
        "A member whom an attack can name at a stated rate of false alarms, or with a "
        "stated false discovery rate.",
    ),
    (
        "False discovery rate (FDR)",
        "Of the people on a list of exposed members, the fraction who are on it "
        "wrongly, on average.",
    ),
    (
        "False positive rate (FPR), false alarms",
        "The fraction of non-members whom an attacker wrongly takes for members.",
    ),
    ("Guessing", "What an attacker finds who does not look at the model at all."),
    (
        "Guard",
        "A check of the audit itself. It fires where something would make the figures "
        "misleading, or void.",
    ),
    (
        "Interval",
        "The range that holds the true figure in so many of a hundred audits as its "
        "level says. A figure is called above guessing only if its whole interval is.",
    ),
    ("Member", "A row, or a person, whose data the model was trained on."),
    (
        "Membership inference",
        "Finding out whether somebody's data were used to train a model. Where the "
        "training set says something of its people, such as an illness, so does that.",
    ),
    (
        "Non-member",
        "A row, or a person, from the same source whose data the model has not seen.",
    ),
    (
        "p-value",
        "How often a non-member would have a score at least as high by chance.",
    ),
    (
        "Positive predictive value (PPV)",
        "Of those whom an attacker accuses, the fraction who are members. It depends "
        "on how many members are among those whom the attacker looks at (the prior).",
    ),
    (
        "Separation",
        "How far apart, in standard deviations, models trained with and without one "
        "record answer about it. A record with a separation of 0 leaves no trace.",
    ),
    (
        "Shadow model",
        "A model that the auditor trains in the same way on other rows, with and "
        "without each record, to learn what the difference looks like.",
    ),
    (
        "True positive rate (TPR)",
        "The fraction of members whom an attacker finds. Read at a low false positive "
        "rate, it is about the people who are most exposed.",
    ),
)

_EDPB, _SATRE = "EDPB 28/2024", "SATRE 2.0"


@dataclass(frozen=True)
class Point:
    """Something that is asked for, and the parts of the page that answer it.

    `short` names it under the headings. `parts` are those that may be there; `more` is
    what a reader has to know beside them, `absent` what to say where none is there.
    """

    source: str
    short: str
    asked: str
    parts: tuple[str, ...]
    more: str = ""
    absent: str = ""

    def found(self, present: Collection[str]) -> tuple[str, ...]:
        """Those of its parts that are in the page."""
        return tuple(part for part in self.parts if part in present)


POINTS = (
    Point(
        _EDPB,
        "threat model",
        "The threat model that the measures rest on",
        ("attacks",),
        "It is the one of these attacks; that of your deployment is yours to write.",
    ),
    Point(
        _EDPB,
        "rows per parameter",
        "The ratio of training data to parameters of the model",
        ("structure",),
        absent="Not in this report. Add the structural checks to it.",
    ),
    Point(
        _EDPB,
        "measures of re-identification",
        "Measures of how likely re-identification is",
        (
            "figures",
            "curves",
            "scores",
            "people",
            "subgroups",
            "slices",
            "attributes",
            "leave_one_out",
        ),
    ),
    Point(
        _EDPB,
        "test report",
        "Reports of tests: by whom, when, how and to what extent, and their results",
        ("made", "attacks", "figures", "left"),
        "By whom is filled in by hand.",
    ),
    Point(
        _EDPB,
        "residual risk",
        "The risk that is left",
        ("verdict", "guards", "decision", "left"),
    ),
    Point(
        _EDPB,
        "advice of the data-protection officer",
        "The advice of the data-protection officer",
        ("left",),
        "It is filled in by hand.",
    ),
    Point(
        f"{_SATRE}, 3.3.06 (recommended)",
        "statistical basis",
        "A statistical basis for the decisions of those who check outputs",
        ("figures", "people", "subgroups", "decision"),
    ),
    Point(
        f"{_SATRE}, 3.3.07 (mandatory)",
        "models as outputs",
        "A documented policy for outputs that cannot be checked by hand; trained "
        "models are its example",
        ("decision", "structure"),
        "The policy itself is yours.",
        absent="Not in this report. Decide with a policy, and add the decision to it.",
    ),
    Point(
        f"{_SATRE}, 3.3.08 (optional)",
        "checks by machine, decided by people",
        "Checks that are made in part by machine, with people in the loop",
        ("verdict", "guards", "decision", "left"),
    ),
    Point(
        f"{_SATRE}, 3.3.09 (optional)",
        "machine-readable record",
        "A machine-readable record of criteria, thresholds, risk appetite and versions "
        "of tools, linked to the output",
        ("made", "decision"),
        "The same report as JSON is that record; the hash of the data links them.",
    ),
)


def answers(part: str) -> list[str]:
    """What a part of the page answers, for the line under its heading."""
    found: dict[str, list[str]] = {}
    for point in POINTS:
        if part in point.parts:
            source, _, number = point.source.partition(", ")
            number = number.split(" ")[0]
            text = f"{number}, {point.short}" if number else point.short
            found.setdefault(source, []).append(text)
    return [f"{source} ({'; '.join(texts)})" for source, texts in found.items()]
