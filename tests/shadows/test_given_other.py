"""An other side that comes without a record is compared with what shadows show."""

import json

import numpy as np
import pytest

from _helpers.both_sides import two_sided_world
from skmia.shadows import Counterfactual, ShadowSignals


def given(shadows, other, **params):
    return ShadowSignals(shadows.signals, shadows.member, other=other, **params)


NOISE = np.random.RandomState(0)
WRONG = {
    "own values": lambda own, other: own,
    "swapped": lambda own, other: 2 * own - other,
    "noise": lambda own, other: 20 * NOISE.normal(size=own.shape),
    "zeros": lambda own, other: np.zeros(own.shape),
}


@pytest.mark.parametrize("n_shadows", [2, 4, 8])
@pytest.mark.parametrize("name", WRONG)
def test_what_surely_contradicts_the_shadows_is_refused(name, n_shadows):
    """Unless a record says where it is from."""
    shadows = two_sided_world(1, n_shadows, 1.0)[0]
    other = {
        s: WRONG[name](shadows.signals[s], shadows.other[s]) for s in shadows.other
    }
    with pytest.raises(ValueError, match=r"'other' parameter .*pass other=None"):
        given(shadows, other)
    assert given(shadows, other, counterfactual=Counterfactual(used=True)).other


@pytest.mark.parametrize("n_shadows", [2, 4, 8])
@pytest.mark.parametrize("seed", range(10))
def test_what_is_right_is_taken(seed, n_shadows):
    for leak, n in ((1.0, 1000), (0.3, 300), (1.0, 40), (0.0, 300)):
        shadows = two_sided_world(seed, n_shadows, leak, n=n)[0]
        assert given(shadows, shadows.other).counterfactual_.used


@pytest.mark.parametrize("n_shadows", [2, 4, 8])
def test_the_same_gap_of_every_record_is_taken(n_shadows):
    """It does not vary, and so cannot correlate."""
    shadows = two_sided_world(0, n_shadows, 0.0)[0]
    own = shadows.signals["logit"] + shadows.member
    other = shadows.signals["logit"] + ~shadows.member
    made = ShadowSignals({"logit": own}, shadows.member, other={"logit": other})
    assert made.other


@pytest.mark.parametrize("n_shadows", [2, 4, 8])
@pytest.mark.parametrize("name", WRONG)
def test_a_target_that_leaks_nothing_contradicts_nothing(name, n_shadows):
    shadows = two_sided_world(2, n_shadows, 0.0)[0]
    logit = WRONG[name](shadows.signals["logit"], shadows.other["logit"])
    assert given(shadows, {"logit": logit}).other


def test_too_few_records_are_taken():
    shadows = two_sided_world(0, 4, 1.0, n=12)[0]
    assert given(shadows, {"logit": shadows.signals["logit"]}).other


def test_infinities_are_refused():
    shadows = two_sided_world(0, 4, 1.0)[0]
    logit = np.where(shadows.member, np.inf, shadows.other["logit"])
    with pytest.raises(ValueError, match=r"'other' .* has infinities in 'logit'"):
        given(shadows, {"logit": logit})


def edited(path, drop=(), **about):
    with np.load(path) as file:
        arrays = {k: v for k, v in file.items() if not k.startswith(tuple(drop))}
    arrays["counterfactual"] = np.array(
        json.dumps(json.loads(str(arrays["counterfactual"])) | about)
    )
    del arrays["names"]
    np.savez(path, names=np.array(sorted(arrays)), **arrays)
    return path


def test_edited_files(tmp_path):
    path = tmp_path / "shadows.npz"
    shadows = two_sided_world(0, 4, 1.0, n=40)[0]
    shadows.to_npz(path)
    without = ShadowSignals.from_npz(edited(path, drop=["other_"]))
    assert not without.other
    assert without.counterfactual_.used is False
    with pytest.raises(ValueError, match="not a readable shadow file"):
        ShadowSignals.from_npz(edited(path, slope="foo"))
