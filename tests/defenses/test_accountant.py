"""An accountant that is charged by every copy, thread and process, or says so."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skmia.attacks import LiRAAttack
from skmia.defenses import (
    DifferentialPrivacyClassifier,
    PrivacyAccountant,
    PrivacyLoss,
    compose_privacy,
)
from skmia.exceptions import PrivacyBudgetError
from skmia.model_selection import AuditableClassifier
from skmia.shadows import ShadowModels, fit_shadows

X, Y = load_iris(return_X_y=True)


def private(accountant, epsilon=1.0):
    return DifferentialPrivacyClassifier(
        GaussianNB(), epsilon=epsilon, delta=0, bounds=(0.0, 8.0), accountant=accountant
    )


def test_copies_are_the_accountant_itself():
    accountant = PrivacyAccountant(epsilon=4.0)
    clf = private(accountant)
    for same in (clone(clf), copy.deepcopy(clf), copy.copy(clf)):
        assert same.accountant is accountant
    assert clone(accountant) is accountant
    assert pickle.loads(pickle.dumps(clf)).accountant is accountant


@pytest.mark.parametrize("around", [lambda c: c, make_pipeline, AuditableClassifier])
def test_a_search_charges_one_accountant(around):
    accountant = PrivacyAccountant()
    search = GridSearchCV(around(private(accountant)), {}, cv=3).fit(X, Y)
    assert accountant.spent == (PrivacyLoss(1.0, 0.0, accountant.spent[0].mu),) * 4
    assert accountant.total(0.0).epsilon == 4.0
    assert search.best_estimator_.get_params()  # nothing was replaced


@pytest.mark.parametrize(
    "backend", [pytest.param("loky", marks=pytest.mark.slow), "threading"]
)
def test_workers_charge_it(backend):
    accountant = PrivacyAccountant()
    with joblib.parallel_backend(backend, n_jobs=2):
        cross_val_score(private(accountant), X, Y, cv=3)
    assert accountant.total(0.0).epsilon == 3.0
    private(accountant).fit(X, Y)  # and so does this process, afterwards
    assert len(accountant.spent) == 4


@pytest.mark.slow
def test_workers_stop_at_the_ceiling():
    accountant = PrivacyAccountant(epsilon=2.0, delta=0.0)
    with (
        joblib.parallel_backend("loky", n_jobs=2),
        pytest.raises(PrivacyBudgetError, match="would exceed the ceiling"),
    ):
        cross_val_score(private(accountant), X, Y, cv=4, error_score="raise")
    assert accountant.total().epsilon <= 2.0


def test_many_threads_never_pass_the_ceiling():
    accountant = PrivacyAccountant(epsilon=1.0, delta=0.0)
    refused = []

    def spend():
        for _ in range(20):
            try:
                accountant.spend(0.01)
            except PrivacyBudgetError:
                refused.append(1)

    threads = [threading.Thread(target=spend) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accountant.spent) == 100
    assert len(refused) == 100


def test_a_ceiling_of_gaussian_fits_is_a_total_at_delta():
    accountant = PrivacyAccountant(epsilon=2.6, delta=1e-5)
    losses = [PrivacyLoss(1.0, 1e-5, 0.25)] * 7
    for _ in range(6):
        accountant.spend(*losses[0])
    assert compose_privacy(losses, delta=1e-5).epsilon > 2.6
    with pytest.raises(PrivacyBudgetError, match=r"6 fits have spent epsilon=2\.5"):
        accountant.spend(*losses[0])
    assert accountant.total().mu == pytest.approx(np.sqrt(6) * 0.25)


def test_nothing_is_charged_where_the_ceiling_stops():
    accountant = PrivacyAccountant(epsilon=1.0, delta=0.0)
    accountant.spend(0.6)
    with pytest.raises(PrivacyBudgetError):
        accountant.spend(0.6)
    accountant.spend(0.4)
    assert accountant.total() == (1.0, 0.0, accountant.total().mu)


# Files ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_path_keeps_what_was_spent_for_later_sessions(tmp_path):
    path = tmp_path / "spent.jsonl"
    private(PrivacyAccountant(3.0, 0.0, path=path)).fit(X, Y)
    script = (
        "from skmia.defenses import PrivacyAccountant\n"
        f"accountant = PrivacyAccountant(3.0, 0.0, path={str(path)!r})\n"
        "assert accountant.total().epsilon == 1.0\n"
        "accountant.spend(2.0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    again = PrivacyAccountant(3.0, 0.0, path=path)
    assert again.total().epsilon == 3.0
    with pytest.raises(PrivacyBudgetError):
        again.spend(0.1)
    assert b"Iris" not in path.read_bytes()
    last = path.read_text().splitlines()[2]
    assert last == '[2.0, 0.0, null, "add_remove", 1, false]'


def test_a_file_for_workers_is_private_and_goes_with_the_accountant():
    accountant = PrivacyAccountant()
    accountant.spend(0.5)
    pickle.dumps(accountant)
    path = repr(accountant).split("'")[1]
    assert os.path.exists(path)
    if os.name == "posix":
        assert os.stat(path).st_mode & 0o077 == 0
    assert accountant.total(0.0).epsilon == 0.5
    del accountant
    assert not os.path.exists(path)


@pytest.mark.slow
def test_records_that_are_gone_are_an_error(tmp_path):
    """A model that was stored with its accountant, and is loaded tomorrow."""
    file = tmp_path / "model.pkl"
    script = (
        "import pickle\n"
        "from skmia.defenses import DifferentialPrivacyClassifier, PrivacyAccountant\n"
        "clf = DifferentialPrivacyClassifier(accountant=PrivacyAccountant())\n"
        f"pickle.dump(clf, open({str(file)!r}, 'wb'))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    clf = pickle.loads(file.read_bytes())
    assert "PrivacyAccountant" in repr(clf)
    with pytest.raises(PrivacyBudgetError, match="what was spent before is not known"):
        clf.fit(X, Y)
    with pytest.raises(PrivacyBudgetError):
        clf.accountant.total()


def test_a_damaged_file_is_an_error(tmp_path):
    path = tmp_path / "spent.jsonl"
    PrivacyAccountant(path=path).spend(1.0)
    whole = path.read_text()
    first, second = whole.splitlines(keepends=True)
    for content in (
        "",
        second,
        whole[:-1],
        whole + "[1.0,",
        first + "[-1.0]\n",
        "{}\n",
        "\x00\n",
        "7\n",
    ):
        path.write_text(content)
        with pytest.raises(PrivacyBudgetError, match="does not hold the records"):
            PrivacyAccountant(path=path)


def test_an_emptied_file_is_an_error_and_no_new_beginning(tmp_path):
    path = tmp_path / "spent.jsonl"
    accountant = PrivacyAccountant(1.0, 0.0, path=path)
    assert PrivacyAccountant(1.0, 0.0, path=path).spent == ()
    accountant.spend(1.0)
    path.write_bytes(b"")
    with pytest.raises(PrivacyBudgetError, match="damaged or empty"):
        accountant.spend(1.0)
    with pytest.raises(PrivacyBudgetError, match="damaged or empty"):
        PrivacyAccountant(1.0, 0.0, path=path)


@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ({"neighbors": "replace"}, {}, "were for neighbors='replace' and group_size=1"),
        ({}, {"neighbors": "replace"}, "it is for neighbors='replace'"),
        ({"group_size": 10}, {"group_size": 1}, "for neighbors='add_remove' and group"),
        ({"random_state": 0}, {"random_state": 0}, "with the same noise in both"),
    ],
)
def test_fits_that_cannot_be_added_up(one, other, message, in_file, tmp_path):
    path = tmp_path / "spent.jsonl" if in_file else None
    accountant = PrivacyAccountant(path=path)
    private(accountant).set_params(**one).fit(X, Y)
    with pytest.raises(PrivacyBudgetError, match=message):
        private(accountant).set_params(**other).fit(X, Y)
    assert len(accountant.spent) == 1
    same = {name: one[name] for name in one if name != "random_state"}
    private(accountant).set_params(**same).fit(X, Y)
    assert len(accountant.spent) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork.")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_does_not_spend_in_silence():
    accountant = PrivacyAccountant()
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def spend():
        try:
            accountant.spend(1.0)
        except PrivacyBudgetError as error:
            answers.put(str(error))

    process = context.Process(target=spend)
    process.start()
    assert "copied into another process" in answers.get(timeout=60)
    process.join()


# What is not charged ---------------------------------------------------------------


def test_shadow_models_are_not_charged(tmp_path):
    accountant = PrivacyAccountant(epsilon=1.0, delta=0.0)
    clf = private(accountant).fit(X, Y)  # all of it is spent
    shadows = ShadowModels(4, cache_dir=tmp_path)
    stored = []
    for _ in range(2):
        fit_shadows(clf, X, Y, shadows=shadows, random_state=0)
        stored.append(sorted(tmp_path.rglob("*")))
    assert stored[0] == stored[1] != []  # the second call found those of the first
    attack = LiRAAttack(private(accountant), shadows=4, random_state=0).fit(X, Y)
    assert attack.estimator_.accountant is None
    assert len(accountant.spent) == 1


def test_the_accountant_of_another_library_is_refused():
    DifferentialPrivacyClassifier(mechanism="objective").fit(X, Y)
    from diffprivlib import BudgetAccountant  # now that it can be imported at all

    clf = private(BudgetAccountant())
    with pytest.raises(
        TypeError, match=r"must be a skmia\.defenses\.PrivacyAccountant"
    ):
        clf.fit(X, Y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"epsilon": 0.0}, "'epsilon' parameter"),
        ({"delta": 1.0}, "'delta' parameter"),
        ({"epsilon": "much"}, "'epsilon' parameter"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises((ValueError, TypeError), match=message):
        PrivacyAccountant(**parameters)
