"""Give this folder's tests the kit's servers."""

from tests.kit.server import connect, public, quiet_log, strict

__all__ = ["connect", "public", "quiet_log", "strict"]
