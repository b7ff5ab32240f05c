"""What lies beside a cassette is missed when a session is opened, and not later."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import save, side_folder
from petstore.mock.opening import open_session
from petstore.mock.transport import MockTransport
from tests.mock.builders import a_cassette, an_exchange
from tests.mock.servers import served


def a_file(folder: Path, half: str = "response", *, in_part: bool = False) -> Path:
    """Save a cassette that has a picture beside it."""
    cassette = a_cassette()
    body: dict[str, Any] = {"file": cassette.keep(b"picture", "jpg")}
    if in_part:
        body = {"parts": [{"name": "photo", **body}]}
    halves: dict[str, Any] = {half: body}
    cassette.exchanges.append(an_exchange("GET /pet/7", "a", **halves))
    save(cassette, folder / "a.yaml")
    return folder / "a.yaml"


def picture_of(path: Path) -> Path:
    (file,) = side_folder(path).iterdir()
    return file


@pytest.mark.parametrize("in_part", [False, True])
@pytest.mark.parametrize("half", ["request", "response"])
def test_missing_file_is_told_when_a_session_is_opened(half, in_part, tmp_path):
    path = a_file(tmp_path, half, in_part=in_part)
    file = picture_of(path)
    file.unlink()

    with pytest.raises(ConfigError) as of_cassette:
        open_session(cassette=path)
    with pytest.raises(ConfigError) as of_base:
        open_session(base=[path])

    told = of_cassette.value.message
    assert told == of_base.value.message
    assert (True, True) == (told.startswith(f"{path}: a: "), str(file) in told)


def test_file_of_an_answer_is_not_read_before_it_is_asked_for(tmp_path):
    path = a_file(tmp_path)
    picture_of(path).write_bytes(b"other")

    open_session(cassette=path)


def test_file_that_was_changed_is_told_with_its_exchange_on_all_doors(tmp_path):
    path = a_file(tmp_path)
    file = picture_of(path)
    file.write_bytes(b"other")
    session = open_session(cassette=path)

    with served(session) as client:
        reply = client.get("/pet/7")
    with pytest.raises(ConfigError) as in_process:
        httpx.Client(transport=MockTransport(session)).get("http://a.test/pet/7")

    told = in_process.value.message
    assert told.startswith(f"{path}: a: {file} was changed or cut off")
    assert (500, told) == (reply.status_code, reply.json()["detail"])


@pytest.mark.parametrize("in_part", [False, True])
@pytest.mark.parametrize("name", ["nothere.bin", "../0123456789ab.jpg", "1.jpg"])
def test_name_of_no_file_is_told_with_its_line(name: str, in_part, tmp_path):
    path = a_file(tmp_path, in_part=in_part)
    text = path.read_text()
    path.write_text(text.replace(picture_of(path).name, name))

    place = r"response\.parts\.0\.file" if in_part else r"response\.file"
    right = "the name of a file beside the cassette, as 5d1c0b2a9f3e.jpg"
    with pytest.raises(ConfigError, match=rf"a\.yaml:\d: {place}: is .*{right}"):
        open_session(cassette=path)
