"""One call from a classifier and a limit to a defended model."""

from skmia.model_selection._recommend._answer import DefenseRecommendation
from skmia.model_selection._recommend._call import recommend_defense
from skmia.model_selection._recommend._cost import SearchCost

__all__ = ["DefenseRecommendation", "SearchCost", "recommend_defense"]
