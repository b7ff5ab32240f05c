"""
Give a new store its first data.

A seed is one of four: `public`, the sample data of the public Petstore, on which
tutorials and test suites rely by id and name; `empty`; a number, for that many random
pets, always the same ones; or the path of a JSON file, in which every part is optional:

    {"pets": [{"name": "Rex", "photoUrls": []}], "orders": [], "users": []}
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from petstore.contract.errors import ConfigError
from petstore.contract.model import enum_fields
from petstore.contract.order import OrderDraft, OrderStatus
from petstore.contract.pet import Category, PetDraft, PetStatus, Tag
from petstore.contract.user import UserDraft

PROBLEM_COUNT_MAX: Final = 10
PET_COUNT_MAX: Final = 100_000_000

T = TypeVar("T")


class PetSource(Protocol):
    """Give the same pets each time it is iterated."""

    def __len__(self) -> int:
        """Return how many pets there are."""

    def __iter__(self) -> Iterator[PetDraft]:
        """Give the pets, one by one."""


@dataclass(frozen=True, slots=True)
class Seed:
    """
    Hold what is to be stored first.

    An id that is not given is for the store to choose.

    Args:
        pets: May be too many to hold at once.
    """

    pets: PetSource = ()
    orders: Sequence[OrderDraft] = ()
    users: Sequence[UserDraft] = ()


@dataclass(frozen=True, slots=True)
class RandomPets:
    """Make that many random pets whenever they are asked for; hold none."""

    count: int
    seed: int = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[PetDraft]:
        return random_seed(self.count, seed=self.seed)


def parse_seed(text: str, *, now: datetime | None = None) -> Seed:
    """
    Return the seed that a setting names.

    Args:
        text: `public`, `empty`, a number of pets, or the path of a file; write `./10`
            for a file with such a name.
        now: See `public_seed`.

    Raises:
        ConfigError: It is none of these, or the file is wrong.
    """
    if text == "public":
        return public_seed(now)
    if text == "empty":
        return Seed()
    if text.isascii() and text.isdigit():
        return Seed(pets=RandomPets(_pet_count(text)))
    return seed_file(Path(text))


def _pet_count(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    # Python refuses to read a number of 5,000 digits.
    is_short = len(significant) <= len(str(PET_COUNT_MAX))
    if not is_short or int(significant) > PET_COUNT_MAX:
        raise ConfigError(f"A seed has at most {PET_COUNT_MAX:,} pets.")
    return int(significant)


def public_seed(now: datetime | None = None) -> Seed:
    """
    Return the public Petstore's sample data.

    Args:
        now: When the orders ship; the public server says when it was started.
    """
    return Seed(
        pets=tuple(_public_pet(number, *row) for number, row in enumerate(_PETS, 1)),
        orders=tuple(
            _public_order(number, pet_id, now)
            for number, pet_id in enumerate(_ORDERED_PET_IDS, 1)
        ),
        users=(
            *(_public_user(number, str(number)) for number in range(1, 11)),
            # The public server has this one to try a name that URLs must escape.
            _public_user(11, "?10", email="email101@test.com", status=1),
        ),
    )


def random_seed(count: int, *, seed: int = 0) -> Iterator[PetDraft]:
    """
    Give random pets, the same for the same seed, with any count and Python.

    Args:
        seed: Chooses the sequence; a longer one begins like a shorter one.
    """
    # Only `random()` gives the same numbers in every version of Python.
    draw = random.Random(seed).random  # noqa: S311  no secret depends on it
    for number in range(1, count + 1):
        kind, category = _pick(_KINDS, draw)
        name = f"{_pick(_NAMES, draw)} the {_pick(kind, draw)}"
        tags = {_pick(_TAGS, draw), _pick(_TAGS, draw)}
        yield PetDraft.model_construct(
            name=name,
            category=Category.model_construct(id=category[0], name=category[1]),
            photo_urls=[f"https://example.com/pets/{number}.jpg"],
            tags=[Tag.model_construct(id=id_, name=tag) for id_, tag in sorted(tags)],
            status=_pick(_STATUSES, draw),
        )


def seed_file(path: Path) -> Seed:
    """
    Read a seed from a JSON file, and refuse what a strict store would refuse.

    Raises:
        ConfigError: The file cannot be read, or names each wrong field in it.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The seed {str(path)!r} cannot be read ({_reason(error)}); public, empty, "
            "a number of pets, or the path of a JSON file would be right."
        ) from error
    try:
        data = _SeedFile.model_validate_json(content, strict=True, extra="forbid")
    except ValidationError as error:
        problems = [
            f"{_place(problem['loc'])}{problem['msg']}" for problem in error.errors()
        ]
        raise _wrong(path, problems) from error
    if problems := [*_problems(data)]:
        raise _wrong(path, problems)
    return Seed(tuple(data.pets), tuple(data.orders), tuple(data.users))


class _SeedFile(BaseModel, defer_build=True):
    pets: list[PetDraft] = []
    orders: list[OrderDraft] = []
    users: list[UserDraft] = []


def _problems(data: _SeedFile) -> Iterator[str]:
    """Say what each entity by itself cannot show."""
    for name, entities in data:
        yield from _unknown_statuses(name, entities)
        yield from _repeated(name, "id", [entity.id for entity in entities])
    usernames = [user.username for user in data.users]
    yield from _repeated("users", "username", usernames)
    for index, username in enumerate(usernames):
        if not username:
            yield f"users[{index}].username: a user needs one"


def _unknown_statuses(name: str, entities: Sequence[BaseModel]) -> Iterator[str]:
    for index, entity in enumerate(entities):
        for field, enum in enum_fields(type(entity)):
            value = getattr(entity, field)
            if value is not None and not isinstance(value, enum):
                right = ", ".join(enum)
                yield f"{name}[{index}].{field}: one of {right} would be right"


def _repeated(name: str, field: str, values: Sequence[Any]) -> Iterator[str]:
    first: dict[Any, int] = {}
    for index, value in enumerate(values):
        # Ids of 0 and below ask for a new one, as does none.
        if not value or (isinstance(value, int) and value < 0):
            continue
        if value in first:
            yield (
                f"{name}[{index}].{field}: {value!r} is that of {name}[{first[value]}] "
                "already"
            )
        first.setdefault(value, index)


def _place(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).removeprefix(".") + ": " if parts else ""


def _wrong(path: Path, problems: Sequence[str]) -> ConfigError:
    shown = [*problems[:PROBLEM_COUNT_MAX]]
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    return ConfigError(f"The seed {str(path)!r} is wrong:\n  " + "\n  ".join(shown))


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


# ------------------------------------------------------- sample data of the public one

_CATEGORIES: Final = {1: "Dogs", 2: "Cats", 3: "Rabbits", 4: "Lions"}
# Category, name, number of the first tag, status; the row's number is the id.
_PETS: Final = (
    (2, "Cat 1", 1, PetStatus.AVAILABLE),
    (2, "Cat 2", 2, PetStatus.AVAILABLE),
    (2, "Cat 3", 3, PetStatus.PENDING),
    (1, "Dog 1", 1, PetStatus.AVAILABLE),
    (1, "Dog 2", 2, PetStatus.SOLD),
    (1, "Dog 3", 3, PetStatus.PENDING),
    (4, "Lion 1", 1, PetStatus.AVAILABLE),
    (4, "Lion 2", 2, PetStatus.AVAILABLE),
    (4, "Lion 3", 3, PetStatus.AVAILABLE),
    (3, "Rabbit 1", 3, PetStatus.AVAILABLE),
)
_ORDERED_PET_IDS: Final = (1, 1, 2, 2, 3, 3, 3, 3, 3, 3)
_DELIVERED_ORDER_IDS: Final = (2, 4)


def _public_pet(
    pet_id: int, category: int, name: str, tag: int, status: str
) -> PetDraft:
    # A start is spared the validators of what is right as it stands here.
    return PetDraft.model_construct(
        id=pet_id,
        category=Category.model_construct(id=category, name=_CATEGORIES[category]),
        name=name,
        photo_urls=["url1", "url2"],
        # The ids number the tags of one pet, so id 1 has three names.
        tags=[
            Tag.model_construct(id=place, name=f"tag{tag + place - 1}")
            for place in (1, 2)
        ],
        status=status,
    )


def _public_order(order_id: int, pet_id: int, now: datetime | None) -> OrderDraft:
    is_delivered = order_id in _DELIVERED_ORDER_IDS
    return OrderDraft(
        id=order_id,
        pet_id=pet_id,
        quantity=2,
        ship_date=now,
        status=OrderStatus.DELIVERED if is_delivered else OrderStatus.PLACED,
        complete=False,
    )


def _public_user(
    user_id: int, suffix: str, *, email: str | None = None, status: int | None = None
) -> UserDraft:
    return UserDraft.model_construct(
        id=user_id,
        username=f"user{suffix}",
        first_name=f"first name {suffix}",
        last_name=f"last name {suffix}",
        email=email or f"email{suffix}@test.com",
        password="XXXXXXXXXXX",  # noqa: S106  the public server shows it to everyone
        phone="123-456-7890",
        user_status=status or (user_id - 1) % 3 + 1,
    )


# ------------------------------------------------------------------------ random words


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_KINDS: Final = (
    (("Beagle", "Collie", "Poodle", "Terrier", "Whippet"), (1, "Dogs")),
    (("Burmese", "Manx", "Persian", "Siamese", "Tabby"), (2, "Cats")),
    (("Angora", "Dutch Rabbit", "Lop", "Rex Rabbit"), (3, "Rabbits")),
    (("Budgie", "Canary", "Cockatiel", "Finch", "Parrot"), (5, "Birds")),
    (("Goldfish", "Guppy", "Molly", "Neon Tetra"), (6, "Fish")),
    (("Gecko", "Iguana", "Tortoise"), (7, "Reptiles")),
)
_NAMES: Final = _words(
    """
    Abby Ajax Amber Archie Bella Benny Biscuit Bruno Charlie Clover Coco Daisy Dexter
    Dusty Ella Felix Finn Fudge Ginger Gus Hazel Henry Honey Hugo Iris Ivy Jasper Juno
    Kiki Leo Lola Lucky Luna Maple Marley Milo Misty Nala Nico Olive Oscar Otto Peanut
    Pepper Pip Poppy Quincy Rex Rosie Ruby Sage Scout Simba Smokey Sunny Teddy Tilly
    Toby Uma Violet Willow Winston Ziggy Zoe
    """
)
_TAGS: Final = tuple(
    enumerate(
        _words(
            """
            calm curious friendly gentle house-trained loud old playful quick rescued
            shy sleepy small vaccinated young
            """
        ),
        start=1,
    )
)
# Of ten pets seven are available, one is pending and two are sold.
_STATUSES: Final = (
    *[PetStatus.AVAILABLE] * 7,
    PetStatus.PENDING,
    *[PetStatus.SOLD] * 2,
)


def _pick(words: Sequence[T], draw: Callable[[], float]) -> T:
    return words[int(draw() * len(words))]
