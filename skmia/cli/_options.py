"""What ``--attacks`` and ``--max-fpr`` mean."""

from collections.abc import Sequence


def parse_attacks(options: Sequence[str]) -> list[str]:
    """Turn names, several of them with commas between, into a list without repeats.

    Raises
    ------
    ValueError
        For another name, or none at all.
    """
    from skmia.attacks import ATTACKS

    known = ("default", "all", "gap", *ATTACKS)
    names = [name.strip() for option in options for name in option.split(",")]
    for name in names:
        if name not in known:
            raise ValueError(
                f"--attacks must be names out of {', '.join(known)}, with commas "
                f"between. Got {name!r} instead."
            )
    return list(dict.fromkeys(names))


def parse_max_fprs(options: Sequence[float]) -> list[float]:
    """Check rates at which a TPR is read.

    Raises
    ------
    ValueError
        For one outside of (0, 1).
    """
    for rate in options:
        if not 0 < rate < 1:
            raise ValueError(
                "--max-fpr must be a fraction in (0, 1), such as 0.01 for 1 %. "
                f"Got {rate} instead."
            )
    return list(options)
