"""The attacks of an audit: made by name, or adopted from the user."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skmia.attacks import ATTACKS, LabelOnlyAttack, MembershipAttack
from skmia.defenses import masks_outputs

_DEFAULT = ("loss", "lira")
# Parameters of an attack that decide no score once the shadows are given.
_UNREPORTED = frozenset({"estimator", "shadows", "n_jobs", "verbose"})


def make_attacks(
    attacks: object, estimator: Any, masked: bool | None = None
) -> dict[str, Any]:
    """Fresh attacks on the frozen estimator, by name; those given are not touched.

    `masked` is whether its outputs are taken as masked; None reads it from it.
    """
    wrong = (
        "The 'attacks' parameter must be 'default', a list of names out of "
        f"{sorted(ATTACKS)}, or a dict of names to unfitted attacks. "
        f"Got {attacks!r} instead."
    )
    frozen = FrozenEstimator(estimator)
    if isinstance(attacks, Mapping):
        if other := [name for name in attacks if not isinstance(name, str)]:
            raise TypeError(
                "The 'attacks' parameter must have names of type str as its keys. Got "
                f"{other} instead."
            )
        chosen = {
            name: _adopt(name, attack, frozen) for name, attack in attacks.items()
        }
    elif isinstance(attacks, str) and attacks == "default":
        chosen = {name: ATTACKS[name](frozen) for name in _DEFAULT}
    elif isinstance(attacks, Sequence) and not isinstance(attacks, str):
        if not all(isinstance(a, str) and a in ATTACKS for a in attacks):
            raise ValueError(wrong)
        chosen = {name: ATTACKS[name](frozen) for name in attacks}
    else:
        raise ValueError(wrong)
    if not chosen:
        raise ValueError(wrong)
    if masked is None:
        masked = masks_outputs(estimator)
    if masked and not any(
        isinstance(attack, LabelOnlyAttack) for attack in chosen.values()
    ):
        # Masked confidences underestimate leakage: the labels are as they were.
        name = "label_only" if "label_only" not in chosen else "label_only_of_masked"
        chosen[name] = LabelOnlyAttack(frozen)
    return chosen


def _adopt(name: str, attack: Any, frozen: FrozenEstimator) -> Any:
    if isinstance(attack, type) or not all(
        hasattr(attack, method) for method in ("get_params", "fit", "score_samples")
    ):
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


def configure(attack: Any, seed: int) -> None:
    """Hand on the audit's seed, and check the parameters before a shadow is fitted."""
    if attack.get_params(deep=False).get("random_state", seed) is None:
        attack.set_params(random_state=seed)
    if isinstance(attack, MembershipAttack):
        attack.check_params()


def taking_shadows(attacks: Mapping[str, Any]) -> list[str]:
    """Names of the attacks that take shadow models."""
    return [name for name, a in attacks.items() if "shadows" in a.get_params(False)]


def describe_attack(attack: Any) -> dict[str, Any]:
    """What decides the scores of an attack, for the report's settings."""
    params = attack.get_params(deep=False)
    kept = {key: value for key, value in params.items() if key not in _UNREPORTED}
    return {"class": type(attack).__name__, **kept}
