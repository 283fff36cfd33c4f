"""The attacks of an audit: made by name, or adopted from the user."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skmia.attacks import (
    CalibratedLossAttack,
    LabelOnlyAttack,
    LiRAAttack,
    LossThresholdAttack,
    MembershipAttack,
    QuantileAttack,
    RMIAAttack,
    ShadowClassifierAttack,
    StackedAttack,
)
from skmia.attacks._shadow_base import ShadowAttack
from skmia.defenses import masks_outputs
from skmia.shadows._fit import DEFAULT_SIGNALS
from skmia.signals import SIGNALS

_ATTACKS: dict[str, type] = {
    "loss": LossThresholdAttack,
    "lira": LiRAAttack,
    "rmia": RMIAAttack,
    "calibrated": CalibratedLossAttack,
    "stacked": StackedAttack,
    "shadow_classifier": ShadowClassifierAttack,
    "quantile": QuantileAttack,
    "label_only": LabelOnlyAttack,
}
_DEFAULT = ("loss", "lira")
# Parameters of an attack that decide no score once the shadows are given.
_UNREPORTED = frozenset(
    {
        "estimator",
        "shadows",
        "n_shadows",
        "train_size",
        "n_jobs",
        "verbose",
        "cache_dir",
        "keep_models",
    }
)


def make_attacks(attacks: object, model: Any) -> dict[str, Any]:
    """Fresh attacks on the frozen model, by name; those given are not touched."""
    wrong = (
        "The 'attacks' parameter must be 'default', a list of names out of "
        f"{sorted(_ATTACKS)}, or a dict of names to unfitted attacks. "
        f"Got {attacks!r} instead."
    )
    frozen = FrozenEstimator(model)
    if isinstance(attacks, Mapping):
        chosen = {
            str(name): _adopt(str(name), attack, frozen)
            for name, attack in attacks.items()
        }
    elif isinstance(attacks, str) and attacks == "default":
        chosen = {name: _ATTACKS[name](frozen) for name in _DEFAULT}
    elif isinstance(attacks, Sequence) and not isinstance(attacks, str):
        if not all(isinstance(a, str) and a in _ATTACKS for a in attacks):
            raise ValueError(wrong)
        chosen = {name: _ATTACKS[name](frozen) for name in attacks}
    else:
        raise ValueError(wrong)
    if not chosen:
        raise ValueError(wrong)
    if masks_outputs(model) and not any(
        isinstance(attack, LabelOnlyAttack) for attack in chosen.values()
    ):
        # Confidences that are masked read as safe, whatever the labels give away.
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
    if params.get("shadows") is not None:
        raise ValueError(
            f"attacks[{name!r}] has shadows of its own, but an audit fits one set on "
            "the very rows that it reports, for all attacks. Leave shadows=None."
        )
    defaults = type(attack)(frozen).get_params(deep=False)
    for key in ("n_shadows", "train_size", "cache_dir"):
        if key in params and params[key] != defaults[key]:
            raise ValueError(
                f"attacks[{name!r}] has {key}={params[key]!r}, but an audit has one "
                f"set of shadows for all attacks. Leave {key} out; audit_classifier "
                "takes it as a parameter of its own."
            )
    # The parameters are cloned one by one: cloning the attack whole would clone, and
    # so unfit or copy, the estimator that is replaced anyway.
    own = {key: clone(value, safe=False) for key, value in params.items()}
    return type(attack)(**(own | {"estimator": frozen}))


def configure(attack: Any, n_shadows: int, seed: int) -> None:
    """Hand on the audit's own parameters, and check all before a shadow is fitted."""
    params = attack.get_params(deep=False)
    if "n_shadows" in params:
        attack.set_params(n_shadows=n_shadows)
    if params.get("random_state", seed) is None:
        attack.set_params(random_state=seed)
    if isinstance(attack, MembershipAttack):
        attack._check_params()


def signals_of(attacks: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the usual signals, and those that an attack reads besides."""
    read = [a._signals() for a in attacks.values() if isinstance(a, ShadowAttack)]
    asked = [a.get_params(deep=False).get("signal") for a in attacks.values()]
    known = [name for name in asked if isinstance(name, str) and name in SIGNALS]
    return tuple(dict.fromkeys((*DEFAULT_SIGNALS, *known, *sum(read, ()))))


def queries_of(attacks: Mapping[str, Any]) -> dict[str, Any]:
    """What the shared shadows are to be asked about, as `fit_shadows` takes it."""
    keys = ("n_queries", "perturb", "noise", "flip_rate")
    asked = {
        name: {key: attack.get_params(deep=False)[key] for key in keys}
        for name, attack in attacks.items()
        if isinstance(attack, ShadowAttack)
    }
    if not any(queries["n_queries"] for queries in asked.values()):
        return {}
    (first, queries), *others = asked.items()
    for name, other in others:
        for key in keys:
            if other[key] != queries[key]:
                raise ValueError(
                    f"attacks[{name!r}] has {key}={other[key]!r} and "
                    f"attacks[{first!r}] has {key}={queries[key]!r}, but an audit asks "
                    "one set of shadows for all attacks. Give all of them the same "
                    "queries, or audit twice."
                )
    return queries


def describe_attack(attack: Any) -> dict[str, Any]:
    params = attack.get_params(deep=False)
    kept = {key: value for key, value in params.items() if key not in _UNREPORTED}
    return {"class": type(attack).__name__, **kept}
