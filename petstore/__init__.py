"""
An embeddable, offline-first Petstore.

Nothing heavy is imported before it is used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from petstore.contract.version import __version__
    from petstore.embed import open, open_async
    from petstore.server.embedded import serve

__all__ = ["__version__", "open", "open_async", "serve"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name == "__version__":
            return import_module("petstore.contract.version").__version__
        if name in ("open", "open_async"):
            return getattr(import_module("petstore.embed"), name)
        if name == "serve":
            return import_module("petstore.server.embedded").serve
        raise AttributeError(f"module 'petstore' has no attribute {name!r}")
