"""A made-up survey with scores of a known kind, for tests of groups."""

import numpy as np
import pandas as pd


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


def is_young_and_died(survey):
    """The slice that is memorised."""
    return ((survey.age < 36) & (survey.died == "yes")).to_numpy()


def make_scores(member, rng, more=None):
    """Scores of real leakage that is the same everywhere, and of more for some."""
    scores = rng.normal(size=len(member)) + 2 * (
        member & (rng.random(len(member)) < 0.15)
    )
    if more is not None:
        scores += 4 * (member & more & (rng.random(len(member)) < 0.75))
    return scores
