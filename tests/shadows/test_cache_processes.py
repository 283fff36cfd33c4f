"""What people run twice: the second run, a process of its own, fits nothing."""

import os
import subprocess
import sys
import textwrap

import pytest

MODULE = """
    import dataclasses
    import enum
    import logging
    import numpy as np
    import polars as pl
    from scipy.special import expit
    from sklearn.base import BaseEstimator, TransformerMixin

    log = logging.getLogger(__name__)
    LIMITS = {"low": -1.0, "high": 1.0}

    class Kind(enum.Enum):
        CLIP = 1
        SQUASH = "squash"

    def clip(X):
        return np.clip(X, LIMITS["low"], LIMITS["high"])

    @dataclasses.dataclass
    class Bounded(TransformerMixin, BaseEstimator):
        kind: Kind = Kind.CLIP
        seen: set = dataclasses.field(default_factory=lambda: {"b", "a", "c"})

        def fit(self, X, y=None):
            log.info("%d rows", len(X))
            return self

        def transform(self, X):
            return clip(X) if self.kind is Kind.CLIP else expit(X)

    def lengths(X):
        return X.with_columns(pl.col("text").fill_null("").str.len_chars())
"""

RUN = """
    import sys, warnings
    import numpy as np, pandas as pd, polars as pl
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import make_column_transformer, make_column_selector
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier, VotingClassifier
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    from scipy import sparse, stats
    from skmia.defenses import ConfidenceMaskingClassifier
    from skmia.shadows import ShadowModels, fit_shadows
    from user_module import Bounded, Kind, clip, lengths
    import user_module

    warnings.simplefilter("ignore")
    POWER = 2

    def power(X):
        return X ** POWER

    def known(X):
        return X[[name for name in X.columns if name in {"a", "b", "text"}]]

    class Mine(LogisticRegression):
        '''In the script itself.'''
        def fit(self, X, y, **params):
            return super().fit(user_module.clip(X), y, **params)

    X, y = make_classification(60, 4, random_state=0)
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["text"] = np.array(["x", "yy", None, "zzz"] * 15, dtype=object)
    frame["kind"] = pd.Categorical(list("uvw") * 20)
    frame["number"] = pd.array([1, None, 3] * 20, dtype="Int64")
    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector("text|kind")),
        (StandardScaler(), ["a", "b"]),
    )
    plain = GaussianNB()
    cases = [
        (make_pipeline(FunctionTransformer(power), plain), X),
        (make_pipeline(FunctionTransformer(clip), StandardScaler(), plain), X),
        (make_pipeline(FunctionTransformer(lambda X: X + POWER), plain), X),
        (make_pipeline(Bounded(Kind.SQUASH), plain), X),
        (Mine(C=2), X),
        (make_pipeline(FrozenEstimator(StandardScaler().fit(X)), plain), X),
        (make_pipeline(SelectKBest(f_classif, k=2), RandomForestClassifier(3)), X),
        (VotingClassifier([("a", plain), ("b", Mine())], voting="soft"), X),
        (CalibratedClassifierCV(plain, cv=StratifiedKFold(2)), X),
        (RandomizedSearchCV(Mine(), {"C": stats.loguniform(.1, 9)}, n_iter=1, cv=2), X),
        (ConfidenceMaskingClassifier(plain), X),
        (make_pipeline(encoded, LogisticRegression()), frame),
        (make_pipeline(FunctionTransformer(known), FunctionTransformer(
            lambda X: X[["a", "b"]]), plain), frame),
        (make_pipeline(FunctionTransformer(lengths), plain),
         pl.DataFrame({"a": X[:, 0], "text": ["x", None, "zz"] * 20})),
        (LogisticRegression(), sparse.csr_matrix(X)),
    ]
    for estimator, rows in cases:
        # What costs no fit is in no cache.
        shadows = ShadowModels(2, cache_dir=sys.argv[1], counterfactual=False)
        fit_shadows(estimator, rows, y, shadows=shadows, random_state=0)
"""


@pytest.mark.slow
def test_the_second_run_of_a_script_fits_nothing(tmp_path):
    (tmp_path / "user_module.py").write_text(textwrap.dedent(MODULE))
    (tmp_path / "run.py").write_text(textwrap.dedent(RUN))
    stored = []
    for seed in ("1", "2"):
        env = {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(
            [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "cache")],
            env=os.environ | env,
            check=True,
        )
        stored.append({p.name: p.stat().st_mtime_ns for p in tmp_path.glob("cache/*")})
    assert len(stored[0]) == 15 * 2
    assert stored[0] == stored[1]
