"""Know which version is installed."""

from importlib.metadata import PackageNotFoundError, version


def product_version() -> str:
    """Return the version of the installed product; 0 in a bare source tree."""
    try:
        return version("petstore")
    except PackageNotFoundError:
        return "0"
