"""What only services ask of Auth."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from services.auth.schemas import Address
from services.auth.service import Auth

_MOST = 100


class AddressController(Controller):
    """For services that send mail."""

    @get("/addresses", summary="Confirmed addresses of accounts")
    async def addresses(
        self,
        auth: NamedDependency[Auth],
        account: Annotated[list[UUID], QueryParameter(max_items=_MOST, description="Users' accounts.")],
    ) -> list[Address]:
        """Return the address of each account that has confirmed one."""
        return await auth.accounts.addresses(account)
