"""What is varied: a dataclass whose repr repeats it, and strategies that draw one."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from hunt._records import Table, split
from hunt._targets import Memory, labels
from hunt._truth import Truth
from hunt._wrappers import HOLDING, LAYERS, MASKS


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A target, its records, and how it is questioned."""

    # The target; with no gain and no crowd it ignores its data.
    gain: float = 0.0
    noise: float = 1.0
    level: str = "hash"
    crowd: float = 0.0
    reach: float = 0.0
    n_classes: int = 2
    seedless: bool = False
    layers: tuple[str, ...] = ()
    # The records.
    n_columns: int = 0
    sizes: tuple[int, int] = (300, 300)
    how: str = "random"
    copies: str = "none"
    weights: str = "none"
    container: str = "numpy"
    # How it is questioned: settings of the entry that is tested.
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def leaks(self):
        return self.gain > 0

    @property
    def masked(self):
        return bool(set(self.layers) & set(MASKS))

    @property
    def chance_copies(self):
        """Whether usual records stand twice, and those that stand once are others."""
        return self.n_columns > 0 or self.copies == "natural"

    @property
    def table(self):
        return Table(self.n_columns)

    def rng(self, replication):
        return np.random.default_rng([self.seed, replication])

    def sides(self, replication):
        return split(
            self.table,
            *self.sizes,
            self.how,
            self.copies,
            self.weights,
            self.n_classes,
            self.rng(replication),
        )

    def target(self):
        center, scale = self.table.moments
        return Memory(
            gain=self.gain,
            noise=self.noise,
            level=self.level,
            center=center,
            scale=scale,
            crowd=self.crowd,
            reach=self.reach,
            n_classes=self.n_classes,
            random_state=None if self.seedless else self.seed,
        )

    def truth(self, sides):
        """What is right about the records that an honest analyst counts."""
        known = sides.rows[sides.trained]
        bare = self.target().set_params(random_state=0)
        bare.fit(known, sides.y[sides.trained])
        counted = self.rng(0).permutation(np.flatnonzero(sides.counted))
        return Truth(
            self.gain,
            self.noise,
            bare.level_of(sides.rows[counted]),
            max(int((sides.counted & sides.member).sum()), 1),
            max(int((sides.counted & ~sides.member).sum()), 1),
            self._wobble(sides, counted) if self.crowd else 0.0,
        )

    def _wobble(self, sides, counted):
        """Variance of each record's level over training sets like the target's."""
        rng, levels = self.rng(0), []
        for _ in range(8):
            rows = sides.rows[rng.permutation(sides.trained)]
            model = self.target().set_params(random_state=0)
            model.fit(rows, labels(rows, self.n_classes))
            levels.append(model.level_of(sides.rows[counted]))
        return np.var(levels, axis=0, ddof=1)


COPIES = ("none", "none", "natural", "oversampled", "both sides", "near")
CONTAINERS = ("numpy", "fortran", "object", "list", "pandas", "polars", "csr")
WEIGHTS = ("none", "zeros", "random")
# Members and non-members.
SIZES = ((300, 300), (600, 600), (1500, 150), (150, 1500), (400, 200))
SEEDS = st.integers(0, 2**20)

_ignorant = st.fixed_dictionaries(
    {"gain": st.just(0.0), "noise": st.sampled_from([0.0, 1.0]), "crowd": st.just(0.0)}
)
_leaking = st.fixed_dictionaries(
    {
        "gain": st.sampled_from([1.2, 2.0]),
        "noise": st.sampled_from([0.7, 1.0]),
        "crowd": st.sampled_from([0.0, 0.0, 2.0]),
    }
)
_of_any_kind = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["typical", "hash", "flat"]),
        "n_classes": st.sampled_from([2, 3]),
        "seedless": st.booleans(),
    }
)
records = st.fixed_dictionaries(
    {
        "n_columns": st.sampled_from([0, 0, 0, 16, 12, 8]),
        "sizes": st.sampled_from(SIZES),
        "how": st.sampled_from(["random", "stratified"]),
        "copies": st.sampled_from(COPIES),
        "weights": st.sampled_from(WEIGHTS),
        "container": st.sampled_from(CONTAINERS),
    }
)


def _scenario(target, target_settings, drawn_records, settings, seed):
    drawn = target | target_settings | drawn_records
    return Scenario(**drawn, settings=settings, seed=seed)


def _plain(target, settings):
    return st.builds(_scenario, target, _of_any_kind, records, settings, SEEDS)


def ignorant(settings):
    """A target that ignores its data, on any records."""
    return _plain(_ignorant, settings)


def leaking(settings):
    """A target that leaks by a known amount, on any records."""
    return _plain(_leaking, settings)


def plain(settings):
    """Either of them."""
    return ignorant(settings) | leaking(settings)


_around = st.lists(st.sampled_from(sorted(LAYERS)), max_size=2)


def _wrapped(inside, outside, container, seedless, seed, settings):
    if inside == "frozen" and outside[:1] == ["search"]:
        # scikit-learn's searches cannot set the parameters of a FrozenEstimator.
        outside = ["pipeline", *outside]
    return Scenario(
        gain=2.0,
        level="flat" if inside in MASKS else "hash",
        reach=2.0 if inside in MASKS else 0.0,
        sizes=(120, 120) if inside in MASKS else (300, 300),
        layers=(inside, *outside) if inside else tuple(outside),
        container=container,
        seedless=seedless,
        settings=settings,
        seed=seed,
    )


def layered(settings, inside=("", "", *HOLDING, *MASKS)):
    """A target that leaks, in layers, with a fitted or a masked one inside or none."""
    return st.builds(
        _wrapped,
        st.sampled_from(inside),
        _around,
        st.sampled_from(["numpy", "pandas"]),
        st.booleans(),
        SEEDS,
        settings,
    )


def _options(**choices):
    return st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in choices.items()}
    )


#: How each attack is set up.
ATTACK_SETTINGS = {
    "lira": _options(
        mode=["online", "offline"],
        variance=["shrunk", "per_record", "pooled", "global"],
        n_shadows=[8, 16],
    ),
    "rmia": _options(mode=["online", "offline"], n_shadows=[8, 16]),
    "calibrated": _options(
        reference=["mean_out", "midpoint"], signal=["loss", "logit"], n_shadows=[8, 16]
    ),
    "stacked": _options(n_shadows=[8]),
    "shadow_classifier": _options(per_class=[True, False], n_shadows=[4, 8]),
}


def of_attack(name):
    """Settings of one attack, by itself."""
    settings = ATTACK_SETTINGS.get(name, st.just({}))
    return settings.map(lambda chosen: {"attack": name} | chosen)


#: Attacks that an audit runs together, and the number of shadows.
audits = _options(
    attacks=[["loss", "lira"], ["loss", "rmia"], ["loss", "calibrated"]],
    n_shadows=[4, 8],
)


def cross_validated(kind, splitters):
    """`kind` of target under a splitter, of whose splits some may be left out."""
    settings = _options(splitter=sorted(splitters), left_out=[0, 0, 1, 3])
    return kind(settings).map(_of_a_cross_validation)


def scored(kind, splitters):
    """The same for a scorer, with an attack of its own or none."""
    settings = _options(
        splitter=sorted(splitters),
        left_out=[0],
        attack=[None, None, "loss", "lira"],
        members=["balanced", "all"],
    )
    return kind(settings).map(_of_a_cross_validation)


def _of_a_cross_validation(scenario):
    """Nobody is a member before the split: only copies within the rows are there."""
    copies = scenario.copies if scenario.copies == "natural" else "none"
    layers = tuple(name for name in scenario.layers if name not in HOLDING)
    return replace(scenario, copies=copies, layers=layers, crowd=0.0)
