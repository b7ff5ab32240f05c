"""Give this folder's tests the kit's stores."""

from tests.kit.stores import (
    async_store,
    clock,
    durable_url,
    empty_postgres_url,
    file_url,
    postgres,
    postgres_url,
    store,
    store_url,
)

__all__ = [
    "async_store",
    "clock",
    "durable_url",
    "empty_postgres_url",
    "file_url",
    "postgres",
    "postgres_url",
    "store",
    "store_url",
]
