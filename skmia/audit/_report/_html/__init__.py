"""A report as a page of HTML that asks nothing of anybody, and as a notebook's cell."""

from skmia.audit._report._html._page import write_fragment, write_page
from skmia.audit._report._html._people import Exposed

__all__ = ["Exposed", "write_fragment", "write_page"]
