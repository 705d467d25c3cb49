"""Profiles over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.http.api import problems
from services.core.http.guards import ANY_TOKEN, requires
from services.core.http.limits import limit
from services.core.identity.subject import Subject
from services.core.people import ASKED_AT_ONCE
from services.profiles.events import ProfileChanged
from services.profiles.schemas import ProfileEdit, ProfileView
from services.profiles.service import Profiles

_TEXTS = {
    403: "`guest-refused`: guests have no profile. `missing-scope`: the token lacks `scope`.",
    409: "`handle-taken`: somebody else has this handle.",
    422: "`profile-refused`: `errors` names every field that breaks a rule.",
}


EDIT_BYTES = 32_000
"""A text of 2,000 characters, of which JSON may write each in twelve bytes."""


class ProfileController(Controller):
    """Who somebody is to others."""

    tags = ("Profiles",)

    @get(
        "/me",
        operation_id="ProfileMine",
        summary="See my profile",
        guards=[ANY_TOKEN],
        responses=problems(_TEXTS, 401, 403),
    )
    async def mine(self, profiles: NamedDependency[Profiles], subject: NamedDependency[Subject]) -> ProfileView:
        """Return the profile of the account that asks."""
        return await profiles.mine(subject)

    @patch(
        "/me",
        operation_id="ProfileEdit",
        summary="Change my profile",
        guards=[requires("profiles:write"), limit("profile-edit", 30, per=60)],
        request_max_body_size=EDIT_BYTES,
        responses=problems(_TEXTS, 400, 401, 403, 409, 413, 422, 429),
    )
    async def edit(
        self,
        profiles: NamedDependency[Profiles],
        subject: NamedDependency[Subject],
        data: JSONBody[ProfileEdit],
    ) -> ProfileView:
        """Change what is given; what is left out stays."""
        return await profiles.edit(subject, data)

    @get(
        "/{handle:str}",
        operation_id="ProfileRead",
        summary="See somebody's profile",
        responses=problems(_TEXTS, 404),
    )
    async def read(self, profiles: NamedDependency[Profiles], handle: FromPath[str]) -> ProfileView:
        """Return a profile by its handle, whatever its case."""
        return await profiles.read(handle)


class PeopleController(Controller):
    """For services that name people and haven't heard of them."""

    @get("/people", summary="People as their events tell of them")
    async def people(
        self,
        profiles: NamedDependency[Profiles],
        account: Annotated[list[UUID], QueryParameter(max_items=ASKED_AT_ONCE, description="Users' accounts.")],
        known_only: Annotated[bool, QueryParameter(description="Leave out those who have no profile.")] = False,
    ) -> list[ProfileChanged]:
        """Return each account as its last event tells of it."""
        return await profiles.people(account, known_only=known_only)
