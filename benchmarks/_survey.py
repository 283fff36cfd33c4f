"""A made-up survey, its groups and its memorised slice, for benchmarks."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder


def make_survey(n, rng):
    """Persons with columns of every kind, none of which depends on another."""
    income = np.where(rng.random(n) < 0.1, np.nan, np.exp(rng.normal(10, 1, n)))
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "income": income.round(),
            "sex": rng.choice(["f", "m"], n),
            "region": pd.Categorical(rng.choice(list("abcdefgh"), n)),
            "job": rng.choice(["none", "clerk", "nurse", "farmer"], n),
            "children": rng.integers(0, 6, n),
            "smokes": rng.random(n) < 0.2,
            "died": np.where(rng.random(n) < 0.15, "yes", "no"),
        }
    )


def young_and_died(survey):
    """The slice that is memorised, 4 % of all persons."""
    return ((survey.age < 36) & (survey.died == "yes")).to_numpy()


def even_scores(member, rng):
    """Scores of leakage that is the same everywhere: 15 % of the members stand out."""
    n = len(member)
    return rng.normal(size=n) + 2 * (member & (rng.random(n) < 0.15))


def fit_survey(survey, noisy, rng, *, use_survey):
    """A model that knows a symptom, and memorises the labels that do not follow it.

    The label is what the symptom says, but for `noisy` persons, whose label is a coin.
    The trees have seen a coin of members only. With `use_survey` the columns of the
    survey are features too, with ages in bands of 18 years: by single years, those next
    to the slice are exposed with it. Else features are further numbers that have
    nothing to do with the survey.
    """
    n = len(survey)
    ill = rng.random(n) < 0.5
    symptom = np.where(ill, 1, -1) * (1 + rng.exponential(size=n))
    ill = np.where(noisy, rng.random(n) < 0.5, ill)
    if use_survey:
        X = survey.assign(
            age=survey.age // 18, income=survey.income.fillna(-1), symptom=symptom
        )
    else:
        X = pd.DataFrame(rng.normal(size=(n, 6)), columns=list("uvwxyz"))
        X["symptom"] = symptom
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    text = make_column_selector(dtype_include=["object", "category", "bool"])
    model = make_pipeline(
        make_column_transformer((codes, text), remainder="passthrough"),
        ExtraTreesClassifier(20, max_features=None, random_state=0),
    )
    labels = np.where(ill, "ill", "well")
    member = np.arange(n) < n // 2
    return model.fit(X[member], labels[member]), X, labels, member
