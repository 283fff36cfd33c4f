"""Traps 40 and 51, and what pickles hold: on what a promise of privacy rests."""

import pickle
import struct

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler

from skmia import defenses
from skmia.attacks import ATTACKS, LabelOnlyAttack, QuantileAttack
from skmia.audit import audit_classifier
from skmia.defenses import (
    DifferentialPrivacyClassifier,
    PrivacyAccountant,
    compose_privacy,
)
from skmia.exceptions import PrivacyBudgetError, RepeatedPrivateFitWarning
from skmia.model_selection import AuditableClassifier, privacy_budget
from skmia.shadows import ShadowModels, fit_shadows

pytestmark = pytest.mark.filterwarnings("ignore::skmia.exceptions.ResolutionWarning")
N = 160


def _known(X):
    """What the target reads: numbers alone, of which it keeps means and spreads."""
    kind = [len(kind) for kind in X["kind"]]
    return np.column_stack([X["height"], X["income"], X["dose"], kind]).astype(float)


def _marked_rows():
    rng = np.random.RandomState(0)
    frame = pd.DataFrame(
        {
            "height": rng.randn(N),
            "income": np.round(rng.uniform(1e5, 9e5, N)),
            "dose": rng.choice([1.25e-7, 3.5e-7, 7.75e-7], N),
            "note": [f"marked note {i}" for i in range(N)],
            "kind": rng.choice(["marked one", "marked three", "marked of ten"], N),
        }
    )
    return frame, rng.randint(2, size=N)


X, Y = _marked_rows()
MEMBER = np.arange(N) < N // 2
MODEL = make_pipeline(
    FunctionTransformer(_known), StandardScaler(), LogisticRegression()
)
FROZEN = FrozenEstimator(clone(MODEL).fit(X[MEMBER], Y[MEMBER]))


def _raw_values(fitted):
    """The marked texts, and the numbers of rows, that a pickle of `fitted` holds.

    Without the ends of a column's range, which noise is kept within.
    """
    told = pickle.dumps(fitted)
    found = ["marked"] if b"marked" in told else []
    for column in ("height", "income", "dose"):
        for value in np.unique(X[column])[1:-1]:
            forms = [struct.pack(order, value) for order in ("<d", ">d", "<f")]
            found += [value for form in forms if form in told]
    return found


def _attacks():
    for name, attack in ATTACKS.items():
        if "shadows" in attack(MODEL).get_params(deep=False):
            yield pytest.param(attack, {"shadows": 4}, id=name)
            asked = {"shadows": ShadowModels(4, n_queries=2)}
            yield pytest.param(attack, asked, id=f"{name}, copies")
        else:
            yield pytest.param(attack, {}, id=name)


def _masked(**params):
    return defenses.ConfidenceMaskingClassifier(method="minimal_distortion", **params)


DEFENSES = [
    getattr(defenses, name)
    for name in defenses.__all__
    if name.endswith("Classifier") and not name.startswith("Differential")
]


def test_an_encoder_or_a_pool_in_a_pickle_shows_rows():
    encoder = OrdinalEncoder().fit(X[["note", "kind"]])
    assert _raw_values(encoder) == ["marked"]
    assert len(_raw_values(X.to_numpy())) > N
    assert not _raw_values(FROZEN)


@pytest.mark.parametrize(("attack", "params"), list(_attacks()))
def test_no_attack_pickles_rows(attack, params):
    fitted = attack(FROZEN, random_state=0, **params).fit(X, Y, membership=MEMBER)
    assert not _raw_values(fitted)
    game = attack(MODEL, random_state=0, **params).fit(X, Y)
    assert not _raw_values(game)


@pytest.mark.parametrize("defense", [*DEFENSES, _masked])
def test_no_defense_pickles_rows(defense):
    assert not _raw_values(defense(estimator=MODEL, random_state=0).fit(X, Y))


def test_private_fits_pickle_no_rows():
    numbers = _known(X)
    for estimator in (LogisticRegression(), make_pipeline(StandardScaler(), MODEL[-1])):
        clf = DifferentialPrivacyClassifier(estimator, random_state=0)
        assert not _raw_values(clf.fit(numbers, Y))


def test_no_report_nor_wrapper_nor_shadows_pickle_rows():
    shadows = ShadowModels(4, n_queries=2, keep_models=True)
    assert not _raw_values(fit_shadows(MODEL, X, Y, shadows=shadows, random_state=0))
    assert not _raw_values(AuditableClassifier(MODEL).fit(X, Y))
    report = audit_classifier(
        FROZEN,
        *(X[MEMBER], Y[MEMBER], X[~MEMBER], Y[~MEMBER]),
        attacks=["lira", "loss", "quantile", "label_only", "stacked"],
        shadows=4,
        max_fprs=(0.1,),
        random_state=0,
    )
    assert not _raw_values(report)


def test_texts_have_the_same_codes_after_loading():
    attack = QuantileAttack(FROZEN, max_fpr=0.1, random_state=0)
    attack.fit(X, Y, membership=MEMBER)
    loaded = pickle.loads(pickle.dumps(attack))
    np.testing.assert_array_equal(
        loaded.score_samples(X, Y), attack.score_samples(X, Y)
    )


def test_values_of_the_pool_are_not_drawn_after_loading():
    """Numbers get noise as before; a text would have to be another row's."""
    attack = LabelOnlyAttack(FROZEN, n_queries=5, max_fpr=0.1, random_state=0)
    attack.fit(X, Y, membership=MEMBER)
    with pytest.raises(ValueError, match="are not written into a pickle"):
        pickle.loads(pickle.dumps(attack)).score_samples(X, Y)
    numbers = _known(X)[:, :2]
    model = FrozenEstimator(LogisticRegression().fit(numbers[MEMBER], Y[MEMBER]))
    attack = LabelOnlyAttack(model, n_queries=5, max_fpr=0.1, random_state=0)
    attack.fit(numbers, Y, membership=MEMBER)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(attack)).score_samples(numbers, Y),
        attack.score_samples(numbers, Y),
    )


def test_trap_51_one_generator_for_all_classes():
    """Processes with a generator each: what one class shows, all others show too."""

    def draws(backend):
        rng = np.random.RandomState(0)
        with joblib.parallel_config(backend, n_jobs=3):
            drawn = joblib.Parallel()(joblib.delayed(rng.laplace)() for _ in range(3))
        return len(set(drawn))

    assert draws("multiprocessing") == 1
    assert draws("sequential") == 3
    rng = np.random.RandomState(1)
    rows, labels = rng.uniform(-1, 1, (90, 100)), np.arange(90) % 3
    coefficients = []
    for backend in ("sequential", "multiprocessing"):
        with joblib.parallel_config(backend, n_jobs=3):
            clf = DifferentialPrivacyClassifier(
                LogisticRegression(C=1e-3),
                epsilon=1e-3,
                mechanism="objective",
                data_norm=15.0,
                random_state=0,
            ).fit(rows, labels)
        coefficients.append(clf.estimator_.coef_)
    np.testing.assert_array_equal(*coefficients)
    between = np.corrcoef(coefficients[0])[np.triu_indices(3, 1)]
    assert np.abs(between).max() < 4.4 / np.sqrt(100)  # one case in 100,000


def test_trap_40_the_epsilon_of_one_fit_for_a_search_over_many():
    rng = np.random.RandomState(0)
    X, y = rng.uniform(-1, 1, size=(90, 3)), np.arange(90) % 2
    private = DifferentialPrivacyClassifier(GaussianNB(), bounds=(-1.0, 1.0), delta=0.0)
    search = GridSearchCV(private, {"epsilon": [0.5, 1.0]}, cv=3)
    with pytest.warns(RepeatedPrivateFitWarning, match="add up over candidates"):
        search.fit(X, y)
    told = search.best_estimator_.spent_epsilon_
    assert told <= 1.0  # the wrong reading
    # Of six fits of candidates a row was in four, and in the refit.
    assert privacy_budget(search).epsilon == 2 * 0.5 + 2 * 1.0 + told

    # Copies of an accountant have books of their own, unless it survives `clone`.
    accountant = PrivacyAccountant(delta=0.0)
    search.set_params(estimator__accountant=accountant).fit(X, y)
    assert accountant.total().epsilon == 4.5 + search.best_estimator_.spent_epsilon_
    assert compose_privacy(accountant.spent, delta=0.0) == accountant.total()
    ceiling = PrivacyAccountant(epsilon=1.0, delta=0.0)
    search.set_params(estimator__accountant=ceiling, error_score="raise")
    with pytest.raises(PrivacyBudgetError, match="would exceed the ceiling"):
        search.fit(X, y)
    assert ceiling.total().epsilon == 1.0
