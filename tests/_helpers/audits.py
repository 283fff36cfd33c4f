"""A small audit with a reading above chance, for the tests of audits."""

from sklearn.tree import DecisionTreeClassifier

from _helpers.data import noisy_rows
from skmia.audit import audit_classifier

N_IN, N_OUT = 180, 120
# Attacks that cost next to nothing, for tests that are not about the default.
CHEAP = ["loss", "lira"]


def _sets():
    X, y = noisy_rows(N_IN + N_OUT, flip_y=0.3)
    return X[:N_IN], y[:N_IN], X[N_IN:], y[N_IN:]


# Members and their labels, non-members and theirs.
SETS = _sets()
MODEL = DecisionTreeClassifier(min_samples_leaf=2, random_state=0).fit(*SETS[:2])


def audit(model=MODEL, sets=SETS, **kwargs):
    kwargs = {
        "attacks": CHEAP,
        "shadows": 4,
        "random_state": 0,
        "max_fprs": (0.1,),
    } | kwargs
    return audit_classifier(model, *sets, **kwargs)
