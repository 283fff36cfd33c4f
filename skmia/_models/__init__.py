"""What can be asked of any classifier, and copies of it."""

from skmia._models._cloning import (
    MAX_SEED,
    deep_params,
    draw_seeds,
    forget_fit,
    seeded_clone,
    unwrap_frozen,
)
from skmia._models._meta import (
    MetaClassifier,
    MetaEstimator,
    check_can_be_refitted,
    check_no_frozen_classifier,
)
from skmia._models._response import (
    ask_labels,
    ask_probabilities,
    check_has_response,
    check_is_classifier,
    class_probabilities,
    iter_class_probabilities,
)
