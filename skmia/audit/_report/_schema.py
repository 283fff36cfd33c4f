"""The published schema of a report's JSON, and the check of a file against it."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from skmia.audit._report._contents import SCHEMA_VERSION

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


@cache
def _schema() -> str:
    file = resources.files("skmia.audit._report").joinpath("schema.json")
    return file.read_text(encoding="utf-8")


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of what :meth:`AuditReport.to_json` writes.

    Returns
    -------
    dict
        A schema of draft 2020-12, for any validator of JSON Schema. Its ``"$id"`` ends
        in the version that a report's ``"schema_version"`` has.

    See Also
    --------
    AuditReport.from_json : Reads a report, and checks it.

    Examples
    --------
    >>> from skmia.audit import AuditReport, report_schema
    >>> schema = report_schema()
    >>> schema["$id"]
    'urn:skmia:audit-report:2'
    >>> report = AuditReport([1, 1, 0, 0], {"loss": [3, 2, 2, 1]}, max_fprs=[0.5])
    >>> sorted(schema["required"]) == sorted(report.to_dict())
    True
    """
    return json.loads(_schema())


def check_contents(contents: Any, path: str) -> None:
    """Raise where something is no report of this version, and say what is wrong."""
    if not isinstance(contents, dict) or "schema_version" not in contents:
        raise ValueError(
            f"{path} is no report of skmia: it has no 'schema_version'. Pass a file "
            "that AuditReport.to_json or `skmia audit --json` wrote."
        )
    version = contents["schema_version"]
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise ValueError(
            f"{path} is a report of schema_version {version!r}, and this version of "
            f"skmia reads {SCHEMA_VERSION}. Run the audit again, or read it with the "
            "skmia that wrote it."
        )
    schema = report_schema()
    if problem := _problem(contents, schema, schema["$defs"], "the report"):
        raise ValueError(
            f"{path} is a report that is broken or was changed: {problem}. Pass the "
            "file as it was written."
        )


def _problem(
    value: Any, schema: Mapping[str, Any], known: Mapping[str, Any], place: str
) -> str | None:
    """The first thing that does not follow the schema, in words; None if all does.

    It knows what the schema of reports uses, so that reading a report takes no further
    package.
    """
    if "$ref" in schema:
        return _problem(value, known[schema["$ref"].rpartition("/")[2]], known, place)
    if "const" in schema and value != schema["const"]:
        return f"{place} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{place} is none of {schema['enum']}"
    if "type" in schema:
        types = schema["type"]
        types = [types] if isinstance(types, str) else types
        if not any(_is(value, name) for name in types):
            return f"{place} is not of type {' or '.join(types)}"
    if isinstance(value, dict):
        return _problem_inside(value, schema, known, place)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            return f"{place} is empty"
        items = schema.get("items", {})
        found = (
            _problem(item, items, known, f"{place}[{i}]")
            for i, item in enumerate(value)
        )
        return next((problem for problem in found if problem), None)
    if isinstance(value, (int, float)):
        low, high = schema.get("minimum"), schema.get("maximum")
        if (low is not None and value < low) or (high is not None and value > high):
            return f"{place} is out of range"
    return None


def _problem_inside(
    value: Mapping[str, Any],
    schema: Mapping[str, Any],
    known: Mapping[str, Any],
    place: str,
) -> str | None:
    for key in schema.get("required", ()):
        if key not in value:
            return f"{place} has no {key!r}"
    properties, others = (
        schema.get("properties", {}),
        schema.get("additionalProperties", True),
    )
    for key, item in value.items():
        rule = properties.get(key, others)
        if rule is False:
            return f"{place} has {key!r}, which is unknown"
        if rule is True:
            continue
        if problem := _problem(item, rule, known, f"{place}[{key!r}]"):
            return problem
    return None


def _is(value: Any, name: str) -> bool:
    # In Python True is a number, and in JSON it is not.
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])
