"""Name what a session is told, what it asks of its door, and what it answers."""

from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    NamedTuple,
    TypedDict,
    TypeVar,
    get_args,
)

from petstore.contract.checks import sentence
from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.clock import ClockPlan, Today
from petstore.mock.faults import NO_EFFECT, Effect, FaultRules
from petstore.mock.misses import Miss
from petstore.mock.tape import Cursor, Take, Unplayed
from petstore.mock.wording import hint

if TYPE_CHECKING:
    from petstore.mock.story import Story

Mode = Literal["replay", "extend", "record", "check", "off"]
OnMiss = Literal["fail", "engine", "example", "upstream"]
Whom = Literal["upstream", "engine"]
# Of the session that serves whoever names none.
DEFAULT_ID: Final = "default"
# What names the store in this process where a URL may stand.
ENGINE: Final = "engine"
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
# The header of an answer that says where it came from.
SERVED_BY: Final = "x-petstore-served-by"
ON_MISS: Final[tuple[OnMiss, ...]] = get_args(OnMiss)


class Setup(TypedDict, total=False):
    """
    Set up a session.

    Args:
        id: Names it in reports and URLs; `default` unless given.
        mode: replay unless given.
        on_miss: fail unless given.
        target: Where what is recorded is kept; None where nothing is.
        now_s: Seconds of a clock that only goes on.
        clock: What time it is in the session; real unless given.
        today: Gives the time of this machine.
        seed: Chooses examples, and what happens by chance; 0 unless given.
        data: First data of the engine; the sample data unless given, and nothing but
            what a recording shows behind one.
        is_timed: Whether it is recorded when the pieces of a stream came.
        is_realtime: Whether they are replayed at such times.
        hybrid: What the tape tells of entities, shared by sessions of one tape; read
            from the tape unless given.
    """

    id: str
    mode: Mode
    on_miss: OnMiss
    target: Cassette | None
    faults: FaultRules
    now_s: Callable[[], float]
    clock: ClockPlan
    today: Today
    seed: int
    data: str | int
    is_timed: bool
    is_realtime: bool
    hybrid: "Story"


class Wait(NamedTuple):
    """Ask that the answer be late."""

    seconds: float


class Ask(NamedTuple):
    """
    Ask that somebody else answer.

    Args:
        begun: Where the session was then; None for whoever minds no reset.
    """

    whom: Whom
    request: Request
    begun: Cursor | None = None


class Turn(NamedTuple):
    """
    Ask to wait until somebody else is through.

    Args:
        over: Done by then; nobody else may end it.
    """

    over: Future[None]


Step = Wait | Ask | Turn


@dataclass(slots=True)
class Answer:
    """
    Hold what a door sends.

    Args:
        served_by: recording/<id>, engine, upstream, example, fault or miss; what is
            upstream/unrecorded could not be kept.
        take: What was replayed; the same one has always the same response.
        miss: Why nothing was found.
        effect: What is to go wrong on the way.
    """

    response: Response
    served_by: str
    take: Take | None = None
    miss: Miss | None = None
    effect: Effect = NO_EFFECT


Responding = Generator[Step, Any, Answer]
Pausing = Generator[Step, Any, None]


@dataclass(slots=True)
class Report:
    """
    Say how a session went; see `Session.report`.

    Args:
        unplayed: What nobody asked for, with the file that it is in.
        unrecorded: Says of each answer that could not be kept why.
    """

    id: str
    mode: Mode
    on_miss: OnMiss
    played: int
    unplayed: list[Unplayed]
    unmatched: int
    recorded: int
    requests: int
    drifts: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)


N = TypeVar("N", bound=str)


def checked_name(setting: str, value: N, names: tuple[N, ...]) -> N:
    """
    Return the value of a setting.

    Raises:
        ConfigError: It is none of its names.
    """
    if value not in names:
        words = f"There is no {setting} {value!r:.40}; {hint(value, names)}"
        raise ConfigError(sentence(words))
    return value
