"""Steps that learn nothing are done once, and the shadows are the same."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, Normalizer

from skmia.shadows import ShadowModels, fit_shadows


class SpyingVectorizer(HashingVectorizer):
    """The same for a learner; but of an unknown class, so that it is left alone."""


@pytest.fixture
def seen(monkeypatch):
    """Numbers of rows that a vectorizer was given, one for each time."""
    calls = []
    transform = HashingVectorizer.transform

    def spy(self, X):
        calls.append(len(X))
        return transform(self, X)

    monkeypatch.setattr(HashingVectorizer, "transform", spy)
    return calls


@pytest.fixture
def texts():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 80)
    words = rng.integers(0, 40, (80, 6)) + 10 * y[:, None]
    return np.array([" ".join(f"w{w}" for w in row) for row in words], dtype=object), y


def steps_of(vectorizer):
    return make_pipeline(vectorizer(n_features=64), LogisticRegression())


def fit(estimator, X, y, **given):
    return fit_shadows(estimator, X, y, shadows=4, random_state=0, **given)


def assert_equal(one, other):
    np.testing.assert_array_equal(one.member, other.member)
    for sides in ("signals", "other"):
        values, others = getattr(one, sides), getattr(other, sides)
        assert values.keys() == others.keys()
        for name in values:
            np.testing.assert_array_equal(values[name], others[name])


@pytest.mark.parametrize("container", [np.asarray, pd.Series, list])
def test_hashed_once_with_the_same_results(texts, seen, container):
    X, y = container(texts[0]), texts[1]
    once = fit(steps_of(HashingVectorizer), X, y)
    assert seen == [80]
    assert_equal(once, fit(steps_of(SpyingVectorizer), X, y))
    assert len(seen) > 9


def test_weights_reach_the_step_that_is_left(texts):
    X, y = texts
    params = {"logisticregression__sample_weight": np.linspace(0.5, 2, 80)}
    once = fit(steps_of(HashingVectorizer), X, y, params=params)
    assert_equal(once, fit(steps_of(SpyingVectorizer), X, y, params=params))


def test_steps_within_steps(texts, seen):
    X, y = texts
    parts = [(n, HashingVectorizer(n_features=32, ngram_range=(1, n))) for n in (1, 2)]
    union = FeatureUnion([(str(n), part) for n, part in parts])
    once = fit(make_pipeline(make_pipeline(union), LogisticRegression()), X, y)
    assert seen == [80, 80]
    own = [(str(n), SpyingVectorizer(**part.get_params())) for n, part in parts]
    assert_equal(
        once, fit(make_pipeline(FeatureUnion(own), LogisticRegression()), X, y)
    )


def test_hashed_dictionaries(texts):
    class Own(FeatureHasher):
        pass

    X = [dict.fromkeys(text.split(), 1) for text in texts[0]]
    X = np.array(X, dtype=object)
    once = fit(make_pipeline(FeatureHasher(64), LogisticRegression()), X, texts[1])
    assert_equal(once, fit(make_pipeline(Own(64), LogisticRegression()), X, texts[1]))


def test_kept_models_answer_about_texts(texts):
    X, y = texts
    shadows = ShadowModels(4, keep_models=True)
    fitted = fit_shadows(
        steps_of(HashingVectorizer), X, y, shadows=shadows, random_state=0
    )
    assert fitted.models[0].predict_proba(X).shape == (80, 2)


def test_left_to_shadows_where_a_step_has_a_function_or_a_memory(texts, seen, tmp_path):
    X, y = texts
    for estimator in (
        make_pipeline(
            HashingVectorizer(n_features=64, tokenizer=str.split, token_pattern=None),
            LogisticRegression(),
        ),
        Pipeline(steps_of(HashingVectorizer).steps, memory=str(tmp_path)),
    ):
        seen.clear()
        fit(estimator, X, y)
        assert len(seen) > 7


def test_hook_gets_rows_as_they_are(texts, seen):
    given = []

    def hook(estimator, X, y, rows, **params):
        given.append(X[0])
        return estimator.fit(X, y)

    fit(steps_of(HashingVectorizer), *texts, fit=hook)
    assert all(isinstance(row, str) for row in given)


def test_failure_is_that_of_a_shadow(texts):
    X, y = texts[0].copy(), texts[1]
    X[3] = 7.5
    with pytest.raises(AttributeError) as caught:
        fit(steps_of(HashingVectorizer), X, y)
    assert "shadow model" in caught.value.__notes__[0]


def test_entry_of_the_cache_is_found_again(texts, tmp_path):
    X, y = texts
    shadows = ShadowModels(4, cache_dir=tmp_path)
    first, again = (
        fit_shadows(steps_of(HashingVectorizer), X, y, shadows=shadows, random_state=0)
        for _ in range(2)
    )
    assert_equal(first, again)
    np.testing.assert_array_equal(first.fit_seconds, again.fit_seconds)


@pytest.mark.parametrize("step", [Binarizer(threshold=1.0), Normalizer()], ids=str)
@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, pd.DataFrame])
def test_same_results_for_numbers(step, container):
    # Of an unknown class, which is left to each shadow.
    kind = type(step)
    own = type("Own", (kind,), {"__init__": kind.__init__})(**step.get_params())
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 90)
    X = container(rng.gamma(1.0 + y[:, None], size=(90, 64)))
    once = fit(make_pipeline(step, LogisticRegression()), X, y)
    assert_equal(once, fit(make_pipeline(own, LogisticRegression()), X, y))


def test_a_function_is_left_to_shadows():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    X = rng.normal(y[:, None], size=(60, 3))
    given = []

    def centred(X):
        given.append(len(X))
        return X - X.mean()

    fit(make_pipeline(FunctionTransformer(centred), LogisticRegression()), X, y)
    assert given.count(30) >= 4
