"""The usual target of the tests of traps, a forest on noisy labels, and its audit."""

from sklearn.ensemble import RandomForestClassifier

from _helpers.data import noisy_rows
from skmia.audit import audit_classifier


def noisy(n=1200, seed=0, **settings):
    """Records whose labels a flexible model can only memorise in part."""
    settings = {"n_features": 12, "n_informative": 6, "flip_y": 0.25} | settings
    return noisy_rows(n, seed=seed, **settings)


def forest(n_estimators=15, min_samples_leaf=3):
    return RandomForestClassifier(
        n_estimators, min_samples_leaf=min_samples_leaf, random_state=0
    )


def audit(model, X, y, member, **kwargs):
    """Audit a model whose members are given as a mask."""
    kwargs = {"attacks": ["loss"], "max_fprs": [0.1], "random_state": 0} | kwargs
    sides = X[member], y[member], X[~member], y[~member]
    return audit_classifier(model, *sides, **kwargs)
