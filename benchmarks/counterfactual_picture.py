"""Write `docs/counterfactual.png`: both sides of one record, by 64 shadows and by two.

Logistic regression on the digits. The record is the one whose gap is the median among
the tenth of the records with the largest gaps under the 64 shadows.

    python benchmarks/counterfactual_picture.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from _cells import make_cell
from PIL import Image

from skmia.shadows import ShadowModels, fit_shadows

OUT = Path(__file__).resolve().parents[1] / "docs" / "counterfactual.png"
INSIDE, OUTSIDE = "#b5482a", "#2a6fb5"


def main() -> None:
    """Fit the shadows and draw."""
    X, y, estimator = make_cell("digits", "LogisticRegression")
    many = fit_shadows(
        estimator, X, y, shadows=ShadowModels(64, counterfactual=False), random_state=0
    )
    two = fit_shadows(estimator, X, y, shadows=2, random_state=1)
    values, member = many.signals["logit"], many.member
    count = np.maximum(member.sum(axis=0), 1), np.maximum((~member).sum(axis=0), 1)
    gap = (values * member).sum(axis=0) / count[0]
    gap -= (values * ~member).sum(axis=0) / count[1]
    order = np.argsort(gap)
    both_kinds = two.member[0] != two.member[1]
    likely = [i for i in order[-len(order) // 10 :] if both_kinds[i]]
    i = likely[len(likely) // 2]

    figure, axes = plt.subplots(
        1, 2, figsize=(9.6, 3.6), layout="constrained", sharex=True, sharey=True
    )
    jitter = np.random.default_rng(0).uniform(-0.12, 0.12, len(values))
    left, right = axes
    for side, height, color in ((True, 1, INSIDE), (False, 0, OUTSIDE)):
        these = member[:, i] == side
        left.plot(values[these, i], height + jitter[these], "o", color=color, ms=4)
    left.set_title("64 shadows: each shows one side")
    for k, marker in enumerate("os"):
        ends = two.inside["logit"][k, i], two.outside["logit"][k, i]
        lift = 0.12 * (2 * k - 1)
        right.annotate(
            "",
            xy=(ends[int(two.member[k, i])], (1 - int(two.member[k, i])) + lift),
            xytext=(ends[1 - int(two.member[k, i])], int(two.member[k, i]) + lift),
            arrowprops={"arrowstyle": "->", "color": "#777", "lw": 1},
        )
        for at, height, color in zip(ends, (1, 0), (INSIDE, OUTSIDE), strict=True):
            own = (height == 1) == two.member[k, i]
            right.plot(
                at,
                height + lift,
                marker,
                color=color,
                ms=9,
                mfc=color if own else "white",
                mew=1.6,
            )
    right.set_title("2 shadows: each tells both")
    right.plot([], [], "o", color="#444", label="its own answer")
    right.plot([], [], "o", color="#444", mfc="white", label="on the other side")
    right.legend(frameon=False, loc="center left", bbox_to_anchor=(0, 0.5))
    for ax in axes:
        ax.set_yticks([0, 1], ["without\nthe record", "with\nthe record"])
        ax.set_ylim(-0.5, 1.5)
        ax.set_xlabel("logit of the record's class")
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(OUT, dpi=110)
    plt.close(figure)
    with Image.open(OUT) as image:
        image.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(
            OUT, optimize=True
        )


if __name__ == "__main__":
    main()
