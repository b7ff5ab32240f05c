"""A call is a plain value that shows no secret."""

import dataclasses
from typing import Any

import pytest

from petstore.contract import calls
from petstore.contract.call import Call, Reply
from petstore.contract.pet_operations import GET_PET_BY_ID, UPLOAD_FILE
from tests.kit.builders import a_user_draft


def test_calls_of_equal_arguments_are_equal():
    assert Call(GET_PET_BY_ID, {"pet_id": 1}) == Call(GET_PET_BY_ID, {"pet_id": 1})
    assert Call(GET_PET_BY_ID, {"pet_id": 1}) != Call(GET_PET_BY_ID, {"pet_id": 2})


def test_call_cannot_be_changed():
    call: Any = Call(GET_PET_BY_ID, {"pet_id": 1})

    with pytest.raises(dataclasses.FrozenInstanceError):
        call.arguments = {}


def test_repr_names_operation_and_arguments():
    assert repr(calls.get_pet_by_id(1)) == "Call(getPetById, {'pet_id': 1})"


@pytest.mark.parametrize(
    "call",
    [
        calls.login_user("ann", "hunter2"),
        calls.create_token("ann", "hunter2"),
        calls.create_user(a_user_draft(password="hunter2")),
        calls.create_users_with_list([a_user_draft(password="hunter2")]),
        calls.update_user("ann", a_user_draft(password="hunter2")),
    ],
    ids=lambda call: call.operation.id,
)
def test_repr_shows_no_secret(call):
    assert "hunter2" not in repr(call)


def test_argument_is_found_by_its_python_name():
    assert UPLOAD_FILE.arg("content").wire == "file"


def test_reply_is_a_confirmed_success_unless_said():
    reply = Reply(1)

    assert (reply.state, reply.status, reply.attempts) == ("confirmed", 200, 1)
    assert (reply.version, reply.next_cursor, reply.headers) == (None, None, {})
