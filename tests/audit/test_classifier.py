"""audit_classifier on small models: what it reads, shares, leaves alone and refuses."""

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

import skmia.audit._shared_shadows as module
from _helpers.audits import MODEL, N_IN, N_OUT, SETS, audit
from skmia.attacks import ATTACKS, LiRAAttack, LossThresholdAttack
from skmia.audit import audit_classifier
from skmia.shadows import (
    ShadowModels,
    ShadowSignals,
    auto_train_size,
    fit_shadows,
)


@pytest.fixture(scope="module")
def report():
    return audit()


def names(report):
    return {guard.name for guard in report.guards}


def test_it_reads_what_the_attacks_read_by_themselves(report):
    X, y = np.vstack(SETS[::2]), np.concatenate(SETS[1::2])
    member = np.repeat([True, False], [N_IN, N_OUT])
    assert auto_train_size(member, 4) == 0.5
    shadows = fit_shadows(
        MODEL, X, y, shadows=ShadowModels(4, train_size=0.5), random_state=0
    )
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
    assert report.shadows["n_shadows"] == 4
    assert report.shadows["train_size"] == 0.5
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
    assert report.to_dict()["estimator"] == "DecisionTreeClassifier"
    drawn = audit(random_state=None)
    again = audit(random_state=drawn.settings["random_state"])
    pd.testing.assert_frame_equal(drawn.records(), again.records())


def test_seeds_and_workers(report):
    with parallel_config("threading"):  # processes are tested with the shadows
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
    shadows = ShadowModels(4, cache_dir=tmp_path)
    shared = audit(attacks=attacks, shadows=shadows)
    assert len(calls) == 1
    assert calls[0][1]["shadows"].keep_models is False
    assert len(list(tmp_path.glob("shadow-*.bin"))) == 4
    assert shared.attacks == tuple(attacks)
    assert list(shared.records().columns[2:6]) == list(attacks)
    np.testing.assert_array_equal(shared.records()["online"], report.records()["lira"])
    assert not np.array_equal(shared.records()["online"], shared.records()["offline"])


class Own(LossThresholdAttack):
    """An attack that is in no table."""


@pytest.mark.parametrize(
    ("attacks", "expected"),
    [
        ("default", ("loss", "lira", "rmia", "stacked")),
        ("all", tuple(ATTACKS)),
        ("loss", ("loss",)),
        (LiRAAttack(None, mode="offline"), ("lira",)),
        (("lira", "loss", "lira"), ("lira", "loss")),
        (["default", "calibrated"], ("loss", "lira", "rmia", "stacked", "calibrated")),
        (
            [Own(None), LiRAAttack(None, mode="offline"), "lira", Own("precomputed")],
            ("lira", "Own", "lira_2", "Own_2"),
        ),
        ({"mine": Own(None)}, ("mine",)),
    ],
)
def test_attacks_by_name_as_they_are_and_both(attacks, expected):
    assert audit(attacks=attacks).attacks == expected


def test_an_attack_given_as_it_is_has_its_own_parameters(report):
    both = audit(attacks=["loss", LiRAAttack(None, mode="offline"), "lira"])
    assert both.settings["attacks"]["lira_2"]["mode"] == "offline"
    records = both.records()
    np.testing.assert_array_equal(records["lira"], report.records()["lira"])
    alone = audit(attacks=LiRAAttack(None, mode="offline"))
    np.testing.assert_array_equal(records["lira_2"], alone.records()["lira"])


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
    # The shadows are fitted on all rows, those in both sets included.
    np.testing.assert_array_equal(
        kwargs["params"]["sample_weight"], np.concatenate(weights)
    )
    assert (weighted.n_members, weighted.n_nonmembers) == (N_IN - 1, N_OUT - 1)
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


def test_repeats_within_a_set_are_left_out_and_counted():
    X_in, y_in, X_out, y_out = SETS
    rows = np.r_[np.arange(N_OUT), 0, 0, 1]
    repeated = audit(sets=(X_in, y_in, X_out[rows], y_out[rows]), attacks=["loss"])
    (guard,) = (g for g in repeated.guards if g.name == "duplicate_rows")
    assert guard.count == 5
    clean = audit(sets=(X_in, y_in, X_out[2:], y_out[2:]), attacks=["loss"])
    assert repeated.figures == clean.figures
    assert repeated.records().index.tolist() == [*range(N_IN), *range(2, N_OUT)]


def test_the_frozen_model_is_the_model(report):
    frozen = audit(FrozenEstimator(FrozenEstimator(MODEL)))
    pd.testing.assert_frame_equal(frozen.records(), report.records())
    assert frozen.estimator == "DecisionTreeClassifier"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_model_of_a_third_set_reads_as_a_guess(seed):
    X, y = make_classification(
        900, n_features=8, n_informative=5, flip_y=0.2, random_state=seed
    )
    model = DecisionTreeClassifier(random_state=seed).fit(X[600:], y[600:])
    third = audit(
        model,
        (X[:300], y[:300], X[300:600], y[300:600]),
        shadows=8,
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
    assert "is read inside a block" in found["tied_scores", "loss"].message
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


def test_queries_reach_the_shadows(monkeypatch):
    """Each model is asked about copies as well; a loss attack beside asks of none."""
    seen = []

    def spy(*args, **kwargs):
        seen.append(fit_shadows(*args, **kwargs))
        return seen[-1]

    monkeypatch.setattr(module, "fit_shadows", spy)
    report = audit(shadows=ShadowModels(4, n_queries=2, noise=0.3))
    assert report.settings["shadows"]["n_queries"] == 2
    assert seen[0].queries.n_queries == 2
    assert seen[0].queries.noise == (0.3,)


def test_shadows_that_are_there_already(monkeypatch, report):
    """Of the very rows of the audit, and of no others."""
    X, y = np.vstack(SETS[::2]), np.concatenate(SETS[1::2])
    shadows = fit_shadows(MODEL, X, y, shadows=4, random_state=0)
    calls = count_shadow_fits(monkeypatch)
    given = audit(shadows=shadows)
    assert not calls
    pd.testing.assert_frame_equal(given.records(), report.records())
    assert given.shadows == report.shadows
    for swapped in (SETS[2:] + SETS[:2], (X[:179], y[:179], X[180:], y[180:])):
        with pytest.raises(ValueError, match="ShadowSignals of the rows of this"):
            audit(sets=swapped, shadows=shadows)
    plain = ShadowSignals(shadows.signals, shadows.member)
    with pytest.raises(ValueError, match="without record_hashes"):
        audit(shadows=plain)


class ColumnOfLabels(DecisionTreeClassifier):
    """Predict a column, as some classifiers of other packages do."""

    def predict(self, X):
        return super().predict(X)[:, None]


def test_a_column_of_labels_is_compared_row_by_row():
    model = ColumnOfLabels(random_state=0).fit(*SETS[:2])
    report = audit_classifier(model, *SETS, attacks=["loss"], random_state=0)
    assert report.accuracy == (1.0, np.mean(model.predict(SETS[2])[:, 0] == SETS[3]))
