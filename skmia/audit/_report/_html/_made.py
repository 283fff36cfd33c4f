"""How the report was made, as lists of what and how."""

from collections.abc import Iterator, Mapping
from typing import Any


def made(contents: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Blocks of pairs; those that are empty are left out."""
    provenance = dict(contents["provenance"] or {})
    settings = contents["settings"]
    blocks = [
        ("When, and of what", provenance),
        ("Parameters", settings),
        ("Versions", contents["versions"]),
    ]
    found = []
    for title, values in blocks:
        rows = list(_flat(values))
        if rows:
            found.append({"title": title, "rows": rows})
    return found


_NAMES = {
    "date": "date and time",
    "seconds": "duration in seconds",
    "parameters": "parameters of the model",
    "fit": "fit of the user's own",
}


def _flat(values: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value with the names that lead to it."""
    if isinstance(values, Mapping) and path and all(map(_is_plain, values.values())):
        shown = "; ".join(f"{key} = {_show(value)}" for key, value in values.items())
        yield path, shown or "none"
    elif isinstance(values, Mapping):
        for key, value in values.items():
            name = str(key)
            if not path:
                name = _NAMES.get(name, name.replace("_", " "))
            yield from _flat(value, f"{path}, {name}" if path else name)
    elif isinstance(values, (list, tuple)):
        if all(map(_is_plain, values)):
            yield path, ", ".join(map(_show, values)) or "none"
        else:
            for number, value in enumerate(values, 1):
                yield from _flat(value, f"{path}, {number}")
    else:
        yield path, _show(values)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple))


def _show(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
