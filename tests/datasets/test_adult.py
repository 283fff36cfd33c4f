"""Adult as distributed, against pandas' own reader and the published counts."""

import gzip
import sys

import numpy as np
import pytest

from skmia.datasets import _adult, fetch_adult

OFFLINE = {"download_if_missing": False}
NUMBERS = [
    "age",
    "fnlwgt",
    "education_num",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
]


@pytest.fixture(scope="module")
def expected(shared_data):
    """Both files as pandas reads them; the test file without comment and dots."""
    pd = pytest.importorskip("pandas")
    frames = {}
    for subset, name, skip in [("train", "data", 0), ("test", "test", 1)]:
        with gzip.open(shared_data.FOLDER / f"adult.{name}.gz", "rt") as file:
            frames[subset] = pd.read_csv(
                file,
                names=list(_adult.COLUMNS),
                skipinitialspace=True,
                na_values="?",
                skiprows=skip,
            )
    frames["test"]["income"] = frames["test"]["income"].str.removesuffix(".")
    frames["all"] = pd.concat(frames.values(), ignore_index=True)
    return frames


@pytest.fixture(scope="module")
def everything(shared_data):
    pytest.importorskip("pandas")
    return fetch_adult(data_home=shared_data.data_home(), as_frame=True, **OFFLINE)


def test_frames_are_what_pandas_reads(everything, expected):
    pd = pytest.importorskip("pandas")
    bunch, frame = everything, expected["all"]
    pd.testing.assert_frame_equal(bunch.frame, frame)
    pd.testing.assert_frame_equal(bunch.data, frame.drop(columns="income"))
    pd.testing.assert_series_equal(bunch.target, frame["income"])
    assert bunch.data.shape == (48842, 14)
    assert (bunch.target == ">50K").sum() == 11687
    assert set(bunch.target) == {"<=50K", ">50K"}
    assert list(bunch.data.select_dtypes("number")) == NUMBERS
    assert bunch.feature_names == list(bunch.data)
    assert bunch.target_names == ["income"]
    assert bunch.DESCR.startswith("Adult data set")


@pytest.mark.parametrize(
    ("subset", "n_samples", "n_rich"), [("train", 32561, 7841), ("test", 16281, 3846)]
)
def test_subsets(shared_data, expected, subset, n_samples, n_rich):
    pd = pytest.importorskip("pandas")
    X, y = fetch_adult(
        subset=subset,
        data_home=shared_data.data_home(),
        as_frame=True,
        return_X_y=True,
        **OFFLINE,
    )
    pd.testing.assert_frame_equal(X, expected[subset].drop(columns="income"))
    pd.testing.assert_series_equal(y, expected[subset]["income"])
    assert X.shape == (n_samples, 14)
    assert (y == ">50K").sum() == n_rich


def test_missing_values_are_where_the_description_says(everything):
    missing = everything.data.isna().sum()
    counts = {"workclass": 2799, "occupation": 2809, "native_country": 857}
    assert missing[missing > 0].to_dict() == counts
    assert not (everything.data == "?").any(axis=None)


def test_arrays_of_objects(shared_data, expected):
    bunch = fetch_adult(subset="test", data_home=shared_data.data_home(), **OFFLINE)
    assert bunch.frame is None
    assert bunch.data.dtype == bunch.target.dtype == object
    assert bunch.data.shape == (16281, 14)
    frame = expected["test"]
    np.testing.assert_array_equal(bunch.target, frame["income"].to_numpy(object))
    for j, name in enumerate(bunch.feature_names):
        column = bunch.data[:, j]
        kinds = {type(value) for value in column}
        if name in NUMBERS:
            assert kinds == {int}
            np.testing.assert_array_equal(column.astype(int), frame[name])
        else:
            assert kinds <= {str, float}
            missing = frame[name].isna().to_numpy()
            assert all(np.isnan(value) for value in column[missing])
            assert (column[~missing] == frame[name][~missing].to_numpy(object)).all()


def test_subset_needs_only_its_own_file(shared_data, tmp_path):
    path = tmp_path / "adult" / "adult.test"
    path.parent.mkdir()
    path.write_bytes((shared_data.data_home() / "adult" / "adult.test").read_bytes())
    X, _ = fetch_adult(subset="test", data_home=tmp_path, return_X_y=True, **OFFLINE)
    assert X.shape == (16281, 14)
    for subset in ("train", "all"):
        with pytest.raises(OSError, match=r"Data not found .*adult\.data"):
            fetch_adult(subset=subset, data_home=tmp_path, **OFFLINE)


def test_compressed_copies_are_other_files(shared_data, tmp_path):
    path = tmp_path / "adult" / "adult.data"
    path.parent.mkdir()
    path.write_bytes((shared_data.FOLDER / "adult.data.gz").read_bytes())
    # The two checksums: of what is there, and of what should be.
    with pytest.raises(OSError, match=r"c9da73b4\w* where 5b002646\w* was expected"):
        fetch_adult(subset="train", data_home=tmp_path, **OFFLINE)


def test_download(shared_data, tmp_path, server):
    content = (shared_data.data_home() / "adult" / "adult.test").read_bytes()
    server.contents[_adult.FILES["test"].url] = content
    X, _ = fetch_adult(subset="test", data_home=tmp_path, return_X_y=True)
    assert X.shape == (16281, 14)
    assert [p.name for p in (tmp_path / "adult").iterdir()] == ["adult.test"]
    assert (tmp_path / "adult" / "adult.test").read_bytes() == content


def test_parameters_are_checked(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"'subset' parameter .* Got 'both' instead"):
        fetch_adult(subset="both", data_home=tmp_path)
    with pytest.raises(TypeError, match="The 'as_frame' parameter must be a bool"):
        fetch_adult(as_frame="auto", data_home=tmp_path)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="fetch_adult with as_frame=True needs"):
        fetch_adult(as_frame=True, data_home=tmp_path)


def test_benchmark_loader_keeps_question_marks(shared_data, expected):
    pd = pytest.importorskip("pandas")
    X, y = shared_data.load_adult()
    frame = expected["train"]
    pd.testing.assert_frame_equal(X, frame.drop(columns="income").fillna("?"))
    pd.testing.assert_series_equal(y, frame["income"])
    X, y = shared_data.load_adult(200, random_state=3)
    rows = frame.sample(200, random_state=3)
    pd.testing.assert_index_equal(X.index, rows.index)
    pd.testing.assert_series_equal(y, rows["income"])
