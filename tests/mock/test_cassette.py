"""A cassette comes back as it was, and says where it is damaged."""

from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, dump, load, parse, save, side_folder
from petstore.mock.exchange import Exchange
from tests.mock.builders import a_cassette, an_exchange

TEXT = """\
petstore: cassette/1
name: adopt a pet
ignore: [json.shipDate]
---
id: placeOrder-1
request:
  method: POST
  path: /store/order
  query:
    dry: [a, b]
  headers: {content-type: application/json}
  json: {petId: 7, quantity: 1}
response:
  status: 200
  headers: {content-type: application/json}
  json: {id: 1, shipDate: '2026-11-22T20:00:05Z'}
match: {times: any}
note: the happy path
---
id: deletePet-1
request: {method: DELETE, path: /pet/7}
response: {status: 204}
...
"""


def test_text_comes_back_to_the_letter():
    assert TEXT == dump(parse(TEXT))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("od: POST", "d: POST", "7: request.methd: there is no such field; did you"),
        ("times: any", "tmes: any", "17: match.tmes: there is no such field; did you"),
        ("s: 200", "s: abc", "14: response.status: is a text, and should be a"),
        ("status: 204", "stus: 1", "22: response.stus: there is no such field; did"),
        ("deletePet-1", "placeOrder-1", "20: id: placeOrder-1 is the id of the"),
        (
            "  status: 200\n",
            "",
            "13: response.status: is missing; it should be a number",
        ),
        (
            "  json: {petId",
            "  text: a\n  json: {petId",
            "6: request: has json and text",
        ),
        ("d: DELETE", "d: delete", "21: request.method: is 'delete', and should be"),
        ("cassette/1", "cassette/9", "1: petstore: is 'cassette/9', and should be 'ca"),
        (
            "path: /pet/7",
            "path: /pet?a",
            "21: request.path: is '/pet?…', and should be a",
        ),
        ("name: adopt", "nam: adopt", "2: nam: there is no such field; did you mean"),
    ],
)
def test_typing_error_is_told_with_file_line_and_field(before, after, words):
    with pytest.raises(ConfigError) as told:
        parse(TEXT.replace(before, after), Path("a.yaml"))

    assert told.value.message.startswith(f"a.yaml:{words}")


@pytest.mark.parametrize("length", range(len(TEXT) - 1))
def test_cassette_that_is_cut_off_anywhere_is_an_error(length):
    with pytest.raises(ConfigError):
        parse(TEXT[:length])


def test_what_is_no_cassette_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xff")

    with pytest.raises(ConfigError, match="is no cassette: it is not UTF-8"):
        load(tmp_path / "a.yaml")
    with pytest.raises(ConfigError, match=r"Cannot read .*No such file"):
        load(tmp_path / "b.yaml")
    for text in (
        "...\n",
        "id: x\nrequest: {method: GET, path: /x}\n...\n",
        "- 1\n...\n",
    ):
        with pytest.raises(ConfigError, match="should begin with `petstore: cass"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty, and no cassette"),
        ("hello\n", "is no cassette: it should begin with `petstore: cassette/1`"),
        ('{"log": {}}', "is JSON, and no cassette; make one of it with `petstore mock"),
        ("interactions: []\nversion: 1\n", "is a recording of VCR.py, and no cassette"),
    ],
)
def test_recording_of_another_tool_is_told(tmp_path, text, words):
    (tmp_path / "a.yaml").write_text(text)

    with pytest.raises(ConfigError, match=words):
        load(tmp_path / "a.yaml")


def test_numbers_of_a_query_may_stand_without_quotes():
    text = TEXT.replace("dry: [a, b]", "dry: [1, true]\n    n: 5")

    query = parse(text).exchanges[0].request.query

    assert {"dry": ["1", "true"], "n": ["5"]} == query


def with_file(cassette: Cassette, body: bytes) -> Exchange:
    name = cassette.keep(body, "jpg")
    return an_exchange(response={"file": name})


def test_large_bodies_lie_beside_it_once(tmp_path):
    path = tmp_path / "a.yaml"
    cassette = a_cassette()
    picture = with_file(cassette, b"picture")
    cassette.exchanges += [picture, picture.model_copy(update={"id": "getPhoto-2"})]

    assert save(cassette, path)
    (file,) = side_folder(path).iterdir()
    assert b"picture" == file.read_bytes()
    assert b"picture" == load(path).fetch(file.name)

    cassette.exchanges.clear()
    assert save(cassette, path)
    assert [path] == list(tmp_path.iterdir())


def test_unchanged_cassette_is_not_written(tmp_path):
    path = tmp_path / "deep" / "a.yaml"
    cassette = a_cassette(an_exchange())

    assert [True, False] == [save(cassette, path), save(cassette, path)]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b.jpg", "x.jpg", ""])
def test_file_leads_nowhere_else(name):
    with pytest.raises(ConfigError, match="is no name of a file beside a cassette"):
        a_cassette().fetch(name)


@pytest.mark.parametrize("left", [b"", b"pict", b"another picture"])
def test_file_that_was_changed_or_cut_off_is_told(tmp_path, left):
    path = tmp_path / "a.yaml"
    cassette = a_cassette()
    cassette.exchanges.append(with_file(cassette, b"picture"))
    save(cassette, path)
    (file,) = side_folder(path).iterdir()
    file.write_bytes(left)

    with pytest.raises(ConfigError, match="was changed or cut off"):
        load(path).fetch(file.name)


def test_missing_file_is_told(tmp_path):
    cassette = Cassette(path=tmp_path / "a.yaml")

    with pytest.raises(ConfigError, match=r"Cannot read .*0123456789ab\.jpg"):
        cassette.fetch("0123456789ab.jpg")


def test_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="Cannot write"):
        save(a_cassette(), tmp_path / "file" / "a.yaml")


def test_header_has_a_line_for_each_field_however_few():
    assert dump(a_cassette()).startswith("petstore: cassette/1\n...\n")
    assert "name: a\nignore: [json.b]\n" in dump(
        a_cassette(name="a", ignore=["json.b"])
    )
