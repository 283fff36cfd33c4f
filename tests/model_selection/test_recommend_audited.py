"""What is recommended on one half of real data keeps to its limit on the other."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skmia.audit import audit_learner
from skmia.model_selection import recommend_defense

LIMIT = 0.6


@pytest.mark.slow
def test_digits_audited_on_rows_that_the_search_has_never_seen():
    """Undefended an AUC of .67 or so; benchmarks/recommended.py has more cells."""
    X, y = load_digits(return_X_y=True)
    X, fresh, y, fresh_y = train_test_split(
        (X / 16).astype(np.float32), y, test_size=0.5, stratify=y, random_state=0
    )
    model = LogisticRegression(C=10, max_iter=200)
    found = recommend_defense(
        model,
        X,
        y,
        max_leakage=LIMIT,
        defenses=["regularization", "bagging"],
        budget=110,
        n_models=8,
        random_state=0,
    )
    assert found.best_index_ is not None
    chosen = found.to_frame().loc[found.best_index_]
    learner = found.best_estimator_.set_params(random_state=None)
    before, after = (
        audit_learner(each, fresh, fresh_y, n_models=n, random_state=1).strongest("auc")
        for each, n in ((model, 8), (learner, 16))
    )
    assert before.low > LIMIT - 0.02
    assert after.low <= LIMIT
    assert after.value < before.value - 0.02
    # What was said of it, of half as many models' worth of error.
    assert abs(after.value - chosen["leakage"]) < 0.04
    assert chosen["accuracy"] > 0.85
