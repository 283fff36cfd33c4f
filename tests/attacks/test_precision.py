"""Shadows are kept in single precision: no rounding error accuses anybody."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator

from _helpers import halves
from skmia.attacks import ATTACKS, ShadowAttack
from skmia.metrics import roc_auc
from skmia.shadows import ShadowModels, fit_shadows
from skmia.signals import logit

N = 400
MAX_FPR = 0.05
WITH_SHADOWS = [name for name, cls in ATTACKS.items() if issubclass(cls, ShadowAttack)]


class Deaf(ClassifierMixin, BaseEstimator):
    """Has an opinion on each row that no training row changes."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture(scope="module")
def told():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, 3)), rng.integers(2, size=N)
    member = halves(N)
    models = ShadowModels(8, keep_models=True)
    shadows = fit_shadows(Deaf(), X, y, shadows=models, random_state=0)
    return X, y, member, Deaf().fit(X[member], y[member]), shadows


def test_rounding_errors_have_a_sign(told):
    """The difference from the shadows, written out: half of the records are above."""
    X, y, _, model, shadows = told
    own = logit(model.predict_proba(X), y)
    others = shadows.signals["logit"].mean(axis=0, dtype=np.float64)
    assert 0.4 < (own > others).mean() < 0.6
    rounded = shadows.signal_of("logit", model.predict_proba(X), y)
    assert (rounded == shadows.signals["logit"]).all()


# Said by a test of its own; here it is about the records that no shadow moves.
@pytest.mark.filterwarnings("ignore::skmia.exceptions.UninformativeShadowsWarning")
@pytest.mark.parametrize("name", WITH_SHADOWS)
def test_nobody_is_accused_by_a_rounding_error(told, name):
    X, y, member, model, shadows = told
    attack = ATTACKS[name](
        FrozenEstimator(model), shadows=shadows, max_fpr=MAX_FPR, random_state=0
    )
    attack.fit(X, y, membership=member)
    assert attack.predict(X, y)[~member].mean() <= 0.1
    # Four standard errors.
    auc = roc_auc(member, attack.score_samples(X, y))
    assert auc == pytest.approx(0.5, abs=4 * np.sqrt(1 / (3 * N)))
