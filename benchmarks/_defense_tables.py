"""Tables of the defense benchmark: methods beside the model's own regularisation."""

import numpy as np
from _defense_points import OWN, UNDEFENDED

# The loss attack without shadows is for one figure of the literature, and is no match.
STRONG = ("LiRA", "stacked", "label only")
# Points that lose more than a tenth of the undefended accuracy are no offer.
LEAST_ACCURACY = 0.9
BOTH = "accuracy and log-loss"
UTILITIES = ("accuracy", "log-loss", BOTH)
# What tables show beside that of the undefended model, and with how many figures.
FIGURES = {"accuracy": 3, "log-loss": 2, "AUC": 3, "TPR@1%": 3, "TPR@0.1%": 3}


def strongest(point, metric):
    """The largest mean among the strong attacks, and whose it is."""
    means = {name: float(np.mean(point["attacks"][name][metric])) for name in STRONG}
    best = max(means, key=lambda name: means[name])
    return means[best], best


def summary(point):
    """The figures that tables and plots show."""
    auc, attack = strongest(point, "AUC")
    loss = np.mean(point["attacks"]["loss"]["advantage"])
    return {
        "method": point["method"],
        "strength": point["strength"],
        "accuracy": float(np.mean(point["accuracy"])),
        "log-loss": float(np.mean(point["log-loss"])),
        "AUC": auc,
        "strongest": attack,
        "LiRA": float(np.mean(point["attacks"]["LiRA"]["AUC"])),
        "TPR@1%": strongest(point, "TPR@1%")[0],
        "TPR@0.1%": strongest(point, "TPR@0.1%")[0],
        # With the best threshold: (1 + TPR - FPR) / 2.
        "loss attack": float((1 + loss) / 2),
    }


def shares_of_classes(y):
    return np.unique(y, return_counts=True)[1] / len(y)


def utility(point, by):
    return point["accuracy"] if by == "accuracy" else -point["log-loss"]


class Rival:
    """The model's own regularisation: the least AUC at a utility.

    Between its points a straight line, which flatters it: there need not be a model
    on it. Below its least useful point, towards a model that knows the shares of the
    classes, and leaks nothing.
    """

    def __init__(self, points, by, shares):
        self.by = by
        known = shares.max() if by == "accuracy" else np.sum(shares * np.log(shares))
        front = [(0.5, known)]
        for auc, value in sorted((p["AUC"], utility(p, by)) for p in points):
            if value > front[-1][1]:
                front.append((auc, value))
        self.aucs, self.utilities = np.array(front).T

    def auc(self, point):
        """At the utility of `point`; None where it never gets that useful."""
        value = utility(point, self.by)
        if value > self.utilities[-1]:
            return None
        return float(np.interp(value, self.utilities, self.aucs))

    def below(self, point):
        """How far the AUC of `point` is below.

        Where it is more useful than any regularisation, below the most useful one.
        """
        auc = self.auc(point)
        return (self.aucs[-1] if auc is None else auc) - point["AUC"]


class BothRivals:
    """The rival at equal accuracy or the one at equal log-loss: the harder to beat."""

    def __init__(self, points, shares):
        self.rivals = [Rival(points, by, shares) for by in UTILITIES[:2]]

    def auc(self, point):
        found = [rival.auc(point) for rival in self.rivals]
        if any(auc is None for auc in found):
            return None
        return min(found)

    def below(self, point):
        return min(rival.below(point) for rival in self.rivals)


def best_points(cells, shares, by):
    """The best point of every method in every cell: cell, point, rival, usable."""
    found = []
    for (data, model), points in cells.items():
        undefended = next(p for p in points if p["method"] == UNDEFENDED)
        own = [p for p in points if p["method"] in (UNDEFENDED, OWN)]
        rival: Rival | BothRivals
        if by == BOTH:
            rival = BothRivals(own, shares[data])
        else:
            rival = Rival(own, by, shares[data])
        for method in dict.fromkeys(p["method"] for p in points):
            if method in (UNDEFENDED, OWN):
                continue
            tried = [p for p in points if p["method"] == method]
            least = LEAST_ACCURACY * undefended["accuracy"]
            usable = [p for p in tried if p["accuracy"] >= least]
            best = (
                max(usable, key=rival.below)
                if usable
                else max(tried, key=lambda p: p["accuracy"])
            )
            found.append(((data, model), best, rival, bool(usable)))
    return found


def by_method(cells, best):
    """A line for each of `best_points`."""
    lines = []
    for (data, model), point, rival, usable in best:
        undefended = next(p for p in cells[data, model] if p["method"] == UNDEFENDED)
        auc = rival.auc(point)
        line = {"data": data, "model": model}
        line |= {key: point[key] for key in ("method", "strength")}
        for key, figures in FIGURES.items():
            line[key] = f"{point[key]:.{figures}f}"
            line[f"undefended {key}"] = f"{undefended[key]:.{figures}f}"
        line["strongest"] = point["strongest"]
        line["regularisation AUC"] = "not as good" if auc is None else f"{auc:.3f}"
        lines.append(line | {"below": rival.below(point), "usable": usable})
    return lines


def shown(line):
    """A line as text; whether a point is an offer shows in a word."""
    line = dict(line)
    line["below"] = f"{line['below']:+.3f}"
    if not line.pop("usable"):
        line["below"] += ", loses too much"
    return line


def winners(lines):
    """The method furthest below regularisation in every cell."""
    chosen: dict[tuple[str, str], dict] = {}
    for line in lines:
        cell = line["data"], line["model"]
        best = chosen.get(cell)
        if line["usable"] and (best is None or line["below"] > best["below"]):
            chosen[cell] = line
    return [shown(line) for line in chosen.values()]


def over_cells(lines):
    """For every method, in how many cells it is below regularisation."""
    rows = []
    for method in dict.fromkeys(line["method"] for line in lines):
        tried = [x for x in lines if x["method"] == method]
        below = np.array([x["below"] for x in tried if x["usable"]])
        rows.append(
            {
                "method": method,
                "cells": len(tried),
                "keeps 90 % of the accuracy": len(below),
                "below by 0.05 or more": int((below >= 0.05).sum()),
                "below at all": int((below > 0).sum()),
                "median": f"{np.median(below):+.3f}" if len(below) else "",
                "worst": f"{below.min():+.3f}" if len(below) else "",
                "best": f"{below.max():+.3f}" if len(below) else "",
            }
        )
    return sorted(rows, key=lambda row: -float(row["median"] or "-1"))


def every_point(cells):
    figures = ("accuracy", "log-loss", "AUC", "LiRA", "TPR@1%", "TPR@0.1%")
    return [
        {
            "data": data,
            "model": model,
            "method": point["method"],
            "strength": point["strength"],
        }
        | {key: f"{point[key]:.3f}" for key in figures}
        | {
            "strongest": point["strongest"],
            "loss attack": f"{point['loss attack']:.3f}",
        }
        for (data, model), points in cells.items()
        for point in points
    ]
