"""Defenses against membership inference, as classifiers that wrap a classifier."""

from skmia.defenses._adversarial_regularization import (
    AdversarialRegularizationClassifier,
)
from skmia.defenses._adversarial_training import AdversarialTrainingClassifier
from skmia.defenses._base import Defense
from skmia.defenses._confidence_masking import ConfidenceMaskingClassifier
from skmia.defenses._differential_privacy import DifferentialPrivacyClassifier
from skmia.defenses._high_entropy import HighEntropyClassifier
from skmia.defenses._label_smoothing import LabelSmoothingClassifier
from skmia.defenses._private import (
    PrivacyAccountant,
    PrivacyLoss,
    compose_privacy,
)
from skmia.defenses._promise import PrivacyPromise, privacy_promise
from skmia.defenses._self_distillation import SelfDistillationClassifier
from skmia.defenses._tags import DefenseTags, masks_outputs
from skmia.defenses._weighted_smoothing import WeightedSmoothingClassifier

__all__ = [
    "AdversarialRegularizationClassifier",
    "AdversarialTrainingClassifier",
    "ConfidenceMaskingClassifier",
    "Defense",
    "DefenseTags",
    "DifferentialPrivacyClassifier",
    "HighEntropyClassifier",
    "LabelSmoothingClassifier",
    "PrivacyAccountant",
    "PrivacyLoss",
    "PrivacyPromise",
    "SelfDistillationClassifier",
    "WeightedSmoothingClassifier",
    "compose_privacy",
    "masks_outputs",
    "privacy_promise",
]
