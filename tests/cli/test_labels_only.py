"""Models that give labels only, on the command line."""

import json
import pickle

import joblib
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier


@pytest.fixture
def votes(work):
    """Hard votes of three trees, as a file."""
    members = pd.read_parquet(work / "train.parquet")
    tree = clone(joblib.load(work / "model.joblib"))
    model = VotingClassifier([(str(k), clone(tree)) for k in range(3)])
    model.fit(members.drop(columns=["id", "income"]), members["income"])
    (work / "votes.pkl").write_bytes(pickle.dumps(model))
    return "votes.pkl"


def test_hard_votes_are_audited_by_what_labels_suffice_for(votes, audit, work):
    options = ["--attacks", "gap,lira", "--json", "report.json"]
    status, out, _ = audit("--trust-pickle", *options, model=votes)
    assert status == 0
    assert "The model gives labels only" in out
    report = json.loads((work / "report.json").read_text())
    assert {figure["attack"] for figure in report["figures"]} == {"gap", "lira"}


def test_attacks_on_confidences_are_one_line(votes, refused):
    message = refused("--trust-pickle", "--attacks", "loss", model=votes)
    assert "['loss'] need confidences" in message
    assert "gives labels only" in message
