"""What every attack refuses, and the containers that it takes."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from _helpers import LabelsOnly, NotedTree
from skmia.attacks import LiRAAttack, LossThresholdAttack

attacks = pytest.mark.parametrize(
    "make",
    [
        pytest.param(LossThresholdAttack, id="loss"),
        pytest.param(
            lambda estimator, **kw: LiRAAttack(estimator, shadows=4, **kw), id="lira"
        ),
    ],
)


# What is refused


@attacks
@pytest.mark.parametrize(
    ("estimator", "error", "match"),
    [
        ("frozen", ValueError, "the str 'precomputed'. Got 'frozen' instead"),
        (LinearRegression(), ValueError, "regressors .* Got LinearRegression instead"),
        (StandardScaler(), ValueError, "Got StandardScaler instead"),
        (None, TypeError, "must be a scikit-learn classifier. Got None instead"),
    ],
)
def test_what_is_no_target(make, pool, estimator, error, match):
    with pytest.raises(error, match=match):
        make(estimator).fit(pool.X, pool.y)


def test_labels_only_where_confidences_are_read(pool):
    message = "predict_proba or decision_function.*LabelsOnly.*LabelOnlyAttack"
    with pytest.raises(TypeError, match=message):
        LossThresholdAttack(LabelsOnly()).fit(pool.X, pool.y)


@attacks
def test_frozen_regressor(make, pool):
    frozen = FrozenEstimator(LinearRegression().fit(pool.X, pool.y))
    with pytest.raises(ValueError, match="regressors and transformers"):
        make(frozen).fit(pool.X, pool.y)


@attacks
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize(
    ("y", "match"),
    [
        (lambda y: None, "requires y to be passed"),
        (lambda y: y[:-1], "X has 240, y has 239"),
        (lambda y: y + 0.5, "Unknown label type"),
        (lambda y: np.where(y == 0, np.nan, y), "NaN"),
        (lambda y: np.column_stack([y, y]), "1d array"),
    ],
)
def test_labels_that_are_none(make, pool, frozen, y, match):
    estimator = pool.frozen if frozen else DecisionTreeClassifier()
    with pytest.raises(ValueError, match=match):
        make(estimator).fit(pool.X, y(pool.y))


@attacks
def test_labels_that_the_target_does_not_know(make, pool):
    y = np.where(np.arange(len(pool.y)) == 5, 9, pool.y)
    match = r"labels that the classifier does not know: \[9\].*fitted on \[0, 1, 2\]"
    with pytest.raises(ValueError, match=match):
        make(pool.frozen).fit(pool.X, y)
    attack = make(pool.frozen, random_state=0).fit(pool.X, pool.y)
    with pytest.raises(ValueError, match=match):
        attack.score_samples(pool.X, y)
    with pytest.raises(ValueError, match="does not know: \\['a'\\]"):
        attack.predict(pool.X, np.full(len(y), "a"))
    with pytest.raises(ValueError, match="X has 240, y has 239"):
        attack.decision_function(pool.X, pool.y[:-1])


@attacks
@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m[:-1], r"per row of X, 240. Got an array of shape \(239,\)"),
        (lambda m: m[:, None], r"1D array-like .* Got an array of shape \(240, 1\)"),
        (lambda m: m.astype(int) + 1, "must be binary.* Got 2 instead"),
        (lambda m: np.where(m, "yes", "no"), "must be binary.* Got '(yes|no)' instead"),
        (lambda m: np.where(m, 1.0, np.nan), "must be binary.* Got nan instead"),
        (lambda m: np.where(m, True, None), "must be binary.* Got None instead"),
    ],
)
def test_membership_that_is_none(make, pool, change, match):
    with pytest.raises(ValueError, match=match):
        make(pool.frozen).fit(pool.X, pool.y, membership=change(pool.member))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.tolist(),
        lambda m: m.astype(int),
        lambda m: m.astype(float),
        lambda m: m.astype(object),
    ],
)
def test_membership_in_other_clothes(pool, change):
    attack = LossThresholdAttack(pool.frozen)
    attack.fit(pool.X, pool.y, membership=change(pool.member))
    assert attack.membership_.dtype == bool
    assert_array_equal(attack.membership_, pool.member)


@attacks
def test_one_class_and_few_records(make, pool):
    with pytest.raises(
        ValueError, match=r"needs at least two classes in y. Got 1 class"
    ):
        make(GaussianNB()).fit(pool.X, np.zeros(len(pool.y)))
    with pytest.raises(ValueError, match=r"4 records at least. Got n_samples=3"):
        make(GaussianNB()).fit(pool.X[:3], [0, 1, 0])
    # One record each, of 2 classes: whatever half is drawn has a single class.
    X, y = np.repeat(pool.X[:2], 3, axis=0), np.repeat([0, 1], 3)
    with pytest.raises(ValueError, match="drew 3 members of fewer than two classes"):
        make(DecisionTreeClassifier()).fit(X, y)
    with pytest.raises(ValueError, match="0 feature"):
        make(DecisionTreeClassifier()).fit(np.empty((9, 0)), np.arange(9) % 2)


@attacks
def test_rows_that_the_target_cannot_take(make, pool):
    """LiRA does not need the target's answers in fit, and asks for one all the same."""
    frozen = FrozenEstimator(NotedTree().fit(pool.X, pool.y))
    NotedTree.fits.clear()
    with pytest.raises(
        ValueError, match="X has 4 features, but NotedTree is expecting"
    ):
        make(frozen).fit(pool.X[:, :4], pool.y)
    assert not NotedTree.fits
    with pytest.raises(TypeError, match="array-like with at least one dimension"):
        make(frozen).fit(None, pool.y)
    with pytest.raises(ValueError, match="0 sample"):
        make(frozen, random_state=0).fit(pool.X, pool.y).predict(pool.X[:0], [])


@attacks
def test_scoring_before_fit(make, pool):
    for method in ("score_samples", "decision_function", "predict"):
        with pytest.raises(NotFittedError):
            getattr(make(pool.frozen), method)(pool.X, pool.y)


@attacks
@pytest.mark.parametrize("value", [0, 1, -0.1, 2.0, float("nan"), "1", True, None])
def test_max_fpr_out_of_range(make, pool, value):
    with pytest.raises((ValueError, TypeError), match=r"'max_fpr' .* \(0, 1\). Got"):
        make(pool.frozen, max_fpr=value).fit(pool.X, pool.y)


# What a target may be, and what its rows may be


@attacks
def test_margins_stand_in_for_probabilities(make, pool):
    """RidgeClassifier has no predict_proba; its margin is the logit."""
    attack = make(RidgeClassifier(), random_state=0).fit(pool.X, pool.y)
    scores = attack.score_samples(pool.X, pool.y)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) > 200


@attacks
@pytest.mark.parametrize("container", ["csr", "csc", "coo", "csr_array"])
def test_sparse_rows(make, pool, container):
    X = np.where(np.abs(pool.X) > 0.5, pool.X, 0.0)
    given = (
        getattr(sparse, container)(X)
        if "_" in container
        else (getattr(sparse, f"{container}_matrix")(X))
    )
    dense = make(LogisticRegression(), random_state=0).fit(X, pool.y)
    attack = make(LogisticRegression(), random_state=0).fit(given, pool.y)
    assert_array_equal(attack.membership_, dense.membership_)
    np.testing.assert_allclose(
        attack.score_samples(given, pool.y),
        dense.score_samples(X, pool.y),
        rtol=1e-2,
        atol=1e-2,
    )


@attacks
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_with_text(make, pool, library):
    """The frame goes all the way into the encoder, and its rows are found again."""
    module = pytest.importorskip(library)
    columns = {
        "city": np.array(["Rome", "Oslo", "Lima"])[np.arange(len(pool.y)) % 3].tolist(),
        "x": (2 * pool.X[:, 0]).round().tolist(),
    }
    X = module.DataFrame(columns)
    y = module.Series(np.array(["no", "maybe", "yes"])[pool.y].tolist())
    pipe = make_pipeline(
        OneHotEncoder(handle_unknown="ignore"), DecisionTreeClassifier(max_depth=4)
    )
    attack = make(pipe, random_state=0).fit(X, y)
    scores = attack.score_samples(X, y)
    assert np.isfinite(scores).all()
    if library == "pandas":  # older scikit-learn does not see the names of polars
        assert_array_equal(attack.feature_names_in_, ["city", "x"])
    part = X[50:100] if library == "polars" else X.iloc[50:100]
    np.testing.assert_allclose(
        attack.score_samples(part, y[50:100]), scores[50:100], rtol=1e-12
    )


@attacks
def test_lists_and_strings(make, pool):
    """NumPy makes text of a list with numbers; fit and scoring must agree on that."""
    X = [[str(a), int(b)] for a, b in (pool.X[:, :2] * 2).round().tolist()]
    y = np.array(["no", "maybe", "yes"])[pool.y].tolist()
    pipe = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    attack = make(pipe, random_state=0).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a row that is not found again would warn
        scores = attack.score_samples(X, y)
    assert len(scores) == len(y)
    if isinstance(attack, LiRAAttack):
        # All rows are in the pool, so the score does not need the models.
        attack.shadows_.models = None
        assert_array_equal(attack.score_samples(X, y), scores)


@attacks
def test_arguments_are_not_modified(make, pool):
    """`pool` is read-only; a frame has to be compared."""
    pd = pytest.importorskip("pandas")
    X, y = pd.DataFrame(pool.X), pd.Series(pool.y)
    member = pd.Series(pool.member)
    kept = X.copy(), y.copy(), member.copy()
    attack = make(pool.frozen.estimator.__class__(), random_state=0)
    attack.fit(X, y).predict(X, y)
    make(FrozenEstimator(DecisionTreeClassifier().fit(X, y)), random_state=0).fit(
        X, y, membership=member
    ).predict(X)
    pd.testing.assert_frame_equal(X, kept[0])
    pd.testing.assert_series_equal(y, kept[1])
    pd.testing.assert_series_equal(member, kept[2])


@attacks
def test_second_fit_leaves_nothing_of_the_first(make, pool):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(pool.X, columns=list("abcdef"))
    attack = make(DecisionTreeClassifier(), random_state=0).fit(frame, pool.y)
    assert_array_equal(attack.feature_names_in_, list("abcdef"))
    attack.fit(pool.X[:, :4], pool.y)
    assert attack.n_features_in_ == 4
    assert not hasattr(attack, "feature_names_in_")
    fresh = make(DecisionTreeClassifier(), random_state=0).fit(pool.X[:, :4], pool.y)
    assert_array_equal(
        attack.score_samples(pool.X[:, :4], pool.y),
        fresh.score_samples(pool.X[:, :4], pool.y),
    )
    if isinstance(attack, LossThresholdAttack):
        attack.set_params(estimator="precomputed")
        attack.fit(fresh.estimator_.predict_proba(pool.X[:, :4]), pool.y)
        assert not hasattr(attack, "estimator_")
        assert attack.n_features_in_ == 3
