"""Give a new shop its owner."""

from petstore.contract.user import UserDraft
from petstore.engine.engine import AsyncEngine, Engine
from petstore.engine.passwords import protected
from petstore.engine.roles import add_first_owner
from petstore.engine.seeding import Account, has_owner, new_owner
from petstore.engine.setup import Setup


def appoint(engine: Engine) -> Account | None:
    """Add an owner to a shop that has none, and return the account to be shown."""
    if engine.setup.profile.name != "shop" or engine.store.read(has_owner):
        return None
    account = new_owner()
    draft = _draft(account, engine.setup)
    is_added = engine.store.write(lambda tx: add_first_owner(tx, draft))
    return account if is_added else None


async def appoint_async(engine: AsyncEngine) -> Account | None:
    """Do what `appoint` does."""
    if engine.setup.profile.name != "shop" or await engine.store.read(has_owner):
        return None
    account = new_owner()
    draft = _draft(account, engine.setup)
    is_added = await engine.store.write(lambda tx: add_first_owner(tx, draft))
    return account if is_added else None


def _draft(account: Account, setup: Setup) -> UserDraft:
    draft = UserDraft(username=account.username, password=account.password)
    return protected(draft, setup.hasher(), location="owner")
