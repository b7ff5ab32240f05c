"""Credentials go with each request, are renewed in time, and are shown to nobody."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError, Unauthorized, Unavailable
from petstore.contract.flavours import Flavour
from petstore.contract.replies import Response
from petstore.contract.user import Token
from petstore_client.auth import ApiKey, Bearer, FileTokens, MemoryTokens, Password
from petstore_client.decisions import Renew, Send
from petstore_client.options import Retry, Timeout
from tests.client.driving import Clock, an_answer, run, some_rules

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CALL = calls.get_pet_by_id(1)
REFUSED = an_answer(401, b"")
LATER = an_answer(501, b"")


def a_token(name: str = "t1", *, life_s: float = 100) -> Token:
    return Token(access_token=name, expires_at=NOW + timedelta(seconds=life_s))


def a_login(name: str = "t1", *, life_s: float = 100) -> Response:
    token = a_token(name, life_s=life_s)
    return an_answer(200, token.model_dump_json(by_alias=True).encode())


def a_password(tokens: MemoryTokens | FileTokens | None = None) -> Password:
    return Password("ann", "hush", tokens=tokens, wall_clock=lambda: NOW)


def tokens_of(sends: list[Send]) -> list[str | None]:
    return [send.request.headers.get("authorization") for send in sends]


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (ApiKey("k"), {"api_key": "k"}),
        (Bearer("t"), {"authorization": "Bearer t"}),
    ],
)
def test_fixed_credential_goes_with_each_request(auth, expected):
    (send,) = run(CALL, some_rules(auth=auth), [an_answer()]).sends

    assert expected.items() <= dict(send.request.headers).items()


@pytest.mark.parametrize("auth", [ApiKey("hush"), Bearer("hush")])
@pytest.mark.parametrize("flavour", ["native", "v2"])
def test_step_of_a_decision_shows_no_secret(auth, flavour):
    """Not to a debugger, nor to what reports an exception with its variables."""
    login = run(
        calls.login_user("ann", "hush"), some_rules(flavour, auth=auth), [LATER]
    )
    get = run(CALL, some_rules(flavour, auth=auth), [LATER])
    steps = [*login.steps, *get.steps, Renew(auth.headers(), 1.0)]

    assert "hush" not in repr(steps)
    assert "path='" in repr(steps)


def test_refused_credential_that_cannot_be_renewed_is_told():
    done = run(CALL, some_rules(auth=Bearer("t")), [REFUSED])

    assert isinstance(done.error, Unauthorized)
    assert len(done.sends) == 1


@pytest.mark.parametrize("kind", [ApiKey, Bearer])
@pytest.mark.parametrize("secret", ["", "two words", "line\nbreak", "schlüssel"])
def test_secret_that_no_header_can_hold_is_refused_and_not_shown(kind, secret):
    with pytest.raises(ConfigError, match="must be printable") as caught:
        kind(secret)

    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("wrong", [None, b"hush", 7])
@pytest.mark.parametrize(
    "make",
    [ApiKey, Bearer, lambda it: Password(it, "x"), lambda it: Password("ann", it)],
    ids=["key", "token", "name", "password"],
)
def test_secret_that_is_no_text_is_refused_and_not_shown(make, wrong):
    with pytest.raises(ConfigError, match="as a string, not") as caught:
        make(wrong)

    assert "hush" not in str(caught.value)


def test_token_store_may_be_a_path_as_text_but_must_be_a_store(tmp_path):
    path = tmp_path / "token.json"
    wrong: Any = str(path)

    FileTokens(str(path)).save(a_token())

    assert a_token() == FileTokens(path).load()
    assert FileTokens(path) == FileTokens(str(path))
    with pytest.raises(ConfigError, match=r"give FileTokens\(path\)"):
        Password("ann", "x", tokens=wrong)


def test_path_of_a_token_store_is_one():
    wrong: Any = None

    with pytest.raises(ConfigError, match="the path of a file, not None"):
        FileTokens(wrong)


@pytest.mark.parametrize(
    "auth",
    [ApiKey("hush"), Bearer("hush"), a_password(), MemoryTokens(a_token("hush"))],
)
def test_secrets_are_not_shown(auth):
    assert "hush" not in repr(auth)


def test_api_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("PETSTORE_API_KEY", "k")
    assert {"api_key": "k"} == ApiKey.from_env().headers()

    monkeypatch.setenv("PETSTORE_API_KEY", "")
    with pytest.raises(ConfigError, match="has no PETSTORE_API_KEY"):
        ApiKey.from_env()


@pytest.mark.parametrize("flavour", ["native", "v2", "v3"])
def test_password_logs_in_before_the_first_call(flavour: Flavour):
    login, expiry = a_login(), a_token().expires_at.isoformat()
    if flavour != "native":
        said = b"logged in user session:t1"
        login = an_answer(200, said, x_expires_after=expiry)

    done = run(CALL, some_rules(flavour, auth=a_password()), [login, an_answer()])

    assert done.error is None
    assert [None, "Bearer t1"] == tokens_of(done.sends)
    assert flavour != "native" or b'"hush"' in cast("bytes", done.sends[0].request.body)


def test_token_serves_until_most_of_its_life_is_over():
    clock, auth = Clock(), a_password()
    rules = some_rules(auth=auth, clock=clock)
    run(CALL, rules, [a_login("t1"), an_answer()])

    clock.now_s += 79
    before = run(CALL, rules, [an_answer()])
    clock.now_s += 1
    after = run(CALL, rules, [a_login("t2"), an_answer()])

    assert ["Bearer t1"] == tokens_of(before.sends)
    assert [None, "Bearer t2"] == tokens_of(after.sends)


def test_refused_token_is_renewed_once():
    auth = a_password(MemoryTokens(a_token("old")))
    outcomes = [REFUSED, a_login("new"), REFUSED]

    done = run(CALL, some_rules(auth=auth), outcomes)

    assert isinstance(done.error, Unauthorized)
    assert ["Bearer old", None, "Bearer new"] == tokens_of(done.sends)
    assert ("getPetById", 2) == (done.error.operation, done.error.attempts)


def test_renewal_names_the_headers_that_were_refused():
    auth = a_password(MemoryTokens(a_token("old")))

    done = run(CALL, some_rules(auth=auth), [REFUSED, a_login(), an_answer()])

    (renew,) = [step for step in done.steps if isinstance(step, Renew)]
    assert {"authorization": "Bearer old"} == renew.refused
    assert 1_030 == renew.deadline


def test_upload_that_is_read_once_is_not_sent_again_after_a_renewal():
    auth = a_password(MemoryTokens(a_token("old")))
    call = calls.upload_file(1, ByteStream(iter([b"a"])))

    done = run(call, some_rules(auth=auth), [REFUSED])

    assert isinstance(done.error, Unauthorized)
    assert len(done.sends) == 1


def test_wrong_password_is_told():
    done = run(CALL, some_rules(auth=a_password()), [REFUSED])

    assert isinstance(done.error, Unauthorized)
    assert "createToken" == done.error.operation


def test_old_token_serves_on_when_it_cannot_be_renewed_yet():
    clock, auth = Clock(), a_password()
    rules = some_rules(auth=auth, clock=clock, retry=Retry(attempts=1))
    run(CALL, rules, [a_login(), an_answer()])
    clock.now_s += 90
    failed = [an_answer(503, b""), an_answer()]

    first, second = run(CALL, rules, failed), run(CALL, rules, [an_answer()])
    clock.now_s += 30
    third = run(CALL, rules, failed)

    assert [None, "Bearer t1"] == tokens_of(first.sends) == tokens_of(third.sends)
    assert ["Bearer t1"] == tokens_of(second.sends)


def test_without_any_token_a_failed_login_fails_the_call():
    rules = some_rules(auth=a_password(), retry=Retry(attempts=1))

    for _ in range(2):
        done = run(CALL, rules, [an_answer(503, b"")])
        assert isinstance(done.error, Unavailable)


def test_clock_that_is_wrong_makes_no_storm_of_logins():
    rules = some_rules(auth=a_password())
    run(CALL, rules, [a_login(life_s=-5), an_answer()])

    done = run(CALL, rules, [an_answer()])

    assert ["Bearer t1"] == tokens_of(done.sends)


def test_token_of_the_last_run_serves_this_one(tmp_path: Path):
    tokens = FileTokens(tmp_path / "token")
    run(CALL, some_rules(auth=a_password(tokens)), [a_login(), an_answer()])

    done = run(CALL, some_rules(auth=a_password(tokens)), [an_answer()])

    assert ["Bearer t1"] == tokens_of(done.sends)


def test_token_that_ended_between_two_runs_is_renewed(tmp_path: Path):
    tokens = FileTokens(tmp_path / "token")
    tokens.save(a_token("old", life_s=0))

    rules = some_rules(auth=a_password(tokens))
    done = run(CALL, rules, [a_login("new"), an_answer()])

    assert [None, "Bearer new"] == tokens_of(done.sends)


def test_token_file_is_its_owners_alone(tmp_path: Path):
    path = tmp_path / "token"
    path.write_text("older")
    path.chmod(0o644)

    FileTokens(path).save(a_token())

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert a_token() == FileTokens(path).load()
    assert [path] == list(tmp_path.iterdir())


def test_token_file_is_replaced_and_never_half_written(tmp_path: Path):
    path = tmp_path / "token"
    FileTokens(path).save(a_token("t1"))

    with path.open() as before:
        FileTokens(path).save(a_token("t2"))

        assert "t1" in before.read()
    assert "t2" in path.read_text()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"access_token":1}'])
def test_file_that_holds_no_token_is_none(tmp_path: Path, content):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)

    assert FileTokens(path).load() is None


def test_token_that_cannot_be_kept_is_told(tmp_path: Path):
    (tmp_path / "token").mkdir()

    with pytest.raises(ConfigError, match=r"cannot be kept in .*token"):
        FileTokens(tmp_path / "token").save(a_token())

    assert [tmp_path / "token"] == list(tmp_path.iterdir())


def test_login_has_what_is_left_of_the_time_of_its_call():
    rules = some_rules(auth=a_password(), timeout=Timeout(total=7))

    done = run(CALL, rules, [a_login(), an_answer()])

    (renew,) = [step for step in done.steps if isinstance(step, Renew)]
    assert 1_007 == renew.deadline
