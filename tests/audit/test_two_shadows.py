"""Two shadows are enough for an audit of a learner with closed forms."""

import pytest
from sklearn.linear_model import Perceptron
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from _helpers import noisy_rows
from skmia.audit import audit_classifier

X, Y = noisy_rows(800, 40)
SIDES = X[:400], Y[:400], X[400:], Y[400:]


@pytest.mark.parametrize("n_shadows", [2, 3])
@pytest.mark.parametrize("searched", [False, True])
def test_audit_with_two_or_three_shadows(n_shadows, searched):
    model = GaussianNB()
    if searched:
        model = GridSearchCV(model, {"var_smoothing": [1e-9, 1e-8]}, cv=2)
    model.fit(*SIDES[:2])
    report = audit_classifier(
        model, *SIDES, attacks=["lira"], shadows=n_shadows, random_state=0
    )
    # .68 with 64 shadows; the standard error of 400 on either side is .02.
    assert report.worst("auc")[1] > 0.62
    fired = {guard.name for guard in report.guards}
    assert not fired & {"unmoved_shadows", "informed_shadows", "shadows_unlike_target"}


def test_without_a_closed_form_two_are_too_few():
    model = Perceptron().fit(*SIDES[:2])
    with pytest.raises(ValueError, match=r"at least 4 .*Perceptron has no closed form"):
        audit_classifier(model, *SIDES, shadows=2)
