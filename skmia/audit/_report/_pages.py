"""A report as a page for a browser, and as what a notebook shows."""

import html
import importlib.util
import os

from skmia.audit._report._forms import Forms
from skmia.audit._report._people import People
from skmia.utils import atomic_write, import_optional


class Pages(Forms, People):
    """HTML, of the contents alone."""

    def to_html(self, path: str | os.PathLike[str], *, records: bool = False) -> None:
        """Write the report as one page of HTML, whole or not at all.

        The page is for readers who decide: the verdict first, then what would make it
        misleading, then figures with what guessing gives beside each, pictures, how it
        was made, and a glossary. It runs no script, asks nothing of any server, and is
        made for screens, phones and print. It has no record in it unless asked for.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced. Its folder has to exist.
        records : bool, default=False
            Whether to list the exposed members by name, as :meth:`exposed` does. The
            page is then itself personal data, and says so.

        Raises
        ------
        ValueError
            If records are asked for where :meth:`exposed` has none to list.
        ImportError
            If jinja2 is not installed, of the extra ``report``.

        See Also
        --------
        AuditReport.including : Adds what the page is to show too.
        AuditReport.to_json : The same for machines.

        Examples
        --------
        >>> import os, tempfile
        >>> from skmia.audit import AuditReport
        >>> report = AuditReport([True] * 20 + [False] * 20, {"loss": [*range(40)]})
        >>> path = os.path.join(tempfile.mkdtemp(), "report.html")
        >>> report.to_html(path)
        >>> with open(path) as file:
        ...     print(file.readline())
        <!DOCTYPE html>
        """
        import_optional("jinja2", "AuditReport.to_html")
        from skmia.audit._report._html import Exposed, write_page

        listed = Exposed.of(self.exposed()) if records else None
        page = write_page(self.to_dict(), listed)
        with atomic_write(path) as file:
            # Names in pictures, which are not written by the templates.
            file.write(page.encode(errors="backslashreplace"))

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, the guards and the first figures."""
        if importlib.util.find_spec("jinja2") is None:
            return f"<pre>{html.escape(self.summary())}</pre>"
        from skmia.audit._report._html import write_fragment

        return write_fragment(self._contents)
