"""Say which ids callers choose themselves."""


def given_id(asked: int | None) -> int | None:
    """Return the id that a draft names; no id, 0 and below leave it to the store."""
    return asked if asked is not None and asked > 0 else None
