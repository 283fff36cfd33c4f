"""What would make the shadows' fits cheaper, what it gains, and what it changes.

Each idea is measured in one process with one thread, in CPU time, beside what is done
today: steps of a Pipeline that learn nothing done once, column checks and conversions
done once, starts from the solution on the pool, bins that boosting shadows share, and
answers about the pool in smaller blocks. What gains less than a tenth of the time of
shadows, or changes their answers, is left out.

    python benchmarks/cheaper_fits.py
"""

import os
import time
import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
from _cheaper_data import adult_numbers, texts
from _cheaper_starts import end_to_end, starts
from _data import load_location30
from _results import save, table
from scipy.sparse import csr_matrix
from sklearn import config_context
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, Normalizer
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

import skmia._models._response as response
import skmia.shadows._once as once
from skmia.shadows import ShadowModels, fit_shadows

N_SHADOWS = 4
N_HASHED = 2**16
REPEATS = 3


def cpu_seconds(call):
    start = time.process_time()
    result = call()
    return result, time.process_time() - start


def shadows_of(estimator, X, y):
    models = ShadowModels(N_SHADOWS, counterfactual=False)
    return fit_shadows(estimator, X, y, shadows=models, n_jobs=1, random_state=0)


def compare(name, before, after):
    """Medians of alternating runs of two ways, and how far their logits differ."""
    seconds = []
    for _ in range(REPEATS):
        old, slow = cpu_seconds(before)
        new, fast = cpu_seconds(after)
        seconds.append((slow, fast))
    slow, fast = np.median(seconds, axis=0)
    apart = np.abs(old.signals["logit"] - new.signals["logit"]).max()
    row = {
        "what": name,
        "seconds before": f"{slow:.2f}",
        "after": f"{fast:.2f}",
        "after / before": f"{fast / slow:.2f}",
        "largest change of a logit": f"{apart:.2g}",
    }
    print(row, flush=True)
    return row


class OwnVectorizer(HashingVectorizer):
    """The same, of a class that is not known to learn nothing."""


class OwnHasher(FeatureHasher):
    """The same, of a class that is not known to learn nothing."""


def hashed_once():
    X, y = texts()
    counts = np.array([dict.fromkeys(text.split(), 1) for text in X], dtype=object)
    learner = LogisticRegression()
    of = make_pipeline
    pairs = [
        (
            "HashingVectorizer",
            OwnVectorizer(n_features=N_HASHED),
            HashingVectorizer(n_features=N_HASHED),
            X,
        ),
        ("FeatureHasher", OwnHasher(N_HASHED), FeatureHasher(N_HASHED), counts),
    ]
    return [
        compare(
            f"{name}, LogisticRegression",
            lambda each=each, rows=rows: shadows_of(of(each, learner), rows, y),
            lambda s=known, rows=rows: shadows_of(of(s, learner), rows, y),
        )
        for name, each, known, rows in pairs
    ]


class OwnNormalizer(Normalizer):
    """The same, of a class that is not known to learn nothing."""


class OwnBinarizer(Binarizer):
    """The same, of a class that is not known to learn nothing."""


class OwnFunction(FunctionTransformer):
    """The same, of a class that is not known to learn nothing."""


def other_steps():
    X, y = adult_numbers(4000)
    X, rows = np.abs(X), []
    usual = once._STATELESS
    once._STATELESS = usual | {"FunctionTransformer", "Normalizer"}
    pairs = [
        (OwnNormalizer(), Normalizer()),
        (OwnBinarizer(), Binarizer()),
        (OwnFunction(np.log1p), FunctionTransformer(np.log1p)),
    ]
    learners = (
        DecisionTreeClassifier(max_depth=5),
        LogisticRegression(),
        RandomForestClassifier(20),
    )
    for each, known in pairs:
        # Of a learner that is as cheap as they come, and of usual ones.
        rows += [
            compare(
                f"{known}, {learner}",
                lambda s=each, m=learner: shadows_of(make_pipeline(s, m), X, y),
                lambda s=known, m=learner: shadows_of(make_pipeline(s, m), X, y),
            )
            for learner in learners
        ]
    once._STATELESS = usual
    return rows


def conversions():
    X, y = load_location30()
    double = X.astype(np.float64)
    rows = [
        compare(
            f"float64 made float32 once, {learner}",
            lambda m=learner: shadows_of(m, double, y),
            lambda m=learner: shadows_of(m, X, y),
        )
        for learner in (RandomForestClassifier(20), DecisionTreeClassifier())
    ]
    learner = DecisionTreeClassifier()
    frame = pd.DataFrame(double)
    rows.append(
        compare(
            "frame of numbers made an array once, DecisionTreeClassifier()",
            lambda: shadows_of(learner, frame, y),
            lambda: shadows_of(learner, double, y),
        )
    )
    integers = csr_matrix(X.astype(np.int32))
    logistic = LogisticRegression()
    rows.append(
        compare(
            "sparse whole numbers made float64 once, LogisticRegression()",
            lambda: shadows_of(logistic, integers, y),
            lambda: shadows_of(logistic, integers.astype(np.float64), y),
        )
    )
    for learner in (DecisionTreeClassifier(), LogisticRegression()):

        def checked(without, learner=learner):
            with config_context(assume_finite=True) if without else nullcontext():
                return shadows_of(learner, X, y)

        rows.append(
            compare(
                f"values checked once (assume_finite), {learner}",
                lambda run=checked: run(False),
                lambda run=checked: run(True),
            )
        )
    return rows


def block_sizes():
    X, y = load_location30()
    wide, two = adult_numbers(16_000)
    cases = [
        ("RandomForestClassifier(50), Location-30", RandomForestClassifier(50), X, y),
        ("LogisticRegression(), Location-30", LogisticRegression(), X, y),
        ("LogisticRegression(), Adult, 16,000 rows", LogisticRegression(), wide, two),
    ]
    usual, rows = response._BLOCK_VALUES, []
    for name, model, X, y in cases:
        model.fit(X[::4], y[::4])
        classes = model.classes_
        columns = np.searchsorted(classes, y)

        def ask(size, model=model, X=X, classes=classes, columns=columns):
            response._BLOCK_VALUES = size
            for block, proba in response.iter_class_probabilities(model, X, classes):
                for signal in response_signals():
                    signal(proba, columns[block])

        sizes = [2**k for k in (15, 17, 19, 21, 23)]
        seconds = [
            [cpu_seconds(lambda s=s, ask=ask: ask(s))[1] for s in sizes]
            for _ in range(5)
        ]
        seconds = np.median(seconds, axis=0)
        row = {"answers and signals of": name, "today, ms": f"{1e3 * seconds[-1]:.0f}"}
        row |= {
            f"2^{int(np.log2(s))} values": f"{took / seconds[-1]:.2f}"
            for s, took in zip(sizes[:-1], seconds[:-1], strict=True)
        }
        print(row, flush=True)
        rows.append(row)
    response._BLOCK_VALUES = usual
    return rows


def response_signals():
    from skmia.shadows._signals import STORED
    from skmia.signals import SIGNALS

    return [SIGNALS[name] for name in STORED]


def shared_bins():
    """Binning's share of boosting, and what bins of the pool change in answers."""
    import lightgbm as lgb
    import xgboost as xgb

    X, y = adult_numbers(8000)
    y = (y == y[0]).astype(int)
    part = np.random.RandomState(0).permutation(len(y))[: len(y) // 2]
    rows = []
    settings = {"objective": "binary", "num_threads": 1, "verbose": -1}
    full = lgb.Dataset(X, y, params=settings).construct()

    def light(data):
        return lgb.train(settings, data, 100)

    def binned():
        return lgb.Dataset(X[part], y[part], params=settings).construct()

    own, bin_seconds = cpu_seconds(binned)
    model, fit_seconds = cpu_seconds(lambda: light(own))
    shared = light(full.subset(np.sort(part)))
    same_order = light(
        lgb.Dataset(X[np.sort(part)], y[np.sort(part)], params=settings).construct()
    )
    apart = same_order.predict(X, raw_score=True) - shared.predict(X, raw_score=True)
    rows.append(("LightGBM, Dataset.subset", bin_seconds, fit_seconds, apart))
    settings = {"objective": "binary:logistic", "nthread": 1, "tree_method": "hist"}

    def boosted(data):
        return xgb.train(settings, data, 100)

    whole = xgb.QuantileDMatrix(X, y, nthread=1)
    own, bin_seconds = cpu_seconds(
        lambda: xgb.QuantileDMatrix(X[part], y[part], nthread=1)
    )
    model, fit_seconds = cpu_seconds(lambda: boosted(own))
    shared = boosted(xgb.QuantileDMatrix(X[part], y[part], ref=whole, nthread=1))
    asked = xgb.DMatrix(X)
    apart = model.predict(asked, output_margin=True) - shared.predict(
        asked, output_margin=True
    )
    rows.append(("XGBoost, QuantileDMatrix(ref=)", bin_seconds, fit_seconds, apart))
    return [
        {
            "what": name,
            "binning, seconds": f"{binning:.3f}",
            "boosting, seconds": f"{boosting:.3f}",
            "share of binning": f"{binning / (binning + boosting):.2f}",
            "change of a logit, mean": f"{np.abs(apart).mean():.2g}",
            "largest": f"{np.abs(apart).max():.2g}",
        }
        for name, binning, boosting, apart in rows
    ]


TEXT = """
Load of the machine at the start: {load:.1f}. CPU seconds, one thread, medians of
{repeats} alternating runs of {n_shadows} shadows with their predictions, without the
closed forms.

## Steps that learn nothing, done once: kept

{hashed}

## Other steps that learn nothing, done once: Binarizer kept, others left out

The others gain a tenth with the quickest learners at most, and are not equal to the
last bit for all ways in which an array can be stored.

{steps}

## Conversions and column checks, done once: left out

{conversions}

## Starts from the solution on the pool: left out

Adult, one-hot, 4,000 rows, and 2,000 rows of Location-30. A start from the pool's
solution has seen every record, non-members too. *Trace* is how much more the logit of
non-members than of members moves, against fits to a tight tolerance, as a share of the
mean gap between the two sides of a record; positive hides membership. *Shift* is the
mean change of all logits as a share of that gap: the target starts from zeros and does
not have it.

{starts}

With the tolerance as given, starts from the pool leave answers where the solver stops,
and from this side it stops elsewhere than the target's fit does. With a tolerance that
undoes this, most cost more than a start from zeros. `newton-cholesky` alone is both
cheaper and as good with a tenth of the tolerance. Its fits are {share:.0%} of the time
of {few} shadows, and the fit on the pool is two more of them: {gain:.0%} of the whole
is gained. LinearSVC takes no start. SGDClassifier does not converge: where it stops is
in its seed and in its start.

## Bins that boosting shadows share: left out

{bins}

`LGBMClassifier.fit` and `XGBClassifier.fit` take rows and not binned data, and
HistGradientBoostingClassifier has no public way; bins of the pool depend on
non-members, and change the answers.

## Answers in smaller blocks: left out

CPU time of asking and of all signals, as a ratio to today's blocks of 2^23 values.
Signals are taken of one answer already.

{blocks}
"""


def main():
    load = os.getloadavg()[0]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hashed, steps, converted = hashed_once(), other_steps(), conversions()
        started = starts()
        about = end_to_end(started)
        bins, blocks = shared_bins(), block_sizes()
    parts = {
        "hashed": hashed,
        "steps": steps,
        "conversions": converted,
        "starts": started,
        "bins": bins,
        "blocks": blocks,
    }
    tables = {name: table(rows) for name, rows in parts.items()}
    text = TEXT.strip().format(
        load=load, repeats=REPEATS, n_shadows=N_SHADOWS, **about, **tables
    )
    save("cheaper_fits", "Cheaper fits of shadows", text, parts | {"about": about})


if __name__ == "__main__":
    main()
