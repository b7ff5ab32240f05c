"""What is saved replaces one whole file by another, and nothing else."""

import os
from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette, load, save, side_folder
from petstore.mock.convert import Format, convert
from petstore.mock.opening import finish, open_session
from petstore.mock.whole_files import write_file
from tests.mock.builders import JSON, a_cassette, a_request, an_exchange, respond


def a_large_one() -> Cassette:
    """Return a recording with a file beside it."""
    cassette = a_cassette()
    name = cassette.keep(b"picture", "jpg")
    cassette.exchanges.append(an_exchange(response={"file": name}))
    return cassette


@pytest.fixture
def link(tmp_path) -> Path:
    """Return a link to a recording in another folder."""
    target = tmp_path / "real" / "a.yaml"
    save(a_large_one(), target)
    link = tmp_path / "link.yaml"
    link.symlink_to(target)
    return link


def test_link_stays_and_what_it_leads_to_is_written(link):
    cassette = load(link)
    cassette.exchanges.append(an_exchange("GET /pet/8", "b"))

    is_changed = save(cassette)

    assert (True, True) == (is_changed, link.is_symlink())
    assert load(link.parent / "real" / "a.yaml").exchanges == cassette.exchanges


def test_large_bodies_lie_beside_what_a_link_leads_to(link):
    cassette = load(link)
    (file,) = side_folder(link).iterdir()

    assert b"picture" == cassette.fetch(file.name)
    assert link.parent / "real" / "a.yaml.files" == file.parent


def test_large_bodies_may_lie_beside_the_link(link):
    files = link.with_name("link.yaml.files")
    side_folder(link).rename(files)

    save(Cassette(exchanges=[an_exchange()]), link)

    assert (False, True) == (files.exists(), link.is_symlink())


def test_link_to_a_file_that_is_not_yet_there_makes_it(tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "new.yaml")

    save(a_cassette(an_exchange()), link)

    assert (1, True) == (
        len(load(tmp_path / "new.yaml").exchanges),
        link.is_symlink(),
    )


def test_links_in_a_circle_are_refused(tmp_path):
    link = tmp_path / "a.yaml"
    link.symlink_to(link)

    with pytest.raises(ConfigError, match=r"Cannot write .*a.yaml: .*links"):
        save(a_cassette(), link)

    assert link.is_symlink()


@pytest.fixture(params=["pipe", "folder", "link to a pipe"])
def no_file(request, tmp_path) -> Path:
    """Return the path of what is there and no regular file."""
    path: Path = tmp_path / "there"
    if request.param == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    if request.param.startswith("link"):
        (tmp_path / "link").symlink_to(path)
        return tmp_path / "link"
    return path


def test_what_is_no_regular_file_is_never_replaced(no_file):
    before = no_file.lstat()

    with pytest.raises(ConfigError, match=r"it is a (folder|device)"):
        write_file(no_file, b"text")
    with pytest.raises(ConfigError, match=r"it is a (folder|device)"):
        save(a_large_one(), no_file)
    with pytest.raises(ConfigError, match=r"it is a (folder|device)"):
        open_session(cassette=no_file, mode="record", upstream="http://127.0.0.1:1")

    assert (before, False) == (no_file.lstat(), side_folder(no_file).exists())


@pytest.mark.parametrize("to", ["cassette", "har", "vcr", "wiremock", "hoverfly"])
def test_no_conversion_replaces_a_pipe(to: Format, tmp_path):
    save(a_cassette(an_exchange()), tmp_path / "a.yaml")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(ConfigError, match="it is a device or a pipe"):
        convert(tmp_path / "a.yaml", pipe, to=to)

    assert pipe.is_fifo()


@pytest.mark.parametrize("to", ["cassette", "har", "vcr", "hoverfly"])
def test_no_conversion_but_that_of_wiremock_takes_a_folder(to: Format, tmp_path):
    save(a_cassette(an_exchange()), tmp_path / "a.yaml")

    with pytest.raises(ConfigError, match="it is a folder"):
        convert(tmp_path / "a.yaml", tmp_path, to=to)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("depth", [250, 400, 900, 100_000])
def test_deep_json_is_kept_as_text_beside_the_rest(depth: int, tmp_path):
    path = tmp_path / "a.yaml"
    session = open_session(cassette=path, mode="record", upstream="http://127.0.0.1:1")
    respond(session, a_request("GET /good"), Response(200, JSON, b'{"a":1}'))
    deep = a_request("POST /deep", nested(depth), content_type="application/json")
    respond(session, deep, Response(200, JSON, nested(depth)))

    finish(session)

    replayed = open_session(cassette=path)
    answer = respond(replayed, deep)
    assert ("recording/post-deep-1", nested(depth)) == (
        answer.served_by,
        answer.response.body,
    )
    assert "recording/get-good-1" == respond(replayed, a_request("GET /good")).served_by


def test_file_stays_where_the_new_one_could_not_be_read(tmp_path):
    path = tmp_path / "a.yaml"
    save(a_cassette(an_exchange()), path)
    before = path.read_bytes()

    for value in (json_of(300), json_of(2_000)):
        with pytest.raises(ConfigError):
            save(a_cassette(an_exchange(response={"json": value})), path)
    with pytest.raises(ConfigError, match="is the id of the exchange in line"):
        save(a_cassette(an_exchange(), an_exchange("GET /pet/8")), path)

    assert before == path.read_bytes()


def json_of(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def test_line_ends_of_windows_are_read(tmp_path):
    path = tmp_path / "a.yaml"
    one = an_exchange(response={"text": "a\nb\n"}, note="two\nlines")
    save(a_cassette(one), path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert [one] == load(path).exchanges
    path.write_bytes(path.read_bytes().removesuffix(b"...\r\n"))
    with pytest.raises(ConfigError, match="cut off"):
        load(path)
