"""
Test an app that uses `petstore_client`: no server, no network, no waiting.

    fake = Fake(seed="empty")
    fake.stub("getPetById", NotFound("Gone."), times=1)
    with Petstore(fake) as client:
        ...
    assert len(fake.calls_of("getPetById")) == 2

`Fake` answers in this process, `router` answers HTTP requests as a server would, and
`Faults` lets either fail. Nothing is imported before it is used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from petstore.contract.faults import Fault, Faults
    from petstore_client.testing.fake import AsyncFake, Fake
    from petstore_client.testing.routes import router
    from petstore_client.testing.transports import AsyncFaultyTransport, FaultyTransport

__all__ = [
    "AsyncFake",
    "AsyncFaultyTransport",
    "Fake",
    "Fault",
    "Faults",
    "FaultyTransport",
    "router",
]

if not TYPE_CHECKING:
    _HOMES = {
        "petstore.contract.faults": "Fault Faults",
        "petstore_client.testing.fake": "AsyncFake Fake",
        "petstore_client.testing.routes": "router",
        "petstore_client.testing.transports": "AsyncFaultyTransport FaultyTransport",
    }

    def __getattr__(name: str) -> object:
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names.split():
                return getattr(import_module(home), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
