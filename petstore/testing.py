"""
Test with pytest against a Petstore: recorded, in this process, or served.

    def test_adoption(petstore_mock):
        app = Shop(petstore_mock.url)
        assert app.adopt(7)

    petstore_mock       a server that replays the test's cassette; has `url`
    petstore_transport  the same without a socket: httpx.Client(transport=…)
    petstore_session    what answers behind both, to look into
    petstore_store      `petstore.open()`: a store in this process, empty
    petstore_server     `petstore.serve()`: a server of our own, empty

    @pytest.mark.petstore(cassette=…, mode=…, on_miss=…, upstream=…, strict=True,
                          faults=[…], ignore=[…], seed="public", realtime=True)

    --petstore-mode=record --petstore-upstream=URL    record the cassettes anew
    --petstore-orphans                                list those that no test uses

A test that asked what its cassette has no answer to fails, even where its code
swallowed that. A test that fails leaves its cassette as it is. Where markers name one
cassette, the first test that records it begins it anew, and the next ones extend it.

It is a plugin of pytest that every run loads, so it imports nothing before it is used.
"""

import os
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from petstore.embed import Embedded
    from petstore.mock.asking import Others
    from petstore.mock.journal import Row
    from petstore.mock.judging import Asked, Run
    from petstore.mock.opening import OpenedSession
    from petstore.mock.serving import MockServer
    from petstore.mock.session import Session
    from petstore.mock.steps import Report
    from petstore.mock.suites import Wanted
    from petstore.mock.transport import MockTransport
    from petstore.server.running import ThreadedServer

    _Served = tuple[MockServer, dict[Session, Others]]

MARKER: Final = "petstore"
_SIGNATURE: Final = (
    "petstore(cassette, mode, on_miss, upstream, strict, faults, ignore, seed, timing,"
    " realtime): how the fixtures petstore_… answer this test."
)
_USED: Final = "petstore_used"
_MODULES: Final = "petstore_modules"


@dataclass(frozen=True, slots=True)
class PetstoreMock:
    """
    Hold the mock of one test.

    Args:
        url: Base URL of its session; a client's own base, as /v2, comes behind it.
        session: Answers; its journal knows what was asked.
    """

    url: str
    session: "OpenedSession"

    def report(self) -> "Report":
        """Say what was played so far, and what nobody asked for."""
        return self.session.report()

    def verify(self, **expected: Any) -> "list[Row]":
        """
        Return what was asked, as `verify(op="placeOrder", times={"exactly": 1})` says.

        Args:
            expected: As `petstore.mock.verifying` describes it.

        Raises:
            Unverified: Something else was; an AssertionError that says what.
            Invalid: What is expected is not what it should be.
        """
        # The line of the test is what its reader looks for.
        __tracebackhide__ = True
        from petstore.mock.verifying import verify

        return verify(self.session, **expected)


_PASSED: Final = pytest.StashKey[bool]()
_OWNERS: Final = pytest.StashKey[dict[Path, str]]()
_IDS: Final = pytest.StashKey[Counter[str]]()
_RECORDED: Final = pytest.StashKey[set[Path]]()
_ORPHANS: Final = pytest.StashKey["_Orphans"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line."""
    group = parser.getgroup("petstore", "petstore: recordings of a Petstore")
    group.addoption(
        "--petstore-mode",
        metavar="MODE",
        help="replay, auto, extend, record, check or off; replay unless given.",
    )
    group.addoption(
        "--petstore-upstream",
        metavar="URL|engine",
        help="Who is recorded, or asked; what the cassette says unless given.",
    )
    group.addoption(
        "--petstore-orphans",
        action="store_true",
        help="List the cassettes that no test uses.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse a wrong option before any test runs."""
    _check_options(config)
    config.addinivalue_line("markers", _SIGNATURE)
    config.stash[_OWNERS] = {}
    config.stash[_IDS] = Counter()
    config.stash[_RECORDED] = set()
    config.stash[_ORPHANS] = plugin = _Orphans(config)
    if config.getoption("petstore_orphans"):
        config.pluginmanager.register(plugin, "petstore-orphans")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note whose cassette lies where, so that no two tests share one by accident."""
    if "petstore_session" not in getattr(item, "fixturenames", ()):
        return
    from petstore.mock.suites import cassette_path

    if not any("cassette" in mark.kwargs for mark in item.iter_markers(MARKER)):
        path = cassette_path(item.path, _test_name(item))
        item.config.stash[_OWNERS].setdefault(path, item.nodeid)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check the marker, whether or not the test has a fixture that reads it."""
    if item.get_closest_marker(MARKER) is not None:
        _wanted(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how a test ended, and show what had no answer beside its failure."""
    report = yield
    if report.when != "call":
        return report
    item.stash[_PASSED] = report.passed
    session = getattr(item, "funcargs", {}).get("petstore_session")
    if report.failed and session is not None:
        from petstore.mock.judging import misses_of

        told = "\n\n".join(misses_of(session))
        if told:
            report.sections.append(("Requests without an answer", told))
    return report


@pytest.fixture
def petstore_session(request: pytest.FixtureRequest) -> Iterator["OpenedSession"]:
    """Give what answers the test, behind petstore_mock and petstore_transport."""
    from petstore.mock.judging import objection_of, open_for
    from petstore.mock.opening import finish

    item = request.node
    wanted = _wanted(item)
    cassette = _cassette(item, wanted)
    if cassette is not None:
        item.config.stash[_ORPHANS].use(cassette)
    with _told():
        session_id = _new_id(item)
        session = open_for(session_id, cassette, wanted=wanted, run=_run_of(item))
    yield session
    if not item.stash.get(_PASSED, False):
        return
    found = objection_of(session)
    if found:
        pytest.fail(found, pytrace=False)
    with _told():
        finish(session)
        _run_of(item).note(session)


@pytest.fixture
def petstore_others(
    request: pytest.FixtureRequest, petstore_session: "OpenedSession"
) -> Iterator["Others"]:
    """Give who answers what the session does not: an upstream, or an engine."""
    from petstore.mock.asking import Others

    is_network_asked = _asked(request.config).is_network
    others = Others(petstore_session, is_network_asked=is_network_asked)
    yield others
    others.close()


@pytest.fixture
def petstore_transport(
    petstore_session: "OpenedSession", petstore_others: "Others"
) -> "MockTransport":
    """Give a transport of httpx that the test's session answers, without a socket."""
    from petstore.mock.transport import MockTransport

    return MockTransport(petstore_session, ask=petstore_others)


@pytest.fixture(scope="session")
def petstore_mock_server(pytestconfig: pytest.Config) -> "Iterator[_Served]":
    """Run one mock server for all tests of this process."""
    from petstore.mock.door import MockDoor
    from petstore.mock.serving import MockServer
    from petstore.mock.session import Session
    from petstore.mock.tape import Tape

    others: dict[Session, Others] = {}
    door = MockDoor(
        Session(Tape([])),
        engine=lambda session: others[session],
        is_network_asked=_asked(pytestconfig).is_network,
    )
    with MockServer(door) as server:
        yield server, others


@pytest.fixture
def petstore_mock(
    petstore_mock_server: "_Served",
    petstore_session: "OpenedSession",
    petstore_others: "Others",
) -> Iterator[PetstoreMock]:
    """Give a mock server that serves the test its own session; see `PetstoreMock`."""
    from petstore.mock.refusals import NoSuchSession

    (server, others), session = petstore_mock_server, petstore_session
    others[session] = petstore_others
    yield PetstoreMock(server.add(session), session)
    # A test may have ended it itself.
    with suppress(NoSuchSession):
        server.end(session)
    del others[session]


@pytest.fixture
def petstore_store(request: pytest.FixtureRequest) -> Iterator["Embedded"]:
    """Give a store in this process: empty, or what the marker's seed says."""
    import petstore

    with _told():
        store = petstore.open(seed=_wanted(request.node).get("seed", "empty"))
    with store:
        yield store


@pytest.fixture
def petstore_server(request: pytest.FixtureRequest) -> Iterator["ThreadedServer"]:
    """Give a server with a store of its own: empty, or what the marker's seed says."""
    import petstore

    with _told():
        server = petstore.serve(seed=_wanted(request.node).get("seed", "empty"))
        server.__enter__()
    yield server
    server.__exit__(None, None, None)


class _Orphans:
    """Find the cassettes that no test uses; each process knows what it collected."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._used: set[str] = set()
        self._modules: set[str] = set()

    def use(self, path: Path) -> None:
        """Note a cassette."""
        self._used.add(str(path))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note where a test lies, and its cassette."""
        self._modules.add(str(item.path))
        has_fixture = "petstore_session" in getattr(item, "fixturenames", ())
        if has_fixture or item.get_closest_marker(MARKER) is not None:
            # A marker that is wrong fails its test, and not the collection.
            with suppress(pytest.fail.Exception):
                path = _cassette(item, _wanted(item))
                if path is not None:
                    self.use(path)

    def pytest_sessionfinish(self) -> None:
        """Tell the process that reports, where another one does."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_USED] = sorted(self._used)
            output[_MODULES] = sorted(self._modules)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a process of pytest-xdist knows."""
        output = getattr(node, "workeroutput", {})
        self._used.update(output.get(_USED, ()))
        self._modules.update(output.get(_MODULES, ()))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """List what nobody uses."""
        from petstore.mock.suites import orphans

        found = orphans(set(map(Path, self._modules)), set(map(Path, self._used)))
        terminalreporter.section(f"cassettes that no test uses: {len(found)}")
        for path in found:
            terminalreporter.line(os.path.relpath(path, self._config.rootpath))


def _check_options(config: pytest.Config) -> None:
    options = config.getoption("petstore_mode"), config.getoption("petstore_upstream")
    if options == (None, None):
        return
    from petstore.contract.errors import ConfigError

    try:
        _asked(config).check()
    except ConfigError as error:
        raise pytest.UsageError(error.message) from None


@contextmanager
def _told() -> Iterator[None]:
    """Fail the test with what is wrong, and without the way to it."""
    from petstore.contract.errors import PetstoreError

    try:
        yield
    except PetstoreError as error:
        # From nothing, for pytest shows what else was being handled as well.
        raise pytest.fail.Exception(error.message, pytrace=False) from None


def _wanted(item: Any) -> "Wanted":
    from petstore.mock.suites import Mark, wanted_of

    with _told():
        return wanted_of(
            Mark(one.args, one.kwargs) for one in item.iter_markers(MARKER)
        )


def _cassette(item: Any, wanted: "Wanted") -> Path | None:
    from petstore.mock.suites import cassette_of

    return cassette_of(item.path, _test_name(item), wanted)


def _test_name(item: Any) -> str:
    steps = item.listchain()
    return ".".join(
        one.name for one in steps if isinstance(one, pytest.Class | pytest.Item)
    )


def _run_of(item: Any) -> "Run":
    """Return what else of this run the recording of a test has to do with."""
    from petstore.mock.judging import Run

    # What pytest-xdist tells each of its processes.
    worker = getattr(item.config, "workerinput", {})
    is_alone = worker.get("workercount", 1) == 1
    others = () if is_alone else (one for one in item.session.items if one is not item)
    stash = item.config.stash
    owners, recorded = stash[_OWNERS], stash[_RECORDED]
    return Run(item.nodeid, _asked(item.config), owners, recorded, others)


def _new_id(item: Any) -> str:
    """Return a name for a session that no other one of this process has."""
    from petstore.mock.suites import safe_name

    name, counts = safe_name(_test_name(item)), item.config.stash[_IDS]
    counts[name] += 1
    return name if counts[name] == 1 else safe_name(f"{name}-{counts[name]}")


def _asked(config: pytest.Config) -> "Asked":
    from petstore.mock.judging import Asked

    return Asked(
        config.getoption("petstore_mode"), config.getoption("petstore_upstream")
    )
