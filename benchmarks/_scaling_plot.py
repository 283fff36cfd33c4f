"""Cost against size, both on logarithmic axes."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

MARKERS = "osv^<>DPX*dph+x1234"


def plot(found, path):
    """Write a picture: an axis of sizes for each column, seconds above, MiB below.

    `found` maps an axis to steps, and a step to lists of sizes, seconds and MiB.
    """
    names = list(dict.fromkeys(step for steps in found.values() for step in steps))
    style = {
        name: (f"C{k % 10}", MARKERS[k % len(MARKERS)]) for k, name in enumerate(names)
    }
    figure, axes = plt.subplots(
        *(2, len(found)),
        figsize=(3.6 * len(found) + 2.6, 8),
        layout="constrained",
        sharey="row",
        squeeze=False,
    )
    for column, (axis, steps) in enumerate(found.items()):
        for row, (what, least) in enumerate((("CPU, s", 3e-3), ("peak, MiB", 1))):
            ax = axes[row, column]
            for name, values in steps.items():
                color, marker = style[name]
                ax.plot(
                    values[0],
                    values[1 + row],
                    color=color,
                    marker=marker,
                    markersize=4,
                    linewidth=0.9,
                    label=name,
                )
            ax.set(xscale="log", yscale="log", xlabel=axis)
            ax.set_ylim(bottom=least)
            ax.grid(alpha=0.3)
            if column == 0:
                ax.set_ylabel(what)
            # What is as steep is linear.
            sizes = next(iter(steps.values()))[0]
            for start in (1e-2, 1) if row == 0 else (1, 100):
                line = [start * size / sizes[0] for size in sizes]
                ax.plot(sizes, line, color="0.8", linestyle="--", zorder=0)
    handles = [
        plt.Line2D([], [], color=color, marker=marker, markersize=4, label=name)
        for name, (color, marker) in style.items()
    ]
    handles.append(plt.Line2D([], [], color="0.8", linestyle="--", label="linear"))
    figure.legend(handles=handles, loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=90)
    plt.close(figure)
