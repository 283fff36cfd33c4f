"""audit_classifier on small models: what it reads, shares, leaves alone and refuses."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import skmia.audit._classifier as module
from skmia.attacks import LiRAAttack, LossThresholdAttack
from skmia.audit import audit_classifier
from skmia.shadows import auto_train_size, fit_shadows

N_IN, N_OUT = 180, 120


def make_sets(seed=0):
    X, y = make_classification(
        N_IN + N_OUT, n_features=6, n_informative=4, flip_y=0.3, random_state=seed
    )
    return X[:N_IN], y[:N_IN], X[N_IN:], y[N_IN:]


SETS = make_sets()
MODEL = DecisionTreeClassifier(min_samples_leaf=2, random_state=0).fit(*SETS[:2])


def audit(model=MODEL, sets=SETS, **kwargs):
    kwargs = {"n_shadows": 4, "random_state": 0, "max_fprs": (0.1,)} | kwargs
    return audit_classifier(model, *sets, **kwargs)


@pytest.fixture(scope="module")
def report():
    return audit()


def names(report):
    return {guard.name for guard in report.guards}


def test_it_reads_what_the_attacks_read_by_themselves(report):
    X, y = np.vstack(SETS[::2]), np.concatenate(SETS[1::2])
    member = np.repeat([True, False], [N_IN, N_OUT])
    assert auto_train_size(member, 4) == 0.5
    shadows = fit_shadows(MODEL, X, y, n_shadows=4, train_size=0.5, random_state=0)
    lira = LiRAAttack(FrozenEstimator(MODEL), shadows=shadows, random_state=0)
    expected = lira.fit(X, y, membership=member).score_samples(X, y)
    records = report.records()
    np.testing.assert_array_equal(records["lira"], expected)
    np.testing.assert_array_equal(records["membership"], member)
    np.testing.assert_array_equal(records["label"], y)
    # The loss alone, from its definition.
    proba = MODEL.predict_proba(X)[np.arange(y.size), y]
    auc = report.to_frame()["value"][0]
    assert auc == pytest.approx(roc_auc_score(member, proba), abs=1e-12)
    assert report.accuracy == (MODEL.score(*SETS[:2]), MODEL.score(*SETS[2:]))
    assert report.shadows == {"n_shadows": 4, "train_size": 0.5}
    assert report.worst("auc")[1] > 0.65


def test_positions_within_each_set_where_there_is_no_index(report):
    assert report.records().index.tolist() == [*range(N_IN), *range(N_OUT)]


def test_settings_repeat_the_audit(report):
    settings = report.to_dict()["settings"]
    assert settings["random_state"] == 0
    assert settings["attacks"]["lira"]["class"] == "LiRAAttack"
    assert settings["attacks"]["lira"]["variance"] == "shrunk"
    assert "estimator" not in settings["attacks"]["lira"]
    assert settings["max_fprs"] == [0.1]
    assert report.to_dict()["model"] == "DecisionTreeClassifier"
    drawn = audit(random_state=None)
    again = audit(random_state=drawn.settings["random_state"])
    pd.testing.assert_frame_equal(drawn.records(), again.records())


def test_seeds_and_workers(report):
    other = audit(n_jobs=2)
    pd.testing.assert_frame_equal(other.records(), report.records())
    state = np.random.RandomState(5)
    assert audit(random_state=state, attacks=["loss"]).settings["random_state"] == (
        np.random.RandomState(5).randint(2**31 - 1)
    )
    with pytest.raises(
        ValueError, match=r"'random_state' parameter .* Got 'a' instead"
    ):
        audit(random_state="a")


def test_nothing_given_is_modified():
    weights = np.linspace(1, 2, N_IN), np.linspace(1, 2, N_OUT)
    attack = LiRAAttack(LogisticRegression(), mode="offline")
    given = (MODEL, SETS, weights, attack)
    before = joblib.hash(given)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    position = np.random.get_state()[2]  # noqa: NPY002
    audit(
        random_state=None,
        attacks={"lira": attack, "loss": LossThresholdAttack("precomputed")},
        fit_params={"sample_weight": weights},
    )
    assert joblib.hash(given) == before
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    assert np.random.get_state()[2] == position  # noqa: NPY002


def count_shadow_fits(monkeypatch):
    calls = []

    def counted(*args, **kwargs):
        calls.append((args, kwargs))
        return fit_shadows(*args, **kwargs)

    monkeypatch.setattr(module, "fit_shadows", counted)
    return calls


def test_attacks_share_one_set_of_shadows(monkeypatch, tmp_path, report):
    calls = count_shadow_fits(monkeypatch)
    attacks = {
        "online": LiRAAttack("precomputed"),
        "offline": LiRAAttack("precomputed", mode="offline"),
        "correct": LiRAAttack("precomputed", signal="correctness"),
        "entropy": LossThresholdAttack("precomputed", signal="entropy"),
    }
    shared = audit(attacks=attacks, cache_dir=tmp_path)
    assert len(calls) == 1
    assert calls[0][1]["keep_models"] is False
    assert calls[0][1]["cache_dir"] == tmp_path
    assert "correctness" in calls[0][1]["signals"]
    assert len(list(tmp_path.glob("shadow-*.npz"))) == 4
    assert shared.attacks == tuple(attacks)
    assert list(shared.records().columns[2:]) == list(attacks)
    np.testing.assert_array_equal(shared.records()["online"], report.records()["lira"])
    assert not np.array_equal(shared.records()["online"], shared.records()["offline"])


def test_no_shadow_where_no_attack_takes_any(monkeypatch, report):
    calls = count_shadow_fits(monkeypatch)
    loss = audit(attacks=["loss"])
    assert not calls
    assert loss.shadows is None
    assert loss.attacks == ("loss",)
    np.testing.assert_array_equal(loss.records()["loss"], report.records()["loss"])


def test_fit_params_reach_the_shadows_row_by_row(monkeypatch):
    calls = count_shadow_fits(monkeypatch)
    X_in, y_in, X_out, y_out = SETS
    X_out = X_out.copy()
    X_out[7], y_shared = X_in[3], y_out.copy()
    y_shared[7] = y_in[3]
    weights = np.arange(N_IN) + 1.0, np.arange(N_OUT) + 1000.0
    model = LogisticRegression().fit(X_in, y_in, sample_weight=weights[0])
    weighted = audit(
        model, (X_in, y_in, X_out, y_shared), fit_params={"sample_weight": weights}
    )
    (_, kwargs) = calls[0]
    expected = np.delete(np.concatenate(weights), [3, N_IN + 7])
    np.testing.assert_array_equal(kwargs["params"]["sample_weight"], expected)
    assert weighted.settings["fit_params"] == ["sample_weight"]
    plain = audit(model, (X_in, y_in, X_out, y_shared))
    assert not np.array_equal(weighted.records()["lira"], plain.records()["lira"])
    np.testing.assert_array_equal(weighted.records()["loss"], plain.records()["loss"])


def test_rows_in_both_sets_are_left_out_of_both():
    X_in, y_in, X_out, y_out = SETS
    X_both = np.vstack([X_out, X_in[:20], X_in[:5]])
    y_both = np.concatenate([y_out, y_in[:20], y_in[:5]])
    both = audit(sets=(X_in, y_in, X_both, y_both), attacks=["loss"])
    clean = audit(sets=(X_in[20:], y_in[20:], X_out, y_out), attacks=["loss"])
    assert both.n_members == N_IN - 20
    assert both.n_nonmembers == N_OUT
    assert both.figures == clean.figures
    (guard,) = (g for g in both.guards if g.name == "shared_rows")
    assert guard.count == 20 + 25
    assert "shared_rows" not in names(clean)
    # The same features under another label are another record.
    other = audit(sets=(X_in, y_in, X_in[:60], 1 - y_in[:60]), attacks=["loss"])
    assert (other.n_members, other.n_nonmembers) == (N_IN, 60)
    # What was left out is not among the records, and the others keep their names.
    index = both.records().index.tolist()
    assert index == [*range(20, N_IN), *range(N_OUT)]


def test_repeats_within_a_set_stay_and_are_counted():
    X_in, y_in, X_out, y_out = SETS
    rows = np.r_[np.arange(N_OUT), 0, 0, 1]
    repeated = audit(sets=(X_in, y_in, X_out[rows], y_out[rows]))
    (guard,) = (g for g in repeated.guards if g.name == "duplicate_rows")
    assert guard.count == 3
    assert repeated.n_nonmembers == N_OUT + 3
    records = repeated.records()
    assert records["lira"].iloc[N_IN] == records["lira"].iloc[N_IN + N_OUT]


def test_the_frozen_model_is_the_model(report):
    frozen = audit(FrozenEstimator(FrozenEstimator(MODEL)))
    pd.testing.assert_frame_equal(frozen.records(), report.records())
    assert frozen.model == "DecisionTreeClassifier"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_model_of_a_third_set_reads_as_a_guess(seed):
    X, y = make_classification(
        900, n_features=8, n_informative=5, flip_y=0.2, random_state=seed
    )
    model = DecisionTreeClassifier(random_state=seed).fit(X[600:], y[600:])
    third = audit(
        model,
        (X[:300], y[:300], X[300:600], y[300:600]),
        n_shadows=8,
        random_state=seed,
    )
    frame = third.to_frame()
    for row in frame[frame["metric"] == "auc"].itertuples():
        assert row.low <= 0.5 <= row.high
        # 300 against 300 unrelated records: a standard error of 0.0236 at 0.5.
        assert abs(row.value - 0.5) < 3 * 0.0236
    assert not names(third) & {"below_chance", "members_less_accurate"}


def test_swapped_sets_are_noticed():
    swapped = audit(sets=(*SETS[2:], *SETS[:2]))
    assert {"below_chance", "members_less_accurate"} <= names(swapped)
    assert "swapped" in swapped.summary()


def test_sets_of_different_sources_are_noticed():
    X_in, y_in, X_out, y_out = SETS
    shifted = audit(sets=(X_in, y_in, X_out + 1.0, y_out), attacks=["loss"])
    assert "blind_classifier" in names(shifted)
    assert "blind_classifier" not in names(audit(attacks=["loss"]))


def test_saturated_and_tied_models_are_noticed(report):
    deep = DecisionTreeClassifier(random_state=0).fit(*SETS[:2])
    sure = audit(deep)
    found = {(guard.name, guard.attack): guard for guard in sure.guards}
    assert found["saturated_probabilities", None].value == 1.0
    assert found["tied_scores", "loss"].severity == "warning"
    soft = LogisticRegression().fit(*SETS[:2])
    assert not names(audit(soft)) & {"saturated_probabilities", "tied_scores"}


def test_classes_missing_from_a_shadow_are_counted():
    X_in, y_in, X_out, y_out = SETS
    y_in = y_in.copy()
    y_in[0] = 2
    model = DecisionTreeClassifier(random_state=0).fit(X_in, y_in)
    rare = audit(model, (X_in, y_in, X_out, y_out))
    (guard,) = (g for g in rare.guards if g.name == "missing_classes")
    assert guard.count == 2  # one record, in half of four shadows


# Containers and labels


def as_polars(X):
    return pl.DataFrame({f"c{j}": X[:, j] for j in range(X.shape[1])})


@pytest.mark.parametrize(
    "container",
    [pd.DataFrame, as_polars, sparse.csr_array, sparse.csc_matrix, np.ndarray.tolist],
)
def test_containers_give_the_same_figures(container, report):
    X_in, X_out = container(SETS[0]), container(SETS[2])
    if container is pd.DataFrame:
        X_in.columns = X_out.columns = list("abcdef")
    model = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    model.fit(X_in, SETS[1])
    labels = [SETS[1], SETS[3]]
    if container is pd.DataFrame:
        labels = [pd.Series(y, index=range(5, 5 + len(y))) for y in labels]
    elif container is as_polars:
        labels = [pl.Series(y) for y in labels]
    elif container is np.ndarray.tolist:
        labels = [y.tolist() for y in labels]
    held = audit(model, (X_in, labels[0], X_out, labels[1]))
    assert held.figures == report.figures
    assert "blind_classifier" not in names(held)


def hospital(n, seed):
    rng = np.random.default_rng(seed)
    ward = rng.choice(["north", "south", "west"], n)
    age = rng.integers(20, 90, n).astype(float)
    age[::9] = np.nan
    ill = rng.random(n) < np.where(ward == "west", 0.7, 0.3)
    frame = pd.DataFrame(
        {"age": age, "ward": ward, "stay": rng.exponential(size=n)},
        index=pd.Index([f"p{seed}-{i}" for i in range(n)], name="patient"),
    )
    return frame, np.where(ill, "ill", "well")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_pipeline_on_text_columns_and_text_labels(library):
    sets = [*hospital(150, 1), *hospital(130, 2)]
    if library == "polars":
        sets[::2] = [pl.from_pandas(frame) for frame in sets[::2]]
    model = make_pipeline(
        make_column_transformer(
            # By position: scikit-learn 1.6 finds no names in a recent polars frame.
            (OneHotEncoder(handle_unknown="ignore"), [1]),
            (StandardScaler(), [2]),
            remainder="drop",
        ),
        DecisionTreeClassifier(random_state=0),
    ).fit(*sets[:2])
    held = audit(model, sets)
    assert held.model == "Pipeline(ColumnTransformer, DecisionTreeClassifier)"
    assert held.worst("auc")[1] > 0.7
    records = held.records()
    assert set(records["label"]) == {"ill", "well"}
    if library == "pandas":
        assert records.index.name == "patient"
        assert records.index[0] == "p1-0"
        assert records.index[-1] == "p2-129"
    else:
        assert records.index.tolist() == [*range(150), *range(130)]


def test_categories_that_one_side_lacks():
    sets = [*hospital(150, 1), *hospital(130, 2)]
    sets[2].loc[:, "ward"] = sets[2]["ward"].replace("west", "south")
    for frame in sets[::2]:
        frame["ward"] = frame["ward"].astype("category")
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["ward"]),
            ("passthrough", ["stay"]),
        ),
        DecisionTreeClassifier(random_state=0),
    ).fit(*sets[:2])
    assert "blind_classifier" in names(audit(model, sets))
    assert list(sets[2]["ward"].cat.categories) == ["north", "south"]


def test_a_model_with_margins_only():
    model = LinearSVC(random_state=0).fit(*SETS[:2])
    margins = audit(model)
    assert margins.attacks == ("loss", "lira")
    assert "saturated_probabilities" not in names(margins)


# What is refused, before any shadow is fitted


@pytest.fixture
def no_shadow(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a shadow was about to be fitted")

    monkeypatch.setattr(module, "fit_shadows", refuse)


class NoClasses(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


@pytest.mark.usefixtures("no_shadow")
@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (DecisionTreeClassifier(), NotFittedError, "not fitted; fit it on X_members"),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            NotFittedError,
            "Got Pipeline instead, which is not fitted",
        ),
        (DecisionTreeClassifier, TypeError, "class DecisionTreeClassifier instead of"),
        (LinearRegression().fit(*SETS[:2]), ValueError, "must be a classifier"),
        ("model", TypeError, "must be a scikit-learn classifier. Got 'model'"),
        (NoClasses().fit(*SETS[:2]), ValueError, "must have classes_"),
        (
            DecisionTreeClassifier().fit(SETS[0], np.ones(N_IN, dtype=int)),
            ValueError,
            "at least two classes",
        ),
        (
            CalibratedClassifierCV(FrozenEstimator(MODEL)).fit(*SETS[:2]),
            ValueError,
            "'estimator' is a frozen classifier",
        ),
        (
            make_pipeline(StandardScaler(), FrozenEstimator(MODEL)).fit(*SETS[:2]),
            ValueError,
            "'frozenestimator' is a frozen classifier",
        ),
    ],
    ids=lambda value: getattr(type(value), "__name__", None),
)
def test_models_that_are_refused(model, error, message):
    with pytest.raises(error, match=message):
        audit(model)


@pytest.mark.usefixtures("no_shadow")
def test_a_model_without_confidences_is_refused():
    class LabelsOnly(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    with pytest.raises(TypeError, match="must have predict_proba or decision_function"):
        audit(LabelsOnly().fit(*SETS[:2]))


def test_a_frozen_classifier_inside_is_fine_without_shadows():
    model = CalibratedClassifierCV(FrozenEstimator(MODEL)).fit(*SETS[:2])
    assert audit(model, attacks=["loss"]).attacks == ("loss",)


def test_a_frozen_transformer_inside_is_kept_by_the_shadows():
    scaler = FrozenEstimator(StandardScaler().fit(SETS[2]))
    model = make_pipeline(scaler, DecisionTreeClassifier(random_state=0))
    assert audit(model.fit(*SETS[:2])).attacks == ("loss", "lira")


def swap(**changes):
    values = dict(
        zip(
            ("X_members", "y_members", "X_nonmembers", "y_nonmembers"),
            SETS,
            strict=True,
        )
    )
    return tuple((values | changes).values())


FRAMES = {
    "X_members": pd.DataFrame(SETS[0], columns=list("abcdef")),
    "X_nonmembers": pd.DataFrame(SETS[2], columns=list("abcdef")),
}


@pytest.mark.usefixtures("no_shadow")
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"y_members": SETS[1][:-1]},
            ValueError,
            "X_members and y_members must have the same length. Got 180 rows and 179",
        ),
        (
            {"y_nonmembers": np.r_[SETS[3], 0]},
            ValueError,
            "X_nonmembers and y_nonmembers .* Got 120 rows and 121 labels",
        ),
        ({"y_members": None}, ValueError, "'y_members' parameter must be given"),
        ({"X_nonmembers": None}, ValueError, "'X_nonmembers' parameter must be given"),
        (
            {"X_members": SETS[0][:0], "y_members": SETS[1][:0]},
            ValueError,
            "X_members has no rows",
        ),
        (
            {"X_nonmembers": SETS[2][:0], "y_nonmembers": SETS[3][:0]},
            ValueError,
            "X_nonmembers has no rows",
        ),
        (
            {"X_nonmembers": [], "y_nonmembers": []},
            ValueError,
            "X_nonmembers has no rows",
        ),
        (
            {"X_members": SETS[2][:9], "y_members": SETS[3][:9]},
            ValueError,
            r"Every row of X_members \(9\) is in the other set",
        ),
        (
            {"X_nonmembers": SETS[0][:9], "y_nonmembers": SETS[1][:9]},
            ValueError,
            r"Every row of X_nonmembers \(9\) is in the other set",
        ),
        (
            {"y_members": np.zeros(N_IN, int), "y_nonmembers": np.zeros(N_OUT, int)},
            ValueError,
            "All rows have the same label",
        ),
        (
            {"y_nonmembers": np.r_[7, 5, SETS[3][2:]]},
            ValueError,
            r"'y_nonmembers' parameter has labels .*\[5, 7\].* fitted on \[0, 1\]",
        ),
        (
            {"y_members": SETS[1].astype(str)},
            ValueError,
            r"'y_members' parameter has labels .*\['0', '1'\]",
        ),
        ({"y_members": np.tile(SETS[1], (2, 1)).T}, ValueError, "1d array"),
        (
            {"X_nonmembers": SETS[2][:, :5]},
            ValueError,
            "same number of columns. Got 6 and 5",
        ),
        (
            {"X_members": FRAMES["X_members"]},
            TypeError,
            "must be of the same kind. Got DataFrame and ndarray",
        ),
        (
            {
                "X_members": FRAMES["X_members"],
                "X_nonmembers": as_polars(SETS[2]),
            },
            TypeError,
            "must be of the same kind",
        ),
        (
            FRAMES
            | {"X_nonmembers": FRAMES["X_nonmembers"].rename(columns={"b": "z"})},
            ValueError,
            r"Only in X_members: \['b'\]; only in X_nonmembers: \['z'\]",
        ),
        (
            FRAMES | {"X_nonmembers": FRAMES["X_nonmembers"][list("bacdef")]},
            ValueError,
            "columns in the same order",
        ),
    ],
)
def test_sets_that_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        audit(sets=swap(**changes))


@pytest.mark.usefixtures("no_shadow")
@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"attacks": "lira"}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": ["los"]}, ValueError, r"Got \['los'\] instead"),
        ({"attacks": []}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": {}}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": 3}, ValueError, "'attacks' parameter must be 'default'"),
        ({"attacks": {"a": MODEL}}, TypeError, r"attacks\['a'\] must be an attack"),
        (
            {"attacks": {"a": LiRAAttack}},
            TypeError,
            r"attacks\['a'\] must be an attack",
        ),
        (
            {"attacks": {"a": LiRAAttack(MODEL, shadows=object())}},
            ValueError,
            r"attacks\['a'\] has shadows of its own",
        ),
        (
            {"attacks": {"a": LiRAAttack(MODEL, mode="both")}},
            ValueError,
            "'mode' parameter",
        ),
        ({"n_shadows": 2}, ValueError, "'n_shadows' parameter"),
        ({"n_shadows": 4.5}, (TypeError, ValueError), "'n_shadows' parameter"),
        ({"train_size": 1.5}, ValueError, "'train_size' parameter"),
        ({"train_size": "half"}, (TypeError, ValueError), "'train_size' parameter"),
        ({"max_fprs": (0.1, 2)}, ValueError, "'max_fprs' parameter"),
        ({"confidence_level": 1}, ValueError, "'confidence_level' parameter"),
        ({"fit_params": 3}, TypeError, "'fit_params' parameter must be a dict"),
        (
            {"fit_params": {"sample_weight": np.ones(N_IN + N_OUT)}},
            ValueError,
            r"fit_params\['sample_weight'\] must be a pair",
        ),
        (
            {"fit_params": {"sample_weight": (np.ones(N_IN), np.ones(3))}},
            ValueError,
            "180 for the members and 120 for the non-members. Got 180 and 3",
        ),
    ],
)
def test_parameters_that_are_refused(kwargs, error, message):
    with pytest.raises(error, match=message):
        audit(**kwargs)


def test_an_attack_that_fails_is_named():
    class Broken(LossThresholdAttack):
        def score_samples(self, X, y=None):
            raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer") as caught:
        audit(attacks={"mine": Broken("precomputed")})
    assert "Raised by the attack 'mine' of the audit." in caught.value.__notes__

    class Missing(LossThresholdAttack):
        def score_samples(self, X, y=None):
            return np.where(np.arange(len(X)) < 2, np.nan, 0.0)

    with pytest.raises(ValueError, match="'mine' gave 2 of 300 records a score"):
        audit(attacks={"mine": Missing("precomputed")})
