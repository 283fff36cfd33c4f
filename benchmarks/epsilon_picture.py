"""Write `docs/epsilon.png` and print the table of `docs/guide/epsilon.md`.

The most that any attack can find under a promise of differential privacy:

    python benchmarks/epsilon_picture.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from skmia.audit import MembershipRocDisplay
from skmia.defenses import DifferentialPrivacyClassifier, privacy_promise
from skmia.metrics import tpr_ceiling

OUT = Path(__file__).resolve().parents[1] / "docs" / "epsilon.png"
EPSILONS = (0.5, 1, 2, 4, 8, 16)
DELTA = 1e-5
RATES = (0.001, 0.01, 0.1)


def mu_of(epsilon: float) -> float:
    """The mu of Gaussian noise that is epsilon at DELTA."""
    clf = DifferentialPrivacyClassifier(
        epsilon=epsilon, delta=DELTA, X_public=[[0.0]], mechanism="teachers"
    )
    promise = privacy_promise(clf)
    assert promise is not None
    assert promise.mu is not None
    return promise.mu


def table() -> None:
    """Print the rows of the table."""
    for epsilon in EPSILONS:
        alone = tpr_ceiling(RATES, epsilon=epsilon, delta=DELTA)
        gaussian = tpr_ceiling(RATES, mu=mu_of(epsilon))
        cells = [f"{100 * rate:.3g} %" for rate in (*alone, *gaussian)]
        print(
            f"| {epsilon} | {' | '.join(cells[:3])} | {mu_of(epsilon):.2f} | "
            f"{' | '.join(cells[3:])} |"
        )


def main() -> None:
    """Draw what is allowed, by epsilon alone and by Gaussian noise."""
    table()
    fpr = np.logspace(-3.5, 0, 400)
    figure, axes = plt.subplots(
        1, 2, figsize=(9.6, 4.9), layout="constrained", sharey=True
    )
    drawn = [
        ("By epsilon alone", [{"epsilon": e, "delta": DELTA} for e in EPSILONS]),
        ("By Gaussian noise", [{"mu": mu_of(e)} for e in EPSILONS]),
    ]
    for ax, (title, promises) in zip(axes, drawn, strict=True):
        names = [f"epsilon {e:g}" for e in EPSILONS]
        if "mu" in promises[0]:
            names = [
                f"{name}: mu {promise['mu']:.2f}"
                for name, promise in zip(names, promises, strict=True)
            ]
        display = MembershipRocDisplay(
            fpr=[fpr] * len(EPSILONS),
            tpr=[tpr_ceiling(fpr, **promise) for promise in promises],
            name=names,
        )
        display.plot(ax=ax)
        ax.set(
            title=title,
            xlim=(fpr[0], 1.05),
            ylim=(fpr[0], 1.3),
            xlabel="Wrongly accused non-members (FPR)",
            ylabel="Members that can be found at most (TPR)",
        )
    axes[1].set_ylabel("")
    figure.savefig(OUT, dpi=110)
    # Few colours: the picture is in the repository.
    drawn_in = Image.open(OUT).convert("RGB")
    drawn_in.quantize(64, dither=Image.Dither.NONE).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
