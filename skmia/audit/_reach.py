"""What attacks can get of a model: confidences, and models that are fitted like it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia._models import gives_confidences, is_refittable
from skmia.attacks import ATTACKS
from skmia.shadows import ShadowSignals
from skmia.utils import listed

# The attack that calls a record a member where its predicted label is right: Yeom et
# al., "Privacy Risk in Machine Learning", CSF 2018, adversary 1.
GAP = "gap"
# From here on a regression on non-members has a quantile to learn.
_MANY_NONMEMBERS = 1000


@dataclass(frozen=True)
class Reach:
    """What there is to be had of a model.

    Attributes
    ----------
    confidences : bool
        Whether it gives more than labels.
    shadows : bool
        Whether models like it can be fitted, or are there already.
    """

    confidences: bool = True
    shadows: bool = True

    @classmethod
    def of(cls, estimator: Any, shadows: Any) -> "Reach":
        """Of a fitted classifier, with what was passed as ``shadows=``."""
        given = isinstance(shadows, ShadowSignals)
        return cls(gives_confidences(estimator), given or is_refittable(estimator))

    def allows(self, attack: Any) -> bool:
        """Whether an attack has all that it needs."""
        lacks_shadows = not self.shadows and takes_shadows(attack)
        return not lacks_shadows and (self.confidences or not needs_confidences(attack))

    def default(self, names: tuple[str, ...], n_nonmembers: int) -> tuple[str, ...]:
        """The default attacks, which are `names` where there is all to be had."""
        if self.confidences and self.shadows:
            return names
        if self.confidences:
            return ("loss", "quantile") if n_nonmembers >= _MANY_NONMEMBERS else names
        return (GAP, "label_only", *names)

    def check(self, attacks: Mapping[str, Any], estimator: Any) -> None:
        """Raise for attacks that need more, naming those that do not."""
        if not self.confidences:
            wrong = [name for name, a in attacks.items() if needs_confidences(a)]
            if wrong:
                raise TypeError(
                    f"The attacks {listed(wrong)} need confidences, and "
                    f"{type(estimator).__name__} gives labels only: it has neither "
                    "predict_proba nor decision_function. Pass attacks='default', or "
                    f"some of {self._possible(estimator)}."
                )
        if not self.shadows:
            wrong = [name for name, a in attacks.items() if takes_shadows(a)]
            if wrong:
                raise TypeError(
                    f"The attacks {listed(wrong)} need models that are fitted like the "
                    "audited one, and a FunctionClassifier cannot be fitted. Pass an "
                    "unfitted classifier like the model as its 'estimator', "
                    "shadows=ShadowSignals(signals, member) of models that were fitted "
                    f"elsewhere, or some of {self._possible(estimator)}, which need "
                    "none."
                )

    def _possible(self, estimator: Any) -> list[str]:
        made = {name: cls(estimator) for name, cls in ATTACKS.items()}
        return [GAP, *(name for name, attack in made.items() if self.allows(attack))]

    def out_of_reach(self, estimator: Any) -> dict[str, tuple[str, ...]]:
        """Names of the attacks that lack confidences, and of those that lack shadows.

        What lacks both is among the former.
        """
        made = {name: cls(estimator) for name, cls in ATTACKS.items()}
        labels = {n for n, a in made.items() if needs_confidences(a)}
        shadows = {n for n, a in made.items() if takes_shadows(a)}
        lacking = {
            "confidences": set() if self.confidences else labels,
            "shadows": set() if self.shadows else shadows,
        }
        lacking["shadows"] -= lacking["confidences"]
        return {
            what: tuple(name for name in made if name in names)
            for what, names in lacking.items()
            if names
        }


EVERYTHING = Reach()


def needs_confidences(attack: Any) -> bool:
    """Whether labels will not do; an attack that does not say is given its try."""
    return bool(getattr(attack, "needs_confidences", False))


def takes_shadows(attack: Any) -> bool:
    """Whether an attack takes shadow models."""
    return "shadows" in attack.get_params(deep=False)


def only_right(logits: NDArray[np.floating]) -> NDArray[Any]:
    """Logits of answers that say no more than whether they are right.

    What labels say of a model in comparison with others is its accuracy alone. They are
    not too sure, so that a few of them outweigh no other.
    """
    return np.where(logits > 0, 3, -3).astype(np.float32)
