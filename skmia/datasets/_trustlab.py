"""Location-30, Purchase-100 and Texas-100, the binary tables of Shokri et al."""

from typing import Any

from skmia.datasets._binary import BinaryDataset
from skmia.datasets._fetch import RemoteFile

_FOLDER = "https://github.com/privacytrustlab/datasets/raw/master/"

LOCATION30 = BinaryDataset(
    name="location30",
    archive=RemoteFile(
        filename="dataset_location.tgz",
        url=_FOLDER + "dataset_location.tgz",
        sha256="927203f85a868f8ee17a0ded1dc61699efe602167beabe34fbf45b4b1de94b33",
    ),
    n_samples=5010,
    n_features=446,
    n_classes=30,
    feature="place",
    rows="bangkok",
)
# No checksum of these two archives could be had from a source to rely on; the shape,
# every value and the set of classes are checked instead, and gzip's own checksum.
PURCHASE100 = BinaryDataset(
    name="purchase100",
    archive=RemoteFile(
        filename="dataset_purchase.tgz",
        url=_FOLDER + "dataset_purchase.tgz",
        sha256=None,
    ),
    n_samples=197_324,
    n_features=600,
    n_classes=100,
    feature="product",
    rows="dataset_purchase",
)
TEXAS100 = BinaryDataset(
    name="texas100",
    archive=RemoteFile(
        filename="dataset_texas.tgz",
        url=_FOLDER + "dataset_texas.tgz",
        sha256=None,
    ),
    n_samples=67_330,
    n_features=6169,
    n_classes=100,
    feature="attribute",
    rows="texas/100/feats",
    labels="texas/100/labels",
)


def fetch_location30(
    *,
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load the Location-30 data set (classification); download it if necessary.

    Check-ins of Foursquare users in Bangkok: which places and kinds of places a user
    has been to. The classes are clusters of users.

    =================   ==============
    Classes                         30
    Samples total                 5010
    Dimensionality                 446
    Features                    binary
    =================   ==============

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for the data, as in :func:`sklearn.datasets.get_data_home`. The archive
        is looked for, and stored, as ``location30/dataset_location.tgz`` in it.
    download_if_missing : bool, default=True
        If False, raise an OSError where the archive is missing.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a DataFrame and `target` a Series; needs pandas.
    n_retries : int, default=3
        Number of further attempts where a download fails.
    delay : float, default=1.0
        Number of seconds between attempts.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 or DataFrame of shape (5010, 446)
            The features, 0 or 1. Bytes wrap around in arithmetic (``0 - 1`` is 255):
            call ``data.astype(np.float32)`` before computing with them. Estimators of
            scikit-learn do so by themselves.
        target : ndarray of int64 or Series of shape (5010,)
            The class of each record, from 1 to 30 as in the file.
        frame : DataFrame of shape (5010, 447)
            `data` and `target` in one; None unless `as_frame` is True.
        feature_names : list of str
            The file names no features; these names count them.
        target_names : list of str
            The name of the target column.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The first two of these.

    Raises
    ------
    OSError
        If the archive is missing and must not be downloaded, cannot be downloaded, or
        is not the one expected.
    ImportError
        If `as_frame` is True and pandas is not installed.
    TypeError, ValueError
        If a parameter is not as described.

    See Also
    --------
    fetch_purchase100 : Purchase-100, of the same paper.
    make_purchase_like : A stand-in that needs no download.

    Notes
    -----
    The archive's SHA-256 checksum is verified.

    The first load leaves a packed copy beside the archive, from which later loads are
    quick. It can be deleted any time.

    References
    ----------
    .. [1] R. Shokri, M. Stronati, C. Song, V. Shmatikov, `Membership Inference Attacks
           Against Machine Learning Models <https://arxiv.org/abs/1610.05820>`_,
           IEEE Symposium on Security and Privacy, 2017.

    Examples
    --------
    >>> from skmia.datasets import fetch_location30
    >>> X, y = fetch_location30(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.min(), y.max()  # doctest: +SKIP
    ((5010, 446), 1, 30)
    """
    return LOCATION30.fetch(
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
        n_retries=n_retries,
        delay=delay,
    )


def fetch_purchase100(
    *,
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load the Purchase-100 data set (classification); download it if necessary.

    Purchase histories from a challenge on Kaggle: which products a shopper has bought.
    The classes are clusters of shoppers.

    =================   ==============
    Classes                        100
    Samples total               197324
    Dimensionality                 600
    Features                    binary
    =================   ==============

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for the data, as in :func:`sklearn.datasets.get_data_home`. The archive
        is looked for, and stored, as ``purchase100/dataset_purchase.tgz`` in it.
    download_if_missing : bool, default=True
        If False, raise an OSError where the archive is missing.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a DataFrame and `target` a Series; needs pandas.
    n_retries : int, default=3
        Number of further attempts where a download fails.
    delay : float, default=1.0
        Number of seconds between attempts.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 or DataFrame of shape (197324, 600)
            The features, 0 or 1. Bytes wrap around in arithmetic (``0 - 1`` is 255):
            call ``data.astype(np.float32)`` before computing with them. Estimators of
            scikit-learn do so by themselves.
        target : ndarray of int64 or Series of shape (197324,)
            The class of each record, from 1 to 100 as in the file.
        frame : DataFrame of shape (197324, 601)
            `data` and `target` in one; None unless `as_frame` is True.
        feature_names : list of str
            The file names no features; these names count them.
        target_names : list of str
            The name of the target column.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The first two of these.

    Raises
    ------
    OSError
        If the archive is missing and must not be downloaded, cannot be downloaded, or
        is not the one expected.
    ImportError
        If `as_frame` is True and pandas is not installed.
    TypeError, ValueError
        If a parameter is not as described.

    See Also
    --------
    fetch_location30 : Location-30, of the same paper.
    make_purchase_like : A stand-in that needs no download.

    Notes
    -----
    No checksum of the archive is published by a source to rely on. Its content is
    checked instead: the exact name of its member, the shape, every value 0 or 1, every
    class present, and gzip's own checksum.

    The first load leaves a packed copy beside the archive, from which later loads are
    quick. It can be deleted any time.

    References
    ----------
    .. [1] R. Shokri, M. Stronati, C. Song, V. Shmatikov, `Membership Inference Attacks
           Against Machine Learning Models <https://arxiv.org/abs/1610.05820>`_,
           IEEE Symposium on Security and Privacy, 2017.

    Examples
    --------
    >>> from skmia.datasets import fetch_purchase100
    >>> X, y = fetch_purchase100(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.min(), y.max()  # doctest: +SKIP
    ((197324, 600), 1, 100)
    """
    return PURCHASE100.fetch(
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
        n_retries=n_retries,
        delay=delay,
    )


def fetch_texas100(
    *,
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
) -> Any:
    """Load the Texas-100 data set (classification); download it if necessary.

    Hospital stays in Texas: causes of injury, diagnoses, procedures and generic
    attributes of a stay. The classes are the 100 most frequent main procedures.

    =================   ==============
    Classes                        100
    Samples total                67330
    Dimensionality                6169
    Features                    binary
    =================   ==============

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for the data, as in :func:`sklearn.datasets.get_data_home`. The archive
        is looked for, and stored, as ``texas100/dataset_texas.tgz`` in it.
    download_if_missing : bool, default=True
        If False, raise an OSError where the archive is missing.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a DataFrame and `target` a Series; needs pandas.
    n_retries : int, default=3
        Number of further attempts where a download fails.
    delay : float, default=1.0
        Number of seconds between attempts.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 or DataFrame of shape (67330, 6169)
            The features, 0 or 1. Bytes wrap around in arithmetic (``0 - 1`` is 255):
            call ``data.astype(np.float32)`` before computing with them. Estimators of
            scikit-learn do so by themselves.
        target : ndarray of int64 or Series of shape (67330,)
            The class of each record, from 1 to 100 as in the file.
        frame : DataFrame of shape (67330, 6170)
            `data` and `target` in one; None unless `as_frame` is True.
        feature_names : list of str
            The file names no features; these names count them.
        target_names : list of str
            The name of the target column.
        DESCR : str
            The description of the data set.

    (data, target) : tuple if ``return_X_y`` is True
        The first two of these.

    Raises
    ------
    OSError
        If the archive is missing and must not be downloaded, cannot be downloaded, or
        is not the one expected.
    ImportError
        If `as_frame` is True and pandas is not installed.
    TypeError, ValueError
        If a parameter is not as described.

    See Also
    --------
    fetch_location30 : Location-30, of the same paper.
    make_purchase_like : A stand-in that needs no download.

    Notes
    -----
    No checksum of the archive is published by a source to rely on. Its content is
    checked instead: the exact name of its members, the shape, every value 0 or 1, every
    class present, and gzip's own checksum.

    The first load leaves a packed copy beside the archive, from which later loads are
    quick. It can be deleted any time.

    References
    ----------
    .. [1] R. Shokri, M. Stronati, C. Song, V. Shmatikov, `Membership Inference Attacks
           Against Machine Learning Models <https://arxiv.org/abs/1610.05820>`_,
           IEEE Symposium on Security and Privacy, 2017.

    Examples
    --------
    >>> from skmia.datasets import fetch_texas100
    >>> X, y = fetch_texas100(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.min(), y.max()  # doctest: +SKIP
    ((67330, 6169), 1, 100)
    """
    return TEXAS100.fetch(
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
        n_retries=n_retries,
        delay=delay,
    )
