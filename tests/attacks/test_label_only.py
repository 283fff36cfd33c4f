"""The label-only attack: closed forms, masked outputs, every container."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from _helpers import LabelsOnly, MaskedProba
from skmia.attacks import LabelOnlyAttack, LossThresholdAttack
from skmia.metrics import roc_auc


class Sign(ClassifierMixin, BaseEstimator):
    """1 where the first column is positive: a boundary that is known."""

    def __init__(self, column=False):
        self.column = column

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X):
        labels = (X[:, 0] > 0).astype(int)
        return labels[:, None] if self.column else labels


def many_classes(n=700, seed=0):
    """A task on which nearest neighbours memorise: half of the rows are members."""
    X, y = make_classification(
        n, 12, n_informative=10, n_classes=5, flip_y=0, random_state=seed
    )
    member = np.zeros(n, dtype=bool)
    member[np.random.RandomState(seed).permutation(n)[: n // 2]] = True
    return X, y, member


def attacked(model, X, y, member, **settings):
    """The scores of the fitted `model`, whose members are known."""
    settings = {"n_queries": 24, "random_state": 0} | settings
    attack = LabelOnlyAttack(FrozenEstimator(model), **settings)
    return attack.fit(X, y, membership=member), attack.score_samples(X, y)


def test_without_queries_it_is_the_gap_attack(pool):
    attack, scores = attacked(pool.model, pool.X, pool.y, pool.member, n_queries=0)
    right = pool.model.predict(pool.X) == pool.y
    np.testing.assert_array_equal(scores, right.astype(float))
    gap = LossThresholdAttack(pool.frozen, signal="correctness")
    gap.fit(pool.X, pool.y, pool.member)
    np.testing.assert_array_equal(scores, gap.score_samples(pool.X, pool.y))
    assert attack.offset_ == gap.offset_


def test_share_of_right_answers_in_closed_form():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] > 0).astype(int)
    y[::10] = 1 - y[::10]
    n_queries, scales = 2000, np.array([0.5, 1.5])
    _, scores = attacked(
        Sign().fit(X, y), X, y, None, n_queries=n_queries, noise=scales, max_fpr=0.1
    )
    # The noise takes the first column across 0 with probability Phi(-|x| / sd).
    stays = norm.cdf(np.abs(X[:, [0]]) / (scales * X[:, 0].std())).mean(axis=1)
    right = (X[:, 0] > 0) == y
    fraction = np.where(right, stays, 1 - stays)
    # The record itself counts as n_queries + 1 queries.
    expected = ((n_queries + 1) * right + n_queries * fraction) / (2 * n_queries + 1)
    # 4.5 standard errors of a binomial fraction, for each of 200 records. Those that
    # the model gets wrong are asked about a fifth of their copies.
    asked = np.where(right, n_queries, n_queries / 5)
    error = 4.5 * np.sqrt(fraction * (1 - fraction) / asked) / 2 + 1e-9
    assert (np.abs(scores - expected) < error).all()
    assert scores[right].min() > scores[~right].max()


def test_one_strength_is_the_same_as_a_list_of_it(pool):
    one = attacked(pool.model, pool.X, pool.y, pool.member, noise=0.2, flip_rate=0.1)
    some = attacked(
        pool.model, pool.X, pool.y, pool.member, noise=[0.2], flip_rate=(0.1, 0.1)
    )
    np.testing.assert_array_equal(one[1], some[1])


@pytest.mark.parametrize("seed", range(3))
def test_firm_labels_tell_members_where_correctness_does_not(seed):
    X, y, member = many_classes(seed=seed)
    model = KNeighborsClassifier(3).fit(X[member], y[member])
    gap = roc_auc(member, attacked(model, X, y, member, n_queries=0)[1])
    # 0.07 above on average over seeds.
    assert roc_auc(member, attacked(model, X, y, member)[1]) > gap + 0.02


def test_masked_confidences_change_nothing():
    """Trap 22: a masked model reads safe for attacks that look at confidences."""
    X, y, member = many_classes()
    open_model = RandomForestClassifier(20, random_state=0)
    figures = {}
    for name, model in {
        "open": open_model,
        "constant": MaskedProba(open_model),
        "one-hot": MaskedProba(open_model, mask="one-hot"),
        "labels": LabelsOnly(open_model),
    }.items():
        model = clone(model).fit(X[member], y[member])
        figures[name] = attacked(model, X, y, member)[1]
        if name != "labels":
            loss = LossThresholdAttack(FrozenEstimator(model)).fit(X, y, member)
            figures[name, "loss"] = roc_auc(member, loss.score_samples(X, y))
    gap = roc_auc(member, open_model.fit(X[member], y[member]).predict(X) == y)
    assert figures["open", "loss"] > 0.9
    assert figures["constant", "loss"] == 0.5
    assert figures["one-hot", "loss"] == pytest.approx(gap)
    assert roc_auc(member, figures["open"]) > gap > 0.6
    for name in ("constant", "one-hot", "labels"):
        np.testing.assert_array_equal(figures[name], figures["open"])


def test_a_classifier_that_answers_with_labels_only_plays_the_game():
    X, y, _ = many_classes(300)
    target = LabelsOnly(KNeighborsClassifier(1))
    attack = LabelOnlyAttack(target, n_queries=8, random_state=0).fit(X, y)
    assert roc_auc(attack.membership_, attack.score_samples(X, y)) > 0.6
    with pytest.raises(TypeError, match="must have predict_proba or decision_function"):
        LossThresholdAttack(target).fit(X, y)
    # A column of answers, as some libraries give.
    rows = np.random.default_rng(0).normal(size=(120, 2))
    labels = (rows[:, 0] > 0).astype(int)
    scores = [
        attacked(Sign(column).fit(rows, labels), rows, labels, None)[1]
        for column in (False, True)
    ]
    np.testing.assert_array_equal(*scores)


def test_a_call_is_a_few_predictions_of_many_rows(monkeypatch):
    X, y, member = many_classes(300)
    model = LabelsOnly(KNeighborsClassifier(1)).fit(X[member], y[member])
    attack, scores = attacked(model, X, y, member)
    model.calls_.clear()
    attack.score_samples(X, y)
    # Those that fit took as non-members are known. Of the others the first copies,
    # three rounds of four strengths, and then what is left of those that are right.
    calls = [len(call) for call in model.calls_]
    assert calls[:2] == [150, 12 * 150]
    assert len(calls) == 4
    assert sum(calls) < 0.7 * 25 * 150
    # Blocks bound the memory, and are no part of the result.
    for limit, largest in ((2**13, 600), (1000, 83)):
        monkeypatch.setattr("skmia._tables._queries._BLOCK_VALUES", limit)
        model.calls_.clear()
        np.testing.assert_array_equal(attack.score_samples(X, y), scores)
        assert max(len(call) for call in model.calls_[1:]) == largest
        assert sum(len(call) for call in model.calls_) == sum(calls)


def test_what_is_left_out_changes_scores_by_the_rule_that_is_documented():
    X, y, member = many_classes(300)
    model = KNeighborsClassifier(3).fit(X[member], y[member])
    attack, scores = attacked(model, X, y, member, n_queries=20)
    answers = np.concatenate(
        [
            (model.predict(copies).reshape(n, -1) == y[rows])
            for rows, n, copies in attack._copies.blocks(X)
        ]
    )
    assert answers.shape == (20, 300)
    right, first = model.predict(X) == y, answers[:12].mean(axis=0)
    as_taken = answers.copy()
    firm = right & (first == 1)
    weaker = np.resize([True, True, True, False], 20)[:, None] & (
        np.arange(20)[:, None] >= 12
    )
    as_taken |= weaker & firm
    fraction = np.where(right, as_taken.mean(axis=0), first)
    np.testing.assert_allclose(scores, (21 * right + 20 * fraction) / 41)
    # It is seldom that a record tells the difference.
    all_of_them = (21 * right + answers.sum(axis=0)) / 41
    assert abs(roc_auc(member, scores) - roc_auc(member, all_of_them)) < 0.01
    assert np.mean((scores == 1) != (all_of_them == 1)) <= 0.02


def test_progress_and_cost_are_shown(pool, terminal):
    attacked(pool.model, pool.X, pool.y, pool.member, n_queries=4)
    assert terminal.readouterr().err == ""
    attacked(pool.model, pool.X, pool.y, pool.member, n_queries=4, verbose=1)
    assert "label_only: 100%" in terminal.readouterr().err


def test_a_score_depends_on_the_record_alone():
    X, y, member = many_classes(300)
    model = KNeighborsClassifier(3).fit(X[member], y[member])
    attack, scores = attacked(model, X, y, member)
    rows = np.array([250, 3, 3, 77])
    np.testing.assert_array_equal(attack.score_samples(X[rows], y[rows]), scores[rows])
    again = attacked(model, X, y, member)[1]
    np.testing.assert_array_equal(again, scores)
    assert (attacked(model, X, y, member, random_state=1)[1] != scores).any()
    # What is set after fit waits for the next fit.
    attack.set_params(n_queries=5, noise=2.0, flip_rate=0.9, perturb="noise")
    np.testing.assert_array_equal(attack.score_samples(X, y), scores)


def test_the_threshold_comes_from_non_members_only():
    X, y, member = many_classes(400)
    model = KNeighborsClassifier(5).fit(X[member], y[member])
    attack, scores = attacked(model, X, y, member, max_fpr=0.2)
    outside = scores[~member]
    # One of their scores; at most a fifth of the 200 are above, and no fewer are from
    # it up.
    assert (outside > attack.offset_).sum() <= 40 <= (outside >= attack.offset_).sum()
    assert attack.predict(X, y)[~member].sum() == (outside > attack.offset_).sum()
    # All rows are the attacker's own where membership is not given.
    own, _ = attacked(model, X[~member], y[~member], None, max_fpr=0.2)
    assert own.membership_ is None
    assert own.offset_ == pytest.approx(attack.offset_, abs=0.05)


def test_a_missing_label_is_the_predicted_one():
    X, y, member = many_classes(300)
    model = KNeighborsClassifier(3).fit(X[member], y[member])
    attack, scores = attacked(model, X, y, member)
    predicted = model.predict(X)
    np.testing.assert_array_equal(
        attack.score_samples(X), attack.score_samples(X, predicted)
    )
    np.testing.assert_array_equal(
        attack.score_samples(X)[predicted == y], scores[predicted == y]
    )


def people(n=240):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.lognormal(10, 1, n),
            "ward": rng.choice(["north", "south", "west"], n),
            "smoker": rng.random(n) < 0.3,
        }
    )
    return frame, np.where(rng.random(n) < 0.5, "ill", "well")


def as_numbers(frame):
    north = np.asarray(frame["ward"]) == "north"
    return np.column_stack([frame["age"], frame["income"], north, frame["smoker"]])


def test_frames_reach_a_pipeline_as_they_are():
    X, y = people()
    X = X.assign(group=pd.Categorical(X["ward"]), left=X["income"].where(X["age"] > 30))
    X["left"] = X["left"].fillna(0)
    encode = OneHotEncoder(handle_unknown="error", sparse_output=False)
    columns = ColumnTransformer(
        [("c", encode, make_column_selector(dtype_exclude=["number", "bool"]))],
        remainder="passthrough",
    )
    model = LabelsOnly(make_pipeline(columns, KNeighborsClassifier(1)))
    attack = LabelOnlyAttack(model, n_queries=12, random_state=0).fit(X, y)
    assert roc_auc(attack.membership_, attack.score_samples(X, y)) > 0.6
    for asked in attack.estimator_.calls_:
        assert (asked.dtypes == X.dtypes).all()
        assert list(asked.columns) == list(X.columns)


def test_polars_scores_as_pandas_does():
    X, y = people()
    as_polars = pl.DataFrame(X.to_dict("list"))
    model = make_pipeline(FunctionTransformer(as_numbers), KNeighborsClassifier(1))
    scores = [
        LabelOnlyAttack(model, n_queries=12, random_state=0)
        .fit(table, y)
        .score_samples(table, y)
        for table in (X, as_polars)
    ]
    np.testing.assert_array_equal(*scores)
    assert len(np.unique(scores[0])) > 4


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_stays_sparse(make):
    rng = np.random.default_rng(0)
    dense = (rng.random((300, 80)) < 0.1).astype(float)
    y = rng.integers(0, 2, 300)
    member = np.arange(300) < 150
    X = make(dense)
    model = LabelsOnly(LogisticRegression(C=100)).fit(X.tocsr()[:150], y[:150])
    _, scores = attacked(model, X, y, member)
    assert all(sparse.issparse(call) for call in model.calls_)
    # The same columns as an array: other draws of the same distribution.
    as_array = attacked(model, dense, y, member)[1]
    assert np.corrcoef(scores, as_array)[0, 1] > 0.9
    assert len(np.unique(scores)) > 8


def test_texts_have_no_columns_to_perturb():
    X = np.array(["a few words", "other words", "and more", "the last"] * 30)
    y = np.array([0, 1, 0, 1] * 30)
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match="pass n_queries=0"):
        LabelOnlyAttack(FrozenEstimator(model)).fit(X, y)
    gap = LabelOnlyAttack(FrozenEstimator(model), n_queries=0).fit(X, y)
    np.testing.assert_array_equal(gap.score_samples(X, y), model.predict(X) == y)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"n_queries": -1}, ValueError, r"'n_queries' parameter must be an int in \[0"),
        ({"n_queries": 2.5}, TypeError, "'n_queries' parameter must be an int"),
        ({"perturb": "flip"}, ValueError, "'perturb' parameter must be a str among"),
        ({"noise": 0}, ValueError, r"'noise' parameter .* \(0, inf\). Got 0 instead"),
        ({"noise": [0.1, -1]}, ValueError, "'noise' .* Got -1 instead"),
        ({"noise": ()}, TypeError, "'noise' parameter must be a float or a sequence"),
        ({"noise": "0.1"}, TypeError, "'noise' .* Got '0.1' instead"),
        ({"noise": None}, TypeError, "'noise' .* Got None instead"),
        ({"flip_rate": 1}, ValueError, r"'flip_rate' .* \(0, 1\). Got 1 instead"),
        ({"flip_rate": ["a"]}, TypeError, "'flip_rate' .* Got 'a' instead"),
        ({"max_fpr": 1.0}, ValueError, r"'max_fpr' .* \(0, 1\). Got 1.0 instead"),
    ],
)
def test_parameters_out_of_range(pool, settings, error, message):
    with pytest.raises(error, match=message):
        LabelOnlyAttack(pool.frozen, **settings).fit(pool.X, pool.y)


def test_there_must_be_a_model_and_non_members(pool):
    proba = pool.model.predict_proba(pool.X)
    with pytest.raises(ValueError, match=r"perturbed copies.*signal='correctness'"):
        LabelOnlyAttack("precomputed").fit(proba, pool.y)
    with pytest.raises(ValueError, match="must be a classifier or the str"):
        LabelOnlyAttack("elsewhere").fit(proba, pool.y)
    attack = LabelOnlyAttack(pool.frozen, n_queries=0)
    with pytest.raises(ValueError, match="all of the 240 records given to fit are"):
        attack.fit(pool.X, pool.y, np.ones(240, dtype=bool))
    with pytest.raises(ValueError, match="labels that the classifier does not know"):
        attack.fit(pool.X, pool.y).score_samples(pool.X, np.full(240, 9))


def test_warns_of_a_threshold_that_says_less_than_it_seems(pool):
    few = pool.X[:40], pool.y[:40]
    attack = LabelOnlyAttack(pool.frozen, n_queries=0)
    with pytest.warns(UserWarning, match=r"max_fpr=0.01 with 40 non-members.* in 41 "):
        attack.fit(*few)
    # Trap 18: members among the non-members, under their own content.
    X, y = (
        np.r_[pool.X, pool.X[pool.member][:7]],
        np.r_[pool.y, pool.y[pool.member][:7]],
    )
    member = np.r_[pool.member, np.zeros(7, dtype=bool)]
    with pytest.warns(UserWarning, match="7 of 127 records .* equal a member"):
        attack.fit(X, y, member)
