"""
Keep a recording in a file that people read, edit and review.

A cassette is a stream of YAML documents: a header, then one document per exchange, and
a last line `...` that says that it is whole.

    petstore: cassette/1
    name: adopt a pet
    recorded: '2026-11-22T20:00:00Z'
    upstream: engine
    ignore: [json.shipDate]                 # may differ, in every request
    ---
    id: placeOrder-1
    request:
      method: POST
      path: /store/order                    # with the base of its API: /v2/store/order
      headers: {content-type: application/json}
      json: {petId: 7, quantity: 1}
    response:
      status: 200
      headers: {content-type: application/json}
      json: {id: 1, petId: 7, quantity: 1, status: placed}
    match: {times: any}                     # optional, as `ignore` is here
    note: kept when the file is written anew; comments are not
    ...

A body stands under one of json, form, parts, chunks, text, base64 and file, as
`payload.py` says; `file` names one in the folder `<cassette>.files` beside it, by the
hash of what it holds. Dates, names of servers, lengths and ids of requests are left
out, so recording the same twice gives the same bytes. Credentials are replaced, as
`redaction.py` says.

How an answer is framed is for the mock to say, so headers such as transfer-encoding,
connection and content-length are refused; but where HEAD was answered, content-length
is the length of the body that GET has, and there is no body:

    request: {method: HEAD, path: /pet/7}
    response: {status: 200, headers: {content-length: '1234'}}

A stream of events may say when each of its pieces came, in ms after the head of the
answer; it is recorded with --timing alone, for no two recordings would be the same:

    chunks: ["id: 1\n\n", "id: 2\n\n"]
    offsets_ms: [0, 250]                    # one for each piece, none before the last

Several cookies are a list. What they are worth is a secret, so there are placeholders,
which a client sends back and nobody compares; and they have no Expires, which differs
each time, unless it says that they are over. Neither do challenges tell a nonce:

    response:
      status: 401
      headers:
        set-cookie: [sid=<cookie-1>; Path=/; HttpOnly, lang=<cookie-2>]
        www-authenticate: Digest realm="pets", nonce="<nonce-1>"

Where an answer leads to its own server, `location` has the path alone, and so leads to
the mock. A file is only ever replaced by a whole one that can be read again.
"""

import difflib
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from petstore.contract.checks import sentence
from petstore.contract.errors import ConfigError
from petstore.mock.exchange import (
    SIDE_NAME_PATTERN,
    Content,
    Exchange,
    FormPart,
    Header,
    RecordedRequest,
    RecordedResponse,
    headers_of,
    values_of,
)
from petstore.mock.whole_files import write_file, written_path
from petstore.mock.wording import faults_of
from petstore.mock.yaml_stream import line_of, read_stream, write_stream

SIDE_SUFFIX: Final = ".files"
_SIDE_NAME: Final = re.compile(SIDE_NAME_PATTERN)
_HASH_LENGTH: Final = 12
_BEGIN: Final = "it should begin with `petstore: cassette/1`"
_BEGIN_LENGTH: Final = 100
FILE_BYTES_MAX: Final = 1024 * 1024 * 1024


@dataclass(slots=True)
class Cassette:
    """
    Hold a recording.

    Args:
        path: Where it lies, or shall; None for one in memory alone.
        files: What `file` names, of a cassette in memory or not yet saved.
    """

    header: Header = field(default_factory=Header)
    exchanges: list[Exchange] = field(default_factory=list)
    path: Path | None = None
    files: dict[str, bytes] = field(default_factory=dict, repr=False)

    def keep(self, body: bytes, extension: str) -> str:
        """Hold a large body until the cassette is saved; return its file's name."""
        name = f"{_hash_of(body)}.{extension}"
        self.files[name] = body
        return name

    def check_files(self, exchange: Exchange) -> None:
        """
        Look whether the large bodies of an exchange are there, and read none of them.

        Raises:
            ConfigError: One is missing, or its name leads elsewhere.
        """
        for name in _side_names([exchange]):
            path = self._path_of(name)
            if path is not None and not path.is_file():
                raise ConfigError(
                    f"{path} is missing. Bring it back, or record the exchange anew."
                )

    def fetch(self, name: str) -> bytes:
        """
        Return a large body.

        Raises:
            ConfigError: There is no such file, or its name leads elsewhere.
        """
        path = self._path_of(name)
        if path is not None:
            body = read_file(path)
            if not name.startswith(f"{_hash_of(body)}."):
                raise ConfigError(
                    f"{path} was changed or cut off: its name is no longer the hash of"
                    " what it holds. Bring it back, or record the exchange anew."
                )
            self.files[name] = body
        return self.files[name]

    def cut(self, count: int) -> None:
        """Keep the first exchanges, and the large bodies that they name."""
        del self.exchanges[count:]
        names = set(_side_names(self.exchanges))
        self.files = {name: self.files[name] for name in names & self.files.keys()}

    def _path_of(self, name: str) -> Path | None:
        """Return where a large body lies; None where it is held already."""
        if not _SIDE_NAME.fullmatch(name):
            raise ConfigError(
                f"Wrong file: {name!r:.100} is no name of a file beside a cassette, as"
                " 5d1c0b2a9f3e.jpg is one."
            )
        if name in self.files:
            return None
        if self.path is None:
            raise ConfigError(f"The cassette has no file {name}.")
        return side_folder(self.path) / name


def _hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_HASH_LENGTH]


def side_folder(path: Path) -> Path:
    """Return where large bodies lie: beside a cassette, or what a link leads to."""
    beside = path.with_name(f"{path.name}{SIDE_SUFFIX}")
    if path.is_symlink() and not beside.exists():
        target = Path(os.path.realpath(path))
        return target.with_name(f"{target.name}{SIDE_SUFFIX}")
    return beside


def load(path: Path | str) -> Cassette:
    """
    Read a cassette.

    Raises:
        ConfigError: There is none, or it is damaged; says file, line and field.
    """
    path = Path(path)
    try:
        text = read_file(path).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no cassette: it is not UTF-8.") from error
    _refuse_foreign(text, path)
    return parse(text, path)


def parse(text: str, path: Path | None = None) -> Cassette:
    """Read the text of a cassette; see `load`."""
    name = "The cassette" if path is None else str(path)
    header: Header | None = None
    exchanges: list[Exchange] = []
    seen: dict[str, int] = {}
    for number, document in enumerate(read_stream(text, name)):
        if header is None and "petstore" not in _names(document.value):
            break
        where = partial(line_of, text, number)
        model = Header if header is None else Exchange
        try:
            read = model.model_validate(document.value)
        except ValidationError as error:
            raise ConfigError(_told(name, error, model, where)) from None
        if isinstance(read, Header):
            header = read
            continue
        if read.id in seen:
            raise ConfigError(
                f"{name}:{document.line}: id: {read.id} is the id of the exchange in"
                f" line {seen[read.id]} as well; give each its own."
            )
        seen[read.id] = document.line
        exchanges.append(read)
    if header is None:
        raise ConfigError(f"{name} is no cassette: {_BEGIN}.")
    return Cassette(header, exchanges, path)


def dump(cassette: Cassette) -> str:
    """Return the text of a cassette."""
    documents = [_header_document(cassette.header)]
    documents += [document_of(one) for one in cassette.exchanges]
    return write_stream(documents)


def save(cassette: Cassette, path: Path | None = None) -> bool:
    """
    Write a cassette and what lies beside it, and nothing where it is unchanged.

    Returns:
        Whether the file is another one now.

    Raises:
        ConfigError: It cannot be written, or could not be read again; the file is as
            it was.
    """
    path = path or cassette.path
    assert path is not None
    target = written_path(path)
    names = sorted(set(_side_names(cassette.exchanges)))
    bodies = {name: cassette.fetch(name) for name in names}
    folder = side_folder(path)
    try:
        text = dump(cassette).encode()
        is_changed = not target.exists() or target.read_bytes() != text
        if is_changed:
            # What nobody can read must not take the place of what one can.
            parse(text.decode())
        for name, body in bodies.items():
            if not (folder / name).exists():
                write_file(folder / name, body)
        if is_changed:
            write_file(path, text)
        _sweep(folder, set(names))
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error
    except RecursionError:
        raise ConfigError(
            f"{path} is as it was: a body is nested too deep to be written."
        ) from None
    return is_changed


def document_of(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as its document; what was not given is left out."""
    document: dict[str, Any] = {"id": exchange.id}
    request, response = exchange.request, exchange.response
    document["request"] = {
        "method": request.method,
        "path": request.path,
        **_given(query=values_of(request.query), headers=request.headers),
        **_content(request),
    }
    document["response"] = {
        "status": response.status,
        **_given(headers=headers_of(response.headers)),
        **_content(response),
        **_given(offsets_ms=response.offsets_ms),
    }
    match = _given(ignore=exchange.match.ignore, times=exchange.match.times)
    return {**document, **_given(match=match, note=exchange.note)}


def _header_document(header: Header) -> dict[str, Any]:
    shown = header.model_dump(exclude_defaults=True)
    return {"petstore": header.petstore, **shown}


def _content(content: RecordedRequest | RecordedResponse) -> dict[str, Any]:
    kind = content.kind
    shown: dict[str, Any] = {}
    if kind == "json":
        shown = {"json": content.json_value}
    elif kind == "form":
        shown = {"form": values_of(content.form or {})}
    elif kind == "parts":
        shown = {"parts": [_part(part) for part in content.parts or []]}
    elif kind is not None:
        shown = {kind: getattr(content, kind)}
    return {**_given(encoding=content.encoding), **shown}


def _part(part: FormPart) -> dict[str, Any]:
    return part.model_dump(exclude_none=True)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _side_names(exchanges: Iterable[Exchange]) -> Iterable[str]:
    for exchange in exchanges:
        contents: list[Content] = [exchange.request, exchange.response]
        for content in contents:
            pieces: list[Content | FormPart] = [content, *(content.parts or [])]
            yield from (one.file for one in pieces if one.file is not None)


def _refuse_foreign(text: str, path: Path) -> None:
    """Say what a file is that is no cassette, where that can be told."""
    begin = text.lstrip()[:_BEGIN_LENGTH]
    if not begin:
        raise ConfigError(f"{path} is empty, and no cassette; record one, or name it.")
    kind = None
    if begin.startswith(("{", "[")):
        kind = "JSON"
    elif begin.startswith(("version:", "interactions:")):
        kind = "a recording of VCR.py"
    if kind is None and "cassette/" not in text:
        raise ConfigError(f"{path} is no cassette: {_BEGIN}.")
    if kind is not None:
        raise ConfigError(
            f"{path} is {kind}, and no cassette; make one of it with `petstore mock"
            f" convert {path.name} {path.stem}.cassette.yaml`."
        )


def read_file(path: Path, size_bytes_max: int = FILE_BYTES_MAX) -> bytes:
    """
    Return what is in a file.

    Raises:
        ConfigError: It cannot be read, or is larger than any recording.
    """
    try:
        if path.stat().st_size > size_bytes_max:
            size = f"{size_bytes_max // 1024**2:,} MB"
            raise ConfigError(f"{path} is larger than {size}, which no recording is.")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error


def _sweep(folder: Path, names: set[str]) -> None:
    """Remove what the cassette names no more."""
    if not folder.is_dir():
        return
    for one in folder.iterdir():
        if _SIDE_NAME.fullmatch(one.name) and one.name not in names:
            one.unlink()
    if not any(folder.iterdir()) and not folder.is_symlink():
        folder.rmdir()


def _names(document: Any) -> list[str]:
    """Return the fields of a document, and what a misspelt `petstore` would be."""
    names = list(document) if isinstance(document, dict) else []
    close = difflib.get_close_matches("petstore", names, 1)
    return [*names, *(["petstore"] if close else [])]


def _told(name: str, error: ValidationError, model: Any, where: Any) -> str:
    """Say the first thing that is wrong: file, line, field, and what would be right."""
    first = faults_of(error, model)[0]
    if model is Header and first.field in Exchange.model_fields:
        first = first._replace(message="a line --- is missing before it")
    line = where(first.location)
    place = first.field or "the document"
    return sentence(f"{name}:{line}: {place}: {first.message}")
