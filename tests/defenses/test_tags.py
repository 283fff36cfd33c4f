"""Which models mask their outputs, by the tags of the defenses inside."""

import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skmia import defenses
from skmia.defenses import (
    ConfidenceMaskingClassifier,
    Defense,
    DefenseTags,
    HighEntropyClassifier,
    LabelSmoothingClassifier,
    masks_outputs,
)

MASKED = ConfidenceMaskingClassifier()


@pytest.mark.parametrize(
    "model",
    [
        MASKED,
        HighEntropyClassifier(),
        make_pipeline(StandardScaler(), MASKED),
        VotingClassifier([("plain", LogisticRegression()), ("masked", MASKED)]),
        FrozenEstimator(MASKED),
        make_pipeline(StandardScaler(), FrozenEstimator(make_pipeline(MASKED))),
        GridSearchCV(MASKED, {"k": [1, 2]}),
        LabelSmoothingClassifier(MASKED),
    ],
)
def test_models_that_mask_outputs(model):
    assert masks_outputs(model)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        make_pipeline("passthrough", LabelSmoothingClassifier()),
        # It changes what is trained on, and shows the outputs as they are.
        HighEntropyClassifier(output_modification=False),
        make_pipeline(HighEntropyClassifier(output_modification=False)),
    ],
)
def test_models_that_do_not(model):
    assert not masks_outputs(model)


def test_the_setting_decides_and_not_the_class():
    clf = HighEntropyClassifier()
    assert masks_outputs(clf)
    assert not masks_outputs(clf.set_params(output_modification=False))


def test_every_defense_has_the_tag():
    tags = {
        name: get_tags(getattr(defenses, name)())
        for name in defenses.__all__
        if name.endswith("Classifier")
    }
    assert all(isinstance(value, DefenseTags) for value in tags.values())
    masking = {name for name, value in tags.items() if value.masks_outputs}
    assert masking == {"ConfidenceMaskingClassifier", "HighEntropyClassifier"}


def test_the_tag_of_others_counts():
    """Any estimator may have it, and a subclass of Defense says so itself."""

    class Other(BaseEstimator):
        def __sklearn_tags__(self):
            tags = DefenseTags.of(super().__sklearn_tags__())
            tags.masks_outputs = True
            return tags

    class Mine(Defense):
        def __init__(self, estimator=None, masks=False):
            self.estimator = estimator
            self.masks = masks

        def _check_params(self):
            pass

        def _fit(self, data):
            pass

        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.masks_outputs = self.masks
            return tags

    assert masks_outputs(Other())
    assert masks_outputs(make_pipeline(Other(), LogisticRegression()))
    assert masks_outputs(Mine(masks=True))
    assert not masks_outputs(Mine())


def test_a_search_that_has_chosen_a_mask():
    X, y = load_iris(return_X_y=True)
    pipeline = Pipeline([("clf", GaussianNB())])
    masked = ConfidenceMaskingClassifier(GaussianNB())
    search = GridSearchCV(pipeline, {"clf": [masked]}, cv=2)
    # The template masks nothing; a candidate does, and it is what is fitted.
    assert not masks_outputs(pipeline)
    assert masks_outputs(search)
    search.fit(X, y)
    assert masks_outputs(search)
    assert masks_outputs(FrozenEstimator(search))
    assert masks_outputs(make_pipeline(StandardScaler(), search))
