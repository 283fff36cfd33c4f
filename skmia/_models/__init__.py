"""What can be asked of any classifier, and copies of it."""

from skmia._models._asked_once import ask_once, asked_once, asking_once
from skmia._models._carried import check_can_be_refitted, check_no_frozen_classifier
from skmia._models._cloning import (
    bare_clone,
    deep_params,
    forget_fit,
    own_parts,
    unfitted_copy,
    unwrap_frozen,
)
from skmia._models._fit_hook import (
    RowsOf,
    check_hook,
    fit_by_hook,
    fit_own,
    hook_name,
)
from skmia._models._fitted_state import Mismatch, find_mismatches
from skmia._models._function import (
    FunctionClassifier,
    is_refittable,
    shadow_recipe,
)
from skmia._models._in_workers import few_threads, limit_threads, silence
from skmia._models._inside import Replaced, look_inside, repeated_searches
from skmia._models._meta import MetaClassifier, MetaEstimator
from skmia._models._response import (
    LabelsAsProbabilities,
    answering,
    answers_as_probabilities,
    ask_labels,
    ask_probabilities,
    check_has_response,
    check_is_classifier,
    class_probabilities,
    gives_confidences,
    iter_class_probabilities,
)
from skmia._models._saturation import Saturation
from skmia._models._seeding import (
    MAX_SEED,
    draw_seeds,
    kept_generators,
    own_generators,
    owning_generators,
    seeded_clone,
    without_noise_seeds,
)
from skmia._models._steadiness import SecondAnswers, ask_again
from skmia._models._unpublished import (
    is_unpublished,
    unpublished_fits,
    without_accountants,
)
from skmia._models._walk import attributes, walk
