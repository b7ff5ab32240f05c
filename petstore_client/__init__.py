"""
A client for any Petstore: remote over HTTP, or embedded in this process.

Nothing heavy is imported before it is used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from petstore_client.connecting import connect, connect_async

__all__ = ["connect", "connect_async"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in __all__:
            return getattr(import_module("petstore_client.connecting"), name)
        raise AttributeError(f"module 'petstore_client' has no attribute {name!r}")
