"""The page of the comparison with other toolkits."""

import numpy as np
from _results import table

MEDIANS = ("attack_seconds", "wall_seconds", "cpu_seconds", "peak_mib")
SAME_POWER = 0.005

ABOUT = (
    "Location-30, 5,010 records, 446 features as float64; the target is fitted on half "
    "of each class and is the same for all. Two cores. Medians over the runs, each in "
    "a fresh process; what took over a minute was run once. *Attack* is the time from "
    "the data and the fitted target to a score for each record; *process* is the whole "
    "process, with imports, the start of workers and their end; *CPU* and *memory* are "
    "those of all its processes (pages that several share counted once). *Times "
    "faster* compares the process with SACRO-ML's offline attack."
)
NOTES = (
    "SACRO-ML's LiRA and ART's shadow models fit one model after the other, as these "
    "tools do; skmia may fit two at a time, and its CPU time is the comparison without "
    "that. SACRO-ML's reports are switched off. ART learns from the shadows' answers "
    "with its random forest, and for DecisionTree with its tree, whose AUC is the same "
    "and which takes less time; with *members known* it is told the members of half of "
    "the records and judges the others, and the other way round, which no other attack "
    "here is told. *Scoring alone* is given the logits of the target and of the same "
    "shadows as arrays; TensorFlow Privacy fits no shadows, and is given the setting "
    "it has as it comes, a variance for each record.\n\n"
    "*One side*: a shadow answers for a record as it was fitted, with or without it; "
    "*both sides*: skmia works out the other answer with no further fit, where the "
    "learner allows it; elsewhere it is the same as one side."
)
TRIED = (
    "Seconds of the process with a few shadows. Each tool has above the way that was "
    "faster for it here: the others with the threads of the linear algebra as they "
    "come (two on two cores) or with one, skmia with one fit or two at a time. With "
    "more than 16 shadows skmia fits two at a time."
)
RATIOS = (
    "SACRO-ML's or ART's figure over skmia's, for the whole process, and power as AUC "
    "(TPR at 0.1 % FPR): beside the fastest attack of skmia with as many shadows, and "
    "with any number of shadows, both among those whose AUC is no more than "
    f"{SAME_POWER} below. Above 1, skmia takes less. The TPR is not asked to be as "
    "high: with few shadows it may be lower where the AUC is not."
)


def figures_of(runs):
    """Medians of the runs of one attack, or None where there is none that ended."""
    ended = [run for run in runs if "problem" not in run]
    if not ended:
        return None
    found = {name: float(np.median([run[name] for run in ended])) for name in MEDIANS}
    found |= {"runs": len(ended), "way": ended[0]["way"]}
    for name in ("auc", "tpr_at_0.1_percent"):
        found[name] = float(np.median([run[name] for run in ended]))
    return found


def row_of(entry, runs, base):
    figures = figures_of(runs)
    if figures is None:
        problem = runs[0]["problem"] if runs else "not run"
        names = ("attack, s", "process, s", "CPU, s", "memory, MiB", "AUC")
        empty = dict.fromkeys((*names, "TPR at 0.1 %", "times faster"), "")
        return {"attack": entry.name, "runs": problem, "way": "", **empty}
    faster = base["wall_seconds"] / figures["wall_seconds"] if base else None
    return {
        "attack": entry.name,
        "runs": figures["runs"],
        "way": figures["way"],
        "attack, s": f"{figures['attack_seconds']:.2f}",
        "process, s": f"{figures['wall_seconds']:.2f}",
        "CPU, s": f"{figures['cpu_seconds']:.1f}",
        "memory, MiB": f"{figures['peak_mib']:.0f}",
        "AUC": f"{figures['auc']:.3f}",
        "TPR at 0.1 %": f"{figures['tpr_at_0.1_percent']:.3f}",
        "times faster": "" if faster is None or entry.scoring else f"{faster:.1f}",
    }


def claims(model, entries, found, n_shadows):
    """What the comparison with SACRO-ML and ART comes to, two rows for each."""
    ours = [e for e in entries if e.tool == "skmia" and not e.scoring and e in found]
    for theirs in entries:
        if theirs.tool == "skmia" or theirs.scoring or theirs not in found:
            continue
        other = found[theirs]
        enough = [e for e in ours if found[e]["auc"] >= other["auc"] - SAME_POWER]
        same = [e for e in enough if e.settings["n_shadows"] == n_shadows]
        if theirs.settings.get("n_shadows") == n_shadows:
            yield _ratios(model, "as many shadows", theirs, same, found)
        yield _ratios(model, "as few as it takes", theirs, enough, found)


def _ratios(model, which, theirs, ours, found):
    row = {"model": model, "tool": theirs.name, "which": which, "skmia": "less power"}
    other = found[theirs]
    names = ("wall_seconds", "cpu_seconds", "peak_mib", "attack_seconds")
    titles = ("process", "CPU", "memory", "attack alone")
    row |= dict.fromkeys(titles, "") | {"its power": _power(other), "skmia's": ""}
    if ours:
        best = min(ours, key=lambda entry: found[entry]["wall_seconds"])
        row |= {"skmia": best.name.removeprefix("skmia ")}
        for title, name in zip(titles, names, strict=True):
            row[title] = f"{other[name] / found[best][name]:.1f}"
        row["skmia's"] = _power(found[best])
    return row


def _power(figures):
    return f"{figures['auc']:.3f} ({figures['tpr_at_0.1_percent']:.3f})"


def trial_rows(trials, kept):
    """A row for each way that a tool tried on a model."""
    for model, entry in trials:
        for way, runs in kept.trials(model, entry).items():
            said = "not run"
            if runs:
                said = runs[0].get("problem") or f"{runs[0]['wall_seconds']:.1f}"
            yield {"model": model, "tried": entry.name, "way": way, "process, s": said}


def report(chosen, trials, kept, arguments, versions, absent, cores):
    """The page's text, and the figures behind it."""
    parts, ratios, data = [], [], {}
    for model in arguments.models:
        entries = [entry for name, entry in chosen if name == model]
        runs = {entry: kept.of(model, entry) for entry in entries}
        found = {e: f for e in entries if (f := figures_of(runs[e])) is not None}
        base = next((found[e] for e in entries if e in found and e.is_base), None)
        rows = [row_of(entry, runs[entry], base) for entry in entries]
        parts.append(f"## {model}\n\n{table(rows)}")
        ratios += claims(model, entries, found, arguments.shadows)
        data[model] = {entry.name: runs[entry] for entry in entries}
    texts = [arguments.note, ABOUT + _conditions(data, cores), *parts]
    if ratios:
        texts.append(f"## How many times faster\n\n{RATIOS}\n\n{table(ratios)}")
    if trials:
        tried = table(list(trial_rows(trials, kept)))
        texts.append(f"## Ways that were tried\n\n{TRIED}\n\n{tried}")
        data["tried"] = {
            f"{model} / {entry.name}": kept.trials(model, entry)
            for model, entry in trials
        }
    texts.append(NOTES)
    texts += [f"Left out: {name}. {why}" for name, why in absent.items()]
    texts.append("Tools: " + ", ".join(f"{n} {v}" for n, v in versions.items()) + ".")
    return "\n\n".join(text for text in texts if text), data


def _conditions(data, cores):
    runs = [run for model in data.values() for runs in model.values() for run in runs]
    if not runs:
        return " Nothing was run."
    loads = [run["load_at_start"] for run in runs]
    cores = "" if len(cores) == 2 else f" Cores here: {len(cores)}."
    return (
        f"{cores} Load of the machine when runs began: "
        f"{min(loads):.1f} to {max(loads):.1f}."
    )
