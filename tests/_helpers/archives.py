"""``.skops`` files changed by whoever owns them."""

import json
import zipfile


def read_archive(path):
    """Every entry of a .skops file, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_archive(path, files, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def rewrite_schema(path, change):
    """Apply `change` to every node of the schema in a .skops file."""

    def visit(node):
        if isinstance(node, dict):
            change(node)
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    files = read_archive(path)
    schema = json.loads(files["schema.json"])
    visit(schema)
    files["schema.json"] = json.dumps(schema)
    write_archive(path, files)


def skops_node(loader, full_name, **parts):
    """A node of a schema, for a type or function by its name."""
    module, _, name = full_name.rpartition(".")
    return {"__module__": module, "__class__": name, "__loader__": loader, **parts}
