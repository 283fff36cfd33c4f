"""What shadow models lack, as counted by the audits; their tests count it."""

import numpy as np
import pytest

from skmia.audit._guards._splits import (
    dependent_splits,
    missing_classes,
    one_sided_records,
    scores_of_other_rows,
)

SIDES = np.repeat([True, False], [6, 10])


@pytest.mark.parametrize(
    ("find", "facts", "count", "value", "message"),
    [
        (
            missing_classes,
            {"n_missing_classes": 5, "n_models": 16},
            5,
            None,
            "5 times, over 16 shadows",
        ),
        (
            one_sided_records,
            {"one_sided_fraction": 0.1234},
            None,
            0.1234,
            "12.3 % of the records are in all",
        ),
        (
            scores_of_other_rows,
            {"other_scores": (0.75, 0.875)},
            None,
            0.125,
            "in cv_results is 0.75, and the accuracy on these test rows is 0.875",
        ),
        (
            dependent_splits,
            {"no_shadows": "They are folds."},
            None,
            None,
            "may find much more. They are folds.",
        ),
        (
            dependent_splits,
            {"n_without_shadows": 5},
            5,
            None,
            "5 of the models have too few shadows",
        ),
    ],
)
def test_found_and_silent(evidence, find, facts, count, value, message):
    assert not list(find(evidence(SIDES)))
    (guard,) = find(evidence(SIDES, **facts))
    assert (guard.name, guard.severity) == (find.__name__, "warning")
    assert (guard.count, guard.value, guard.attack) == (count, value, None)
    assert message in guard.message
