"""Shadows that are added until the caller says that there are enough."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from _helpers import noisy_rows
from skmia.shadows import ShadowModels, fit_shadows

X, Y = noisy_rows(300)
MODEL = DecisionTreeClassifier(max_depth=4, random_state=0)


def auto(most, **params):
    return ShadowModels("auto", max_models=most, **params)


def stop_at(n):
    asked = []

    def enough(shadows):
        asked.append(shadows.n_shadows)
        return shadows.n_shadows >= n

    return enough, asked


@pytest.mark.parametrize("train_size", [0.5, 0.3])
def test_the_first_shadows_are_kept_when_more_are_added(train_size):
    made = {}
    for n in (8, 16, 32):
        enough, asked = stop_at(n)
        made[n] = fit_shadows(
            MODEL,
            *(X, Y),
            shadows=auto(32, train_size=train_size),
            enough=enough,
            random_state=0,
        )
        assert asked == [8, 16, 32][: asked.index(n) + 1]
    for n in (8, 16):
        for name, array in made[n].signals.items():
            np.testing.assert_array_equal(array, made[32].signals[name][:n])
        # Every step is balanced by itself.
        counts = made[n].member.sum(axis=0)
        assert np.ptp(counts) <= {8: 1, 16: 2}[n]


def test_a_stopped_run_goes_on_from_the_cache(tmp_path, monkeypatch):
    from skmia.shadows import _run

    fits = []
    kept = _run._fit_one
    monkeypatch.setattr(_run, "_fit_one", lambda *a: fits.append(a[2]) or kept(*a))
    for n, expected in ((8, range(8)), (32, range(8, 32)), (16, [])):
        fits.clear()
        fit_shadows(
            MODEL,
            *(X, Y),
            shadows=auto(32, cache_dir=tmp_path),
            enough=stop_at(n)[0],
            random_state=0,
        )
        assert fits == list(expected)


def test_a_fraction_near_1_takes_more_shadows_to_begin_with():
    enough, asked = stop_at(8)
    shadows = auto(64, train_size=0.9)
    fit_shadows(
        GaussianNB(),
        X,
        Y,
        shadows=shadows.set_params(counterfactual=False),
        enough=enough,
        random_state=0,
    )
    assert asked == [32]


def test_a_number_and_a_question_exclude_each_other():
    with pytest.raises(ValueError, match="'enough' parameter must be None"):
        fit_shadows(MODEL, X, Y, shadows=8, enough=lambda shadows: True)
