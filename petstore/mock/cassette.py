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

A file is only ever replaced by a whole one.
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

from petstore.contract.errors import ConfigError
from petstore.mock.exchange import (
    Content,
    Exchange,
    FormPart,
    Header,
    Matching,
    RecordedRequest,
    RecordedResponse,
    values_of,
)
from petstore.mock.yaml_stream import line_of, read_stream, write_stream

_SIDE_NAME: Final = re.compile(r"[0-9a-f]{12}\.[a-z0-9]{1,8}")
_HASH_LENGTH: Final = 12
_BEGIN_LENGTH: Final = 100
_FILE_BYTES_MAX: Final = 1024 * 1024 * 1024


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

    def fetch(self, name: str) -> bytes:
        """
        Return a large body.

        Raises:
            ConfigError: There is no such file, or its name leads elsewhere.
        """
        if not _SIDE_NAME.fullmatch(name):
            raise ConfigError(
                f"Wrong file: {name!r:.100} is no name of a file beside a cassette, as"
                " 5d1c0b2a9f3e.jpg is one."
            )
        if name not in self.files:
            if self.path is None:
                raise ConfigError(f"The cassette has no file {name}.")
            path = side_folder(self.path) / name
            body = _read(path)
            if not name.startswith(f"{_hash_of(body)}."):
                raise ConfigError(
                    f"{path} was changed or cut off: its name is no longer the hash of"
                    " what it holds. Bring it back, or record the exchange anew."
                )
            self.files[name] = body
        return self.files[name]


def _hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_HASH_LENGTH]


def side_folder(path: Path) -> Path:
    """Return where the large bodies of a cassette lie."""
    return path.with_name(f"{path.name}.files")


def load(path: Path | str) -> Cassette:
    """
    Read a cassette.

    Raises:
        ConfigError: There is none, or it is damaged; says file, line and field.
    """
    path = Path(path)
    try:
        text = _read(path).decode()
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
            raise ConfigError(_told(name, error, where)) from None
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
        raise ConfigError(
            f"{name} is no cassette: it should begin with `petstore: cassette/1`."
        )
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
        ConfigError: It cannot be written.
    """
    path = path or cassette.path
    assert path is not None
    text = dump(cassette).encode()
    names = sorted(set(_side_names(cassette.exchanges)))
    bodies = {name: cassette.fetch(name) for name in names}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = side_folder(path)
        for name, body in bodies.items():
            folder.mkdir(exist_ok=True)
            if not (folder / name).exists():
                _replace(folder / name, body)
        is_changed = not path.exists() or path.read_bytes() != text
        if is_changed:
            _replace(path, text)
        _sweep(folder, set(names))
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error
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
        **_given(headers=response.headers),
        **_content(response),
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


def write_file(path: Path, body: bytes) -> None:
    """
    Put a whole file in the place of what is there, or nothing.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, body)
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error


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
    if kind is not None:
        raise ConfigError(
            f"{path} is {kind}, and no cassette; make one of it with `petstore mock"
            f" convert {path.name} {path.stem}.cassette.yaml`."
        )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise ConfigError(f"{path} is larger than 1 GB, which no recording is.")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error


def _replace(path: Path, body: bytes) -> None:
    """Put a whole file in the place of what is there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(folder: Path, names: set[str]) -> None:
    """Remove what the cassette names no more."""
    if not folder.is_dir():
        return
    for one in folder.iterdir():
        if _SIDE_NAME.fullmatch(one.name) and one.name not in names:
            one.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _names(document: Any) -> list[str]:
    """Return the fields of a document, and what a misspelt `petstore` would be."""
    names = list(document) if isinstance(document, dict) else []
    close = difflib.get_close_matches("petstore", names, 1)
    return [*names, *(["petstore"] if close else [])]


def _told(name: str, error: ValidationError, where: Any) -> str:
    """Say the first thing that is wrong: file, line, field, and what would be right."""
    errors = error.errors(include_url=False, include_input=False)
    # A name that is misspelt is also one that is missing.
    first = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    location = list(first["loc"])
    line = where(location)
    place = ".".join(str(step) for step in location) or "the document"
    if first["type"] == "extra_forbidden":
        known = _fields_at(error.title, location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, 1)
        hint = (
            f"; did you mean {close[0]}?"
            if close
            else f"; there are {', '.join(known)}."
        )
        return f"{name}:{line}: {place}: there is no such field{hint}"
    if first["type"] == "missing":
        return f"{name}:{line}: {place} is missing."
    message = first["msg"].removeprefix("Value error, ")
    return f"{name}:{line}: {place}: {message[:1].lower()}{message[1:]}."


def _fields_at(title: str, location: list[Any]) -> list[str]:
    """Return the names of the fields that a place in a document may have."""
    kind: Any = Header if title == "Header" else Exchange
    for step in location:
        kind = {
            "request": RecordedRequest,
            "response": RecordedResponse,
            "match": Matching,
            "parts": FormPart,
        }.get(step, kind)
    return [info.alias or name for name, info in kind.model_fields.items()]
