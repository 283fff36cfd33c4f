"""Splits of Adult into members and non-members, at random and not so."""

import numpy as np
from scipy.special import expit


def at_random(X, y, rng):
    """Half of the rows, whoever they are."""
    return _drawn(np.zeros(len(y)), rng)


def by_age(X, y, rng):
    """The odds of being a member halve with every ten years of age."""
    return _drawn(-_standard(X["age"]), rng)


def by_marital_status(X, y, rng):
    """Three in four who are married, and one in three who are not."""
    married = X["marital_status"].to_numpy() == "Married-civ-spouse"
    return _drawn(np.where(married, 1.1, -0.7), rng)


def by_label(X, y, rng):
    """Sampled on the label: three in four of the rich, and two in five others."""
    return _drawn(np.where(np.asarray(y) == np.unique(y)[1], 1.1, -0.35), rng)


def by_time(X, y, rng):
    """The earlier half, where schooling and hours of work rise slowly over time.

    Adult has no date of a record. This one is mostly chance.
    """
    trend = _standard(X["education_num"]) + _standard(X["hours_per_week"])
    when = trend + 2 * rng.normal(size=len(y))
    return when < np.median(when)


SHIFTED = (by_age, by_marital_status, by_label, by_time)


def _standard(column):
    values = column.to_numpy(dtype=np.float64)
    return (values - values.mean()) / values.std()


def _drawn(logit, rng):
    """Members, each by itself, with these log odds."""
    return rng.random(len(logit)) < expit(logit)
