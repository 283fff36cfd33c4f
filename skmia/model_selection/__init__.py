"""Tuning a classifier for accuracy and leakage at once.

scikit-learn's searches show a scorer the held-out rows only. The classifier that they
tune is wrapped, so that the scorer finds the rows that it was trained on as well.
"""

from skmia.model_selection._attack_scorer import attack_scorer
from skmia.model_selection._auditable import AuditableClassifier, training_hashes
from skmia.model_selection._displays import LeakageTradeoffDisplay
from skmia.model_selection._grids import (
    Candidates,
    regularization_grid,
    sub_bagging_grid,
)
from skmia.model_selection._leakage import leakage_scorer
from skmia.model_selection._privacy_budget import privacy_budget
from skmia.model_selection._privacy_totals import CandidateBudget, PrivacyBudget
from skmia.model_selection._recommend import (
    DefenseRecommendation,
    SearchCost,
    recommend_defense,
)
from skmia.model_selection._refit import best_under_leakage
from skmia.model_selection._utility import utility_under_leakage

__all__ = [
    "AuditableClassifier",
    "CandidateBudget",
    "Candidates",
    "DefenseRecommendation",
    "LeakageTradeoffDisplay",
    "PrivacyBudget",
    "SearchCost",
    "attack_scorer",
    "best_under_leakage",
    "leakage_scorer",
    "privacy_budget",
    "recommend_defense",
    "regularization_grid",
    "sub_bagging_grid",
    "training_hashes",
    "utility_under_leakage",
]
