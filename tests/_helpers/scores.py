"""What a test computes by itself to compare with."""

import numpy as np
from sklearn.metrics import roc_auc_score


def confidence(model, X, y):
    """The model's probability of each row's own class; classes are 0, 1, ..."""
    return model.predict_proba(X)[np.arange(len(y)), y]


def auc_between(model, X, y, inside, outside):
    """AUC of the confidence, of rows `inside` against rows `outside`."""
    scores = confidence(model, X, y)
    member = np.r_[np.ones(len(inside)), np.zeros(len(outside))]
    return roc_auc_score(member, np.r_[scores[inside], scores[outside]])


def global_state():
    """The state of NumPy's global generator, which nothing may move."""
    _, key, position, *normal = np.random.get_state()  # noqa: NPY002
    # The key moves once in 624 draws; the position with each.
    return np.r_[key, position, normal]
