"""Know what a recording has said so far about pets, orders and users."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from petstore.mock.keys import Key, Kind


@dataclass(slots=True)
class EntityState:
    """
    Hold what is known of an entity.

    Args:
        by: Which exchange said so last.
        value: What it is like; None where nobody said so since it changed.
    """

    by: str
    is_gone: bool = False
    value: Any = None
    version: int | None = None


@dataclass(slots=True)
class World:
    """
    Hold what is known.

    Args:
        inventory: Pets by status; None where it cannot be known.
    """

    entities: dict[Key, EntityState] = field(default_factory=dict)
    inventory: Counter[str] | None = None

    def clear(self) -> None:
        """Forget everything."""
        self.entities.clear()
        self.inventory = None

    def forget(self, key: Key) -> None:
        """Forget an entity."""
        self.entities.pop(key, None)
        if key.kind == "pet":
            self.inventory = None

    def forget_values(self, *keys: Key) -> None:
        """Forget what entities are like, and what is in stock."""
        self.inventory = None
        for key in keys:
            known = self.entities.get(key)
            if known is not None:
                known.value = None

    def living(self, kind: Kind) -> Iterator[tuple[Key, EntityState]]:
        """Yield what is there for sure."""
        for key, known in self.entities.items():
            if key.kind == kind and not known.is_gone:
                yield key, known

    def move(self, old: str | None, new: str | None) -> None:
        """Count a pet with another status; None where it was, or is, not there."""
        if self.inventory is None:
            return
        if old is not None:
            self.inventory[old] -= 1
        if new is not None:
            self.inventory[new] += 1
