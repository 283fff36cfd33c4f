"""What a run of shadow fits will take is told once the first is there."""

import logging

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from skmia.shadows import ShadowModels, fit_shadows
from skmia.shadows._cost import tell_cost


def fit(shadows=4, **kwargs):
    X, y = load_iris(return_X_y=True)
    return fit_shadows(
        DecisionTreeClassifier(), X, y, shadows=shadows, random_state=0, **kwargs
    )


def test_silent_unless_asked(capsys):
    fit()
    assert capsys.readouterr() == ("", "")


def test_one_line_beside_the_bar(capsys):
    shown = fit(verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = [text for text in err.splitlines() if " fits x " in text]
    assert line.startswith("shadows: 4 fits x ")
    assert "1 at a time: about " in line
    np.testing.assert_array_equal(shown.get("logit"), fit().get("logit"))


def test_what_the_cache_holds_costs_nothing(capsys, tmp_path):
    tmp_path.chmod(0o700)
    for n_left in (4, 0):
        fit(ShadowModels(4, cache_dir=tmp_path), verbose=1)
        err = capsys.readouterr().err
        assert (f"{n_left} fits x" in err) == (n_left > 0)


@pytest.mark.parametrize(
    ("n_jobs", "told"),
    [(None, "1 at a time: about 5.3 min"), (3, "3 at a time: about 2 min")],
)
def test_rounds_of_jobs_times_the_first(capsys, n_jobs, told):
    tell_cost(30, 10, 8, n_jobs, 1)
    message = "shadows: 8 fits x 40 s (30 s to fit the first, 10 s to ask it), "
    assert capsys.readouterr().err == message + told + "\n"
    with parallel_config(n_jobs=100):
        tell_cost(30, 10, 8, None, 1)
    assert capsys.readouterr().err.endswith("8 at a time: about 40 s\n")
    tell_cost(3600, 0, 16, None, 1)
    assert capsys.readouterr().err.endswith("about 16 h\n")


def test_only_long_runs_are_logged(capsys, caplog):
    with caplog.at_level(logging.INFO, "skmia"):
        tell_cost(1, 1, 8, None, 0)
        assert not caplog.records
        tell_cost(30, 10, 8, None, 0)
    (record,) = caplog.records
    assert "about 5.3 min" in record.getMessage()
    assert capsys.readouterr() == ("", "")
