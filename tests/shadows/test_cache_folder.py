"""A cache folder under somebody else's hands: nothing of theirs is taken or touched."""

import io
import os
import stat
import subprocess
import sys
import textwrap
from dataclasses import replace

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from skmia.exceptions import CacheWarning
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._cache import ShadowCache
from skmia.shadows._signing import _HEAD

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and links")

X, Y = make_classification(80, 5, flip_y=0.2, random_state=0)


@pytest.fixture
def folder(tmp_path):
    """Where entries go: made by the first fit, for the user alone."""
    return tmp_path / "cache"


def fit(folder, X=X, **how):
    tree = DecisionTreeClassifier(max_depth=6)
    shadows = ShadowModels(4, cache_dir=folder, **how)
    return fit_shadows(tree, X, Y, shadows=shadows, random_state=0)


def auc(shadows):
    return roc_auc(shadows.member.ravel(), shadows.signals["logit"].ravel())


def assert_fitted_anew(first, folder, fits, n, **how):
    """`n` entries are warned of, fitted again and replaced, and the rest is taken."""
    fits.clear()
    with pytest.warns(CacheWarning, match=f" {n} of the entries .* else's") as caught:
        again = fit(folder, **how)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert len(fits) == n
    for name, values in first.signals.items():
        assert_array_equal(values, again.signals[name])
    fits.clear()
    assert auc(fit(folder, **how)) == auc(first)
    assert fits == []


# -- entries ---------------------------------------------------------------------------


def payload(path):
    with path.open("rb") as file:
        file.seek(_HEAD.size)
        with np.load(io.BytesIO(file.read())) as arrays:
            return dict(arrays)


def written(arrays):
    data = io.BytesIO()
    np.savez(data, **arrays)
    return data.getvalue()


def test_planted_arrays_are_fitted_anew(folder, fits):
    """They would say what they like of a model that leaks."""
    first = fit(folder)
    safe = []
    for path in folder.iterdir():
        arrays = payload(path)
        arrays |= {n: np.zeros(80, np.float32) for n in first.signals if n in arrays}
        safe.append(arrays["logit"])
        head = path.read_bytes()[: _HEAD.size]
        path.write_bytes(head + written(arrays))
    # Read as they are, as an unsigned cache reads them.
    assert roc_auc(first.member.ravel(), np.ravel(safe)) == 0.5 < auc(first) - 0.1
    assert_fitted_anew(first, folder, fits, 4)


class Runs:
    """What a pickle of somebody else's can do."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return open, (str(self.trace), "w")


def test_a_planted_model_is_not_unpickled(folder, fits, tmp_path):
    first = fit(folder, keep_models=True)
    trace, model = tmp_path / "trace", io.BytesIO()
    joblib.dump(Runs(trace), model)
    for path in folder.iterdir():
        arrays = payload(path)
        arrays["model"] = np.frombuffer(model.getvalue(), np.uint8)
        path.write_bytes(path.read_bytes()[: _HEAD.size] + written(arrays))
    # What a cache of pickles does with it.
    joblib.load(io.BytesIO(payload(path)["model"].tobytes())).close()
    assert trace.exists()
    trace.unlink()
    assert_fitted_anew(first, folder, fits, 4, keep_models=True)
    assert not trace.exists()


def test_swapped_entries_are_fitted_anew(folder, fits):
    """Each is well signed, but for another shadow."""
    first = fit(folder)
    one, other = sorted(folder.iterdir())[:2]
    swapped = one.read_bytes(), other.read_bytes()
    other.write_bytes(swapped[0])
    one.write_bytes(swapped[1])
    assert_fitted_anew(first, folder, fits, 2)


def test_an_entry_of_other_data_under_this_name_is_fitted_anew(folder, fits):
    first = fit(folder)
    names = sorted(path.name for path in folder.iterdir())
    fit(folder, X=X[:, ::-1].copy())
    others = sorted(path for path in folder.iterdir() if path.name not in names)
    for name, path in zip(names, others, strict=True):
        path.replace(folder / name)
    assert_fitted_anew(first, folder, fits, 4)


def truncated(data):
    return data[: len(data) // 2]


def flipped(at):
    def flip(data):
        k = int(at * len(data))
        return data[:k] + bytes([data[k] ^ 1]) + data[k + 1 :]

    return flip


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        flipped(0),
        flipped(0.02),
        flipped(0.5),
        flipped(0.99),
        lambda data: data + b"\0",
        lambda data: data[: _HEAD.size - 1],
        lambda data: data[_HEAD.size :],
        lambda _: b"",
        lambda _: b"nonsense" * 100,
    ],
)
@pytest.mark.parametrize("keep_models", [False, True])
def test_a_damaged_entry_is_fitted_anew(folder, fits, damage, keep_models):
    first = fit(folder, keep_models=keep_models)
    path = sorted(folder.iterdir())[1]
    path.write_bytes(damage(path.read_bytes()))
    assert_fitted_anew(first, folder, fits, 1, keep_models=keep_models)


@posix
def test_an_entry_of_any_length_is_not_read(folder, fits):
    """Its head says a terabyte, and there is one, of nothing."""
    first = fit(folder)
    path = next(folder.iterdir())
    head = (1 << 40).to_bytes(8, "little") + path.read_bytes()[8 : _HEAD.size]
    with path.open("wb") as file:
        file.write(head)
        file.truncate(_HEAD.size + (1 << 40))
    assert_fitted_anew(first, folder, fits, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda signals: signals.pop("hinge"),
        lambda signals: signals.update(logit=signals["logit"][:-1]),
        lambda signals: signals.update(logit=signals["logit"][:, None]),
        lambda signals: signals.update(logit=signals["logit"].astype(float)),
        lambda signals: signals.update(logit=signals["logit"] * np.nan),
    ],
)
def test_arrays_of_another_shape_or_type_are_fitted_anew(folder, fits, change):
    """Under a good signature, as a fault of our own would leave them."""
    first = fit(None)
    store = ShadowCache.store

    def store_changed(self, path, result):
        result = replace(result, signals=dict(result.signals))
        change(result.signals)
        store(self, path, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ShadowCache, "store", store_changed)
        fit(folder)
    fits.clear()
    assert auc(fit(folder)) == auc(first)
    assert len(fits) == 4
    assert auc(fit(folder)) == auc(first)
    assert len(fits) == 4


# -- links and other files -------------------------------------------------------------


@posix
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_neither_read_nor_written_through(folder, fits, tmp_path, there):
    """Who can put it there cannot write to its target, but the user can."""
    first = fit(folder)
    path = next(folder.iterdir())
    target = tmp_path / "precious"
    if there:
        target.write_bytes(path.read_bytes())  # a good entry, but for the link
        stored = target.read_bytes()
    path.unlink()
    path.symlink_to(target)
    assert_fitted_anew(first, folder, fits, 1)
    assert not path.is_symlink()
    assert target.exists() == there
    if there:
        assert target.read_bytes() == stored


@posix
def test_a_hard_link_is_replaced_and_its_file_is_left_alone(folder, fits, tmp_path):
    first = fit(folder)
    path = next(folder.iterdir())
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    path.unlink()
    path.hardlink_to(target)
    assert_fitted_anew(first, folder, fits, 1)
    assert target.read_bytes() == b"precious"


@posix
def test_a_pipe_is_not_waited_for(folder, fits):
    first = fit(folder)
    path = next(folder.iterdir())
    path.unlink()
    os.mkfifo(path)
    assert_fitted_anew(first, folder, fits, 1)


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_folder_and_files_are_for_the_user_alone(tmp_path, umask):
    before = os.umask(umask)
    try:
        fit(tmp_path / "a" / "b", keep_models=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    files = list((tmp_path / "a" / "b").iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@posix
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(folder, mode):
    folder.mkdir()
    folder.chmod(mode)
    wanted = rf"'cache_dir' parameter .* open to others \(mode {mode:o}\).*chmod go-w"
    with pytest.raises(ValueError, match=wanted):
        fit(folder)
    assert list(folder.iterdir()) == []
    folder.chmod(0o755)
    fit(folder)


@posix
def test_a_private_folder_inside_of_an_open_one_is_the_users_own(folder):
    folder.mkdir()
    folder.chmod(0o1777)
    fit(folder / "mine")
    assert len(list((folder / "mine").iterdir())) == 4


@posix
def test_a_folder_of_another_user_is_refused(folder, monkeypatch):
    fit(folder)
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(ValueError, match=rf"belongs to another user \(number {uid}\)"):
        fit(folder)


def test_a_file_in_the_place_of_the_folder(folder):
    folder.write_text("")
    with pytest.raises(ValueError, match=r"'cache_dir' parameter .* instead, a file"):
        fit(folder)


@pytest.mark.parametrize("wrong", [3, b"folder", True, ["folder"]])
def test_what_is_no_path_is_named(wrong):
    with pytest.raises(TypeError, match=r"The 'cache_dir' parameter must be .* Got"):
        fit(wrong)


# -- the key ---------------------------------------------------------------------------


@pytest.fixture
def key(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "skmia" / "cache.key"


def test_the_key_is_made_once_for_the_user_alone(folder, key, fits):
    fit(folder)
    made = key.read_bytes()
    assert len(made) == 32
    assert os.listdir(key.parent) == ["cache.key"]
    if os.name == "posix":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    fit(folder.with_name("another"))
    assert key.read_bytes() == made
    for path in folder.iterdir():
        assert made not in path.read_bytes()


def test_entries_of_a_key_that_is_gone_are_fitted_anew(folder, key, fits):
    first = fit(folder)
    key.unlink()
    assert_fitted_anew(first, folder, fits, 4)


@pytest.mark.parametrize("damaged", [b"", b"short", b"l" * 33])
def test_a_damaged_key_is_no_key(folder, key, damaged):
    fit(folder)
    key.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"cache\.key', .* is damaged\. Delete it"):
        fit(folder)


@posix
def test_a_key_that_others_can_read_is_no_key(folder, key):
    fit(folder)
    key.chmod(0o644)
    with pytest.raises(ValueError, match=r"cache\.key', .* open to others \(mode 644"):
        fit(folder)


@posix
def test_a_key_that_is_a_link_is_no_key(folder, key, tmp_path):
    (tmp_path / "known").write_bytes(b"k" * 32)
    (tmp_path / "known").chmod(0o600)
    key.parent.mkdir(parents=True)
    key.symlink_to(tmp_path / "known")
    with pytest.raises(ValueError, match=r"needs a place for the key .* Set XDG_STATE"):
        fit(folder)


def test_no_place_for_a_key(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(
        ValueError, match=r"needs a place for the key .* cache_dir=None"
    ):
        fit(folder)
    fit(None)


def test_a_key_inside_of_the_folder_protects_nothing(key):
    with pytest.raises(
        ValueError, match=r"'cache_dir' parameter must not be .* around"
    ):
        fit(key.parent)
    assert not key.exists()


@pytest.mark.slow
def test_runs_at_once_share_one_key_and_one_folder(folder, key, fits, tmp_path):
    code = f"""
        import os, sys
        import numpy as np
        from sklearn.datasets import make_classification
        from sklearn.tree import DecisionTreeClassifier
        from skmia.shadows import ShadowModels, fit_shadows
        X, y = make_classification(80, 5, flip_y=0.2, random_state=0)
        shadows = ShadowModels(4, cache_dir={str(folder)!r})
        tree = DecisionTreeClassifier(max_depth=6)
        print(fit_shadows(tree, X, y, shadows=shadows, random_state=0).signals["logit"])
    """
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    runs = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {run.communicate()[0] for run in runs}
    assert [run.returncode for run in runs] == [0] * 4
    assert len(said) == 1
    assert os.listdir(key.parent) == ["cache.key"]
    fit(folder)
    assert fits == []
    assert len(list(folder.iterdir())) == 4
