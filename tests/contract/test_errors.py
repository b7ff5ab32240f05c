"""One class, one code and one status for each error, and all of them travel."""

import copy
import json
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract import errors
from petstore.contract.errors import (
    PROBLEM_TYPE,
    REMOTE_ERRORS,
    ConfigError,
    Conflicted,
    DeadlineExceeded,
    DecodeError,
    FieldProblem,
    Invalid,
    LocalError,
    Malformed,
    NotFound,
    NotSupported,
    OfflineError,
    PetstoreError,
    RemoteError,
    RuleBroken,
    ServerFault,
    Stale,
    TransportError,
    Unavailable,
    remote_error,
)

RESERVED = {"type", "title", "status", "detail", "code", "fields"}
NAMES = st.text(max_size=10).filter(
    lambda name: name not in RESERVED
) | st.sampled_from(["self", "message", "cls", "extra"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=5,
)
FIELD_PROBLEMS = st.builds(FieldProblem, st.text(), st.text(), st.text())


@st.composite
def remote_errors(draw: st.DrawFn) -> RemoteError:
    kind = draw(st.sampled_from(REMOTE_ERRORS))
    return kind(
        draw(st.text(min_size=1)),
        fields=tuple(draw(st.lists(FIELD_PROBLEMS, max_size=3))),
        **draw(st.dictionaries(NAMES, JSON_VALUES, max_size=3)),
    )


def facts(error: PetstoreError) -> tuple[object, ...]:
    return type(error), str(error), vars(error)


@given(remote_errors())
def test_remote_error_survives_its_problem(error):
    wire = json.dumps(error.to_problem())

    assert facts(error) == facts(remote_error(error.status, json.loads(wire)))


@given(remote_errors())
def test_remote_error_survives_pickle_and_copy(error):
    assert facts(error) == facts(pickle.loads(pickle.dumps(error)))  # noqa: S301
    assert facts(error) == facts(copy.deepcopy(error))


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("No such profile."),
        TransportError("The connection was lost.", sent="maybe"),
        DeadlineExceeded("30 s are over."),
        OfflineError("A login needs the network."),
        DecodeError("No JSON.", body=b"<html>"),
        NotSupported("No such operation."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_local_error_survives_pickle(error):
    assert facts(error) == facts(pickle.loads(pickle.dumps(error)))  # noqa: S301


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ConfigError, "config_error"),
        (TransportError, "transport_error"),
        (DeadlineExceeded, "deadline_exceeded"),
        (OfflineError, "offline_error"),
        (DecodeError, "decode_error"),
        (NotSupported, "not_supported"),
    ],
)
def test_local_error_has_a_code_that_no_server_answers(kind, code):
    assert code == kind.code
    assert code not in {remote.code for remote in REMOTE_ERRORS}


def test_special_case_of_a_local_error_has_its_code():
    class NoSuchProfile(ConfigError):
        pass

    assert NoSuchProfile.code == "config_error"


def test_every_local_error_has_a_code_of_its_own():
    kinds = LocalError.__subclasses__()

    assert len(kinds) == len({kind.code for kind in kinds})


def test_message_for_the_public_leaves_the_place_of_the_store_out():
    error = Unavailable("The store /srv/shop.db is busy; try again.")
    plain = error.public_message
    error.place = "/srv/shop.db"

    for one in (error, pickle.loads(pickle.dumps(error))):  # noqa: S301
        assert one.message == plain
        assert one.public_message == "The store is busy; try again."
        assert one.to_problem()["detail"] == one.public_message


@pytest.mark.parametrize(
    "error",
    [
        NotFound("No such pet.", reason="gone"),
        TransportError("The connection was lost.", sent="maybe"),
        DeadlineExceeded("30 s are over."),
        DecodeError("No JSON.", body=b"<html>"),
    ],
)
def test_what_a_client_adds_survives_pickle_and_copy(error):
    error.operation, error.attempts = "getPetById", 3
    error.request_id, error.retry_after_s = "r1", 2.5

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert facts(error) == facts(twin)
        assert ("getPetById", 3) == (twin.operation, twin.attempts)
        assert ("r1", 2.5) == (twin.request_id, twin.retry_after_s)


def test_error_that_no_client_saw_has_no_attempts():
    error = NotFound("No such pet.")

    assert (None, 0) == (error.operation, error.attempts)
    assert (None, None) == (error.request_id, error.retry_after_s)


def test_problem_has_the_members_of_the_rfc():
    error = Stale("Somebody was faster.", current_version=3)

    assert error.to_problem() == {
        "type": PROBLEM_TYPE + "stale",
        "title": "Somebody wrote in between",
        "status": 412,
        "detail": "Somebody was faster.",
        "code": "stale",
        "current_version": 3,
    }


def test_problem_lists_fields():
    problem = FieldProblem("body.name", "Field required", "missing")

    members = Invalid("body.name: Field required", fields=(problem,)).to_problem()

    assert members["fields"] == [
        {"field": "body.name", "message": "Field required", "kind": "missing"}
    ]


def test_extra_never_hides_what_the_error_is():
    assert NotFound("No.", code="other", status=200).to_problem()["code"] == "not_found"


@pytest.mark.parametrize(
    ("status", "problem", "expected"),
    [
        pytest.param(409, {"code": "rule_broken"}, RuleBroken, id="code decides"),
        pytest.param(409, {}, Conflicted, id="plainer one of a shared status"),
        pytest.param(404, {"code": "novel"}, NotFound, id="unknown code"),
        pytest.param(404, {"code": ["x"]}, NotFound, id="code of a wrong type"),
        pytest.param(418, {}, Malformed, id="unknown 4xx"),
        pytest.param(599, {}, ServerFault, id="unknown 5xx"),
    ],
)
def test_class_comes_from_code_then_status(status, problem, expected):
    assert type(remote_error(status, problem)) is expected


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ({"detail": "d", "title": "t"}, "d"),
        ({"title": "t"}, "t"),
        ({}, NotFound.title),
    ],
)
def test_message_is_the_best_text_of_the_problem(problem, expected):
    assert remote_error(404, problem).message == expected


def test_body_of_the_public_servers_is_no_obstacle():
    body = {"code": 1, "type": "error", "message": "Pet not found"}

    error = remote_error(404, body)

    assert facts(error)[:2] == (NotFound, "Not found")
    assert error.extra == {"message": "Pet not found"}


@given(st.dictionaries(NAMES | st.sampled_from(sorted(RESERVED)), JSON_VALUES))
def test_any_object_of_a_foreign_server_becomes_an_error(problem):
    assert isinstance(remote_error(500, problem), RemoteError)


def test_members_of_fields_that_are_no_objects_are_dropped():
    error = remote_error(422, {"fields": [5, {"field": "body.name"}]})

    assert error.fields == (FieldProblem("body.name", "", ""),)


def test_codes_are_unique_and_few_share_a_status():
    """A rule is no conflict of ids, and a wrong URL no missing pet."""
    statuses = [kind.status for kind in REMOTE_ERRORS]

    assert len({kind.code for kind in REMOTE_ERRORS}) == len(REMOTE_ERRORS)
    assert {one for one in statuses if statuses.count(one) > 1} == {404, 409}


def test_drawn_tree_is_the_tree_of_classes():
    drawn = re.findall(r"── (\w+) +(?:(\d{3})  )?", errors.__doc__ or "")
    remote = [
        (kind.__name__, str(kind.status)) for kind in RemoteError.__subclasses__()
    ]
    local = [(kind.__name__, "") for kind in LocalError.__subclasses__()]

    assert drawn == [("RemoteError", ""), *remote, ("LocalError", ""), *local]
    assert tuple(RemoteError.__subclasses__()) == REMOTE_ERRORS
