"""Ways of splitting: scikit-learn's splitters, each made from a seed."""

from functools import partial
from types import MappingProxyType

from sklearn import model_selection as ms


def _seeded(splitter, *args, **settings):
    return lambda seed: splitter(*args, random_state=seed, **settings)


def _fixed(splitter, *args, **settings):
    make = partial(splitter, *args, **settings)
    return lambda seed: make()


#: Those whose splits are drawn one by one or in repeats, which have shadows.
REPEATED = MappingProxyType(
    {
        "ShuffleSplit 10 x 50 %": _seeded(ms.ShuffleSplit, 10, test_size=0.5),
        "ShuffleSplit 10 x 20 %": _seeded(ms.ShuffleSplit, 10, test_size=0.2),
        "ShuffleSplit 8, a part": _seeded(
            ms.ShuffleSplit, 8, train_size=0.4, test_size=0.2
        ),
        "StratifiedShuffleSplit 10 x 50 %": _seeded(
            ms.StratifiedShuffleSplit, 10, test_size=0.5
        ),
        "StratifiedShuffleSplit 12 x 20 %": _seeded(
            ms.StratifiedShuffleSplit, 12, test_size=0.2
        ),
        "GroupShuffleSplit 10 x 50 %": _seeded(ms.GroupShuffleSplit, 10, test_size=0.5),
        "RepeatedKFold 2 x 6": _seeded(ms.RepeatedKFold, n_splits=2, n_repeats=6),
        "RepeatedStratifiedKFold 2 x 6": _seeded(
            ms.RepeatedStratifiedKFold, n_splits=2, n_repeats=6
        ),
        "RepeatedStratifiedKFold 5 x 3": _seeded(
            ms.RepeatedStratifiedKFold, n_splits=5, n_repeats=3
        ),
    }
)
#: Those in which each split tells who is in the others, or that are in an order.
SINGLE = MappingProxyType(
    {
        "KFold 5": _seeded(ms.KFold, 5, shuffle=True),
        "KFold 3, in order": _fixed(ms.KFold, 3),
        "StratifiedKFold 4": _seeded(ms.StratifiedKFold, 4, shuffle=True),
        "GroupKFold 4": _fixed(ms.GroupKFold, 4),
        "StratifiedGroupKFold 3": _seeded(ms.StratifiedGroupKFold, 3, shuffle=True),
        "LeaveOneGroupOut 5": _fixed(ms.LeaveOneGroupOut),
        "LeavePGroupsOut 2 of 5": _fixed(ms.LeavePGroupsOut, 2),
        "LeaveOneOut": _fixed(ms.LeaveOneOut),
        "TimeSeriesSplit 5": _fixed(ms.TimeSeriesSplit, 5),
    }
)
SPLITTERS = REPEATED | SINGLE


def n_groups(name, n_rows):
    """How many groups there are, where a splitter goes by groups."""
    if "Group" not in name:
        return 0
    return 5 if name.startswith("Leave") else n_rows // 8


def most_rows(name):
    """How many rows a splitter can be given: each of them may be a split."""
    return 60 if name == "LeaveOneOut" else 2000
