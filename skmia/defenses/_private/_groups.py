"""Persons with several rows."""

import numpy as np

from skmia.defenses._training import TrainingData


def keep_some_rows(data: TrainingData, group_size: int) -> TrainingData:
    """Leave `group_size` rows of each person at most, drawn without a look at them.

    Every row has a number drawn for it, and the persons' rows with the least numbers
    stay: what is left of a person does not depend on anybody else's rows.
    """
    if data.groups is None:
        return data
    order = np.lexsort((data.random_state.uniform(size=len(data)), data.groups))
    persons = data.groups[order]
    first = np.flatnonzero(np.r_[True, persons[1:] != persons[:-1]])
    lengths = np.diff(np.r_[first, len(persons)])
    rank = np.arange(len(persons)) - np.repeat(first, lengths)
    kept = np.sort(order[rank < group_size])
    return data if len(kept) == len(data) else data.take(kept)
