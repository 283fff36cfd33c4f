"""A plot for each pair of data and model: accuracy against leakage."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from _defense_points import (
    BAGGED,
    FEW,
    ORDER,
    OWN,
    PRIVATE,
    PRIVATE_INSTEAD,
    SELENA,
    SELENA_LINEAR,
    SELENA_ORDER,
    UNDEFENDED,
)

from skmia.model_selection import LeakageTradeoffDisplay

# The same for each method in all plots.
STYLES = {
    "label smoothing": ("C1", "v"),
    "HAMP": ("C2", "^"),
    "confidence masking": ("C4", "X"),
    "weighted smoothing": ("C5", "P"),
    "adversarial regularization": ("C6", "s"),
    "adversarial training": ("C7", "d"),
    PRIVATE: ("C8", "*"),
    PRIVATE_INSTEAD: ("C1", "*"),
    SELENA: ("C3", "o"),
    SELENA_LINEAR: ("C9", "o"),
    SELENA_ORDER: ("C3", "x"),
    ORDER: ("C0", "x"),
    BAGGED: ("k", "+"),
    FEW: ("k", "1"),
}
# Points of less than this fraction of the undefended accuracy are left out.
LOWEST = 0.6


def plot_cell(data, model, points, folder):
    """Write ``<data>-<model>.png`` to `folder`, with regularisation's frontier."""
    rivals = [p for p in points if p["method"] in (UNDEFENDED, OWN)]
    figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
    LeakageTradeoffDisplay(
        leakage=[p["AUC"] for p in rivals],
        utility=[p["accuracy"] for p in rivals],
        leakage_name="Leakage (AUC of the strongest attack)",
    ).plot(
        ax,
        points_kwargs={"color": "C0", "alpha": 0.5, "label": "_"},
        frontier_kwargs={"label": OWN, "drawstyle": "default"},
    )
    undefended = next(p for p in points if p["method"] == UNDEFENDED)
    ax.plot(
        undefended["AUC"],
        undefended["accuracy"],
        linestyle="none",
        marker="o",
        markersize=11,
        markerfacecolor="none",
        markeredgecolor="k",
        label=UNDEFENDED,
    )
    for method, (color, marker) in STYLES.items():
        here = sorted(
            (p["AUC"], p["accuracy"]) for p in points if p["method"] == method
        )
        if here:
            ax.plot(
                *zip(*here, strict=True),
                color=color,
                marker=marker,
                linewidth=0.8,
                # Several parameters differ: no line from light to strong.
                linestyle="none" if method == FEW else ":",
                label=method,
            )
    ax.set_title(f"{data}, {model}")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    if min(p["accuracy"] for p in points) < LOWEST * undefended["accuracy"]:
        ax.set_ylim(bottom=LOWEST * undefended["accuracy"])
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{data}-{model}".lower()
    figure.savefig(folder / f"{name}.png", dpi=110)
    plt.close(figure)
