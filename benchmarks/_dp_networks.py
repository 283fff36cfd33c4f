"""Worst-case persons for noisy gradient descent of a network, many in one run.

The attacker knows all rows but one, and sees the noisy sums of every step: he takes
away from each what all others add, and looks along the direction that the row's own
gradient would have. Layers after the first have no column for each person; there, units
are many and persons' directions almost at right angles, so that what one noise does to
the scores of two persons has little to do with each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from _dp_gradients import persons
from sklearn.neural_network import MLPClassifier

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._gradient import _network_descent, _network_mechanism
from skmia.defenses._private._gradient._clipped_sum import INPUT_BITS, GridRows
from skmia.defenses._private._gradient._network import Network
from skmia.defenses._private._gradient._network_rule import Schedule

N_PERSONS = 100
_PAIRS = (300, 0.1)
# A penalty holds the weights of the output near zero, so that nobody's loss gets small;
# those of the first layer, of rows that are long, it leaves alone.
_LEARNER = MLPClassifier((100,), alpha=1e4, activation="identity")
_NORM = 1000.0


class _EachRow:
    """Stands for rows where what clipping leaves of each is asked for, not the sum."""

    def __init__(self, norms: np.ndarray) -> None:
        self.norms = norms

    def sum_with(self, whole: np.ndarray) -> np.ndarray:
        """What each row is multiplied by in the sum."""
        return whole


class Watched:
    """The scores of one run.

    Parameters
    ----------
    present : ndarray of int
        The persons whose rows are the first ones.
    """

    def __init__(self, present: np.ndarray) -> None:
        self.present = present
        self.scores = np.zeros(N_PERSONS)
        self.rows: GridRows | None = None
        self.network: Network | None = None
        self.noise: list[np.ndarray] = []
        self.n_steps = 0

    def prepared(self, prepared) -> None:
        """Rows of all persons, whether they are there or not."""
        rows = GridRows.of(np.eye(N_PERSONS, N_PERSONS + 1), 1.0)
        column = float(np.rint(prepared.column * 2.0**INPUT_BITS))
        self.rows = rows.shifted(prepared.mean).with_column(column)

    def step(self, inputs, signals, bound, clipped, forward) -> None:
        """Where to look, and what each person who is there adds in fact."""
        assert self.network is not None
        assert self.rows is not None
        (_, hidden), slopes, outputs = forward(self.network, self.rows)
        first, last = self.network.signals(slopes, -np.ones_like(outputs))
        own = np.diag(self.rows.values[:, :N_PERSONS])
        self.first = own[:, None] * first * Schedule.first
        self.last = hidden.values[:, :-1] * last
        length = np.sqrt((self.first**2 + self.last**2).sum(axis=1))[:, None]
        self.first, self.last = self.first / length, self.last / length
        self.added = np.zeros(N_PERSONS)
        here, n = self.present, len(self.present)
        whole = clipped([_EachRow(a.norms) for a in inputs], signals, bound)
        own = inputs[0].values[np.arange(n), here]
        self.added[here] = own * (whole[0][:n] * self.first[here]).sum(axis=1)
        own = (inputs[1].values[:n, :-1] * self.last[here]).sum(axis=1)
        self.added[here] += own * whole[1][:n, 0]

    def along(self, first, last):
        """Sums of the two layers along the direction of every person."""
        own = (first[:N_PERSONS] * self.first).sum(axis=1)
        return own + self.last @ last[:-1, 0]

    def answered(self, noise, scale) -> None:
        """The noise of one layer; that of both makes a step."""
        self.noise.append(noise)
        if len(self.noise) == 2:
            self.scores += (self.along(*self.noise) + self.added) / scale
            self.n_steps, self.noise = self.n_steps + 1, []


@contextmanager
def watching(watched: Watched) -> Iterator[None]:
    """Note what a network's descent answers inside."""
    prepare = _network_mechanism.prepare
    clipped, noisy = _network_descent.clipped_sums, _network_descent.add_gaussian
    forward = Network.forward

    def prepare_and_tell(*args, **kwargs):
        prepared = prepare(*args, **kwargs)
        watched.prepared(prepared)
        return prepared

    def forward_and_tell(network, rows):
        watched.network = network
        return forward(network, rows)

    def clip_and_tell(inputs, signals, bound, persons=None):
        if len(inputs) == 2:  # not where the layers are centred
            watched.step(inputs, signals, bound, clipped, forward)
        return clipped(inputs, signals, bound, persons)

    def answer_and_tell(sums, scale, source):
        answer = noisy(sums, scale, source)
        if watched.network is not None:
            watched.answered(answer - sums, scale)
        return answer

    with (
        patch.object(_network_mechanism, "prepare", prepare_and_tell),
        patch.object(Network, "forward", forward_and_tell),
        patch.object(_network_descent, "clipped_sums", clip_and_tell),
        patch.object(_network_descent, "add_gaussian", answer_and_tell),
    ):
        yield


def play(given, seeds, neighbors, size):
    """Scores of the persons who are in, and of those who are out."""
    inside, outside = [], []
    for seed in seeds:
        # A generator of its own: the noise is drawn from that of the seed.
        coins = np.random.RandomState([seed, 1]).uniform(size=N_PERSONS) < 0.5
        X, y, _, signs = persons(N_PERSONS, coins, neighbors, size, *_PAIRS)
        everyone = neighbors == "replace"
        watched = Watched(np.arange(N_PERSONS) if everyone else np.flatnonzero(coins))
        model = DifferentialPrivacyClassifier(
            _LEARNER,
            data_norm=_NORM,
            bounds_fraction=0.02,
            random_state=int(seed),
            **given,
        )
        with watching(watched):
            model.fit(_NORM * X.toarray(), y)
        # Directions are those of label 1, whose sign is -1.
        found = -signs * watched.scores / np.sqrt(watched.n_steps)
        inside.append(found[coins])
        outside.append(found[~coins])
    return np.concatenate(inside), np.concatenate(outside)
