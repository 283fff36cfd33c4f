"""Whose code it is: an installed package's, Python's, or the user's own.

Code of an installed package is told by its version. Not all of it computes from its
arguments alone, though: what reads files, the environment or the clock gives answers
that no version tells.
"""

import hashlib
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

import skmia
from skmia.utils import installed_package

# The modules of Python's own that compute from their arguments alone, by the first
# part of their name and without underscores in front. The generators of random are
# seeded in every shadow.
_PURE = re.compile(
    """
    _*(
    abc|array|ast|base64|binascii|bisect|builtins|cmath|collections|colorsys|
    contextlib|copy|dataclasses|datetime|difflib|enum|fractions|functools|graphlib|
    hashlib|heapq|html|itertools|json|keyword|math|numbers|operator|pprint|pydatetime|
    random|re|reprlib|sre|statistics|string|stringprep|struct|textwrap|types|typing|
    unicodedata|zlib
    )""",
    re.VERBOSE,
)
# Names in them that do not.
_IMPURE = {
    "abc": {"get_cache_token"},
    "builtins": {
        *("__import__", "breakpoint", "compile", "eval", "exec", "globals", "input"),
        "locals",
    },
    "json": {"load"},
    "random": {"SystemRandom"},
    "typing": {"get_overloads", "get_type_hints"},
}
# Modules of Python's own with a state or with files, and the names in them that need
# neither, or (of decimal) only what is in the key.
_PURE_NAMES = {
    "calendar": "isleap|leapdays|monthrange|timegm|weekday",
    "copyreg": "_.*",  # what pickle uses
    "decimal": "(?!getcontext|localcontext|setcontext).*",
    "logging": "Logger|LoggerAdapter|RootLogger|NullHandler|debug|info|warning|error|"
    "exception|critical|log",
    "pydecimal": "(?!getcontext|localcontext|setcontext).*",
    "warnings": "warn|warn_explicit|catch_warnings|simplefilter|filterwarnings",
    "zoneinfo": "ZoneInfo|ZoneInfoNotFoundError",
}

# What functions of packages that read are called: files, and variables by their names.
READS = re.compile(
    "load|read|scan|fetch|open|fromfile|genfromtxt|memmap|sql$|eval$"
    # What reads its settings.
    "|_?get_option|option_context|get_config|get_printoptions|geterr"
)


class Refused(Exception):
    """What was met that no key can be made of, and the code that names it."""

    named_by = ""

    def __str__(self) -> str:
        named_by = f", which {self.named_by} refers to" if self.named_by else ""
        return f"{self.args[0]}{named_by}"


def reaches_outside(module: str, name: str) -> bool:
    """Whether an object of a package or of Python may read what is not in the key."""
    root = module.partition(".")[0]
    if not _is_pythons(root):
        return READS.match(name.rpartition(".")[2]) is not None
    plain = root.lstrip("_")
    if _PURE.fullmatch(root):
        return name in _IMPURE.get(plain, ())
    allowed = _PURE_NAMES.get(plain)
    return allowed is None or not re.fullmatch(allowed, name.partition(".")[0])


def is_told_by_version(module: str) -> bool:
    """Whether code may import `module` while it runs."""
    if package_version(module) is None:
        return False
    root = module.partition(".")[0]
    known = _PURE.fullmatch(root) is not None or root.lstrip("_") in _PURE_NAMES
    return not _is_pythons(root) or known


def _is_pythons(root: str) -> bool:
    return installed_package(root) == "Python"


@lru_cache
def package_version(module: str) -> str | None:
    """Return the version of the installed package of `module`; None: the user's own.

    A package that is edited without a new version counts as the user's own.
    """
    package = installed_package(module)
    if package == "skmia":
        return _ours()
    if package is None or package == "Python":
        return package  # the version of Python is in the key
    given = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(given, str):
        return given
    try:
        return version(packages_distributions().get(package, [package])[0])
    except PackageNotFoundError:
        return None


def _ours() -> str:
    """Our own version, and our code, which may be one that is worked on."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(skmia.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{skmia.__version__} {digest.hexdigest()}"


def package_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions that decide a result: of Python, ours, what we need.

    And of those of `packages` that are installed, by the names of their modules.
    """
    needed = ("skmia", "sklearn", "numpy", "scipy", "joblib")
    names = {*needed, *(module.partition(".")[0] for module in packages)}
    found = {name: package_version(name) for name in sorted(names - {"__main__"})}
    installed = {k: v for k, v in found.items() if v is not None and v != "Python"}
    return {"Python": "{}.{}".format(*sys.version_info[:2])} | installed


def different_packages(expected: dict[str, str]) -> str:
    """Say which versions are others than `expected` here; "" where none is."""
    for name in expected.keys() - {"Python"}:
        # Some tell it only then. What unpickles their objects imports them anyway.
        with suppress(ImportError):
            import_module(name)
    here = package_versions(expected.keys() - {"Python"})
    return ", ".join(
        f"{name} {here.get(name, 'none')} in place of {version}"
        for name, version in expected.items()
        if here.get(name) != version
    )
