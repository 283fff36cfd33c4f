"""Every shadow as a target, for attacks that learn: learnt anew from other shadows.

A model that has learnt from shadows knows, of each record, what these said in all. It
could tell by that on which side one of them had the record, even if that one taught it
nothing. So a target is judged by an attack that was learnt without it from the start:
groups of complementary pairs are left out in turn. No model is fitted or asked for it:
a row of the shadows' answers is what the attack would be told of a target.
"""

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.attacks._scores import pseudo_targets
from skmia.shadows import ShadowSignals
from skmia.signals import BoolArray, IndexArray
from skmia.utils import own_random_state

_N_GROUPS = 8


def leave_groups_out(
    attack: Any, member: BoolArray
) -> Iterator[tuple[IndexArray, BoolArray, NDArray[np.floating]]]:
    """Rows, membership and scores of each shadow, in their order.

    `attack` is a fitted ShadowAttack; `member` says which records each has seen, copies
    included.
    """
    shadows = attack.shadows_
    n, rows = shadows.n_shadows, np.arange(shadows.n_records)
    compared = attack._compared
    # Pairs stand side by side in this order, and stay together.
    order = pseudo_targets(shadows.complements, shadows.n_records, fewest=n)
    n_pairs = (n + 1) // 2
    group = np.empty(n, dtype=np.intp)
    group[order] = np.arange(n) // 2 * min(_N_GROUPS, n_pairs) // n_pairs
    scores = np.empty((n, len(rows)))
    for left_out in np.unique(group):
        rest = np.flatnonzero(group != left_out)
        other = copy(attack)
        other.__dict__.pop("_judged", None)
        other.shadows_ = ShadowSignals(
            {name: array[rest] for name, array in shadows.signals.items()},
            shadows.member[rest],
            record_hashes=shadows.record_hashes,
            queries=shadows.queries,
        )
        other._compared = compared.of(rest)
        other._member = other._compared.member
        seed = own_random_state(attack.random_state)
        other._fit_shadow_attack(dict(other._compared.own), other._member, seed)
        for k in np.flatnonzero(group == left_out).tolist():
            own = {name: compared.answers(name, k) for name in compared.own}
            scores[k] = other._score_pool(own, rows)[0]
    for k in range(n):
        yield rows, member[k], scores[k]
