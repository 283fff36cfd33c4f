"""The attacks of an audit: made by name, or adopted from the user."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skmia.attacks import (
    ATTACKS,
    LabelOnlyAttack,
    LossThresholdAttack,
    MembershipAttack,
)
from skmia.audit._provenance import describe_value
from skmia.audit._reach import EVERYTHING, GAP, Reach, takes_shadows
from skmia.defenses import masks_outputs

# The default is the strongest on one set of shadows, beside the simplest of all.
_DEFAULT = ("loss", "lira", "rmia", "stacked")
# Parameters of an attack that decide no score once the shadows are given.
_UNREPORTED = frozenset({"estimator", "shadows", "n_jobs", "verbose"})


def make_attacks(
    attacks: object,
    estimator: Any,
    masked: bool | None = None,
    *,
    reach: Reach = EVERYTHING,
    n_nonmembers: int = 0,
) -> dict[str, Any]:
    """Fresh attacks on the frozen estimator, by name; those given are not touched.

    `masked` is whether its outputs are taken as masked; None reads it from it.
    "default" and "all" are attacks within `reach`.
    """
    frozen = FrozenEstimator(estimator)
    if isinstance(attacks, Mapping):
        if other := [name for name in attacks if not isinstance(name, str)]:
            raise TypeError(
                "The 'attacks' parameter must have names of type str as its keys. Got "
                f"{other} instead."
            )
        given = dict(attacks)
    else:
        given = _listed(attacks, frozen, reach, n_nonmembers)
    if not given:
        raise ValueError(_wrong(attacks))
    chosen = {name: _adopt(name, attack, frozen) for name, attack in given.items()}
    if masked is None:
        masked = masks_outputs(estimator)
    if masked and not any(
        isinstance(attack, LabelOnlyAttack) for attack in chosen.values()
    ):
        # Masked confidences underestimate leakage: the labels are as they were.
        name = "label_only" if "label_only" not in chosen else "label_only_of_masked"
        chosen[name] = LabelOnlyAttack(frozen)
    return chosen


def _wrong(attacks: object) -> str:
    return (
        "The 'attacks' parameter must be 'default', 'all', a name out of "
        f"{sorted((*ATTACKS, GAP))}, an unfitted attack, a list of these, or a dict of "
        f"names to unfitted attacks. Got {attacks!r} instead."
    )


def _listed(
    attacks: object, frozen: FrozenEstimator, reach: Reach, n_nonmembers: int
) -> dict[str, Any]:
    """Attacks given by name or as they are, alone or in a sequence, by name."""
    alone = isinstance(attacks, str) or not isinstance(attacks, Sequence)
    entries: Sequence[Any] = (attacks,) if alone else attacks  # type: ignore[assignment]
    named: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry, str):
            names = _names_of(entry, reach, n_nonmembers)
            if not names:
                raise ValueError(_wrong(attacks))
            named |= {name: _make(name, frozen) for name in names}
        elif isinstance(entry, type) or not _is_attack(entry):
            raise ValueError(_wrong(attacks))
    # Names go first, so that an attack given as it is takes none of theirs.
    given = [entry for entry in entries if not isinstance(entry, str)]
    for attack in given:
        named[_new_name(attack, named)] = attack
    return named


def _names_of(name: str, reach: Reach, n_nonmembers: int) -> list[str]:
    """The ready-made attacks that a name stands for, none where there is no such."""
    if name in (*ATTACKS, GAP):
        return [name]
    if name == "default":
        names = reach.default(_DEFAULT, n_nonmembers)
    elif name == "all":
        names = tuple(ATTACKS) if reach.confidences else (GAP, *ATTACKS)
    else:
        return []
    return [name for name in names if reach.allows(_make(name, None))]


def _make(name: str, frozen: FrozenEstimator | None) -> Any:
    if name == GAP:
        return LossThresholdAttack(frozen, signal="correctness")
    return ATTACKS[name](frozen)


def _is_attack(candidate: Any) -> bool:
    return all(
        hasattr(candidate, method) for method in ("get_params", "fit", "score_samples")
    )


def _new_name(attack: Any, taken: Mapping[str, Any]) -> str:
    """The attack's name in the table, or its class's; numbered where it is taken."""
    own = type(attack)
    name = next((n for n, cls in ATTACKS.items() if cls is own), own.__name__)
    number, numbered = 1, name
    while numbered in taken:
        number += 1
        numbered = f"{name}_{number}"
    return numbered


def _adopt(name: str, attack: Any, frozen: FrozenEstimator) -> Any:
    if isinstance(attack, type) or not _is_attack(attack):
        raise TypeError(
            f"attacks[{name!r}] must be an attack, with fit and score_samples. "
            f"Got {attack!r} instead."
        )
    params = attack.get_params(deep=False)
    default = type(attack)(frozen).get_params(deep=False).get("shadows")
    if params.get("shadows") is not default and params["shadows"] != default:
        raise ValueError(
            f"attacks[{name!r}] has shadows={params['shadows']!r}, but an audit has "
            "one set of shadows for all attacks. Leave shadows out; audit_classifier "
            "takes it as a parameter of its own."
        )
    # The parameters are cloned one by one: cloning the attack whole would clone, and
    # so unfit or copy, the estimator that is replaced anyway.
    own = {key: clone(value, safe=False) for key, value in params.items()}
    return type(attack)(**(own | {"estimator": frozen}))


def configure(attack: Any, seed: int, verbose: int = 0) -> None:
    """Hand on the audit's seed and `verbose`, and check the parameters.

    Before a shadow is fitted; what an attack was given for them is kept.
    """
    params = attack.get_params(deep=False)
    if params.get("random_state", seed) is None:
        attack.set_params(random_state=seed)
    if verbose and params.get("verbose") == 0:
        attack.set_params(verbose=verbose)
    if isinstance(attack, MembershipAttack):
        attack.check_params()


def taking_shadows(attacks: Mapping[str, Any]) -> list[str]:
    """Names of the attacks that take shadow models."""
    return [name for name, attack in attacks.items() if takes_shadows(attack)]


def describe_attack(attack: Any) -> dict[str, Any]:
    """What decides the scores of an attack, for the report's settings."""
    params = attack.get_params(deep=False)
    kept = {k: describe_value(v) for k, v in params.items() if k not in _UNREPORTED}
    return {"class": type(attack).__name__, **kept}
