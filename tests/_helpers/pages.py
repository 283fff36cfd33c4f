"""Reports with hostile names, and what a page holds, for the tests of HTML."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd

from skmia.audit import (
    AuditReport,
    Guard,
    Policy,
    Structure,
    StructureFinding,
    compare,
)

EVIL = "<script>alert(1)</script>"
# What a name may hold that a page, an SVG or matplotlib may take for something else.
HOSTILE = (
    EVIL,
    "\"' onmouseover='alert(2)' x=\"",
    r"$\frac{1}{$ & <b>bold</b>",
    "--><svg onload=alert(3)>",
    "_hidden",
    "{{ 7 * 7 }}{% raw %}",
    "患者\u202e\U0001f600",
    "a" * 300,
)


def hostile_report(n=300, shift=1.0, names=HOSTILE, **kwargs):
    """A report that leaks, of scores alone, with names that nobody should run."""
    rng = np.random.default_rng(0)
    membership = np.arange(2 * n) < n
    scores = {
        name: rng.normal(size=2 * n) + membership * shift * number / len(names)
        for number, name in enumerate(names, 1)
    }
    kwargs = {
        "estimator": f"Pipeline({EVIL})",
        "index": [f"{EVIL}-{i}-secret" for i in range(2 * n)],
        "labels": [f"label-{i % 2}-secret" for i in range(2 * n)],
        "accuracy": (0.99, 0.84),
        "shadows": {"n_shadows": 16, "train_size": 0.5},
        "guards": [
            Guard("shared_rows", "warning", f"A row of {EVIL} is in both sets.")
        ],
        "settings": {"random_state": 7, EVIL: {"note": EVIL}},
    } | kwargs
    return AuditReport(membership, scores, **kwargs)


def with_sections(report):
    """The report, with what it can be asked for about groups with hostile names."""
    n = report.n_members + report.n_nonmembers
    rng = np.random.default_rng(1)
    by = {EVIL: [(EVIL, 'b & "c"')[i % 2] for i in range(n)]}
    policy = Policy(max_auc=0.6, max_tpr={0.01: 0.02}, name=EVIL, source=EVIL)
    found = StructureFinding(
        "small_leaves", "risk", "", EVIL, f"{EVIL} has 3 leaves.", 3
    )
    return report.including(
        report.subgroups(by),
        report.where_it_leaks(pd.DataFrame({EVIL: rng.normal(size=n)})),
        Structure(5, n, None, (found,)),
        report.check_claim(epsilon=0.1),
        compare(report, report, names=(EVIL, EVIL)),
        report.decide(policy),
    )


class Page(HTMLParser):
    """What a page holds: its tags with attributes, its headings, its text."""

    _VOID = ("meta", "br", "link", "img", "input", "hr")

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.texts, self._open = [], [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self._VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        inside = self._open[-1:]
        if inside in (["h1"], ["h2"], ["h3"], ["h4"]):
            self.headings.append((int(inside[0][1]), data.strip()))
        if inside != ["style"]:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]
