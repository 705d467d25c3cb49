"""Profiles over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.http.api import problems
from services.core.http.dependencies import site_of
from services.core.http.guards import ANY_TOKEN, requires
from services.core.http.limits import limit
from services.core.identity.subject import Subject
from services.core.images.controllers import REFUSALS, ImageAsk, ImageChoice, image_controller
from services.core.images.images import Begun
from services.core.people import ASKED_AT_ONCE
from services.core.spoken import Spoken
from services.profiles.events import ProfileChanged
from services.profiles.schemas import PersonalPreferences, PersonalPreferencesEdit, ProfileEdit, ProfileView
from services.profiles.service import Profiles

_TEXTS = {
    403: "`guest-refused`: guests have no profile. `missing-scope`: the token lacks `scope`.",
    409: "`handle-taken`: somebody else has this handle.",
    422: "`profile-refused`: `errors` names every field that breaks a rule.",
    429: "Too many requests, or `over-quota`: as much as one account may have.",
}
_IMAGES = {**_TEXTS, **REFUSALS}
IMAGES_MADE = limit("image-make", 60, per=3600)


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
        "/me/preferences",
        operation_id="ProfilePreferences",
        summary="See what I prefer",
        guards=[ANY_TOKEN],
        responses=problems(_TEXTS, 401, 403),
    )
    async def preferences(
        self, profiles: NamedDependency[Profiles], subject: NamedDependency[Subject]
    ) -> PersonalPreferences:
        """Return what the account has chosen for whatever it is used with. Nobody else sees it."""
        return await profiles.preferences(subject)

    @patch(
        "/me/preferences",
        operation_id="ProfilePreferencesEdit",
        summary="Change what I prefer",
        guards=[requires("profiles:write"), limit("profile-prefer", 30, per=60)],
        responses=problems(_TEXTS, 400, 401, 403, 422, 429),
    )
    async def prefer(
        self,
        profiles: NamedDependency[Profiles],
        subject: NamedDependency[Subject],
        data: JSONBody[PersonalPreferencesEdit],
    ) -> PersonalPreferences:
        """Change what is given; what is left out stays."""
        return await profiles.prefer(subject, data)

    @post(
        "/me/images",
        operation_id="ProfileImageBegin",
        summary="Begin to upload an image",
        guards=[requires("profiles:write"), limit("image-upload", 60, per=3600)],
        responses=problems(_TEXTS, 400, 401, 403, 422, 429, _422="`image-type`: only JPEG, PNG and WebP are taken."),
    )
    async def begin_image(
        self, profiles: NamedDependency[Profiles], subject: NamedDependency[Subject], data: JSONBody[ImageAsk]
    ) -> Begun:
        """Return where the file is to be sent. An image that nothing shows within an hour is deleted."""
        return await profiles.begin_image(subject, data.content_type)

    @get(
        "/{handle:str}",
        operation_id="ProfileRead",
        summary="See somebody's profile",
        responses=problems(_TEXTS, 404),
    )
    async def read(self, profiles: NamedDependency[Profiles], handle: FromPath[str]) -> ProfileView:
        """Return a profile by its handle, whatever its case."""
        return await profiles.read(handle)


def picture_controller(what: Literal["avatar", "banner"], called: str, cut: str) -> type[Controller]:
    """Return what shows and hides one of the two pictures of a profile.

    Args:
        what: Which; its name in paths.
        called: What the description of the API says of it: `Show an image CALLED`.
        cut: How an image is made to fit.
    """

    class PictureController(Controller):
        """A picture of a profile."""

        path = f"/me/{what}"
        tags = ("Profiles",)

        @put(
            operation_id=f"Profile{what.title()}Set",
            summary=f"Show an image {called}",
            description=f"Cut an uploaded image to {cut} and show it; the image before it is deleted.",
            guards=[requires("profiles:write"), IMAGES_MADE],
            responses=problems(_IMAGES, 400, 401, 403, 404, 409, 422, 429, 503),
        )
        async def show(
            self,
            request: Request[Any, Any, Any],
            profiles: NamedDependency[Profiles],
            subject: NamedDependency[Subject],
            data: JSONBody[ImageChoice],
        ) -> ProfileView:
            """Show an image."""
            return await profiles.show(subject, what, data.image, site_of(request))

        @delete(
            operation_id=f"Profile{what.title()}Delete",
            summary=f"Delete the image {called}",
            description="Show none any more, and delete its files.",
            status_code=200,
            guards=[requires("profiles:write"), IMAGES_MADE],
            responses=problems(_TEXTS, 401, 403, 429),
        )
        async def hide(self, profiles: NamedDependency[Profiles], subject: NamedDependency[Subject]) -> ProfileView:
            """Show none."""
            return await profiles.hide(subject, what)

    return PictureController


AvatarController = picture_controller("avatar", "as my avatar", "a square")
BannerController = picture_controller("banner", "above my profile", "three times its height")


class PeopleController(Controller):
    """For services that name people and haven't heard of them, and those that write to them."""

    @get("/people", summary="People as their events tell of them")
    async def people(
        self,
        profiles: NamedDependency[Profiles],
        account: Annotated[list[UUID], QueryParameter(max_items=ASKED_AT_ONCE, description="Users' accounts.")],
        known_only: Annotated[bool, QueryParameter(description="Leave out those who have no profile.")] = False,
    ) -> list[ProfileChanged]:
        """Return each account as its last event tells of it."""
        return await profiles.people(account, known_only=known_only)

    @get("/languages", summary="What people want to be spoken to in")
    async def languages(
        self,
        profiles: NamedDependency[Profiles],
        account: Annotated[list[UUID], QueryParameter(max_items=ASKED_AT_ONCE, description="Users' accounts.")],
    ) -> list[Spoken]:
        """Return what each account that has a profile has chosen."""
        return await profiles.languages(account)


ProfileImageController = image_controller("ProfileImage", "Profiles")
