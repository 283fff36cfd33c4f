"""How the tests themselves are kept: short files, private names with their owner."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("*.py"))
# Private packages, whose public names all other packages use.
SHARED = {"_models", "_tables"}


def private_imports(path):
    """Names that `path` imports from inside of a package that it does not test."""
    parts = path.relative_to(TESTS).parts
    owner = parts[0] if len(parts) > 1 else None
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top, *inner = name.split(".")
            if top != "skmia" or not inner or inner[0] == owner:
                continue
            inside = inner[1:] if inner[0] in SHARED else inner
            if any(part.startswith("_") for part in inside):
                found.append(name)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(TESTS)))
def test_private_names_are_tested_beside_their_owner_only(path):
    assert private_imports(path) == []


def test_no_file_is_long():
    lengths = {path.name: len(path.read_text().splitlines()) for path in FILES}
    assert {name for name, length in lengths.items() if length > 550} == set()
