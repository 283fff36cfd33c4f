"""Worst-case rows for boosting by noisy sums, many of them in one run.

Every row has categories of its own in all columns, each a bin that is in no leaf with
another: the attacker sees every noisy sum, and adds up those of a row's own bins.
"""

from unittest.mock import patch

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from skmia.defenses import DifferentialPrivacyClassifier
from skmia.defenses._private._boosting import _queries

_N_ROWS, _N_COLUMNS, _N_OTHERS = 100, 5, 2000
_NAMES = [f"c{i}" for i in range(_N_ROWS + 1)]


def play(given, seeds, neighbors, size):
    """Scores of the rows that are in, and of those that are out.

    With a row more or less, all rows are of a class that is rare, and nearly all of
    their gradient is left to explain; a row in place of another has the other class.
    """
    inside, outside = [], []
    replaced = neighbors == "replace"
    for seed in seeds:
        # A generator of its own: the noise is drawn from that of the seed.
        coins = np.random.RandomState([seed, 1]).uniform(size=_N_ROWS) < 0.5
        here = np.arange(_N_ROWS) if replaced else np.flatnonzero(coins)
        places = np.append(here, np.full(_N_OTHERS, _N_ROWS))
        others = np.arange(_N_OTHERS) % 2 if replaced else np.zeros(_N_OTHERS, int)
        labels = coins[here].astype(int)
        X = np.repeat(np.array(_NAMES, object)[places][:, None], _N_COLUMNS, axis=1)
        model = DifferentialPrivacyClassifier(
            HistGradientBoostingClassifier(),
            feature_types=[_NAMES] * _N_COLUMNS,
            random_state=int(seed),
            **given,
        )
        sums: list[np.ndarray] = []
        noisy = _queries.Noise.add

        def watched(noise, asked, sums=sums, noisy=noisy):
            answer = noisy(noise, asked)
            if asked.ndim == 2 and asked.shape[1] > _N_ROWS:
                sums.append(answer[0, :_N_ROWS] / noise.scale)
            return answer

        with patch.object(_queries.Noise, "add", watched):
            model.fit(X, np.append(labels, others))
        found = np.sum(sums, axis=0) / np.sqrt(len(sums))
        inside.append(found[coins])
        outside.append(found[~coins])
    return np.concatenate(inside), np.concatenate(outside)
