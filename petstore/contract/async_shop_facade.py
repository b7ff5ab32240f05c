"""
Work with the counter of a store, its orders, users and tokens.

`shop_facade.py` is the same without `await`. Each `list` stands last in its class,
because below it the name would no more mean the built-in type.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Unpack

from petstore.contract import calls
from petstore.contract.call import AsyncBackend
from petstore.contract.calls import Condition, Keyed
from petstore.contract.errors import NotFound
from petstore.contract.omit import OMIT, Omit, patch_of
from petstore.contract.order import Order, OrderDraft, OrderPatch
from petstore.contract.pager import AsyncPager, Paging, page_arguments
from petstore.contract.resource import AsyncResource
from petstore.contract.user import Token, TokenInfo, User, UserDraft
from petstore.contract.versions import FROM_USER, Carried, carried


class AsyncStore(AsyncResource):
    """Work with the counter of a store."""

    def __init__(self, backend: AsyncBackend) -> None:
        super().__init__(backend)
        self.orders: Final = AsyncOrders(backend)

    async def inventory(self) -> dict[str, int]:
        """Return how many pets have each status; statuses of no pet are left out."""
        return await self._send(calls.get_inventory())


class AsyncOrders(AsyncResource):
    """Work with the orders of a store."""

    async def place(self, order: OrderDraft, **keyed: Unpack[Keyed]) -> Order:
        """
        Place an order, and return it as stored.

        Raises:
            Conflicted: The id of the draft is taken.
            RuleBroken: The shop's rules forbid it, as for a pet that is sold.
        """
        return await self._send(calls.place_order(order, **keyed))

    async def get(self, order_id: int) -> Order:
        """
        Return an order.

        Raises:
            NotFound: No such order, or it was cancelled.
        """
        return await self._send(calls.get_order_by_id(order_id))

    async def update(
        self,
        order_id: int,
        *,
        pet_id: int | Omit | None = OMIT,
        quantity: int | Omit | None = OMIT,
        ship_date: datetime | Omit | None = OMIT,
        status: str | Omit | None = OMIT,
        complete: bool | Omit | None = OMIT,
        **condition: Unpack[Condition],
    ) -> Order:
        """
        Change the given fields of an order; None clears one, OMIT leaves it.

        Raises:
            Invalid: No field is given, or one is wrong.
            NotFound: No such order.
            Stale: Somebody wrote the order in between.
            RuleBroken: The shop's rules forbid the change.
        """
        patch = patch_of(
            OrderPatch,
            pet_id=pet_id,
            quantity=quantity,
            ship_date=ship_date,
            status=status,
            complete=complete,
        )
        return await self._send(calls.patch_order(order_id, patch, **condition))

    async def cancel(self, order_id: int, **condition: Unpack[Condition]) -> None:
        """
        Delete an order.

        Raises:
            NotFound: No such order.
            Stale: Somebody wrote the order in between.
            RuleBroken: The shop's rules forbid it, as for one that was delivered.
        """
        await self._send(calls.delete_order(order_id, **condition))

    def list(
        self,
        *,
        status: str | None = None,
        pet_id: int | None = None,
        sort: str | None = None,
        **paging: Unpack[Paging],
    ) -> AsyncPager[Order]:
        """
        List orders that meet all conditions; nothing is sent until it is iterated.

        Args:
            pet_id: Only orders of this pet.
            sort: id or -id.
        """
        call = calls.list_orders(
            status=status, pet_id=pet_id, sort=sort, **page_arguments(paging)
        )
        return self._pager(call, paging)


class AsyncUsers(AsyncResource):
    """Work with the users of a store."""

    async def create(self, user: UserDraft, **keyed: Unpack[Keyed]) -> User:
        """
        Create a user, and return it as stored.

        Raises:
            Conflicted: The username or the id is taken.
        """
        return await self._send(calls.create_user(user, **keyed))

    async def create_many(
        self, users: Sequence[UserDraft], **keyed: Unpack[Keyed]
    ) -> list[User]:
        """
        Create users, all or none, and return them as stored.

        Raises:
            Conflicted: A username or an id is taken.
        """
        return await self._send(calls.create_users_with_list(users, **keyed))

    async def create_with_array(
        self, users: Sequence[UserDraft], **keyed: Unpack[Keyed]
    ) -> list[User]:
        """
        Do what `create_many` does, by the other operation of the contract.

        Raises:
            Conflicted: A username or an id is taken.
        """
        return await self._send(calls.create_users_with_array(users, **keyed))

    async def get(self, username: str) -> User:
        """
        Return a user.

        Raises:
            NotFound: No such user.
        """
        return await self._send(calls.get_user_by_name(username))

    async def replace(
        self,
        username: str,
        user: UserDraft,
        *,
        if_version: int | Carried | None = FROM_USER,
    ) -> User:
        """
        Replace the user of that name as a whole, and return it as stored.

        Args:
            if_version: Refuse unless the stored user has it. FROM_USER is the one that
                a `User` came with, if it came with one; None overwrites any. `/v2` and
                `/api/v3` have no versions: there a replace always overwrites, and a
                version that is given is NotSupported.

        Raises:
            NotFound: No such user.
            Stale: Somebody wrote the user in between.
            Conflicted: The new username is taken.
        """
        version = carried(user, if_version)
        call = calls.update_user(username, user, if_version=version)
        return await self._send(call)

    async def delete(
        self,
        username: str,
        *,
        missing_ok: bool = False,
        **condition: Unpack[Condition],
    ) -> None:
        """
        Delete a user.

        Raises:
            NotFound: No such user, unless missing_ok.
            Stale: Somebody wrote the user in between.
            RuleBroken: The user is the last owner of a shop.
        """
        try:
            await self._send(calls.delete_user(username, **condition))
        except NotFound:
            if not missing_ok:
                raise

    def list(
        self, *, sort: str | None = None, **paging: Unpack[Paging]
    ) -> AsyncPager[User]:
        """
        List users; nothing is sent until it is iterated.

        Args:
            sort: username or -username.
        """
        call = calls.list_users(sort=sort, **page_arguments(paging))
        return self._pager(call, paging)


class AsyncAuth(AsyncResource):
    """Log in and out; whether later calls carry the token is the backend's business."""

    async def login(self, username: str, password: str) -> Token:
        """
        Log in and return a token.

        Raises:
            Unauthorized: No such user, or another password.
        """
        return await self._send(calls.create_token(username, password))

    async def logout(self) -> None:
        """End the token that calls are made with."""
        await self._send(calls.delete_token())

    async def me(self) -> TokenInfo:
        """
        Describe the credential that calls are made with.

        Raises:
            Unauthorized: There is none.
        """
        return await self._send(calls.get_token())

    async def login_user(self, username: str, password: str) -> Token:
        """
        Do what `login` does as the public contract has it, less safely.

        Raises:
            Unauthorized: No such user, or another password.
        """
        return await self._send(calls.login_user(username, password))

    async def logout_user(self) -> None:
        """Do what `logout` does, by the operation of the public contract."""
        await self._send(calls.logout_user())
