"""The page of the comparison with other toolkits."""

import numpy as np
from _results import table

MEDIANS = ("attack_seconds", "wall_seconds", "cpu_seconds", "peak_mib")
SAME_POWER = 0.005


def figures_of(runs):
    """Medians of the runs of one attack, or None where there is none that ended."""
    ended = [run for run in runs if "problem" not in run]
    if not ended:
        return None
    found = {name: float(np.median([run[name] for run in ended])) for name in MEDIANS}
    found["runs"] = len(ended)
    for name in ("auc", "tpr_at_0.1_percent"):
        found[name] = float(np.median([run[name] for run in ended]))
    return found


def row_of(entry, runs, base):
    figures = figures_of(runs)
    if figures is None:
        problem = runs[0]["problem"] if runs else "not run"
        names = ("attack, s", "process, s", "CPU, s", "memory, MiB", "AUC")
        empty = dict.fromkeys((*names, "TPR at 0.1 %", "times faster"), "")
        return {"attack": entry.name, "runs": problem, **empty}
    faster = base["wall_seconds"] / figures["wall_seconds"] if base else None
    return {
        "attack": entry.name,
        "runs": figures["runs"],
        "attack, s": f"{figures['attack_seconds']:.2f}",
        "process, s": f"{figures['wall_seconds']:.2f}",
        "CPU, s": f"{figures['cpu_seconds']:.1f}",
        "memory, MiB": f"{figures['peak_mib']:.0f}",
        "AUC": f"{figures['auc']:.3f}",
        "TPR at 0.1 %": f"{figures['tpr_at_0.1_percent']:.3f}",
        "times faster": "" if faster is None or entry.scoring else f"{faster:.1f}",
    }


def claims(model, entries, found, n_shadows):
    """What the comparison with SACRO-ML and ART comes to, a row for each of theirs."""
    rows = []
    ours = [e for e in entries if e.tool == "skmia" and not e.scoring and e in found]
    for theirs in entries:
        if theirs.tool == "skmia" or theirs.scoring or theirs not in found:
            continue
        other = found[theirs]
        same = [e for e in ours if e.settings["n_shadows"] == n_shadows]
        enough = [e for e in ours if found[e]["auc"] >= other["auc"] - SAME_POWER]
        row = {"model": model, "compared with": theirs.name}
        if theirs.settings.get("n_shadows") == n_shadows:
            row["as many shadows"] = _ratios(
                other, [e for e in same if e in enough], found
            )
        else:
            row["as many shadows"] = ""
        row["fewest shadows, no less power"] = _ratios(other, enough[-1:], found)
        rows.append(row)
    return rows


def _ratios(other, ours, found):
    if not ours:
        return "less power"
    best = min(ours, key=lambda entry: found[entry]["wall_seconds"])
    by_attack = other["attack_seconds"] / found[best]["attack_seconds"]
    by_process = other["wall_seconds"] / found[best]["wall_seconds"]
    return f"{by_attack:.1f} / {by_process:.1f} ({best.name})"


def report(chosen, kept, arguments, versions, absent, cores):
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
    loads = [r["load_at_start"] for m in data.values() for e in m.values() for r in e]
    about = (
        f"Location-30, 5,010 records, 446 features as float64; the target is fitted on "
        f"half of each class and is the same for all. Two cores ({len(cores)} here). "
        "Medians over the runs, each in a fresh process. *Attack* is the time from the "
        "data and the fitted target to a score for each record; *process* adds "
        "start-up and imports; *CPU* and *memory* are those of all "
        "its processes (pages that "
        "several share counted once). *Times faster* compares the process with "
        f"SACRO-ML's of one thread. Load of the machine when runs began: "
        f"{min(loads):.1f} to {max(loads):.1f}."
        if loads
        else "Nothing was run."
    )
    notes = (
        "SACRO-ML's LiRA and ART's shadow models fit one model after the other; skmia "
        "fits two at a time. *One thread* is SACRO-ML at its best: as it comes, the "
        "threads inside of a linear fit wait for one another. Its reports are switched "
        "off. ART learns from the shadows' answers with its random forest; with "
        "*members known* it is told the members of half of the records and judges the "
        "others, and the other way round, which no other attack here is told. "
        "*Scoring alone* is given the logits of the same shadows as arrays. "
        "*One side*: a shadow answers for a record as it was fitted, with or without "
        "it; *both sides*: skmia works out the other answer with no further fit, "
        "where the learner allows it; elsewhere it is the same as one side."
    )
    texts = [arguments.note, about, *parts]
    if ratios:
        texts.append(
            "## How many times faster\n\nAttack / whole process, beside the fastest "
            f"attack of skmia whose AUC is no more than {SAME_POWER} below: with as "
            "many shadows, and with the fewest shadows that reach it.\n\n"
            + table(ratios)
        )
    texts.append(notes)
    texts += [f"Left out: {name}. {why}" for name, why in absent.items()]
    texts.append("Tools: " + ", ".join(f"{n} {v}" for n, v in versions.items()) + ".")
    return "\n\n".join(text for text in texts if text), data
