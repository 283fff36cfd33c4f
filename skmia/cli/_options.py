"""What ``--attacks``, ``--max-fpr`` and ``--shadows`` mean."""

import math
from collections.abc import Sequence
from typing import Any


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


def parse_max_fprs(options: Sequence[str]) -> list[float]:
    """Turn rates, several of them with commas between, into a list without repeats.

    Raises
    ------
    ValueError
        For one outside of (0, 1), or no number.
    """
    rates = []
    for text in (text.strip() for option in options for text in option.split(",")):
        try:
            rate = float(text)
        except ValueError:
            rate = math.nan
        if not 0 < rate < 1:
            raise ValueError(
                "--max-fpr must be a fraction in (0, 1), such as 0.01 for 1 %, or "
                f"several with commas between. Got {text!r} instead."
            )
        rates.append(rate)
    return list(dict.fromkeys(rates))


def parse_shadows(
    text: str, most: int | None, precision: float | None
) -> dict[str, Any]:
    """Turn a number of shadow models, or "auto", into parameters of ShadowModels.

    `most` and `precision` are for "auto", and None where they are not given.

    Raises
    ------
    ValueError
        For anything else.
    """
    if text == "auto":
        given = {"max_models": most, "precision": precision}
        return {"n_models": "auto"} | {
            name: value for name, value in given.items() if value is not None
        }
    for name, value in [("--max-shadows", most), ("--shadow-precision", precision)]:
        if value is not None:
            raise ValueError(
                f"{name} goes with --shadows auto. Got --shadows {text} instead, which "
                "is a number already."
            )
    try:
        return {"n_models": int(text)}
    except ValueError:
        raise ValueError(
            f"--shadows must be a whole number or 'auto'. Got {text!r} instead."
        ) from None
