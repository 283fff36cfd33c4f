"""skmia beside SACRO-ML, the Adversarial Robustness Toolbox and TensorFlow Privacy.

Each tool runs in an environment of its own, which this script makes from PyPI under
``benchmarks/.cache/peers``. All attack the same fitted target on Location-30 (float64),
whose members are half of each class, and are judged on the same records. One after the
other, each in a fresh process, all pinned to the same two cores: first every attack
once, then again those that take less than a minute, as long as the time allows. Before,
each tool that fits shadows tries a few in two ways, and has what is faster: the peers
with the linear algebra's threads as they come or with one, skmia with one fit or two at
a time. What is done is kept and not run again; ``--fresh`` throws it away, ``--page``
only writes the page of it.

    python benchmarks/against_peers.py [--repeats 3] [--minutes 21] [--timeout 4]
        [--models LogisticRegression ...] [--tools sacroml ...] [--shadows 64] [--fresh]
"""

import argparse
import hashlib
import json
import os
import time
import warnings
from dataclasses import dataclass, field

import joblib
import numpy as np
from _data import load_location30
from _peer_environments import (
    FOLDER,
    TOOLS,
    NotInstalled,
    python_of,
    version_in,
    warm_up,
)
from _peer_process import measure
from _peer_tables import report
from _results import save
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from skmia.metrics import roc_auc, tpr_at_fpr

MODELS = {
    "LogisticRegression": LogisticRegression(C=10, max_iter=200, random_state=0),
    "RandomForest": RandomForestClassifier(100, random_state=0),
    "DecisionTree": DecisionTreeClassifier(random_state=0),
}


# What ART learns from the shadows' answers with: of its learners that need no further
# library the one with the highest AUC, and the quicker one where two have the same
# (with 8 shadows: forest .909, .998, .908; tree .781, .952, .908; linear .52).
ART_LEARNS_WITH = {
    "LogisticRegression": "rf",
    "RandomForest": "rf",
    "DecisionTree": "dt",
}
# With more shadows than this skmia fits two at a time, whatever it tried.
FEW = 16
# A run that takes longer than this many seconds is not repeated.
LONG = 60


@dataclass(frozen=True, eq=False)
class Entry:
    """One attack of one tool; `once` where its time is not what is asked first."""

    name: str
    tool: str
    driver: str
    settings: dict = field(default_factory=dict)
    once: bool = False

    @property
    def scoring(self):
        """Whether it is given the shadows' answers."""
        return "scoring" in self.name

    @property
    def is_base(self):
        """Whether the tables compare the others with it."""
        return self.settings.get("mode") == "offline"


def sacroml(n, mode):
    title = {"offline": "LiRA", "online-carlini": "online LiRA"}[mode]
    name, settings = f"SACRO-ML {title}, {n}", {"n_shadows": n, "mode": mode}
    return Entry(name, "sacroml", "run_sacroml.py", settings, mode != "offline")


def art(n, model):
    learns_with = ART_LEARNS_WITH[model]
    settings = {"attack": "shadows", "n_shadows": n, "attack_model": learns_with}
    return Entry(f"ART shadow models, {n}", "art", "run_art.py", settings, n > 8)


def ours(attack, n_shadows, both_sides):
    sides = "both sides" if both_sides else "one side"
    settings = {"attack": attack, "n_shadows": n_shadows, "both_sides": both_sides}
    title = "LiRA" if attack == "lira" else "stacked"
    name = f"skmia {title}, {n_shadows}, {sides}"
    return Entry(name, "skmia", "run_skmia.py", settings)


def entries_with(n, model):
    """What is compared, where the peers are given `n` shadows, in the tables' order."""
    known = {"attack": "known", "attack_model": ART_LEARNS_WITH[model]}
    scoring = {"attack": "scoring"}
    return [
        sacroml(n, "offline"),
        sacroml(n, "online-carlini"),
        *(ours("lira", k, False) for k in sorted({n, 16, 4}, reverse=True)),
        ours("lira", n, True),
        *(ours("stacked", k, True) for k in (8, 4, 2)),
        Entry("ART black box, members known", "art", "run_art.py", known),
        *(art(k, model) for k in sorted({8, n})),
        Entry("TF Privacy LiRA, scoring alone", "tf_privacy", "run_tf_privacy.py"),
        Entry("skmia LiRA, scoring alone", "skmia", "run_skmia.py", scoring),
    ]


# The ways that each tool is tried in: threads of the linear algebra, and settings.
THREADS: dict[str, tuple[int | None, dict[str, int]]] = {
    "threads as they come": (None, {}),
    "one thread": (1, {}),
}
JOBS = {
    "one fit at a time": (None, {"n_jobs": 1}),
    "two at a time": (None, {"n_jobs": 2}),
}


def ways_of(entry):
    return JOBS if entry.tool == "skmia" else THREADS


def trials_of(model):
    """With what each tool tries its ways."""
    return {
        "sacroml": sacroml(4, "offline"),
        "art": art(4, model),
        "skmia": ours("stacked", 8, True),
    }


# Why a tool that does much the same is not in the tables.
LEFT_OUT = {
    "privacy_meter": "Its only releases on PyPI name none of their dependencies "
    "(TensorFlow, PyTorch and Opacus are imported at the start), it fits no shadows "
    "itself, and its wrapper for scikit-learn takes the probability of the last class, "
    "so that it has no signal where there are 30 classes."
}


def prepare(model, n_shadows):
    """The data, the fitted target, and LiRA's arrays for the tools that only score."""
    X, y = load_location30()
    X, y = X.astype(np.float64), np.asarray(y).astype(int) - 1
    rows, _ = train_test_split(
        np.arange(len(y)), test_size=0.5, stratify=y, random_state=0
    )
    member = np.zeros(len(y), dtype=bool)
    member[rows] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it has not converged, so for all
        target = MODELS[model].fit(X[member], y[member])
    path = FOLDER / f"{model}.joblib"
    FOLDER.mkdir(parents=True, exist_ok=True)
    joblib.dump(target, path)
    signals = FOLDER / f"{model}-{n_shadows}.npz"
    return {"X": X, "y": y, "member": member}, target, path, signals


def make_signals(path, data, target, model, n_shadows):
    """Shadows' logits and the target's probabilities, once, outside of all times."""
    if path.exists():
        return
    from skmia.shadows import ShadowModels, fit_shadows
    from skmia.signals import SIGNALS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shadows = fit_shadows(
            MODELS[model],
            data["X"],
            data["y"],
            shadows=ShadowModels(n_shadows, counterfactual=False),
            n_jobs=2,
            random_state=0,
        )
    np.savez(
        path,
        logit=shadows.signals["logit"],
        member=shadows.member,
        proba=target.predict_proba(data["X"]),
        target=SIGNALS["logit"](target.predict_proba(data["X"]), data["y"]),
    )


def power(member, scores):
    return {
        "auc": roc_auc(member, scores),
        "tpr_at_0.1_percent": tpr_at_fpr(member, scores, 0.001),
    }


class Kept:
    """Runs that are done, in a file for each number of shadows."""

    def __init__(self, n_shadows, fresh):
        self.path = FOLDER / f"runs-{n_shadows}.json"
        if fresh:
            self.path.unlink(missing_ok=True)
        self.runs = json.loads(self.path.read_text()) if self.path.exists() else {}

    def of(self, model, entry, trial=""):
        return self.runs.setdefault(f"{model} / {entry.name}{trial}", [])

    def trials(self, model, entry):
        """By the name of the way, the runs that tried it."""
        return {way: self.of(model, entry, f" / {way}") for way in ways_of(entry)}

    def write(self):
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.runs, indent=1))
        fresh.replace(self.path)


def run_one(model, entry, arguments, way):
    data, target, path, signals = prepare(model, arguments.shadows)
    threads, further = ways_of(entry)[way]
    settings = {**entry.settings, **further, "target": str(path)}
    if entry.scoring:
        make_signals(signals, data, target, model, arguments.shadows)
        settings["arrays"] = str(signals)
    load = os.getloadavg()[0]
    figures, scores = measure(
        python_of(entry.tool),
        entry.driver,
        data,
        settings,
        60 * arguments.timeout,
        threads,
    )
    figures |= {"load_at_start": load, "way": way}
    if scores is not None:
        figures |= power(data["member"], scores)
        figures["scores_hash"] = hashlib.sha256(scores.tobytes()).hexdigest()[:16]
    return figures


def way_for(model, entry, kept):
    """The way that was faster for the tool of this attack."""
    if entry.tool == "skmia" and entry.settings.get("n_shadows", 0) > FEW:
        return "two at a time"
    tried = trials_of(model).get(entry.tool)
    if entry.scoring or tried is None:
        return next(iter(ways_of(entry)))
    trials = kept.trials(model, tried)
    ended = {k: v[0] for k, v in trials.items() if v and "problem" not in v[0]}
    return min(ended or trials, key=lambda k: ended[k]["wall_seconds"] if ended else 0)


def run_trials(trials, kept, arguments):
    """A few shadows of each tool in each way."""
    for model, entry in trials:
        for way, runs in kept.trials(model, entry).items():
            if not runs:
                runs.append(run_one(model, entry, arguments, way))
                kept.write()
                tell(model, entry, way, runs[-1])


def in_turn(chosen, repeats):
    """What is run, in which order: most attacks `repeats` times, ART's longest last."""
    often = [pair for pair in chosen if not pair[1].once]
    turns = [(turn, *pair) for turn in range(repeats) for pair in often]
    once = [(0, *pair) for pair in chosen if pair[1].once]
    last = [run for run in once if run[2].tool == "art"]
    twice = 2 * len(often)
    return turns[:twice] + [r for r in once if r not in last] + turns[twice:] + last


def run_all(chosen, trials, kept, arguments):
    """Each attack once, then again those that are quick, as long as there is time."""
    end = time.monotonic() + 60 * arguments.minutes
    run_trials(trials, kept, arguments)
    for turn, model, entry in in_turn(chosen, arguments.repeats):
        done = kept.of(model, entry)
        if len(done) > turn or any("problem" in run for run in done):
            continue
        expected = done[0]["wall_seconds"] if done else 0
        if expected > LONG or time.monotonic() + expected > end:
            continue
        way = way_for(model, entry, kept)
        done.append(run_one(model, entry, arguments, way))
        kept.write()
        tell(model, entry, f"turn {turn + 1}", done[-1])


def tell(model, entry, which, figures):
    what = figures.get("problem") or f"{figures['wall_seconds']:.1f} s"
    print(f"{model}, {entry.name}, {which}: {what}", flush=True)


def installed(names):
    """The versions of the tools that are there, and why the others are not."""
    versions, absent = {}, {}
    for name in names:
        try:
            python_of(name)
        except NotInstalled as error:
            absent[name] = str(error)
        else:
            versions[name] = version_in(name)
            warm_up(name)
    return versions, absent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=21, help="start no run after")
    parser.add_argument("--timeout", type=float, default=4, help="minutes for a run")
    parser.add_argument("--shadows", type=int, default=64)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=TOOLS)
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    parser.add_argument("--page", action="store_true", help="run nothing")
    parser.add_argument("--note", default="", help="a sentence for the page")
    arguments = parser.parse_args()

    cores = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cores)
    versions, absent = installed(arguments.tools)
    absent |= LEFT_OUT
    kept = Kept(arguments.shadows, arguments.fresh)
    chosen = [
        (model, entry)
        for model in arguments.models
        for entry in entries_with(arguments.shadows, model)
        if entry.tool in versions
    ]
    trials = [
        (model, entry)
        for model in arguments.models
        for tool, entry in trials_of(model).items()
        if tool in versions
    ]
    if not arguments.page:
        run_all(chosen, trials, kept, arguments)
    text, data = report(chosen, trials, kept, arguments, versions, absent, cores)
    save("against_peers", "Beside other toolkits", text, data)


if __name__ == "__main__":
    main()
