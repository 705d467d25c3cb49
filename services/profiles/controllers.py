"""Profiles over HTTP."""

from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.http.guards import ANY_TOKEN, requires
from services.core.http.limits import limit
from services.core.identity.subject import Subject
from services.profiles.schemas import ProfileEdit, ProfileView
from services.profiles.service import Profiles


class ProfileController(Controller):
    """Who somebody is to others."""

    tags = ("Profiles",)

    @get("/me", operation_id="ProfileMine", summary="See my profile", guards=[ANY_TOKEN])
    async def mine(self, profiles: NamedDependency[Profiles], subject: NamedDependency[Subject]) -> ProfileView:
        """Return the profile of the account that asks."""
        return await profiles.mine(subject)

    @patch(
        "/me",
        operation_id="ProfileEdit",
        summary="Change my profile",
        guards=[requires("profiles:write"), limit("profile-edit", 30, per=60)],
    )
    async def edit(
        self,
        profiles: NamedDependency[Profiles],
        subject: NamedDependency[Subject],
        data: JSONBody[ProfileEdit],
    ) -> ProfileView:
        """Change what is given; what is left out stays."""
        return await profiles.edit(subject, data)

    @get("/{handle:str}", operation_id="ProfileRead", summary="See somebody's profile")
    async def read(self, profiles: NamedDependency[Profiles], handle: FromPath[str]) -> ProfileView:
        """Return a profile by its handle, whatever its case."""
        return await profiles.read(handle)
