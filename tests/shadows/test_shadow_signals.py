"""The arrays: checked when they come in, kept, derived, saved and read back."""

import io
import os
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB

from skmia.shadows import ShadowModels, ShadowSignals, fit_shadows
from skmia.signals import SATURATED_LOGIT, SIGNALS, confidence, loss

LOGIT = np.array([[2.0, -1.0, 0.0], [0.5, 3.0, -4.0]])
MEMBER = np.array([[True, False, True], [False, True, False]])


def full():
    rng = np.random.default_rng(0)
    return ShadowSignals(
        {"logit": LOGIT, "entropy": rng.random((2, 3))},
        MEMBER,
        record_hashes=[1, 2**64 - 1, 3],
        n_missing_classes=2,
        fit_seconds=[0.5, 0.25],
        predict_seconds=[0.125, 1.0],
        models=["a", "b"],
    )


def test_from_plain_arrays():
    shadows = ShadowSignals({"logit": LOGIT.tolist()}, MEMBER.tolist())
    assert (shadows.n_shadows, shadows.n_records) == (2, 3)
    assert shadows.signals["logit"].dtype == np.float32
    assert_array_equal(shadows.signals["logit"], LOGIT.astype(np.float32))
    assert shadows.member.dtype == bool
    assert_array_equal(shadows.member, MEMBER)
    assert_array_equal(shadows.complements, [1, 0])
    assert shadows.n_missing_classes == 0
    for name in ("record_hashes", "fit_seconds", "predict_seconds", "models"):
        assert getattr(shadows, name) is None
    assert repr(full()) == (
        "ShadowSignals(n_shadows=2, n_records=3, signals=['entropy', 'logit'])"
    )


@pytest.mark.parametrize("dtype", [int, np.uint8, float])
def test_membership_as_zeros_and_ones(dtype):
    member = MEMBER.astype(dtype)
    assert_array_equal(ShadowSignals({"logit": LOGIT}, member).member, MEMBER)
    frames = pd.DataFrame(LOGIT), pd.DataFrame(member)
    assert_array_equal(ShadowSignals({"logit": frames[0]}, frames[1]).member, MEMBER)


def test_what_is_given_is_not_modified():
    logit = np.array([[np.inf, 1.0]], dtype=np.float32)
    member = np.array([[1, 0]])
    ShadowSignals({"logit": logit}, member)
    assert_array_equal(logit, [[np.inf, 1.0]])
    assert_array_equal(member, [[1, 0]])


def test_infinities_become_the_saturated_logit():
    shadows = ShadowSignals(
        {"logit": [[np.inf, -np.inf, 3.0, 1e300]], "hinge": [[0.0, 1.0, 2.0, 3.0]]},
        np.ones((1, 4)),
    )
    end = np.float32(SATURATED_LOGIT)
    assert_array_equal(shadows.signals["logit"], np.float32([[end, -end, 3, end]]))
    assert_array_equal(shadows.signals["hinge"], [[0, 1, 2, 3]])
    assert shadows.signals["logit"].dtype == np.float32


def test_infinities_are_never_below_what_is_finite():
    shadows = ShadowSignals({"logit": [[np.inf, 900.0, -np.inf]]}, np.ones((1, 3)))
    assert_array_equal(shadows.signals["logit"], [[900, 900, -900]])


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"signals": {"hinge": LOGIT}}, "at least the key 'logit'"),
        ({"signals": LOGIT}, "must be a dict of arrays .* Got ndarray instead"),
        ({"signals": {"logit": LOGIT, "x": LOGIT}}, r"unknown keys \['x'\]"),
        ({"signals": {"logit": LOGIT.T}}, r"has shape \(3, 2\), but 'member' .*\(2, 3"),
        ({"signals": {"logit": LOGIT[0]}}, r"'logit' has shape \(3,\)"),
        ({"signals": {"logit": LOGIT * np.nan}}, "'logit' contains NaN"),
        ({"signals": {"logit": LOGIT, "loss": np.nan * LOGIT}}, "'loss' contains NaN"),
        ({"member": MEMBER[0]}, r"Got shape \(3,\) instead"),
        ({"member": MEMBER[:0]}, r"Got shape \(0, 3\) instead"),
        ({"member": MEMBER[:, :0]}, r"Got shape \(2, 0\) instead"),
        ({"member": MEMBER + 1}, r"must be bool \(or 0 and 1\). Got dtype int64"),
        ({"member": MEMBER * 0.5}, r"must be bool \(or 0 and 1\)"),
        ({"member": MEMBER.astype(str)}, r"must be bool \(or 0 and 1\). Got dtype <U5"),
        (
            {"record_hashes": [1, 2]},
            r"'record_hashes' parameter must have shape \(3,\)",
        ),
        ({"fit_seconds": [1, 2, 3]}, r"'fit_seconds' .* shape \(2,\). Got \(3,\)"),
        ({"predict_seconds": 1.0}, r"'predict_seconds' .* shape \(2,\). Got \(\)"),
        ({"models": ["a"]}, "one model per shadow, 2. Got 1 instead"),
        ({"n_missing_classes": -1}, "'n_missing_classes' parameter must be an int"),
    ],
)
def test_arguments_that_are_refused(changed, match):
    given = {"signals": {"logit": LOGIT}, "member": MEMBER} | changed
    with pytest.raises(ValueError, match=match):
        ShadowSignals(given.pop("signals"), given.pop("member"), **given)


def test_clones_of_an_attack_share_the_arrays():
    class Attack(BaseEstimator):
        def __init__(self, shadows=None):
            self.shadows = shadows

    shadows = full()
    assert clone(shadows) is shadows
    assert clone(Attack(shadows)).shadows is shadows
    assert clone(Attack(shadows)).shadows.signals["logit"] is shadows.signals["logit"]


def test_get_derives_what_follows_from_the_logit():
    X, y = make_classification(60, 4, n_informative=3, n_redundant=0, random_state=0)
    shadows = fit_shadows(
        GaussianNB(), X, y, shadows=ShadowModels(2, keep_models=True), random_state=0
    )
    assert shadows.get("logit") is shadows.signals["logit"]
    assert shadows.get("hinge") is shadows.signals["hinge"]
    for k, model in enumerate(shadows.models):
        proba = model.predict_proba(X)
        assert_allclose(shadows.get("loss")[k], loss(proba, y), rtol=1e-4, atol=1e-7)
        assert_allclose(shadows.get("confidence")[k], confidence(proba, y), rtol=1e-4)
    for name in ("loss", "confidence"):
        assert shadows.get(name).dtype == np.float32
        assert name not in shadows.signals


def test_get_takes_the_stored_signal_first():
    stored = np.full((2, 3), 9.0)
    shadows = ShadowSignals({"logit": LOGIT, "loss": stored}, MEMBER)
    assert_array_equal(shadows.get("loss"), stored)


def test_get_at_the_ends_of_the_scale():
    end = SATURATED_LOGIT
    shadows = ShadowSignals({"logit": [[end, -end]]}, [[True, False]])
    assert_allclose(shadows.get("loss"), [[0, end]], rtol=1e-6, atol=1e-30)
    assert_array_equal(shadows.get("confidence"), [[1, 0]])


def test_get_of_what_is_not_there():
    with pytest.raises(
        ValueError, match=r"'hinge' was not stored .* \['entropy', 'logit'\]. Give its"
    ):
        full().get("hinge")
    with pytest.raises(ValueError, match=r"'name' parameter .* Got 'margin' instead"):
        full().get("margin")


# -- files -----------------------------------------------------------------------------


def assert_same(one, other):
    assert list(one.signals) == list(other.signals)
    for name, values in one.signals.items():
        assert values.tobytes() == other.signals[name].tobytes()
    assert_array_equal(one.member, other.member)
    for name in ("record_hashes", "fit_seconds", "predict_seconds"):
        if getattr(one, name) is None:
            assert getattr(other, name) is None
        else:
            assert getattr(one, name).dtype == getattr(other, name).dtype
            assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.n_missing_classes == other.n_missing_classes
    assert type(other.n_missing_classes) is int


def test_a_round_trip_through_a_file(tmp_path):
    path = tmp_path / "shadows.npz"
    full().to_npz(path)
    again = ShadowSignals.from_npz(path)
    assert_same(full(), again)
    assert again.models is None
    assert os.listdir(tmp_path) == ["shadows.npz"]
    bare = ShadowSignals(dict.fromkeys(SIGNALS, LOGIT), MEMBER)
    bare.to_npz(str(path))
    assert_same(bare, ShadowSignals.from_npz(str(path)))


def test_the_file_has_the_name_that_it_was_given(tmp_path):
    full().to_npz(tmp_path / "shadows")
    assert os.listdir(tmp_path) == ["shadows"]
    assert_same(full(), ShadowSignals.from_npz(tmp_path / "shadows"))


def test_a_file_is_replaced_as_a_whole_or_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "shadows.npz"
    full().to_npz(path)
    before = path.read_bytes()

    def fails(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", fails)
    with pytest.raises(OSError, match="No space"):
        full().to_npz(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["shadows.npz"]


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path, fraction):
    path = tmp_path / "shadows.npz"
    full().to_npz(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(ValueError, match=r"shadows.npz' is not .* Write it again with"):
        ShadowSignals.from_npz(path)


def test_damage_anywhere_is_an_error_or_changes_nothing(tmp_path):
    path = tmp_path / "shadows.npz"
    full().to_npz(path)
    data = path.read_bytes()
    errors = 0
    for at in np.random.RandomState(0).randint(len(data), size=300):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            assert_same(full(), ShadowSignals.from_npz(path))
        except ValueError:
            errors += 1
    assert errors > 150


def test_an_array_that_is_gone_is_missed(tmp_path):
    """Without the hashes, an attack could not tell that the rows are others."""
    path = tmp_path / "shadows.npz"
    full().to_npz(path)
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    del members["record_hashes.npy"]
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    with pytest.raises(ValueError, match=r"without \['record_hashes'\]"):
        ShadowSignals.from_npz(path)


def other_npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, names=sorted(arrays), **arrays)
    return buffer.getvalue()


class Explosive:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("form", ["pickle", "npy", "member of a zip"])
def test_pickles_are_not_run(tmp_path, form):
    path, trace = tmp_path / "shadows.npz", tmp_path / "trace"
    array = np.array([Explosive(str(trace))], dtype=object)
    if form == "pickle":
        path.write_bytes(pickle.dumps(Explosive(str(trace))))
    elif form == "npy":
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=True)
    else:
        path.write_bytes(other_npz(format=1, member=MEMBER, signal_logit=array))
    with pytest.raises(ValueError, match="is not a readable shadow file"):
        ShadowSignals.from_npz(path)
    assert not trace.exists()


def npy():
    buffer = io.BytesIO()
    np.save(buffer, LOGIT)
    return buffer.getvalue()


def text_zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("readme.txt", "no arrays")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (npy(), "is not a readable shadow file"),
        (text_zip(), "is not a readable shadow file"),
        (other_npz(format=1, member=MEMBER)[:-9], "is not a readable shadow file"),
        (b"logit,member\n1,0\n", "is not a readable shadow file"),
        (other_npz(member=MEMBER, signal_logit=LOGIT), "of this version"),
        (other_npz(format=2, member=MEMBER, signal_logit=LOGIT), "of this version"),
        (other_npz(format=[1, 1], member=MEMBER), "of this version"),
        (other_npz(format="1", member=MEMBER), "of this version"),
        (other_npz(format=1, signal_logit=LOGIT), "readable shadow file: 'member'"),
        (other_npz(format=1, member=MEMBER, n_missing_classes=0), "the key 'logit'"),
        (
            other_npz(format=1, member=MEMBER, signal_logit=LOGIT),
            "readable shadow file: 'n_missing_classes'",
        ),
        (
            other_npz(
                format=1, member=MEMBER, signal_logit=LOGIT.T, n_missing_classes=0
            ),
            r"readable shadow file: The signal 'logit' has shape \(3, 2\)",
        ),
        (
            other_npz(
                format=1, member=MEMBER, signal_logit=LOGIT, n_missing_classes=[1, 2]
            ),
            "is not a readable shadow file",
        ),
    ],
    # A zip has the time in it, and so would a name that is made of its bytes.
    ids=range(13),
)
def test_files_of_something_else(tmp_path, data, match):
    path = tmp_path / "shadows.npz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=match):
        ShadowSignals.from_npz(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        ShadowSignals.from_npz(tmp_path / "none.npz")
    with pytest.raises(IsADirectoryError):
        ShadowSignals.from_npz(tmp_path)
