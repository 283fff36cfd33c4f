"""The one table of families with a closed form."""

from typing import Any

from skmia.shadows._counterfactual._count_nb import (
    BERNOULLI_NB,
    CATEGORICAL_NB,
    COMPLEMENT_NB,
    MULTINOMIAL_NB,
)
from skmia.shadows._counterfactual._family import Family
from skmia.shadows._counterfactual._gaussian_nb_masks import GAUSSIAN_NB
from skmia.shadows._counterfactual._gradient_boosting import GRADIENT_BOOSTING
from skmia.shadows._counterfactual._hist_gradient_boosting import (
    HIST_GRADIENT_BOOSTING,
)
from skmia.shadows._counterfactual._lda import LDA
from skmia.shadows._counterfactual._lightgbm import LIGHTGBM
from skmia.shadows._counterfactual._linear_svc import LINEAR_SVC
from skmia.shadows._counterfactual._logistic import LOGISTIC
from skmia.shadows._counterfactual._mlp import MLP
from skmia.shadows._counterfactual._neighbor_masks import NEIGHBORS
from skmia.shadows._counterfactual._qda import QDA
from skmia.shadows._counterfactual._ridge import RIDGE, RIDGE_CV
from skmia.shadows._counterfactual._svc import SVC
from skmia.shadows._counterfactual._trees import TREES
from skmia.shadows._counterfactual._xgboost import XGBOOST

#: By package and class: a subclass may be fitted in another way, and is none of these.
FAMILIES: dict[tuple[str, str], Family] = {
    ("lightgbm", "LGBMClassifier"): LIGHTGBM,
    ("sklearn", "BaggingClassifier"): TREES,
    ("sklearn", "BernoulliNB"): BERNOULLI_NB,
    ("sklearn", "CategoricalNB"): CATEGORICAL_NB,
    ("sklearn", "ComplementNB"): COMPLEMENT_NB,
    ("sklearn", "DecisionTreeClassifier"): TREES,
    ("sklearn", "ExtraTreeClassifier"): TREES,
    ("sklearn", "ExtraTreesClassifier"): TREES,
    ("sklearn", "GaussianNB"): GAUSSIAN_NB,
    ("sklearn", "GradientBoostingClassifier"): GRADIENT_BOOSTING,
    ("sklearn", "HistGradientBoostingClassifier"): HIST_GRADIENT_BOOSTING,
    ("sklearn", "KNeighborsClassifier"): NEIGHBORS,
    ("sklearn", "LinearDiscriminantAnalysis"): LDA,
    ("sklearn", "LinearSVC"): LINEAR_SVC,
    ("sklearn", "LogisticRegression"): LOGISTIC,
    ("sklearn", "MLPClassifier"): MLP,
    ("sklearn", "MultinomialNB"): MULTINOMIAL_NB,
    ("sklearn", "QuadraticDiscriminantAnalysis"): QDA,
    ("sklearn", "RandomForestClassifier"): TREES,
    ("sklearn", "RidgeClassifier"): RIDGE,
    ("sklearn", "RidgeClassifierCV"): RIDGE_CV,
    ("sklearn", "SVC"): SVC,
    ("xgboost", "XGBClassifier"): XGBOOST,
}


def family_of(classifier: Any) -> Family | None:
    """Return the family of a classifier, which is no Pipeline, or None."""
    kind = type(classifier)
    return FAMILIES.get((kind.__module__.partition(".")[0], kind.__qualname__))
