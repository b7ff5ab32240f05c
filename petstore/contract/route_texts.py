"""Say in a sentence what an operation did, as the public servers do."""

from collections.abc import Callable
from typing import Any

from petstore.contract.call import Call

Text = Callable[[Call[Any], Any], str]


def token_text(_: Call[Any], token: Any) -> str:
    """Say the bare token."""
    return str(token.access_token)


def argument_text(name: str) -> Text:
    """Return what says an argument of the call."""
    return lambda call, _: str(call.arguments[name])


def id_text(_: Call[Any], value: Any) -> str:
    """Say the id of what was stored, 0 where nothing was."""
    return "0" if value is None else str(value.id)


def says(text: str) -> Text:
    """Return what says always the same."""
    return lambda _, __: text


def upload_text(call: Call[Any], photo: Any) -> str:
    """Say what an upload was and how large."""
    metadata = call.arguments.get("additional_metadata", "null")
    name = call.arguments["content"].file_name or "file"
    return (
        f"additionalMetadata: {metadata}\n"
        f"File uploaded to ./{name}, {photo.size_bytes} bytes"
    )


def v2_login_text(call: Call[Any], token: Any) -> str:
    """Say the token as /v2 does."""
    return f"logged in user session:{token_text(call, token)}"


def v3_login_text(call: Call[Any], token: Any) -> str:
    """Say the token as /api/v3 does."""
    return f"Logged in user session: {token_text(call, token)}"
