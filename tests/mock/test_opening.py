"""A session is opened on files, and its end decides whether one is written."""

import logging
from datetime import UTC, datetime

import pytest

from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.cassette import load, save
from petstore.mock.contract_stamp import contract_stamp
from petstore.mock.modes import MODE_NAMES, mode_of
from petstore.mock.opening import finish, open_session, shortcomings
from tests.mock.builders import (
    JSON,
    a_cassette,
    a_request,
    an_exchange,
    respond,
)

THEN = datetime(2026, 11, 22, 20, tzinfo=UTC)
AT_HOME: dict[str, str] = {}
IN_CI = {"CI": "true"}
PET = Response(200, dict(JSON), b'{"id":7}')


@pytest.fixture
def path(tmp_path):
    return tmp_path / "buy.yaml"


def a_file(path, *exchanges, **header):
    save(a_cassette(*(exchanges or (an_exchange(),)), **header), path)
    return path


def record(path, *answers, mode="record", **options):
    """Open a recording session and ask it once for each answer."""
    session = open_session(
        cassette=path, mode=mode, environment=AT_HOME, now=lambda: THEN, **options
    )
    for number, answer in enumerate(answers):
        respond(session, a_request(f"GET /pet/{number}"), answer)
    return session


@pytest.mark.parametrize(
    ("asked", "environment", "mode"),
    [
        (None, AT_HOME, "replay"),
        (None, IN_CI, "replay"),
        ("replay", AT_HOME, "replay"),
        ("auto", AT_HOME, "record"),
        ("once", AT_HOME, "record"),
        ("extend", AT_HOME, "extend"),
        ("new_episodes", AT_HOME, "extend"),
        ("record", IN_CI, "record"),
        ("all", AT_HOME, "record"),
        ("none", AT_HOME, "replay"),
        ("off", AT_HOME, "off"),
    ],
)
def test_mode_without_a_file(path, asked, environment, mode):
    assert mode == mode_of(asked, path, environment)


@pytest.mark.parametrize("environment", [AT_HOME, IN_CI])
def test_auto_replays_a_file_that_exists(path, environment):
    assert "replay" == mode_of("auto", a_file(path), environment)


def test_auto_records_nothing_in_ci(path):
    with pytest.raises(ConfigError, match=r"CI is set, so .*buy\.yaml"):
        mode_of("auto", path, IN_CI)


def test_unknown_mode_names_those_that_there_are(path):
    with pytest.raises(ConfigError, match="mode: there is no 'tape'") as caught:
        mode_of("tape", path, AT_HOME)

    assert all(name in str(caught.value) for name in MODE_NAMES)


@pytest.mark.parametrize("mode", ["record", "extend"])
def test_recording_needs_a_file(mode):
    with pytest.raises(ConfigError, match=f"mode: {mode} needs a cassette"):
        open_session(mode=mode, environment=AT_HOME)


def test_replay_of_a_missing_file_says_so(path):
    with pytest.raises(ConfigError, match=r"Cannot read .*buy\.yaml"):
        open_session(cassette=path)


def test_sessions_of_one_file_share_what_was_read(path):
    a_file(path)

    one, other = open_session(cassette=path), open_session(cassette=path)

    assert one.tape is other.tape


def test_changed_file_is_read_anew(path):
    a_file(path)
    open_session(cassette=path)

    a_file(path, an_exchange(), an_exchange("GET /pet/8", "getPetById-2"))

    assert 2 == len(open_session(cassette=path).tape.takes)


def test_own_cassette_answers_before_the_base(path, tmp_path):
    base = a_file(
        tmp_path / "base.yaml", an_exchange(id="base"), an_exchange("GET /x", "x")
    )
    session = open_session(cassette=a_file(path), base=[base])

    found = [
        respond(session, a_request(one)).served_by for one in ("GET /pet/7", "GET /x")
    ]

    assert ["recording/getPetById-1", "recording/x"] == found


def test_recording_is_written_when_the_session_ends_well(path):
    session = record(path, PET, upstream="https://petstore.example")
    is_early = path.exists()

    report = finish(session)

    assert not is_early
    assert 1 == report.recorded
    cassette = load(path)
    assert ["getPetById-1"] == [one.id for one in cassette.exchanges]
    assert "https://petstore.example" == cassette.header.upstream
    assert "2026-11-22T20:00:00Z" == cassette.header.recorded
    assert contract_stamp() == cassette.header.contract


def test_recording_that_is_not_finished_leaves_the_file_as_it_is(path):
    before = a_file(path).read_bytes()

    record(path, PET, PET)

    assert before == path.read_bytes()


def test_equal_recording_leaves_the_file_untouched(path):
    finish(record(path, PET))
    before = path.read_bytes()

    again = record(path, PET)
    assert again.target is not None
    again.target.header = again.target.header.model_copy(
        update={"recorded": "2027-01-01T00:00:00Z"}
    )
    finish(again)

    assert before == path.read_bytes()


def test_recording_anew_keeps_what_was_said_of_the_file(path):
    a_file(path, name="buy", ignore=["json.shipDate"], upstream="engine", max_age="9d")

    session = record(path, PET)
    finish(session)

    header = load(path).header
    assert ("buy", ["json.shipDate"], "9d") == (
        header.name,
        header.ignore,
        header.max_age,
    )
    assert "engine" == header.upstream == session.upstream


def test_extending_keeps_what_was_there_and_changes_no_other_session(path):
    a_file(path, an_exchange())
    other = open_session(cassette=path)

    finish(record(path, PET, mode="extend"))

    assert ["getPetById-1", "getPetById-2"] == [one.id for one in load(path).exchanges]
    assert 1 == len(other.tape.cassettes[0].exchanges)


@pytest.mark.parametrize(("mode", "count"), [("record", 1), ("extend", 2)])
def test_reset_drops_what_was_recorded_since_the_start(path, mode, count):
    a_file(path)
    session = record(path, PET, PET, mode=mode)

    session.reset()
    left = session.report().recorded
    respond(session, a_request("GET /pet/0"), PET)
    finish(session)

    assert (count - 1, count) == (left, len(load(path).exchanges))


def test_replay_never_writes(path):
    before = a_file(path).read_bytes()
    session = open_session(cassette=path)
    respond(session, a_request())

    finish(session)

    assert before == path.read_bytes()


@pytest.mark.parametrize("text", ["services: {}\n", "# petstore: no\nimport os\n"])
def test_other_files_are_not_overwritten(path, text):
    path.write_text(text)

    with pytest.raises(ConfigError, match="is not overwritten, for it is no whole"):
        record(path)


def test_empty_file_is_overwritten(path):
    path.touch()

    finish(record(path, PET))

    assert 1 == len(load(path).exchanges)


@pytest.mark.parametrize(
    ("header", "is_old"),
    [
        ({"recorded": "2026-11-01T20:00:00Z", "max_age": "20d"}, True),
        ({"recorded": "2026-11-02T20:00:00Z", "max_age": "20d"}, False),
        ({"recorded": "2026-01-01T20:00:00", "max_age": "20d"}, True),
        (
            {
                "recorded": "2026-01-01T20:00:00Z",
                "checked": "2026-11-20T00:00:00Z",
                "max_age": "20d",
            },
            False,
        ),
        ({"recorded": "2026-01-01T20:00:00Z"}, False),
        ({"max_age": "20d"}, False),
        (
            {
                "recorded": "2026-01-01T00:00:00Z",
                "max_age": "20d",
                "upstream": "engine",
            },
            False,
        ),
    ],
)
def test_old_recording_is_told_at_home_and_refused_in_ci(path, caplog, header, is_old):
    a_file(path, **header)

    with caplog.at_level(logging.WARNING, "petstore.mock"):
        open_session(cassette=path, environment=AT_HOME, now=lambda: THEN)
    told = "days old, and max_age is 20d" in caplog.text
    refused = False
    try:
        open_session(cassette=path, environment=IN_CI, now=lambda: THEN)
    except ConfigError:
        refused = True

    assert (is_old, is_old) == (told, refused)


@pytest.mark.parametrize("limit", ["20", "d", "-1d", "1.5d", "²d"])
def test_age_that_is_no_number_of_days_is_refused(path, limit):
    a_file(path, recorded="2026-01-01T20:00:00Z")

    with pytest.raises(ConfigError, match="max_age: "):
        open_session(cassette=path, max_age=limit, environment=AT_HOME)


def test_max_age_beyond_any_date_is_refused(path):
    a_file(path, recorded="2026-01-01T20:00:00Z")

    with pytest.raises(ConfigError, match="90d is one"):
        open_session(cassette=path, max_age="9999999999d", environment=AT_HOME)


def test_date_that_is_none_is_refused(path):
    a_file(path, recorded="yesterday", max_age="9d")

    with pytest.raises(ConfigError, match="recorded: 'yesterday' is no instant"):
        open_session(cassette=path, environment=AT_HOME)


def test_strict_session_misses_nothing_and_leaves_nothing(path, tmp_path):
    base = a_file(tmp_path / "base.yaml", an_exchange("GET /x", "x"))
    session = open_session(cassette=a_file(path), base=[base], is_strict=True)
    before = shortcomings(session)

    respond(session, a_request())
    complete = shortcomings(session)
    respond(session, a_request("GET /pet/8"))

    assert ["nobody asked for getPetById-1"] == before
    assert [] == complete
    assert ["1 request had no answer"] == shortcomings(session)


def test_faults_are_read_and_seeded(path):
    with pytest.raises(ConfigError, match=r"faults\[0\]"):
        open_session(cassette=a_file(path), faults=[{"do": {}}])


def test_unknown_on_miss_is_refused(path):
    with pytest.raises(ConfigError, match="on_miss 'guess'"):
        open_session(cassette=a_file(path), on_miss="guess")


@pytest.mark.parametrize(
    ("live", "drift"),
    [
        pytest.param(
            Response(200, dict(JSON), b"{}"),
            "getPetById-1: response.status: recorded 404, the server answers 200"
            " [live-status]",
            id="status",
        ),
        pytest.param(Response(404, dict(JSON), b'{"id":7}'), None, id="same"),
    ],
)
def test_check_tells_what_is_not_as_recorded(path, live, drift):
    body = {"headers": JSON, "json": {"id": 7}}
    session = open_session(
        cassette=a_file(path, an_exchange(status=404, response=body)), mode="check"
    )

    answers = [respond(session, a_request(), live) for _ in range(2)]

    expected = [] if drift is None else [drift]
    assert [live, live] == [one.response for one in answers]
    assert expected == session.report().drifts
    assert [f"1 drift, the first: {one}" for one in expected] == shortcomings(session)


def test_check_shows_no_secret(path):
    body = {"headers": JSON, "json": {"id": 7, "user": 1, "token": "<token-1>"}}
    session = open_session(
        cassette=a_file(path, an_exchange(response=body)), mode="check"
    )
    live = b'{"id":7,"user":{"password":"hunter2"},"token":["hunter2"],"pin":"hunter2"}'

    respond(session, a_request(), Response(200, dict(JSON), live))

    assert 2 == len(session.report().drifts)
    assert "hunter2" not in str(session.report())


def test_check_tells_of_what_was_not_recorded(path):
    order = an_exchange("POST /store/order", "placeOrder-1")
    session = open_session(cassette=a_file(path, order), mode="check")

    for line in ("GET /pet/9", "POST /store/order", "POST /store/order"):
        respond(session, a_request(line), Response(200, {}, b""))

    assert [
        "GET /pet/9: was not recorded [new]",
        "placeOrder-1: was asked for more often than recorded [repeated]",
    ] == session.report().drifts


def test_extend_begins_a_recording_where_there_is_none(path):
    session = record(path, PET, mode="extend", upstream="https://petstore.example")

    finish(session)

    assert ["getPetById-1"] == [one.id for one in load(path).exchanges]


def test_extend_begins_nothing_in_ci(path):
    with pytest.raises(ConfigError, match=r"CI is set, so .*buy\.yaml"):
        open_session(cassette=path, mode="extend", environment=IN_CI)
