"""Results files: a table for people, a JSON for machines, and what made them."""

import json
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import joblib
import numpy
import scipy
import sklearn

import skmia

FOLDER = Path(__file__).parent / "results"


def provenance():
    """The command and the versions behind a result."""
    script = Path(sys.argv[0]).name
    return {
        "command": shlex.join(["python", f"benchmarks/{script}", *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "cores": joblib.cpu_count(),
        **{m.__name__: m.__version__ for m in (skmia, sklearn, numpy, scipy, joblib)},
    }


def table(rows):
    """A Markdown table of dicts that share their keys."""
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(row[key]) for key in head) + " |" for row in rows]
    return "\n".join(lines)


def save(name, title, text, data):
    """Write ``results/<name>.md`` and ``.json`` and print the former."""
    made = provenance()
    footer = ", ".join(
        f"{key} {value}" for key, value in made.items() if key != "command"
    )
    page = f"# {title}\n\n{text}\n\nMade by `{made['command']}` ({footer}).\n"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.md").write_text(page)
    (FOLDER / f"{name}.json").write_text(
        json.dumps({"provenance": made, "results": data}, indent=1) + "\n"
    )
    print(page)
