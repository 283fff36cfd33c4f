"""Adult, the census income data of the UCI repository."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmia.datasets._fetch import RemoteFile, Source, fetch
from skmia.utils import check_option

_FOLDER = "https://archive.ics.uci.edu/ml/machine-learning-databases/adult/"

# Whether a column holds numbers; the target comes last.
COLUMNS = {
    "age": True,
    "workclass": False,
    "fnlwgt": True,
    "education": False,
    "education_num": True,
    "marital_status": False,
    "occupation": False,
    "relationship": False,
    "race": False,
    "sex": False,
    "capital_gain": True,
    "capital_loss": True,
    "hours_per_week": True,
    "native_country": False,
    "income": False,
}
FILES = {
    "train": RemoteFile(
        filename="adult.data",
        url=_FOLDER + "adult.data",
        sha256="5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    ),
    "test": RemoteFile(
        filename="adult.test",
        url=_FOLDER + "adult.test",
        sha256="a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
    ),
}


def fetch_adult(
    *,
    subset: str = "all",
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load the Adult data set (classification); download it if necessary.

    Census records of 1994, with the question whether a person earns more than 50,000
    dollars a year. Pass ``as_frame=True`` unless you want an array of objects.

    =================   =================================
    Classes                                             2
    Samples total             48842 (32561 train + 16281)
    Dimensionality                                     14
    Features                     6 integers, 8 categories
    =================   =================================

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="all"
        Which of the two files to load: ``adult.data``, ``adult.test``, or the first
        and then the second.
    data_home : str or path-like, default=None
        Folder for the data, as in :func:`sklearn.datasets.get_data_home`. The files are
        looked for, and stored, as ``adult/adult.data`` and ``adult/adult.test`` in it,
        not compressed.
    download_if_missing : bool, default=True
        If False, raise an OSError where a file is missing.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a DataFrame with integer and text columns and `target` a
        Series; needs pandas.
    n_retries : int, default=3
        Number of further attempts where a download fails.
    delay : float, default=1.0
        Number of seconds between attempts.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of object or DataFrame of shape (n_samples, 14)
            The features. In an array, numbers are ints and categories are str.
        target : ndarray of object or Series of shape (n_samples,)
            ``"<=50K"`` or ``">50K"``, without the dot that ``adult.test`` adds.
        frame : DataFrame of shape (n_samples, 15)
            `data` and `target` in one; None unless `as_frame` is True.
        feature_names : list of str
            The names of the features, with underscores.
        target_names : list of str
            The name of the target column, ``"income"``.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The first two of these.

    Raises
    ------
    OSError
        If a file is missing and must not be downloaded, cannot be downloaded, or its
        SHA-256 checksum is not the expected one.
    ImportError
        If `as_frame` is True and pandas is not installed.
    TypeError, ValueError
        If a parameter is not as described.

    See Also
    --------
    sklearn.datasets.fetch_openml : Other sources of the data.

    Notes
    -----
    A missing value, ``?`` in the files, is NaN, as in ``fetch_openml("adult")``, so
    that imputers and ``isna`` find it; ``data.fillna("?")`` makes it a category.

    `fnlwgt` is a sampling weight of the census. It nearly identifies a record, and many
    leave it out.

    References
    ----------
    .. [1] B. Becker, R. Kohavi, `Adult <https://doi.org/10.24432/C5XW20>`_, UCI Machine
           Learning Repository, 1996.

    Examples
    --------
    >>> from skmia.datasets import fetch_adult
    >>> adult = fetch_adult(subset="train", as_frame=True)  # doctest: +SKIP
    >>> adult.data.shape  # doctest: +SKIP
    (32561, 14)
    >>> adult.target.value_counts().to_dict()  # doctest: +SKIP
    {'<=50K': 24720, '>50K': 7841}
    """
    check_option(subset, "subset", ("all", "test", "train"))

    def load(source: Source) -> tuple[NDArray, NDArray]:
        names = ("train", "test") if subset == "all" else (subset,)
        fields = np.concatenate([source.read(FILES[name], _parse) for name in names])
        return fields[:, :-1], fields[:, -1]

    *feature_names, target_name = COLUMNS
    return fetch(
        "adult",
        load,
        feature_names,
        target_name,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
        n_retries=n_retries,
        delay=delay,
    )


def _parse(data: bytes, _: str) -> NDArray[np.object_]:
    """Return the fields of a file whose checksum is right, the target last.

    Both files end in an empty line, and ``adult.test`` starts with a comment.
    """
    lines = data.decode("ascii").removeprefix("|1x3 Cross validator\n").strip("\n")
    fields = np.array(lines.replace("\n", ", ").split(", "), dtype=object)
    fields = fields.reshape(-1, len(COLUMNS))
    fields[fields == "?"] = np.nan
    for j, is_number in enumerate(COLUMNS.values()):
        if is_number:
            fields[:, j] = fields[:, j].astype(np.int64)
    fields[:, -1] = np.char.rstrip(fields[:, -1].astype(str), ".")
    return fields
