"""Reports read from a file, and results shown with a report."""

import json
import pickle
from dataclasses import dataclass
from typing import ClassVar

import pytest

from _helpers.audits import N_IN, N_OUT, SETS, audit
from skmia.audit import AuditReport, Policy
from skmia.audit._section import SECTIONS, Section


@pytest.fixture
def answer():
    """A kind of answer that reports do not know otherwise."""

    @dataclass(frozen=True)
    class Answer(Section):
        section: ClassVar[str] = "answer"
        number: int

        def to_dict(self):
            return {"number": self.number}

        @classmethod
        def from_dict(cls, contents):
            return cls(**contents)

        def summary(self):
            return f"The answer\n  - {self.number}"

    yield Answer
    del SECTIONS["answer"]


def read_again(report, tmp_path):
    path = tmp_path / "report.json"
    report.to_json(path)
    return AuditReport.from_json(path)


@pytest.fixture(scope="module")
def report():
    return audit()


def test_a_report_from_a_file_is_the_same(report, tmp_path):
    again = read_again(report, tmp_path)
    assert again.to_dict() == report.to_dict()
    assert again.summary() == report.summary()
    assert repr(again) == repr(report)
    assert again.figures == report.figures
    assert again.guards == report.guards
    assert again.strongest("auc") == report.strongest("auc")
    policy = Policy(max_auc=0.5)
    assert again.decide(policy) == report.decide(policy)
    assert again.to_frame().equals(report.to_frame())
    assert (again.attacks, again.metrics) == (report.attacks, report.metrics)
    assert again.settings == report.settings
    assert again.accuracy == report.accuracy
    for copy in (again, pickle.loads(pickle.dumps(report))):
        assert copy.to_dict() == report.to_dict()


def test_a_file_holds_no_records(report, tmp_path):
    again = read_again(report, tmp_path)
    with pytest.raises(ValueError, match="a file holds figures and no records"):
        again.records()
    written = (tmp_path / "report.json").read_text()
    assert str(float(SETS[0][0, 0])) not in written


def test_a_pickle_holds_no_rows(report):
    pickled = pickle.dumps(report)
    assert SETS[0][0].tobytes() not in pickled
    assert not report.records().empty


def test_included_results_are_in_every_form(report, answer, tmp_path):
    before = report.to_dict()
    more = report.including(answer(41), answer(42))
    assert report.to_dict() == before
    assert more.to_dict()["sections"] == before["sections"] + [
        {"section": "answer", "number": 41},
        {"section": "answer", "number": 42},
    ]
    assert "The answer\n  - 41\n\nThe answer\n  - 42\n" in more.summary()
    assert more.records().equals(report.records())
    again = read_again(more, tmp_path)
    assert again.summary() == more.summary()
    assert again.to_dict() == more.to_dict()
    assert again.including(answer(43)).to_dict()["sections"][-1]["number"] == 43
    with pytest.raises(TypeError, match=r"Got int instead"):
        report.including(42)


def test_sections_can_be_left_out(report, answer, tmp_path):
    before = report.to_dict()
    more = read_again(report.including(answer(41), answer(42)), tmp_path)
    assert more.excluding("answer").to_dict() == before
    assert len(more.to_dict()["sections"]) == len(before["sections"]) + 2
    assert report.excluding("answer").to_dict() == before
    with pytest.raises(ValueError, match="Got 'later' instead"):
        more.excluding("answer", "later")


def test_an_unknown_section_is_named(report, answer, tmp_path):
    path = tmp_path / "report.json"
    contents = report.to_dict() | {"sections": [{"section": "later"}]}
    path.write_text(json.dumps(contents))
    with pytest.raises(ValueError, match="a section 'later', which this version"):
        AuditReport.from_json(path)


def test_contents_do_not_change_with_what_is_done_to_them(report):
    before = report.to_dict()
    contents = report.to_dict()
    contents["figures"][0]["value"] = 2.0
    report.settings["attacks"].clear()
    assert report.to_dict() == before


def test_the_positions_of_the_records(report):
    evidence = report._evidence
    assert evidence.lengths == (N_IN, N_OUT)
    X = evidence.positions
    labels = [*SETS[1], *SETS[3]]
    assert report.records()["label"].tolist() == [labels[at] for at in X]
