"""An environment for each tool, made from PyPI once and kept under ``.cache/peers``."""

import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).with_name(".cache") / "peers"
ROOT = Path(__file__).parents[1]

# The target is fitted once and handed over: what reads it has the versions it was
# made with, and no tool is faster for a newer NumPy.
SAME = [f"{name}=={version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
SAME.append(f"joblib=={version('joblib')}")


@dataclass(frozen=True)
class Tool:
    """How a tool is installed, in steps of pip's arguments, and what must import."""

    name: str
    steps: tuple[tuple[str, ...], ...]
    imports: str
    package: str


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("skmia", (("-e", str(ROOT)),), "skmia.attacks", "skmia"),
        Tool(
            "sacroml",
            # Else torch comes with the libraries of graphics cards, gigabytes of them.
            (("torch==2.13.0+cpu",), ("sacroml==2.0.1",)),
            "sacroml.attacks.likelihood_attack",
            "sacroml",
        ),
        Tool(
            "art",
            # It imports packaging and does not name it.
            (("adversarial-robustness-toolbox==1.20.1", "packaging"),),
            "art.attacks.inference.membership_inference",
            "adversarial-robustness-toolbox",
        ),
        Tool(
            "tf_privacy",
            # Its dependencies are TensorFlow and old releases of NumPy and pandas; the
            # score needs NumPy and SciPy only, which are there already.
            (("--no-deps", "tensorflow-empirical-privacy==0.1.0"),),
            "tensorflow_privacy.privacy.privacy_tests.membership_inference_attack"
            ".advanced_mia",
            "tensorflow-empirical-privacy",
        ),
    )
}


class NotInstalled(Exception):
    """A tool that cannot be installed or imported here; the message says why."""


def python_of(tool):
    """The environment's Python; the environment is made at the first call."""
    folder = FOLDER / tool
    python = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        print(f"Installing {tool} ...", flush=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        _call(sys.executable, "-m", "venv", folder)
        for step in (SAME, *TOOLS[tool].steps):
            _install(python, step)
        _call(python, "-c", f"import {TOOLS[tool].imports}")
        (folder / ".ready").touch()
    return python


def version_in(tool):
    """The version of the tool that its environment holds."""
    name = TOOLS[tool].package
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return _call(python_of(tool), "-c", code).strip()


def warm_up(tool):
    """Import it once, so that no timed run is the first to read its files."""
    _call(python_of(tool), "-c", f"import {TOOLS[tool].imports}")


def _install(python, step):
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    try:
        _call(*pip, *step)
    except NotInstalled:
        if "+" not in step[0]:
            raise
        # No build without graphics cards to be had: the usual one does the same.
        _call(*pip, step[0].split("+")[0])


def _call(*command):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True
    )
    if done.returncode:
        raise NotInstalled((done.stderr.strip() or "it failed").splitlines()[-1])
    return done.stdout
