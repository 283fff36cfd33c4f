"""Data sets of the membership inference literature, and one made to resemble them."""

from skmia.datasets._adult import fetch_adult
from skmia.datasets._purchase_like import make_purchase_like
from skmia.datasets._trustlab import fetch_location30, fetch_purchase100, fetch_texas100

__all__ = [
    "fetch_adult",
    "fetch_location30",
    "fetch_purchase100",
    "fetch_texas100",
    "make_purchase_like",
]
