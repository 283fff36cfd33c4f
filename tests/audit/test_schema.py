"""The published schema of a report's JSON, and files that are no report."""

import copy
import json

import jsonschema
import numpy as np
import pytest
from sklearn.model_selection import ShuffleSplit, cross_validate
from sklearn.tree import DecisionTreeClassifier

from _helpers.audits import SETS, audit
from skmia.audit import (
    AuditReport,
    Guard,
    audit_cv,
    audit_learner,
    audit_structure,
    report_schema,
)
from skmia.audit._report._contents import SCHEMA_VERSION
from skmia.audit._report._schema import check_contents

VALIDATOR = jsonschema.Draft202012Validator(report_schema())
MEMBER = np.arange(60) < 30
TREE = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)


def of_scores(**kwargs):
    scores = np.random.default_rng(0).normal(size=60) + MEMBER
    return AuditReport(MEMBER, {"a": scores}, max_fprs=[0.1, 0.01], **kwargs)


def of_groups():
    persons = np.arange(180) // 2, 1000 + np.arange(120) // 2
    report = audit(groups=persons)
    claims = report.check_claim(epsilon=1, delta=1e-5), report.check_claim(mu=1)
    return report.including(*claims, audit_structure(TREE.fit(*SETS[:2]), *SETS[:2]))


def of_splits():
    results = cross_validate(
        TREE,
        *SETS[:2],
        cv=ShuffleSplit(3, test_size=0.5, random_state=0),
        return_estimator=True,
        return_indices=True,
    )
    return audit_cv(results, *SETS[:2], attacks=["loss"])


REPORTS = {
    "audit": audit,
    "groups": of_groups,
    "splits": of_splits,
    "learner": lambda: audit_learner(TREE, *SETS[:2], n_models=8, attacks=["loss"]),
    "scores": of_scores,
    "one of each": lambda: AuditReport([1, 0], {"a": [1, 0]}, max_fprs=[0.5]),
    "void": lambda: of_scores(guards=[Guard("unmoved_shadows", "warning", "Alike.")]),
}


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(report_schema())
    assert report_schema()["$id"].endswith(f":{SCHEMA_VERSION}")
    assert report_schema()["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    report_schema().clear()
    assert report_schema()


@pytest.mark.parametrize("kind", REPORTS)
def test_every_report_follows_it(kind, tmp_path):
    report = REPORTS[kind]()
    path = tmp_path / "report.json"
    report.to_json(path)
    written = json.loads(path.read_text())
    VALIDATOR.validate(written)
    again = AuditReport.from_json(path)
    assert again.to_dict() == written == report.to_dict()
    assert again.summary() == report.summary()


@pytest.fixture(scope="module")
def contents():
    report = of_scores(guards=[Guard("shared_rows", "warning", "2 rows.", 2, 0.1)])
    return report.including(report.check_claim(mu=1)).to_dict()


def places(value, path=()):
    yield path
    entries = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        entries = list(enumerate(value))[:1]
    for key, item in entries:
        # What the schema leaves open inside is looked at as a whole.
        inner = {} if key in ("risk", "settings", "sections") else item
        yield from places(inner, (*path, key))


def changed(contents, path, change):
    """With another value in one place."""
    found = copy.deepcopy(contents)
    if not path:
        return change(found)
    holder = found
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = change(holder[path[-1]])
    return found


CHANGES = {
    "nothing": lambda value: None,
    "text": lambda value: "text",
    "true": lambda value: True,
    "number": lambda value: -3.5,
    "whole": lambda value: 4.0,
    "list": lambda value: [value],
    "object": lambda value: {"key": value},
    "more": lambda value: {**value, "more": 1} if isinstance(value, dict) else value,
    "less": lambda value: (
        dict(list(value.items())[1:]) if isinstance(value, dict) else value
    ),
    "empty": lambda value: type(value)() if value is not None else [],
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_read_as_any_validator_reads_it(contents, change):
    """Whatever is changed: both say that it follows the schema, or both do not."""
    refused = 0
    for path in places(contents):
        broken = changed(contents, path, CHANGES[change])
        expected = VALIDATOR.is_valid(broken)
        try:
            check_contents(broken, "report.json")
            found = True
        except ValueError:
            found = False
        assert found == expected, path
        refused += not found
    assert refused > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON, or broken"),
        ("{", "no JSON, or broken"),
        ("a,b\n1,2\n", "no JSON, or broken"),
        ('{"schema_version": 2, "schema_version": 2}', "no JSON, or broken"),
        ('{"schema_version": NaN}', "no JSON, or broken"),
        ("[" * 100_000, "no JSON, or broken"),
        ("[]", "no report of skmia: it has no 'schema_version'"),
        ("{}", "no report of skmia: it has no 'schema_version'"),
        ('{"schema_version": 1}', "a report of schema_version 1, and this .* reads 2"),
        ('{"schema_version": 3}', "a report of schema_version 3"),
        ('{"schema_version": true}', "a report of schema_version True"),
        ('{"schema_version": "2"}', "a report of schema_version '2'"),
        ('{"schema_version": 2}', "broken or was changed: the report has no 'est"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"report.json is .*{message}"):
        AuditReport.from_json(path)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "report.json"
    path.write_bytes(b"\x80\x04\x95")
    with pytest.raises(ValueError, match="no JSON, or broken"):
        AuditReport.from_json(path)
    with pytest.raises(FileNotFoundError):
        AuditReport.from_json(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("counts", "members"), 0, r"the report\['counts'\]\['members'\] is out of"),
        (("counts", "models"), 1.5, "is not of type integer"),
        (("verdict", "kind"), "safe", "is none of"),
        (("figures", 0, "value"), "0.5", "is not of type number or null"),
        (("figures",), [], "is empty"),
        (("extra",), 1, "has 'extra', which is unknown"),
        (("figures", 0, "metric"), "accuracy", "its parts do not fit"),
        (("figures", 0, "value"), None, "its parts do not fit"),
        (("sections", 0, "ceilings"), None, "section 'claim' that is broken"),
        (("sections", 0, "other"), 1, "section 'claim' that is broken"),
    ],
)
def test_a_changed_report_is_named(tmp_path, contents, path, value, message):
    file = tmp_path / "report.json"
    if path == ("extra",):
        broken = contents | {"extra": value}
    elif path[-1] == "other":
        broken = changed(contents, path[:-1], lambda entry: {**entry, "other": value})
    else:
        broken = changed(contents, path, lambda _: value)
    file.write_text(json.dumps(broken))
    with pytest.raises(ValueError, match=message):
        AuditReport.from_json(file)
